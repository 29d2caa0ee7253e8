#include <fcntl.h>
#include <linux/memfd.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>

#include <filesystem>
#include <fstream>

#include "tests/support/child.h"
#include "tests/support/oracle.h"

namespace abishim::test {
namespace {

using Call = long (*)(const Args&);
long Kernels(const Args& args) { return Native<"memfd_create">(args); }
long Ours(const Args& args) { return Translated(translate::memfd_create, args); }
int Make(Call call, int flags = 0) {
  return static_cast<int>(call(test::Make(Address("name"), flags)));
}

// Today's flags that we answer as the kernels before them did.
bool IsRefused(unsigned flags) {
  constexpr unsigned kNoExecSeal = 8, kExec = 16;
  return (flags & (MFD_ALLOW_SEALING | MFD_HUGETLB | kNoExecSeal | kExec)) != 0;
}

// What can be seen of a fresh descriptor. F_GETFL shows O_TMPFILE as well: that is lost.
Seen Look(int fd) {
  struct stat stat {};
  fstat(fd, &stat);
  return {fcntl(fd, F_GETFD),
          fcntl(fd, F_GETFL) & ~O_TMPFILE,
          fcntl(fd, F_GET_SEALS),
          static_cast<long>(stat.st_mode),
          stat.st_size,
          static_cast<long>(stat.st_nlink),
          static_cast<long>(stat.st_uid),
          lseek(fd, 0, SEEK_CUR)};
}

TEST(MemfdCreate, AgreesWithTheKernel) {
  Shares shares("memfd_create");
  const int before = OpenDescriptors();
  const AtPageEnd room(300);
  for (int i = 0; i < 3000; ++i) {
    const auto rarely = [] { return RandomInt(0, 9) == 0; };
    unsigned flags = RandomOf({0u, 0u, 1u, 1u, 2u, 3u, 16u});
    if (rarely()) flags = RandomOf({4u, 5u, 8u, 24u, 32u, 0x80000000u, 21u << 26, 4u | 21u << 26});
    if (rarely()) flags ^= 1u << RandomInt(0, 31);
    const int length = rarely() ? RandomInt(240, 299) : RandomOf({0, 1, 10, 248, 249});
    memset(room.data(), 'x', 300);
    char* name = room.data() + 299 - length;
    room.data()[299] = '\0';
    if (rarely()) room.data()[299] = 'x';  // no end before the memory's own
    Word pointer = Address(name);
    if (rarely()) pointer = RandomOf({BadPointer(), KernelPointer(), ReadOnlyPointer(), Word{0}});
    const Args args = test::Make(pointer, Dirty(static_cast<int>(flags)));
    const long expected = Kernels(args);
    const Seen native = expected >= 0 ? Look(expected) : Seen{};
    if (expected >= 0) close(expected);
    shares.Count(expected);
    const long result = Ours(args);
    if (IsRefused(flags) && expected >= 0) {
      EXPECT_EQ(result, (flags & ~3u) == 0 ? -ENOSYS : -EINVAL) << flags;
    } else if (IsRefused(flags)) {
      EXPECT_TRUE(result == expected || result == -EINVAL) << ErrnoName(result);
    } else {
      EXPECT_EQ(result, expected) << "flags " << flags << " length " << length;
      if (result >= 0) {
        EXPECT_EQ(Look(result), native);
      }
    }
    if (result >= 0) close(result);
  }
  EXPECT_EQ(OpenDescriptors(), before);
}

void Same(const std::function<Seen(Call)>& body) {
  const Seen expected = InChild([&] { return body(Kernels); });
  ASSERT_NE(expected[0], LONG_MIN);
  EXPECT_EQ(InChild([&] { return body(Ours); }), expected);
}

TEST(MemfdCreate, LowestDescriptorAndUmask) {
  Same([](Call call) {
    close(0);
    umask(077);
    Seen seen{Make(call), Make(call, MFD_CLOEXEC)};
    for (const long more : Look(0)) seen.push_back(more);
    return seen;
  });
}

TEST(MemfdCreate, NoDescriptorIsFree) {
  Same([](Call call) {
    rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = 3;
    setrlimit(RLIMIT_NOFILE, &limit);
    return Seen{Make(call), call(test::Make(BadPointer(), 0)), call(test::Make(0, 32))};
  });
}

TEST(MemfdCreate, ReadWriteMapShareTruncate) {
  Same([](Call call) {
    const int fd = Make(call);
    Seen seen{write(fd, "hello", 5), ftruncate(fd, 1 << 20), lseek(fd, 0, SEEK_END)};
    char* map = static_cast<char*>(
        mmap(nullptr, 1 << 20, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_SHARED, fd, 0));
    if (map == MAP_FAILED) return Seen{-1};
    if (fork() == 0) {
      map[1 << 19] = 'x';
      _exit(0);
    }
    wait(nullptr);
    seen.push_back(map[1 << 19]);
    seen.push_back(map[4]);
    seen.push_back(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
    seen.push_back(errno);
    seen.push_back(linkat(fd, "", AT_FDCWD, "/dev/shm/abishim-memfd-link", AT_EMPTY_PATH));
    return seen;
  });
}

// The exit status of a program run from the descriptor, or the errno, negative.
long Execute(int fd) {
  const pid_t child = fork();
  if (child == 0) {
    const char *argv[] = {"true", nullptr}, *envp[] = {nullptr};
    syscall(SYS_execveat, fd, "", argv, envp, AT_EMPTY_PATH);
    _exit(errno);
  }
  int status = -1;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? -WEXITSTATUS(status) : status;
}
Seen RunTrue(Call call) {
  const int fd = Make(call);
  std::ifstream file("/bin/true", std::ios::binary);
  const std::string program((std::istreambuf_iterator<char>(file)), {});
  if (write(fd, program.data(), program.size()) != static_cast<ssize_t>(program.size()))
    return {-1};
  const long while_open = Execute(fd);
  const std::string path = "/proc/self/fd/" + std::to_string(fd);
  const int read_only = open(path.c_str(), O_RDONLY);
  close(fd);
  return {while_open, Execute(read_only)};
}

// What is lost: a file that is open for writing is not executed, a memfd is. That is why MFD_EXEC
// is refused.
TEST(MemfdCreate, Execute) {
  EXPECT_EQ(InChild([] { return RunTrue(Kernels); }), (Seen{0, 0}));
  EXPECT_EQ(InChild([] { return RunTrue(Ours); }), (Seen{-ETXTBSY, 0}));
}

bool OwnMounts() {
  return unshare(CLONE_NEWNS) == 0 && mount("", "/", "", MS_REC | MS_PRIVATE, nullptr) == 0;
}
bool Mount(const char* path, const char* options, unsigned long flags = 0) {
  return mount("none", path, "tmpfs", flags, options) == 0;
}
long BlocksWhere(int fd) {
  struct statfs fs;
  return fstatfs(fd, &fs) ? -1 : static_cast<long>(fs.f_blocks);
}

TEST(MemfdCreate, WhereThereIsRoomAndNoNoexec) {
  constexpr long kMiB = 256;  // in blocks
  const auto where = [](const std::function<bool()>& mounts) {
    return InChild([&] {
      if (!OwnMounts() || !mounts()) return Seen{-1};
      const int fd = Make(Ours);
      return Seen{fd < 0 ? fd : BlocksWhere(fd)};
    })[0];
  };
  // Docker: /dev/shm alone.
  EXPECT_EQ(where([] { return Mount("/dev/shm", "size=64m", MS_NOEXEC); }), 64 * kMiB);
  EXPECT_EQ(
      where([] { return Mount("/dev/shm", "size=64m", MS_NOEXEC) && Mount("/run", "size=65m"); }),
      65 * kMiB);
  EXPECT_EQ(
      where([] { return Mount("/dev/shm", "size=64m", MS_NOEXEC) && Mount("/run", "size=5m"); }),
      64 * kMiB);
  EXPECT_EQ(
      where([] { return Mount("/dev/shm", "size=8m") && Mount("/tmp", "size=9m", MS_NOEXEC); }),
      9 * kMiB);
  EXPECT_EQ(where([] { return Mount("/dev/shm", "size=100m") && Mount("/run", "size=0"); }), 0);
  EXPECT_EQ(
      where([] { return Mount("/dev/shm", "size=100m", MS_RDONLY) && Mount("/run", "size=5m"); }),
      5 * kMiB);
}

TEST(MemfdCreate, NowhereToGo) {
  const auto nowhere = [](const std::function<bool()>& mounts) {
    return InChild([&] {
      if (!OwnMounts() || !mounts()) return Seen{-1};
      const int before = OpenDescriptors();
      return Seen{Make(Ours), Make(Ours, 32), OpenDescriptors() - before};
    });
  };
  const Seen refused{-ENOSYS, -EINVAL, 0};
  EXPECT_EQ(nowhere([] { return mount("/var", "/dev/shm", "", MS_BIND, nullptr) == 0; }), refused);
  EXPECT_EQ(nowhere([] { return Mount("/dev/shm", "size=64m", MS_RDONLY); }), refused);
  EXPECT_EQ(nowhere([] {
              return Mount("/dev/shm", "size=4k") &&
                     write(creat("/dev/shm/full", 0600), "x", 1) == 1;
            }),
            refused);
  EXPECT_EQ(nowhere([] { return Mount("/dev", "size=64m"); }), refused);
  // A directory that others own: nobody may write there.
  EXPECT_EQ(
      nowhere([] { return Mount("/dev/shm", "mode=700") && setresuid(65534, 65534, 65534) == 0; }),
      refused);
}

// Kernels before 3.11 have no O_TMPFILE.
long NoTmpfile(long nr, long a, long b, long c, long d, long e, long f) {
  if (nr == SYS_openat && (c & O_TMPFILE) == O_TMPFILE) return -EISDIR;
  const long result = syscall(nr, a, b, c, d, e, f);
  return result == -1 ? -errno : result;
}
Word CopyIn(void* to, Word from, Word bytes) {
  memcpy(to, reinterpret_cast<void*>(from), bytes);
  return bytes;
}
long OnOldKernel(const Args& args) {
  constexpr Host kHost{NoTmpfile, CopyIn, nullptr, nullptr, nullptr, nullptr};
  Kernel kernel(kHost);
  return translate::memfd_create(kernel, args).value;
}

TEST(MemfdCreate, CreatedAndUnlinked) {
  const auto body = [](Call call) {
    if (!OwnMounts() || !Mount("/dev/shm", "size=64m")) return Seen{-1};
    alignas(256) static const char kName[256] = "name";
    umask(027);
    Seen seen;
    for (int i = 0; i < 20; ++i) {
      const int fd = static_cast<int>(call(test::Make(Address(kName), i % 2)));
      seen.push_back(fd);
      for (const long more : Look(fd)) seen.push_back(more);
      seen.push_back(fcntl(fd, F_GETFL));  // nothing is lost here
    }
    seen.push_back(std::filesystem::is_empty("/dev/shm"));
    return seen;
  };
  EXPECT_EQ(InChild([&] { return body(OnOldKernel); }), InChild([&] { return body(Kernels); }));
}

}  // namespace
}  // namespace abishim::test
