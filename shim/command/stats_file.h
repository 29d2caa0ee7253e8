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
  // A line on stderr for each call that was handled, then the totals.
  void Print() const;

 private:
  std::string path_;
  Stats* stats_ = nullptr;
};

}  // namespace abishim::command
