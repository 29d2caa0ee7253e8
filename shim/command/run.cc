// abishim run: starts a program under the shim, on a host that may pretend to be another.
#include "shim/command/run.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>

#include "shim/command/failure.h"
#include "shim/command/library.h"
#include "shim/command/no_vsyscall.h"
#include "shim/command/older.h"
#include "shim/command/older_kernel.h"
#include "shim/command/one_tracer.h"
#include "shim/command/outer_filter.h"
#include "shim/command/program.h"
#include "shim/command/static_program.h"
#include "shim/command/stats_file.h"
#include "shim/command/trace.h"
#include "shim/command/version.h"
#include "shim/command/wait.h"
#include "shim/start/settings.h"
#include "tables/lookup.h"

namespace abishim::command {
namespace {

bool Says(const char* variable, const char* word) {
  const char* value = getenv(variable);
  return value != nullptr && strcmp(value, word) == 0;
}

bool IsOff() { return Says("ABISHIM", "off"); }

// Without a filter nothing outlives an exec but the environment.
bool IsWithoutFilter() { return Says("ABISHIM_MODE", "patch"); }

// Where a library lies that nobody may execute.
void Preload(const std::string& library) {
  if (library.find_first_of(" :") != std::string::npos) {
    throw Failure(kCannotStart,
                  "LD_PRELOAD cannot name a path with a space or a colon: " + library);
  }
  const char* const others = getenv("LD_PRELOAD");
  const bool alone = others == nullptr || *others == '\0';
  setenv("LD_PRELOAD", (alone ? library : library + ':' + others).c_str(), 1);
}

[[noreturn]] void Start(const std::string& library, const std::string& path,
                        const std::vector<Program>& filters, const RunOptions& options) {
  Install(filters);
  if (!library.empty() && !IsOff()) {
    if (!IsWithoutFilter()) {
      BecomeShimmed(library, path, options.program);
    } else if (IsStatic(path)) {
      fprintf(stderr, "abishim: %s is static: without a filter no call is translated\n",
              options.program[0].c_str());
    }
    Preload(library);
  }
  Become(path, options.program);
}

// Soft and hard: daemons raise the one to the other and then close them all.
void LimitDescriptors(const std::string& text) {
  char* end;
  errno = 0;
  const rlim_t number = strtoul(text.c_str(), &end, 10);
  const bool sound = *end == '\0' && text[0] >= '0' && text[0] <= '9' && errno == 0;
  if (!sound) throw Failure(kUsage, "--nofile: '" + text + "' is no number");
  const rlimit limit{number, number};
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0) {
    throw Failure(kUsage, "--nofile: " + text + ": " + strerror(errno));
  }
}

void PretendRelease(const RunOptions& options) {
  if (options.release.size() > start::kReleaseBytes - 1) {
    throw Failure(kUsage, "--uname: longer than a release can be");
  }
  if (options.policy == "repair") {
    throw Failure(kUsage, "--uname needs --policy=translate");
  }
  setenv("ABISHIM_UNAME", options.release.c_str(), 1);
}

// The program may change its directory, so the shim gets the absolute path of its log.
void NameLog(const std::string& log) {
  const int fd = open(log.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0666);
  char* const path = fd < 0 ? nullptr : realpath(log.c_str(), nullptr);
  if (path == nullptr) throw Failure(kUsage, "--log: " + log + ": " + strerror(errno));
  close(fd);
  setenv("ABISHIM_LOG", path, 1);
  free(path);
}

std::optional<OlderKernel> Pretended(const RunOptions& options) {
  if (!options.pretend_kernel.empty()) return ParseOlderKernel(options.pretend_kernel);
  if (options.flags) throw Failure(kUsage, "--flags needs --pretend-kernel");
  return {};
}

// The profile's filter stands last: a call that the profile denies and the kernel lacks is denied,
// as on the real thing, where the filter runs before the kernel looks for the call.
std::vector<Program> OuterFilters(const RunOptions& options) {
  std::vector<Program> filters;
  const std::optional<OlderKernel> pretended = Pretended(options);
  if (pretended) filters.push_back(PretendKernel(*pretended, options.flags));
  if (!options.without.empty()) filters.push_back(Without(options.without));
  if (options.no_vsyscall) filters.push_back(NoVsyscall());
  if (options.no_vsyscall || options.flags) filters.push_back(NoticeTracers());
  if (!options.profile.empty()) {
    const Version kernel = pretended ? pretended->version : RunningKernel();
    filters.push_back(CompileProfile(LoadProfile(options.profile, kernel)));
    // Said now: under such a filter not even a message could be written.
    if (!Allows(filters.back(), NumberOf("execve"))) {
      throw Failure(kCannotExecute, options.program[0] + ": the profile denies execve");
    }
  }
  return filters;
}

// The program as a child, which begins when the pipe is closed.
pid_t StartChild(const std::string& library, const std::string& path, const RunOptions& options,
                 const std::vector<Program>& filters, const int (&gate)[2]) {
  HoldSignals();
  const pid_t child = fork();
  if (child < 0) throw Failure(kCannotStart, std::string("fork: ") + strerror(errno));
  if (child == 0) try {
      char byte;
      close(gate[1]);
      while (read(gate[0], &byte, 1) < 0 && errno == EINTR) continue;
      close(gate[0]);
      LetSignals();
      Start(library, path, filters, options);
    } catch (const Failure& failure) {
      fprintf(stderr, "abishim: %s\n", failure.what());
      _exit(failure.status);
    }
  close(gate[0]);
  return child;
}

// With --stats, --flags, --no-vsyscall: the launcher stays.
int RunBehind(const std::string& library, const std::string& path, const RunOptions& options,
              const std::vector<Program>& filters) {
  int status;
  {
    std::optional<StatsFile> stats;
    if (options.stats) setenv("ABISHIM_STATS", stats.emplace().path().c_str(), 1);
    int gate[2];
    if (pipe2(gate, O_CLOEXEC) != 0) throw Failure(kCannotStart, "pipe");
    const pid_t child = StartChild(library, path, options, filters, gate);
    const bool traced = options.flags || options.no_vsyscall;
    if (traced) TakeHold(child);
    close(gate[1]);
    status = traced ? WaitAndTrace(child, Pretended(options)) : WaitFor(child);
    if (stats) stats->Print();
  }
  EndAs(status);
}

}  // namespace

int Run(const RunOptions& options) {
  const std::vector<Program> filters = OuterFilters(options);
  if (!options.log.empty()) NameLog(options.log);
  if (!options.policy.empty()) setenv("ABISHIM_POLICY", options.policy.c_str(), 1);
  if (!options.exec.empty()) setenv("ABISHIM_EXEC", options.exec.c_str(), 1);
  if (!options.mode.empty()) setenv("ABISHIM_MODE", options.mode.c_str(), 1);
  if (!options.release.empty()) PretendRelease(options);
  const std::string path = FindProgram(options.program[0]);
  if (options.older || (getenv("ABISHIM_OLDER") == nullptr && IsOlder(path))) {
    setenv("ABISHIM_OLDER", "1", 1);
  }
  const std::string library = IsOff() ? "" : FindLibrary();
  if (!options.nofile.empty()) LimitDescriptors(options.nofile);
  if (options.stats || options.flags || options.no_vsyscall) {
    return RunBehind(library, path, options, filters);
  }
  Start(library, path, filters, options);
}

}  // namespace abishim::command
