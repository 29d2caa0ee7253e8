// How a part of the command gives up: one line for the user and the exit status that goes with it.
#pragma once

#include <stdexcept>
#include <string>

namespace abishim::command {

inline constexpr int kUsage = 2;            // a wrong option or value
inline constexpr int kCannotStart = 125;    // the launcher itself failed
inline constexpr int kCannotExecute = 126;  // the program was found and cannot be executed
inline constexpr int kNotFound = 127;

struct Failure : std::runtime_error {
  Failure(int status, const std::string& line) : std::runtime_error(line), status(status) {}
  int status;
};

}  // namespace abishim::command
