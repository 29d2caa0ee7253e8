// The file behind --stats: made, read and removed by the launcher.
#pragma once

#include <string>

#include "shim/start/stats.h"

namespace abishim::command {

class StatsFile {
 public:
  StatsFile();  // private (0600), in /dev/shm, TMPDIR or /tmp, whichever takes it first
  ~StatsFile();
  StatsFile(const StatsFile&) = delete;
  StatsFile& operator=(const StatsFile&) = delete;

  const std::string& path() const { return path_; }
  // A line on stderr for each call that was handled, then the totals. `ns`: the time that it was in
  // our hands, waiting in the translation included; the kernel's part of a trap comes on top.
  void Print() const;

 private:
  const unsigned long start_cycles_;  // by both clocks: how long is a cycle?
  const double start_;
  std::string path_;
  Stats* stats_ = nullptr;
};

}  // namespace abishim::command
