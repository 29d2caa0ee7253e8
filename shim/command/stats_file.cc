// The file behind --stats: made, read and removed by the launcher.
#include "shim/command/stats_file.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>

#include "registers.h"  // arch/ARCH
#include "shim/command/failure.h"
#include "shim/command/names.h"

namespace abishim::command {
namespace {

std::string NameOf(int number) {
  const Row* row = RowOf(number);
  return row == nullptr ? std::to_string(number) : std::string(row->name);
}

double Now() {  // in nanoseconds
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return 1e9 * static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec);
}

void PrintLine(const std::string& name, const CallStats& call, double cycle) {
  fprintf(stderr, "abishim: stats: %s trapped=%llu patched=%llu repaired=%llu sites=%llu ns=%.0f\n",
          name.c_str(), call.trapped, call.patched, call.repaired, call.sites,
          cycle * static_cast<double>(call.cycles));
}

}  // namespace

StatsFile::StatsFile() : start_cycles_(arch::CycleCounter()), start_(Now()) {
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
  const Word cycles = arch::CycleCounter() - start_cycles_;
  const double cycle = (Now() - start_) / static_cast<double>(cycles != 0 ? cycles : 1);
  CallStats total{};
  for (int number = 0; number < Stats::kCalls; ++number) {
    const CallStats& call = stats_->calls[number];
    if (call.trapped == 0 && call.patched == 0 && call.repaired == 0) continue;
    total.trapped += call.trapped;
    total.patched += call.patched;
    total.repaired += call.repaired;
    total.sites += call.sites;
    total.cycles += call.cycles;
    PrintLine(NameOf(number), call, cycle);
  }
  PrintLine("total", total, cycle);
}

}  // namespace abishim::command
