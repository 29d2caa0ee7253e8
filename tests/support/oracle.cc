#include "tests/support/oracle.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include <filesystem>
#include <set>

#include "tables/flags.h"

namespace abishim::test {
namespace {

Version g_host;
long g_allowed = -1;  // one number that this host has although it is newer

// A call that the pretended host lacks.
const Row* Missing(long nr) {
  for (const Row& row : kSyscalls) {
    if (arch::NumberIn(row.nr) == nr && arch::SinceIn(row) > g_host && nr != g_allowed) return &row;
  }
  return nullptr;
}

bool g_old_flags = false;  // flags that are newer are as this host has them: refused or ignored

// Takes out what the host ignores; an errno where it refuses.
int UseFlags(long nr, Args* args) {
  for (const Flag& flag : kFlags) {
    const bool newer = g_old_flags && flag.since > g_host;
    if (!newer || arch::NumberIn(FindRow(flag.call)->nr) != nr || !flag.use.Is(*args)) continue;
    if (flag.older != kIgnored) return flag.older;
    args->word[flag.use.argument] &= ~Word{flag.use.value};
  }
  return 0;
}

long Call(long nr, long a, long b, long c, long d, long e, long f) {
  if (Missing(nr) != nullptr) return -ENOSYS;
  Args args{{Word(a), Word(b), Word(c), Word(d), Word(e), Word(f)}};
  if (const int error = UseFlags(nr, &args)) return -error;
  return Native(nr, args);
}

// process_vm_* stop at the first page that cannot be touched and say how far they got.
// By thread: an exited leader has no memory any more.
Word Transfer(bool in, void* ours, Word theirs, Word bytes) {
  iovec local{ours, bytes}, remote{reinterpret_cast<void*>(theirs), bytes};
  const ssize_t done = in ? process_vm_readv(gettid(), &local, 1, &remote, 1, 0)
                          : process_vm_writev(gettid(), &local, 1, &remote, 1, 0);
  return done < 0 ? 0 : static_cast<Word>(done);
}
Word CopyIn(void* to, Word from, Word bytes) { return Transfer(true, to, from, bytes); }
Word CopyOut(Word to, const void* from, Word bytes) {
  return Transfer(false, const_cast<void*>(from), to, bytes);
}

long Mask(Word mask, Word size, Word* safe) {
  *safe = mask;
  if (mask == 0) return 0;
  if (size != 8) return -EINVAL;
  unsigned long bits;
  return CopyIn(&bits, mask, 8) == 8 ? 0 : -EFAULT;
}

Word Keep(const void* bytes, Word size) {
  static std::set<std::string> kept;  // its nodes stay where they are
  if (size > 4096) return 0;
  const auto& copy = *kept.emplace(static_cast<const char*>(bytes), size).first;
  return reinterpret_cast<Word>(copy.data());
}

Word Alone(bool make) {
  alignas(64) static char page[4080];
  static pid_t owner = 0;
  if (owner != getpid()) {
    if (!make) return 0;
    memset(page, 0, sizeof(page));
    owner = getpid();
  }
  return reinterpret_cast<Word>(page);
}

constexpr Host kHost{Call, CopyIn, CopyOut, Mask, Keep, Alone};

Word Page(int protection) {
  void* page = mmap(nullptr, 4096, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return reinterpret_cast<Word>(page) + 64;
}

// The program's instruction: it makes the call, or is trapped once more.
long Finish(Result result) {
  while (result.again) {
    const Row* row = Missing(result.value);
    if (row == nullptr) return Native(result.value, result.args);
    if (row->when_missing == nullptr) return -ENOSYS;
    Kernel kernel(kHost);
    result = row->when_missing(kernel, result.args);
  }
  return result.value;
}

}  // namespace

long Native(long nr, const Args& a) {
  const long result = syscall(nr, a[0], a[1], a[2], a[3], a[4], a[5]);
  return result == -1 ? -errno : result;
}

Result Translate(Translation* translation, const Args& args, Version host) {
  g_host = host;
  g_allowed = -1;
  Kernel kernel(kHost);
  return translation(kernel, args);
}

long Translated(Translation* translation, const Args& args, Version host) {
  return Finish(Translate(translation, args, host));
}

long TranslatedFlag(Translation* translation, const Args& args, Version host) {
  g_old_flags = true;
  Result result = Translate(translation, args, host);
  // The same call again is trapped again.
  while (result.again) {
    Args same = result.args;
    if (UseFlags(result.value, &same) == 0) break;
    result = Translate(translation, result.args, host);
  }
  const long value = Finish(result);
  g_old_flags = false;
  return value;
}

long TranslatedWithHostCall(Translation* translation, const Args& args, Version host) {
  g_host = host;
  for (const Row& row : kSyscalls) {
    if (row.when_missing == translation) g_allowed = arch::NumberIn(row.nr);
  }
  Kernel kernel(kHost, true);
  return Finish(translation(kernel, args));
}

Word BadPointer() {
  static const Word page = Page(PROT_NONE);
  return page;
}
Word ReadOnlyPointer() {
  static const Word page = Page(PROT_READ);
  return page;
}
Word KernelPointer() { return 0xffff888000000000; }

AtPageEnd::AtPageEnd(size_t bytes) : mapped_((bytes + 4095) / 4096 * 4096 + 4096) {
  map_ = static_cast<char*>(
      mmap(nullptr, mapped_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  mprotect(map_ + mapped_ - 4096, 4096, PROT_NONE);
  data_ = map_ + mapped_ - 4096 - bytes;
}
AtPageEnd::~AtPageEnd() { munmap(map_, mapped_); }

TempDir::TempDir(const std::string& parent) : path_(parent + "/abishim-test-XXXXXX") {
  if (mkdtemp(path_.data()) == nullptr) abort();
}
TempDir::~TempDir() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

Shares::~Shares() {
  int all = 0;
  for (const auto& [result, count] : count_) all += count;
  printf("%s, %d random inputs natively:", what_.c_str(), all);
  for (const auto& [result, count] : count_) {
    printf(" %s %.1f%%", result == 0 ? "ok" : ErrnoName(result).c_str(), 100.0 * count / all);
  }
  printf("\n");
  EXPECT_GE(count_[0] * 3, all) << what_ << ": fewer than a third of the inputs succeed natively";
}

std::mt19937& Random() {
  static std::mt19937 random = [] {
    const char* text = getenv("ABISHIM_SEED");
    const unsigned seed = text ? strtoul(text, nullptr, 0) : 20261124;
    printf("ABISHIM_SEED=%u\n", seed);
    return std::mt19937(seed);
  }();
  return random;
}
int RandomInt(int low, int high) { return std::uniform_int_distribution<int>(low, high)(Random()); }

std::string ErrnoName(long result) {
  const char* name = result < 0 ? strerrorname_np(static_cast<int>(-result)) : nullptr;
  return name ? name : std::to_string(result);
}

int OpenDescriptors() {
  int count = -1;  // the directory's own
  DIR* directory = opendir("/proc/self/fd");
  while (const dirent* entry = readdir(directory)) count += entry->d_name[0] != '.';
  closedir(directory);
  return count;
}

}  // namespace abishim::test
