// Locks of open files: beside the kernel's own, against such locks and POSIX ones.
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <functional>
#include <optional>
#include <vector>

#include "tables/flags.h"
#include "tests/support/oracle.h"

namespace abishim::test {
namespace {

constexpr Version kHost{3, 14};
using Set = std::function<long(int fd, int command, const struct flock& lock)>;

long Natively(int fd, int command, const struct flock& lock) {
  return Native<"fcntl">(Make(Dirty(fd), Dirty(command), Address(&lock)));
}
long Ours(int fd, int command, const struct flock& lock) {
  const bool open_file = command == F_OFD_SETLK || command == F_OFD_SETLKW;
  const Args args = Make(Dirty(fd), Dirty(command), Address(&lock));
  if (!open_file) return Natively(fd, command, lock);
  return TranslatedFlag(flags::fcntl, args, kHost);
}

struct flock Whole(int type) {
  struct flock lock {};
  lock.l_type = static_cast<short>(type);
  return lock;
}

// A child that locks, and lives until it is let go.
class Holder {
 public:
  Holder(const std::string& path, const Set& set, int command, int type, int milliseconds = 0) {
    EXPECT_EQ(pipe(to_), 0);
    EXPECT_EQ(pipe(from_), 0);
    pid_ = fork();
    if (pid_ == 0) {
      close(to_[1]);
      const int fd = open(path.c_str(), O_RDWR);
      const char held = set(fd, command, Whole(type)) == 0;
      if (write(from_[1], &held, 1) != 1) _exit(1);
      char end;
      if (milliseconds != 0) usleep(milliseconds * 1000);
      if (milliseconds == 0 && read(to_[0], &end, 1) < 0) _exit(1);
      _exit(0);
    }
    char held = 0;
    EXPECT_EQ(read(from_[0], &held, 1), 1);
    EXPECT_EQ(held, 1);
  }
  ~Holder() {
    for (const int fd : {to_[0], to_[1], from_[0], from_[1]}) close(fd);
    waitpid(pid_, nullptr, 0);
  }

 private:
  int to_[2], from_[2];
  pid_t pid_;
};

// Two open files of this process, a holder perhaps, and what happens to calls one after the other.
std::string Play(const Set& set, const std::vector<std::array<int, 3>>& calls, int holder,
                 int type) {
  const TempDir dir;
  const std::string path = dir / "file";
  close(open(path.c_str(), O_CREAT | O_CLOEXEC, 0600));
  std::optional<Holder> other;
  if (holder != 0) other.emplace(path, set, holder, type);
  const int files[] = {open(path.c_str(), O_RDWR), open(path.c_str(), O_RDWR),
                       open(path.c_str(), O_RDONLY), open(path.c_str(), O_WRONLY)};
  std::string seen;
  for (const auto& [file, command, kind] : calls) {
    seen += std::to_string(set(files[file], command, Whole(kind))) + " ";
  }
  for (const int fd : files) close(fd);
  return seen;
}

TEST(Fcntl, OpenFileLocksAgreeWithTheKernel) {
  int refused = 0, granted = 0;
  for (int i = 0; i < 600; ++i) {
    std::vector<std::array<int, 3>> calls;
    // (No lock that is already held is asked for otherwise: of that below.)
    int held[4] = {F_UNLCK, F_UNLCK, F_UNLCK, F_UNLCK};
    for (int n = RandomInt(1, 5); n > 0; --n) {
      const int file = RandomInt(0, 3);
      const int type = held[file] == F_UNLCK ? RandomOf({F_RDLCK, F_WRLCK, F_UNLCK}) : F_UNLCK;
      held[file] = type;
      calls.push_back({file, F_OFD_SETLK, type});
    }
    const int holder = RandomOf({0, F_SETLK, F_OFD_SETLK}), type = RandomOf({F_RDLCK, F_WRLCK});
    const std::string native = Play(Natively, calls, holder, type);
    EXPECT_EQ(Play(Ours, calls, holder, type), native) << holder << " " << type;
    (native.find("-11") != std::string::npos ? refused : granted)++;
  }
  printf("%d histories with a conflict, %d without\n", refused, granted);
  EXPECT_GT(refused, 100);
  EXPECT_GT(granted, 100);
}

TEST(Fcntl, OpenFileLocksAreReadOfTheStructAsNatively) {
  const TempDir dir;
  const int fd = open((dir / "file").c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600);
  struct flock lock = Whole(F_WRLCK);
  lock.l_pid = 1;
  EXPECT_EQ(Natively(fd, F_OFD_SETLK, lock), -EINVAL);
  EXPECT_EQ(Ours(fd, F_OFD_SETLK, lock), -EINVAL);
  lock = Whole(7);
  EXPECT_EQ(Natively(fd, F_OFD_SETLK, lock), -EINVAL);
  EXPECT_EQ(Ours(fd, F_OFD_SETLK, lock), -EINVAL);
  for (const Word bad : {BadPointer(), KernelPointer(), Word{0}}) {
    const Args args = Make(fd, F_OFD_SETLK, bad);
    EXPECT_EQ(Native<"fcntl">(args), -EFAULT);
    EXPECT_EQ(TranslatedFlag(flags::fcntl, args, kHost), -EFAULT);
  }
  EXPECT_EQ(Ours(999, F_OFD_SETLK, Whole(F_WRLCK)), -EBADF);
  // What `loses` says of parts.
  lock = Whole(F_WRLCK);
  lock.l_len = 5;
  EXPECT_EQ(Ours(fd, F_OFD_SETLK, lock), -EINVAL);
  close(fd);
}

TEST(Fcntl, OpenFileLocksAreWaitedFor) {
  for (const Set& set : {Set(Natively), Set(Ours)}) {
    for (const int holder : {F_SETLK, F_OFD_SETLK}) {
      const TempDir dir;
      const int fd = open((dir / "file").c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600);
      const Holder other(dir / "file", set, holder, F_WRLCK, 150);
      const auto start = std::chrono::steady_clock::now();
      EXPECT_EQ(set(fd, F_OFD_SETLKW, Whole(F_RDLCK)), 0);
      const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
      EXPECT_GT(took.count(), 0.05);
      close(fd);
    }
  }
}

// A lock that cannot be had leaves none behind; one that cannot be made stronger stays as it is for
// other processes.
TEST(Fcntl, OpenFileLocksThatAreRefused) {
  const TempDir dir;
  const int fd = open((dir / "file").c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600);
  const int second = open((dir / "file").c_str(), O_RDWR | O_CLOEXEC);
  {
    const Holder other(dir / "file", Natively, F_SETLK, F_RDLCK);
    EXPECT_EQ(Ours(fd, F_OFD_SETLK, Whole(F_WRLCK)), -EAGAIN);
    EXPECT_EQ(flock(second, LOCK_EX | LOCK_NB), 0) << "no flock is left";
    flock(second, LOCK_UN);
    EXPECT_EQ(Ours(fd, F_OFD_SETLK, Whole(F_RDLCK)), 0);
    EXPECT_EQ(Ours(fd, F_OFD_SETLK, Whole(F_WRLCK)), -EAGAIN);
  }
  const Holder reader(dir / "file", Natively, F_SETLK, F_RDLCK);
  const pid_t writer = fork();
  if (writer == 0) {
    const int file = open((dir / "file").c_str(), O_RDWR);
    _exit(Natively(file, F_SETLK, Whole(F_WRLCK)) == -EAGAIN ? 0 : 1);
  }
  int status;
  waitpid(writer, &status, 0);
  EXPECT_EQ(status, 0);
  close(second);
  close(fd);
}

}  // namespace
}  // namespace abishim::test
