// The file behind --stats: made, read and removed by the launcher.
#include "shim/command/stats_file.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>

#include "shim/command/failure.h"
#include "shim/command/names.h"

namespace abishim::command {
namespace {

std::string NameOf(int number) {
  const Row* row = RowOf(number);
  return row == nullptr ? std::to_string(number) : std::string(row->name);
}

}  // namespace

StatsFile::StatsFile() {
  const char* tmpdir = getenv("TMPDIR");
  for (const char* directory : {"/dev/shm", tmpdir, "/tmp"}) {
    if (directory == nullptr || directory[0] != '/') continue;
    path_ = std::string(directory) + "/abishim-stats-XXXXXX";
    const int fd = mkostemp(path_.data(), O_CLOEXEC);
    if (fd < 0) continue;
    void* mapped = MAP_FAILED;
    if (posix_fallocate(fd, 0, sizeof(Stats)) == 0) {  // not sparse: a full disk is no SIGBUS later
      mapped = mmap(nullptr, sizeof(Stats), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    }
    close(fd);
    if (mapped == MAP_FAILED) {
      unlink(path_.c_str());
      continue;
    }
    stats_ = static_cast<Stats*>(mapped);
    stats_->magic = Stats::kMagic;
    stats_->version = Stats::kVersion;
    return;
  }
  throw Failure(kCannotStart,
                std::string("--stats: cannot make a temporary file: ") + strerror(errno));
}

StatsFile::~StatsFile() {
  munmap(stats_, sizeof(Stats));
  unlink(path_.c_str());
}

void StatsFile::Print() const {
  CallStats total{};
  for (int number = 0; number < Stats::kCalls; ++number) {
    const CallStats& call = stats_->calls[number];
    if (call.trapped == 0 && call.patched == 0 && call.repaired == 0) continue;
    total.trapped += call.trapped;
    total.patched += call.patched;
    total.repaired += call.repaired;
    fprintf(stderr, "abishim: stats: %s trapped=%llu patched=%llu repaired=%llu\n",
            NameOf(number).c_str(), call.trapped, call.patched, call.repaired);
  }
  fprintf(stderr, "abishim: stats: total trapped=%llu patched=%llu repaired=%llu\n", total.trapped,
          total.patched, total.repaired);
}

}  // namespace abishim::command
