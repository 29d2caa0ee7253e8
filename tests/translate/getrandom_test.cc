#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>

#include <set>

#include "tests/support/child.h"
#include "tests/support/oracle.h"

namespace abishim::test {
namespace {

constexpr unsigned kInsecure = 4;

// The bytes differ by nature; what may be compared is how far they reach.
size_t Written(const char* from, size_t size) {
  while (size > 0 && from[size - 1] == 0) --size;
  return size;
}

TEST(Getrandom, AgreesWithTheKernel) {
  Shares shares("getrandom");
  const int before = OpenDescriptors();
  const AtPageEnd buffer(8192);
  for (int i = 0; i < 3000; ++i) {
    const auto rarely = [] { return RandomInt(0, 14) == 0; };
    const size_t room = RandomOf({1, 16, 255, 256, 257, 4096, 8192});
    char* start = buffer.data() + 8192 - room;
    Word length = room;
    if (rarely()) length = RandomOf({0L, 1L, 300L, 10'000L, long{INT_MAX} + 1, LONG_MAX, -1L});
    unsigned flags = RandomOf({0u, 0u, 1u, 2u, 3u, 4u, 5u});
    if (rarely()) flags = RandomOf({6u, 7u, 8u, 0x80000000u, 0x100u, 9u});
    Word to = Address(start);
    if (rarely()) {
      to = RandomOf({BadPointer(), ReadOnlyPointer(), Word{0}, Address(buffer.data()) + 8192});
    }
    if (rarely() && length != 0) to = KernelPointer();
    const Args args = Make(to, length, Dirty(static_cast<int>(flags)));

    memset(buffer.data(), 0, 8192);
    const long expected = Native<"getrandom">(args);
    const size_t native = Written(start, room);
    memset(buffer.data(), 0, 8192);
    const long result = Translated(translate::getrandom, args);
    const size_t ours = Written(start, room);
    shares.Count(expected);
    EXPECT_EQ(result, expected) << "length " << length << " flags " << flags << " to " << to;
    // The last bytes are zero by chance once in 65,536 times for two of them: allow for eight.
    EXPECT_LE(native > ours ? native - ours : ours - native, 8u);
  }
  EXPECT_EQ(OpenDescriptors(), before);
}

TEST(Getrandom, StopsWhereTheMemoryStops) {
  for (const size_t room : {1, 63, 64, 65, 100, 300, 5000}) {
    const AtPageEnd buffer(room);
    const Args args = Make(Address(buffer.data()), room + 1000, 0);
    ASSERT_EQ(Native<"getrandom">(args), static_cast<long>(room));
    EXPECT_EQ(Translated(translate::getrandom, args), static_cast<long>(room));
  }
}

// A zero length is how some runtimes ask whether the call is there.
TEST(Getrandom, NothingWanted) {
  for (const Word to : {Word{0}, BadPointer(), ReadOnlyPointer(), KernelPointer()}) {
    const Args args = Make(to, 0, 0);
    EXPECT_EQ(Translated(translate::getrandom, args), Native<"getrandom">(args)) << to;
  }
}

TEST(Getrandom, BytesAreRandom) {
  for (const unsigned flags : {0u, 2u, 4u}) {
    std::set<std::string> seen;
    std::string bytes(32, '\0');
    for (int i = 0; i < 200; ++i) {
      ASSERT_EQ(Translated(translate::getrandom, Make(Address(bytes.data()), 32, flags)), 32);
      EXPECT_TRUE(seen.insert(bytes).second);
    }
  }
}

// What `loses` allows: no more than older kernels gave at once.
TEST(Getrandom, AtMost33554431Bytes) {
  std::string bytes(33'554'431 + 10, '\0');
  const Args args = Make(Address(bytes.data()), bytes.size(), 0);
  ASSERT_EQ(Native<"getrandom">(args), 33'554'441);
  EXPECT_EQ(Translated(translate::getrandom, args), 33'554'431);
}

TEST(Getrandom, DescriptorZeroStaysFree) {
  EXPECT_EQ(InChild([] {
              close(0);
              char bytes[16];
              const long result = Translated(translate::getrandom, Make(Address(bytes), 16, 0));
              return Seen{result, dup(1)};
            }),
            (Seen{16, 0}));
}

// No descriptor is free: ENOSYS sends the caller to its own fallback, and nothing is left behind.
TEST(Getrandom, NoDescriptorIsFree) {
  EXPECT_EQ(InChild([] {
              const int before = OpenDescriptors();
              const rlimit none{0, 4096};
              setrlimit(RLIMIT_NOFILE, &none);
              char bytes[16] = {};
              const long native = Native<"getrandom">(Make(Address(bytes), 16, 0));
              memset(bytes, 0, 16);
              const long ours = Translated(translate::getrandom, Make(Address(bytes), 16, 0));
              const rlimit some{1024, 4096};
              setrlimit(RLIMIT_NOFILE, &some);
              return Seen{native, ours, static_cast<long>(Written(bytes, 16)),
                          OpenDescriptors() - before};
            }),
            (Seen{16, -ENOSYS, 0, 0}));
}

// Unless it had some while one was free.
TEST(Getrandom, NoDescriptorIsFreeAnyMore) {
  EXPECT_EQ(InChild([] {
              char bytes[1000] = {};
              if (Translated(translate::getrandom, Make(Address(bytes), 16, 0)) != 16) {
                return Seen{-1};
              }
              const rlimit none{0, 4096};
              setrlimit(RLIMIT_NOFILE, &none);
              memset(bytes, 0, sizeof(bytes));
              const long ours = Translated(translate::getrandom, Make(Address(bytes), 1000, 0));
              return Seen{ours, Written(bytes, 1000) > 990};
            }),
            (Seen{1000, 1}));
}

// A mount namespace of the child's own, with an empty file system over `path`.
bool Hide(const char* path) {
  return unshare(CLONE_NEWNS) == 0 && mount("", "/", "", MS_REC | MS_PRIVATE, nullptr) == 0 &&
         mount("none", path, "tmpfs", 0, nullptr) == 0;
}
long Ask(void* to, size_t length, unsigned flags) {
  return Translated(translate::getrandom, Make(Address(static_cast<char*>(to)), length, flags));
}

TEST(Getrandom, WithoutDevByUuids) {
  const Seen seen = InChild([] {
    if (!Hide("/dev")) return Seen{-1};
    const int before = OpenDescriptors();
    const AtPageEnd buffer(100);
    Seen seen{Ask(buffer.data(), 100, 0),          Ask(buffer.data(), 0, 0),
              Ask(buffer.data(), 200, 1),          Ask(buffer.data() + 100, 1, 0),
              Ask(buffer.data(), 16, GRND_RANDOM), Ask(buffer.data(), 16, 6)};
    // No bit is always the same in 400 draws, so none of a UUID's fixed ones is among them.
    unsigned char ones[40] = {}, zeros[40] = {};
    for (int i = 0; i < 400; ++i) {
      unsigned char bytes[40];
      if (Ask(bytes, 40, kInsecure) != 40) return Seen{-2};
      for (int j = 0; j < 40; ++j) {
        ones[j] |= bytes[j];
        zeros[j] |= ~bytes[j];
      }
    }
    long fixed = 0;
    for (int j = 0; j < 40; ++j) fixed += (ones[j] != 0xff) + (zeros[j] != 0xff);
    seen.push_back(fixed);
    seen.push_back(OpenDescriptors() - before);
    return seen;
  });
  EXPECT_EQ(seen, (Seen{100, 0, 100, -EFAULT, -ENOSYS, -EINVAL, 0, 0}));
}

TEST(Getrandom, WithoutDevAndProc) {
  EXPECT_EQ(InChild([] {
              char bytes[16];
              if (!Hide("/dev") || !Hide("/proc")) return Seen{-1};
              return Seen{Ask(bytes, 16, 0), Ask(bytes, 0, 0), Ask(bytes, 16, 8)};
            }),
            (Seen{-ENOSYS, -ENOSYS, -EINVAL}));
}

// What the device gave before goes on: into whole and bad buffers, never the same twice, and not in
// a fork child, unless that has seen the device, too.
TEST(Getrandom, WithoutDevAndProcByAGenerator) {
  const Seen seen = InChild([] {
    const AtPageEnd buffer(100);
    if (Ask(buffer.data(), 16, 0) != 16 || !Hide("/dev") || !Hide("/proc")) return Seen{-1};
    const int before = dup(0);
    Seen seen{Ask(buffer.data(), 100, 0),     Ask(buffer.data(), 0, 0),
              Ask(buffer.data(), 200, 1),     Ask(buffer.data() + 100, 1, 0),
              Ask(buffer.data() + 100, 0, 0), Ask(buffer.data(), 16, GRND_RANDOM),
              Ask(buffer.data(), 16, 6)};
    std::string many(1'000'000, '\0');
    seen.push_back(Ask(many.data(), many.size(), 0));
    std::set<std::string> all;
    std::string bytes(32, '\0');
    for (int i = 0; i < 1000; ++i) {
      if (Ask(bytes.data(), 32, 0) == 32) all.insert(bytes);
    }
    for (size_t at = 0; at < 256 * 1024; at += 32) all.insert(many.substr(at, 32));
    seen.push_back(static_cast<long>(all.size()));
    for (const long in_child : InChild([&] { return Seen{Ask(buffer.data(), 16, 0)}; })) {
      seen.push_back(in_child);
    }
    seen.push_back(dup(0) - before);
    return seen;
  });
  EXPECT_EQ(seen,
            (Seen{100, 0, 100, -EFAULT, 0, -ENOSYS, -EINVAL, 256 * 1024, 1000 + 8192, -ENOSYS, 1}));
}

// The program has the device open, among much that is not it, or cannot be read.
TEST(Getrandom, WithoutDevByADescriptorOfTheProgram) {
  EXPECT_EQ(InChild([] {
              close(0);
              const int others[] = {open("/dev/zero", O_RDONLY), open("/dev/random", O_RDONLY),
                                    open("/dev/urandom", O_WRONLY), open("/dev/urandom", O_PATH)};
              const int device = open("/dev/urandom", O_RDONLY);
              char bytes[300] = {};
              if (others[3] < 0 || device < 0 || !Hide("/dev") || !Hide("/proc")) return Seen{-1};
              Seen seen{Ask(bytes, 300, 0), Written(bytes, 300) > 290, Ask(bytes, 16, GRND_RANDOM)};
              seen.push_back(dup(0) - device);  // nothing was left open in between
              close(device);
              memset(bytes, 0, 300);
              seen.push_back(Ask(bytes, 300, 0));  // by the generator: the device gave its key
              seen.push_back(Written(bytes, 300) > 290);
              return seen;
            }),
            (Seen{300, 1, -ENOSYS, 1, 300, 1}));
}

// What stands in /dev and /proc need not be what it is called.
TEST(Getrandom, ImpostorsAreNotRead) {
  EXPECT_EQ(InChild([] {
              if (!Hide("/dev") || !Hide("/proc")) return Seen{-1};
              if (mkdir("/proc/sys", 0755) || mkdir("/proc/sys/kernel", 0755) ||
                  mkdir("/proc/sys/kernel/random", 0755)) {
                return Seen{-2};
              }
              const int uuid = open("/proc/sys/kernel/random/uuid", O_CREAT | O_WRONLY, 0644);
              if (write(uuid, "302e6ddb-6dc8-4343-812a-4fa0dbc7ff30\n", 37) != 37) return Seen{-3};
              char bytes[16];
              Seen seen;
              const auto ask = [&] {
                seen.push_back(Ask(bytes, 16, 0));
                seen.push_back(Ask(bytes, 16, GRND_RANDOM));
                unlink("/dev/urandom");
                unlink("/dev/random");
              };
              close(open("/dev/urandom", O_CREAT | O_WRONLY, 0644));  // a file
              if (mkfifo("/dev/random", 0644)) return Seen{-4};  // a pipe that nobody writes to
              ask();
              if (mknod("/dev/urandom", S_IFCHR | 0666, makedev(1, 5))) return Seen{-5};  // zero
              if (mknod("/dev/random", S_IFCHR | 0666, makedev(1, 9))) return Seen{-6};   // urandom
              ask();
              if (mknod("/dev/null", S_IFCHR | 0666, makedev(1, 9))) return Seen{-7};
              if (symlink("null", "/dev/urandom") || symlink("urandom", "/dev/random"))
                return Seen{-8};
              ask();
              return seen;
            }),
            (Seen(6, -ENOSYS)));
}

// boot_id bound over uuid has the right form and never changes.
TEST(Getrandom, AUuidThatNeverChangesIsNotRead) {
  EXPECT_EQ(InChild([] {
              const char kUuid[] = "/proc/sys/kernel/random/uuid";
              const char kBootId[] = "/proc/sys/kernel/random/boot_id";
              char bytes[16];
              if (!Hide("/dev") || mount(kBootId, kUuid, "", MS_BIND, nullptr)) return Seen{-1};
              return Seen{Ask(bytes, 16, 0)};
            }),
            (Seen{-ENOSYS}));
}

// A kernel before 5.6 whose /dev/random has run dry, and one that breaks reads off.
struct {
  int reads, interrupted, polls;
  bool dry;
} g_old;
long OldKernel(long nr, long a, long b, long c, long d, long e, long f) {
  if (nr == SYS_read) {
    ++g_old.reads;
    if (g_old.dry) return -EAGAIN;
    if (g_old.reads == 1) c = c / 2;
    if (g_old.reads == 2) return ++g_old.interrupted, -EINTR;
  }
  if (nr == SYS_ppoll) ++g_old.polls;
  const long result = syscall(nr, a, b, c, d, e, f);
  return result == -1 ? -errno : result;
}
Word NoRoom(bool) { return 0; }
constexpr Host kOldKernel{OldKernel, nullptr, nullptr, nullptr, nullptr, NoRoom};

Result OnOldKernel(bool dry, const Args& args) {
  g_old = {};
  g_old.dry = dry;
  Kernel kernel(kOldKernel);
  return translate::getrandom(kernel, args);
}

TEST(Getrandom, ADryPoolIsWaitedForOutside) {
  char bytes[16];
  const int before = OpenDescriptors();
  const Args args = Make(Address(bytes), 16, Dirty(GRND_RANDOM));
  const Result result = OnOldKernel(true, args);
  EXPECT_TRUE(result.again);
  EXPECT_EQ(result.value, SYS_getrandom);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(result.args[i], args[i]);
  EXPECT_EQ(g_old.polls, 1);
  const Result at_once = OnOldKernel(true, Make(Address(bytes), 16, GRND_RANDOM | GRND_NONBLOCK));
  EXPECT_FALSE(at_once.again);
  EXPECT_EQ(at_once.value, -EAGAIN);
  EXPECT_EQ(g_old.polls, 0);
  EXPECT_EQ(OpenDescriptors(), before);
}

TEST(Getrandom, UpTo256BytesAreNeverCutShort) {
  char bytes[512] = {};
  for (const long length : {2, 16, 256}) {
    EXPECT_EQ(OnOldKernel(false, Make(Address(bytes), length, 0)).value, length);
    EXPECT_EQ(g_old.interrupted, 1);
  }
  EXPECT_EQ(OnOldKernel(false, Make(Address(bytes), 512, 0)).value, 256);
}

}  // namespace
}  // namespace abishim::test
