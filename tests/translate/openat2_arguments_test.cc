#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <vector>

#include "tests/translate/openat2_tree.h"

namespace abishim::test {
namespace {

bool Rarely(int one_in) { return RandomInt(1, one_in) == 1; }

// The struct, its size, what follows it, and the pointers; with and without RESOLVE_ flags.
TEST(Openat2Arguments, Agree) {
  TempDir directory;
  std::ofstream(directory / "f") << "f";
  const int dirfd = open(directory.path().c_str(), O_PATH);
  Shares shares("openat2, struct and pointers");
  for (int i = 0; i < 4000; ++i) {
    alignas(8) char buffer[8192] = {};
    open_how how{};
    how.flags = RandomOf({O_RDONLY, O_RDWR, O_RDONLY | O_CLOEXEC, O_PATH, O_CREAT | O_RDWR});
    if (how.flags & O_CREAT) how.mode = RandomOf({0600, 0644, 07777});
    how.resolve = RandomOf({0, 0, RESOLVE_BENEATH, RESOLVE_IN_ROOT, RESOLVE_NO_SYMLINKS});
    if (Rarely(8)) how.flags ^= 1ul << RandomInt(0, 63);
    if (Rarely(12)) how.mode ^= 1ul << RandomInt(0, 63);
    if (Rarely(12)) how.resolve ^= 1ul << RandomInt(0, 63);
    if (Rarely(20)) how.flags = Random()() | (Word{Random()()} << 32);
    if (Rarely(14)) how.flags = O_TMPFILE | RandomOf({O_RDONLY, O_RDWR, O_CREAT, O_PATH});
    Word size = RandomInt(0, 3) ? 24 : RandomOf({24, 25, 32, 40, 100, 4096});
    if (Rarely(10))
      size = RandomOf({Word{0}, Word{8}, Word{23}, Word{4097}, Word{1} << 40, ~Word{0}});
    memcpy(buffer, &how, sizeof(how));
    if (Rarely(12)) buffer[RandomInt(24, 4096)] = 1;
    const AtPageEnd end(RandomOf({24, 24, 32, 64}));
    memcpy(end.data(), &how, sizeof(how));
    if (Rarely(10)) end.data()[23] = 1;
    const AtPageEnd unterminated(RandomOf({1, 2, 300}));
    memset(unterminated.data(), 'f', 1);
    const std::string long_path(RandomOf({4094, 4095, 4096, 5000}), '/');
    const char* name =
        how.flags & O_CREAT ? "new" : RandomOf({"f", "f", "f", "f", "f", "f", ".", "none", ""});
    Word pointer = Rarely(8) ? Address(end.data()) : Address(buffer);
    if (Rarely(20)) pointer = RandomOf({Word{0}, BadPointer(), ReadOnlyPointer(), KernelPointer()});
    Word path = Rarely(40) ? Address(long_path.c_str()) : Address(name);
    if (Rarely(20))
      path = RandomOf({Word{0}, BadPointer(), KernelPointer(), Address(unterminated.data())});
    const Args args = Make(Dirty(Rarely(20) ? RandomOf({-1, 999}) : dirfd), path, pointer, size);
    const auto call = [&](auto make) {
      const long result = make();
      int flags = 0;
      if (result >= 0) {
        flags = fcntl(result, F_GETFL) & ~O_NOFOLLOW;
        close(result);
      }
      unlink((directory / "new").c_str());
      return std::pair(ErrnoName(result), flags);
    };
    const auto native = call([&] { return NativeOpenat2(args); });
    shares.Count(native.first[0] == 'E' ? -1 : 0);
    const auto ours = call([&] { return Translated(translate::openat2, args); });
    if ((how.resolve & RESOLVE_CACHED) && ours.first == "EAGAIN") continue;
    EXPECT_EQ(ours, native) << "flags 0" << std::oct << how.flags << " mode 0" << how.mode
                            << std::hex << " resolve 0x" << how.resolve << " size " << size;
  }
  close(dirfd);
}

// Without a RESOLVE_ flag the program's own instruction makes the call, and may wait in it.
TEST(Openat2Arguments, WithoutResolveIsReexecuted) {
  open_how how{O_RDWR | O_CREAT, 0600, 0};
  const Result result = Translate(translate::openat2,
                                  Make(Dirty(AT_FDCWD), Address("x"), Address(&how), sizeof(how)));
  EXPECT_TRUE(result.again);
  EXPECT_EQ(result.args.Int(0), AT_FDCWD);
  EXPECT_EQ(result.args[2], static_cast<Word>(O_RDWR | O_CREAT));
  EXPECT_EQ(result.args[3], 0600u);
}

bool LockedForOthers(const std::string& path) {
  const pid_t child = fork();
  if (child == 0) {
    struct flock lock {};
    lock.l_type = F_WRLCK;
    const int fd = open(path.c_str(), O_RDWR);
    fcntl(fd, F_GETLK, &lock);
    _exit(lock.l_type != F_UNLCK);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WEXITSTATUS(status) != 0;
}

// Any other descriptor of a locked file that is closed takes the process's locks with it.
TEST(Openat2Arguments, LocksAreKept) {
  TempDir directory;
  std::ofstream(directory / "f") << "f";
  const int dirfd = open(directory.path().c_str(), O_PATH);
  const int locked = open((directory / "f").c_str(), O_RDWR);
  std::vector<int> opened;
  struct flock lock {};
  lock.l_type = F_WRLCK;
  ASSERT_EQ(fcntl(locked, F_SETLK, &lock), 0);
  for (Word flags : {O_RDONLY, O_RDWR | O_TRUNC, O_PATH, O_PATH | O_NOFOLLOW, O_RDWR | O_CREAT,
                     O_RDWR | O_CREAT | O_EXCL, O_RDONLY | O_DIRECTORY}) {
    open_how how{flags, flags & O_CREAT ? 0600u : 0, RESOLVE_BENEATH};
    const Args args = Make(dirfd, Address("f"), Address(&how), sizeof(how));
    const long fd = Translated(translate::openat2, args);
    EXPECT_TRUE(LockedForOthers(directory / "f")) << flags;
    if (fd >= 0) opened.push_back(static_cast<int>(fd));  // closing it would drop the lock
  }
  for (int fd : opened) close(fd);
  for (int fd : {locked, dirfd}) close(fd);
}

// `loses`: each directory on the way takes a descriptor for a moment.
TEST(Openat2Arguments, FewDescriptors) {
  constexpr int kDeep = 20;
  TempDir directory;
  std::string path;
  for (int i = 0; i < kDeep; ++i) {
    path += "d/";
    ASSERT_EQ(mkdir((directory / path).c_str(), 0755), 0);
  }
  const int dirfd = open(directory.path().c_str(), O_PATH);
  rlimit old;
  getrlimit(RLIMIT_NOFILE, &old);
  const int before = OpenDescriptors();
  const auto walk = [&](int free) {  // with so many descriptors above dirfd
    const rlimit few{static_cast<rlim_t>(dirfd + 1 + free), old.rlim_max};
    setrlimit(RLIMIT_NOFILE, &few);
    open_how how{O_RDONLY, 0, RESOLVE_IN_ROOT};
    const long fd = Translated(translate::openat2,
                               Make(dirfd, Address(path.c_str()), Address(&how), sizeof(how)));
    setrlimit(RLIMIT_NOFILE, &old);
    if (fd >= 0) close(fd);
    EXPECT_EQ(OpenDescriptors(), before);
    return fd;
  };
  EXPECT_EQ(walk(0), -EMFILE);
  // Numbers in use above dirfd (a test runner's, say) only move the point at which it begins to
  // work.
  bool worked = false;
  for (int free = 1; free < kDeep + 16 + before; ++free) {
    const long fd = walk(free);
    EXPECT_TRUE(fd >= 0 || (fd == -EMFILE && !worked)) << free << ": " << fd;
    worked |= fd >= 0;
  }
  EXPECT_TRUE(worked);
  close(dirfd);
}

}  // namespace
}  // namespace abishim::test
