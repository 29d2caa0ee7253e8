#include <fcntl.h>
#include <linux/fs.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "tests/support/child.h"
#include "tests/support/oracle.h"

namespace abishim::test {
namespace {

using Call = long (*)(const Args&);
long Kernels(const Args& args) { return Native<"copy_file_range">(args); }
long Ours(const Args& args) { return Translated(translate::copy_file_range, args); }

std::string Pattern(size_t bytes) {
  std::string pattern(bytes, '\0');
  for (size_t i = 0; i < bytes; ++i) pattern[i] = static_cast<char>('a' + i * 7 % 23 + i / 4096);
  return pattern;
}

std::string Contents(int fd) {
  struct stat stat;
  fstat(fd, &stat);
  if (stat.st_size > 16 << 20) return "so much: " + std::to_string(stat.st_size);
  std::string contents(stat.st_size, '\0');
  EXPECT_EQ(pread(fd, contents.data(), contents.size(), 0), stat.st_size);
  return contents;
}

// What a call may meet. Each side of the comparison has its own.
class Files {
 public:
  explicit Files(const std::string& parent) : directory_(parent) {
    source = Open("source", O_RDWR);
    target = Open("target", O_RDWR);
    again = Open("source", O_RDWR);
    duplicate = dup(source);
    elsewhere = open((other_ / "elsewhere").c_str(), O_RDWR | O_CREAT, 0600);
    odd[0] = Open("source", O_RDONLY);
    odd[1] = Open("target", O_RDONLY);
    odd[2] = Open("source", O_WRONLY);
    odd[3] = Open("target", O_WRONLY);
    odd[4] = Open("target", O_WRONLY | O_APPEND);
    odd[5] = Open("target", O_PATH);
    odd[6] = Open("target", O_ACCMODE);
    odd[7] = open(directory_.path().c_str(), O_RDONLY);
    odd[8] = open("/dev/null", O_RDWR);
    if (pipe(odd + 9)) abort();
    odd[11] = -1;
    odd[12] = 1 << 19;
    odd[13] = elsewhere;
  }
  ~Files() {
    for (const int fd : {source, target, again, duplicate}) close(fd);
    for (const int fd : odd) close(fd);
  }
  int Open(const char* name, int flags) const {
    return open((directory_ / name).c_str(), flags | (flags & O_PATH ? 0 : O_CREAT), 0600);
  }

  int source, target, again, duplicate, elsewhere;
  int odd[14];

 private:
  const TempDir directory_, other_{"/dev/shm"};
};

struct Input {
  size_t source_size, target_size;
  long source_position, target_position;
  int in, out;  // 0-3: the good ones; else 4 + an index of `odd`
  int in_pointer, out_pointer;
  long in_offset, out_offset;
  Word length;
  int flags;
};
enum { kNull, kGood, kBad, kReadOnly, kKernel };

long RandomOffset(long size) {
  if (RandomInt(0, 19) == 0) {
    return RandomOf({-1L, -5L, LONG_MIN, LONG_MAX, LONG_MAX - 10, 1L << 62, 1L << 45});
  }
  return RandomInt(0, 9) == 0 ? size : RandomInt(0, static_cast<int>(size + 10));
}
int RandomPointer() {
  if (RandomInt(0, 24) == 0) return RandomOf({int{kBad}, int{kReadOnly}, int{kKernel}});
  return RandomInt(0, 1);
}
Input RandomInput() {
  const auto rarely = [] { return RandomInt(0, 14) == 0; };
  Input input{};
  input.source_size = RandomOf({0, 1, 10, 4096, 5000, 32768, 40'000, 100'000});
  input.target_size = RandomOf({0, 10, 5000, 100'000});
  input.source_position = RandomInt(0, static_cast<int>(input.source_size));
  input.target_position = RandomInt(0, static_cast<int>(input.target_size));
  input.in = rarely() ? RandomInt(0, 17) : 0;
  input.out = rarely() ? RandomInt(0, 17) : RandomOf({1, 1, 1, 2});
  input.in_pointer = RandomPointer();
  input.out_pointer = RandomPointer();
  input.in_offset = RandomOffset(input.source_size);
  input.out_offset = RandomOffset(input.target_size);
  input.length = rarely() ? RandomOf({0L, -1L, LONG_MAX, LONG_MIN, 1L << 40})
                          : RandomOf({1, 100, 4096, 10'000, 32768, 32769, 200'000});
  input.flags = rarely() ? RandomOf({1, 2, INT_MIN}) : 0;
  return input;
}

struct Outcome {
  long result, in_offset, out_offset, source_position, target_position;
  std::string source, target;
  bool operator==(const Outcome&) const = default;
};

void Fill(int fd, size_t bytes, long position) {
  const std::string pattern = Pattern(bytes);
  ASSERT_EQ(ftruncate(fd, 0), 0);
  ASSERT_EQ(pwrite(fd, pattern.data(), bytes, 0), static_cast<ssize_t>(bytes));
  ASSERT_EQ(lseek(fd, position, SEEK_SET), position);
}

Outcome Run(Call call, const Files& files, const Input& input) {
  Fill(files.source, input.source_size, input.source_position);
  Fill(files.target, input.target_size, input.target_position);
  const int good[] = {files.source, files.target, files.again, files.duplicate};
  const auto descriptor = [&](int i) { return i < 4 ? good[i] : files.odd[i - 4]; };
  Outcome outcome{0, input.in_offset, input.out_offset, 0, 0, "", ""};
  const auto pointer = [](int which, long* offset) {
    return which == kGood       ? Address(offset)
           : which == kBad      ? BadPointer()
           : which == kReadOnly ? ReadOnlyPointer()
           : which == kKernel   ? KernelPointer()
                                : 0;
  };
  lseek(files.again, 5, SEEK_SET);
  outcome.result =
      call(Make(Dirty(descriptor(input.in)), pointer(input.in_pointer, &outcome.in_offset),
                Dirty(descriptor(input.out)), pointer(input.out_pointer, &outcome.out_offset),
                input.length, Dirty(input.flags)));
  outcome.source_position = lseek(files.source, 0, SEEK_CUR);
  outcome.target_position = lseek(files.target, 0, SEEK_CUR);
  outcome.source = Contents(files.source);
  outcome.target = Contents(files.target);
  return outcome;
}

// What the translation does not see: a target position beyond the file system's limit when there is
// nothing to copy.
bool NothingTooFarOut(const Outcome& native, const Outcome& ours) {
  return native.result == -EFBIG && ours.result == 0;
}

void Compare(const char* where, int rounds) {
  Shares shares(std::string("copy_file_range in ") + where);
  const Files native(where), ours(where);
  const int before = OpenDescriptors();
  for (int i = 0; i < rounds; ++i) {
    const Input input = RandomInput();
    const Outcome expected = Run(Kernels, native, input);
    Outcome outcome = Run(Ours, ours, input);
    shares.Count(expected.result);
    if (NothingTooFarOut(expected, outcome)) outcome.result = -EFBIG;
    EXPECT_TRUE(outcome == expected)
        << outcome.result << " for " << expected.result << ": in " << input.in << " at "
        << input.in_offset << " (" << input.in_pointer << ") of " << input.source_size << ", out "
        << input.out << " at " << input.out_offset << " (" << input.out_pointer << ") of "
        << input.target_size << ", length " << input.length << " flags " << input.flags;
  }
  EXPECT_EQ(OpenDescriptors(), before);
}

TEST(CopyFileRange, AgreesWithTheKernelOnExt4) { Compare("/tmp", 2000); }
TEST(CopyFileRange, AgreesWithTheKernelOnTmpfs) { Compare("/dev/shm", 1000); }

void Same(const std::function<Seen(Call)>& body) {
  const Seen expected = InChild([&] { return body(Kernels); });
  ASSERT_NE(expected[0], LONG_MIN);
  EXPECT_EQ(InChild([&] { return body(Ours); }), expected);
}

int g_signals;
void Limit(rlim_t bytes) {
  signal(SIGXFSZ, [](int) { ++g_signals; });
  const rlimit limit{bytes, RLIM_INFINITY};
  if (setrlimit(RLIMIT_FSIZE, &limit)) abort();
}

TEST(CopyFileRange, FileSizeLimit) {
  for (const long in : {0L, 5L, 100L, -1L}) {
    for (const long out : {0L, 2L, 3L, 4L, 100L, -1L, LONG_MAX}) {
      for (const Word length : {Word{0}, Word{1}, Word{9}, ~Word{0}}) {
        Same([&](Call call) {
          const Files files("/tmp");
          Fill(files.source, 10, 0);
          Fill(files.target, 0, 0);
          Limit(3);
          Seen seen;
          for (const int target : {files.target, files.source}) {
            long from = in, to = out;
            seen.push_back(
                call(Make(files.source, Address(&from), target, Address(&to), length, 0)));
            const long size = static_cast<long>(Contents(target).size());
            seen.insert(seen.end(), {from, to, size, g_signals});
          }
          return seen;
        });
      }
    }
  }
}

TEST(CopyFileRange, ImmutableTarget) {
  Same([](Call call) {
    const Files files("/tmp");
    Fill(files.source, 10, 0);
    Fill(files.target, 10, 0);
    int flags = FS_IMMUTABLE_FL, none = 0;
    if (ioctl(files.target, FS_IOC_SETFLAGS, &flags)) return Seen{-1};
    Seen seen{call(Make(files.source, 0, files.target, 0, 5, 0)),
              call(Make(files.source, 0, files.target, 0, 0, 0)),
              call(Make(files.source, 0, files.odd[4], 0, 5, 0))};
    ioctl(files.target, FS_IOC_SETFLAGS, &none);
    if (seen[0] != -EPERM) return Seen{-2};
    return seen;
  });
}

// O_DIRECT wants aligned pieces. Where the kernel does without a copy of its own it says EINVAL to
// a length that is not a multiple; we may get further, with the right bytes.
Seen CopyDirect(Call call, int in_flag, int out_flag, Word length) {
  const Files files("/tmp");
  Fill(files.source, 40'960 + 100, 0);
  Fill(files.target, 0, 0);
  const int in = files.Open("source", O_RDONLY | in_flag);
  const int out = files.Open("target", O_WRONLY | out_flag);
  const long result = call(Make(in, 0, out, 0, length, 0));
  const std::string target = Contents(files.target);
  return {result, target == Pattern(40'960 + 100).substr(0, std::max(result, 0L))};
}

TEST(CopyFileRange, DirectFiles) {
  for (const int in : {0, O_DIRECT}) {
    for (const int out : {0, O_DIRECT}) {
      for (const Word length : {4096, 8192, 100'000, 5000}) {
        const Seen native = CopyDirect(Kernels, in, out, length);
        const Seen ours = CopyDirect(Ours, in, out, length);
        EXPECT_EQ(native[1], 1);
        EXPECT_EQ(ours[1], 1);
        if (native[0] >= 0) {
          EXPECT_EQ(ours[0], native[0]) << in << " " << out << " " << length;
        } else {
          EXPECT_EQ(native[0], -EINVAL);
          EXPECT_NE(length % 4096, 0u);
        }
      }
    }
  }
}

// What `loses` allows: a part of a large copy, and the caller goes on.
TEST(CopyFileRange, AtMost4MiBAtOnce) {
  const Files files("/tmp");
  Fill(files.source, 9 << 20, 0);
  Fill(files.target, 0, 0);
  const Args args = Make(files.source, 0, files.target, 0, Word{1} << 40, 0);
  for (const long expected : {4 << 20, 4 << 20, 1 << 20, 0}) EXPECT_EQ(Ours(args), expected);
  EXPECT_EQ(Contents(files.target), Pattern(9 << 20));
}

// The whole disk full: a part, then ENOSPC.
TEST(CopyFileRange, NoSpace) {
  Same([](Call call) {
    char path[] = "/tmp/abishim-full-XXXXXX";
    if (unshare(CLONE_NEWNS) || !mkdtemp(path)) return Seen{-1};
    if (mount("", "/", "", MS_REC | MS_PRIVATE, nullptr)) return Seen{-1};
    if (mount("none", path, "tmpfs", 0, "size=160k")) return Seen{-1};
    Seen seen;
    {
      const Files files(path);
      Fill(files.source, 100'000, 0);
      for (int i = 0; i < 3; ++i) {
        long from = 0;
        seen.push_back(call(Make(files.source, Address(&from), files.target, 0, 100'000, 0)));
      }
      seen.push_back(Contents(files.target).size());
    }
    umount(path);
    rmdir(path);
    return seen;
  });
}

TEST(CopyFileRange, Locks) {
  Same([](Call call) {
    const Files files("/tmp");
    Fill(files.source, 100, 0);
    Fill(files.target, 0, 0);
    struct flock lock {};
    lock.l_type = F_WRLCK;
    fcntl(files.source, F_SETLK, &lock);
    fcntl(files.target, F_SETLK, &lock);
    Seen seen{call(Make(files.source, 0, files.target, 0, 100, 0))};
    for (const int fd : {files.source, files.target}) {
      seen.push_back(InChild([&] {
        lock.l_type = F_WRLCK;
        fcntl(fd, F_GETLK, &lock);
        return Seen{lock.l_type};
      })[0]);
    }
    return seen;
  });
}

TEST(CopyFileRange, DescriptorZeroAndNoneFree) {
  Same([](Call call) {
    const Files files("/tmp");
    Fill(files.source, 100, 0);
    Fill(files.target, 0, 0);
    dup2(files.source, 0);
    rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    const rlimit one{1, limit.rlim_max};
    setrlimit(RLIMIT_NOFILE, &one);
    const Seen seen{call(Make(0, 0, files.target, 0, 50, 0)),
                    call(Make(files.source, 0, files.target, 0, 100, 0)), dup(1)};
    setrlimit(RLIMIT_NOFILE, &limit);
    return seen;
  });
}

// RHEL 7: the call is there and says ENOSYS for this file system, or does its work.
int g_host_calls;
bool g_host_lies;
long Host7(long nr, long a, long b, long c, long d, long e, long f) {
  if (nr == SYS_copy_file_range) {
    ++g_host_calls;
    if (g_host_lies) return -ENOSYS;
  }
  const long result = syscall(nr, a, b, c, d, e, f);
  return result == -1 ? -errno : result;
}

TEST(CopyFileRange, TheHostsCallComesFirst) {
  const Files files("/tmp");
  Fill(files.source, 9 << 20, 0);
  const Args args = Make(files.source, 0, files.target, 0, 9 << 20, 0);
  constexpr Host kHost{Host7, nullptr, nullptr, nullptr, nullptr, nullptr};
  for (const bool lies : {false, true}) {
    Fill(files.source, 9 << 20, 0);
    Fill(files.target, 0, 0);
    g_host_lies = lies;
    g_host_calls = 0;
    Kernel kernel(kHost, true);
    EXPECT_EQ(translate::copy_file_range(kernel, args).value, lies ? 4 << 20 : 9 << 20);
    EXPECT_EQ(g_host_calls, 1);
  }
  Fill(files.source, 9 << 20, 0);
  EXPECT_EQ(TranslatedWithHostCall(translate::copy_file_range, args, {2, 6, 32}), 9 << 20);
}

}  // namespace
}  // namespace abishim::test
