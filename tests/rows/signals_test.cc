// A signal in the middle of each call that can wait: EINTR, a restart, or what was transferred so
// far, as the kernel's own call has it. The signal comes when the caller is asleep.
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/openat2.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "tables/flags.h"
#include "tests/rows/by_name.h"
#include "tests/support/asleep.h"
#include "tests/support/check_in_child.h"

namespace abishim::test {
namespace {

// What there is to wait for.
struct Ends {
  Ends() {
    EXPECT_EQ(pipe(pipe_), 0);
    EXPECT_EQ(pipe(full), 0);
    fcntl(full[1], F_SETPIPE_SZ, 4096);
    EXPECT_EQ(write(full[1], block.data(), 4096), 4096);
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_DGRAM, 0, sockets), 0);
    while (send(sockets[0], block.data(), 4096, MSG_DONTWAIT) > 0) continue;
    epoll = epoll_create1(0);
    epoll_event in{EPOLLIN, {}};
    EXPECT_EQ(epoll_ctl(epoll, EPOLL_CTL_ADD, pipe_[0], &in), 0);
    fifo = directory / "fifo";
    EXPECT_EQ(mkfifo(fifo.c_str(), 0600), 0);
    for (int& fd : locked) fd = open((directory / "locked").c_str(), O_CREAT | O_RDWR, 0600);
    lock.l_type = F_WRLCK;
    EXPECT_EQ(fcntl(locked[0], F_OFD_SETLK, &lock), 0);
  }
  // Lets whoever waits go on.
  void Release() {
    char bytes[4096];
    EXPECT_EQ(write(pipe_[1], "x", 1), 1);
    EXPECT_GT(read(full[0], bytes, sizeof(bytes)), 0);
    EXPECT_EQ(send(sockets[1], "x", 1, MSG_DONTWAIT), 1);
    while (recv(sockets[1], bytes, sizeof(bytes), MSG_DONTWAIT) > 0) continue;
    open(fifo.c_str(), O_WRONLY | O_NONBLOCK);  // fails where nobody reads
    close(locked[0]);
    word = 8;
    syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1);
  }

  TempDir directory;
  const std::string block = std::string(1 << 16, 'b');
  int pipe_[2], full[2], sockets[2], epoll, locked[2];
  struct flock lock = {};
  unsigned word = 7;
  std::string fifo;
};

long Read(bool natively, Ends& ends) {
  char bytes[8];
  const iovec part{bytes, sizeof(bytes)};
  return Ask("preadv2", natively, Make(ends.pipe_[0], Address(&part), 1, -1, 0, 0));
}
long Write(bool natively, Ends& ends) {
  const iovec part{const_cast<char*>(ends.block.data()), 1};
  return Ask("pwritev2", natively, Make(ends.full[1], Address(&part), 1, -1, 0, 0));
}
// More than the pipe holds: what went through counts, and nothing is restarted.
long WriteMuch(bool natively, Ends& ends) {
  char bytes[4096];
  EXPECT_EQ(read(ends.full[0], bytes, sizeof(bytes)), 4096);
  const iovec parts[2] = {{const_cast<char*>(ends.block.data()), 3000},
                          {const_cast<char*>(ends.block.data()), 9000}};
  return Ask("pwritev2", natively, Make(ends.full[1], Address(parts), 2, -1, 0, 0));
}
long Epoll(bool natively, Ends& ends) {
  epoll_event event;
  return Ask("epoll_pwait2", natively, Make(ends.epoll, Address(&event), 1, 0, 0, 8));
}
long EpollFor(bool natively, Ends& ends) {
  epoll_event event;
  const timespec time{20, 0};
  const Word nothing = 0;
  return Ask("epoll_pwait2", natively,
             Make(ends.epoll, Address(&event), 1, Address(&time), Address(&nothing), 8));
}
long OpenFifo(bool natively, Ends& ends) {
  open_how how{O_RDONLY, 0, 0};
  const long fd = Ask("openat2", natively,
                      Make(AT_FDCWD, Address(ends.fifo.c_str()), Address(&how), sizeof(how)));
  return fd >= 0 ? 0 : fd;
}
long FutexWait(bool natively, Ends& ends) {
  constexpr unsigned kFlags = 2 | FUTEX_PRIVATE_FLAG;  // 32 bits
  return Ask("futex_wait", natively, Make(Address(&ends.word), 7, ~0u, kFlags, 0, 0));
}
long Receive(bool natively, Ends& ends) {
  char byte;
  iovec part{&byte, 1};
  mmsghdr message = {};
  message.msg_hdr.msg_iov = &part;
  message.msg_hdr.msg_iovlen = 1;
  return Ask("recvmmsg", natively, Make(ends.sockets[0], Address(&message), 1, 0, 0));
}
long Send(bool natively, Ends& ends) {
  char byte = 'x';
  iovec part{&byte, 1};
  mmsghdr message = {};
  message.msg_hdr.msg_iov = &part;
  message.msg_hdr.msg_iovlen = 1;
  return Ask("sendmmsg", natively, Make(ends.sockets[0], Address(&message), 1, 0));
}
long Lock(bool natively, Ends& ends) {
  struct flock lock = ends.lock;
  const Args args = Make(ends.locked[1], F_OFD_SETLKW, Address(&lock));
  return natively ? Native<"fcntl">(args) : TranslatedFlag(flags::fcntl, args, {3, 10});
}

struct Waiting {
  const char* what;
  long (*call)(bool natively, Ends& ends);
  bool restarts;  // natively, with SA_RESTART
  bool goes_on;   // the translation's `loses`: no handler ends the wait
};
constexpr Waiting kWaiting[] = {
    {"preadv2", Read, true, false},
    {"pwritev2", Write, true, false},
    {"pwritev2 of much", WriteMuch, false, false},
    {"epoll_pwait2", Epoll, false, false},
    {"epoll_pwait2 with a timeout", EpollFor, false, false},
    {"openat2 of a FIFO", OpenFifo, true, false},
    {"futex_wait", FutexWait, true, false},
    {"recvmmsg", Receive, true, true},
    {"sendmmsg", Send, true, true},
    {"F_OFD_SETLKW", Lock, true, true},
};

std::atomic<int> g_handled;
std::atomic<bool> g_released;

struct Outcome {
  long result = 0;
  bool waited_on = false;  // for what it waited for, past the signal
};

Outcome Interrupted(const Waiting& waiting, bool natively, int flags) {
  Ends ends;
  struct sigaction action = {};
  action.sa_handler = [](int) { ++g_handled; };
  action.sa_flags = flags;
  sigaction(SIGUSR1, &action, nullptr);
  g_handled = 0;
  g_released = false;
  std::atomic<bool> back = false;
  const pthread_t waiter = pthread_self();
  const pid_t id = gettid();
  std::thread other([&] {
    AwaitSleep(id);
    pthread_kill(waiter, SIGUSR1);
    while (g_handled == 0) usleep(1000);
    for (int i = 0; i < 150 && !back; ++i) usleep(1000);
    g_released = true;
    ends.Release();
  });
  Outcome outcome;
  outcome.result = waiting.call(natively, ends);
  outcome.waited_on = g_released;
  back = true;
  other.join();
  EXPECT_EQ(g_handled, 1) << waiting.what;
  return outcome;
}

TEST(RowSignals, InTheMiddle) {
  for (const Waiting& waiting : kWaiting) {
    for (const int flags : {0, SA_RESTART}) {
      CheckInChild([&] {
        alarm(60);
        const Outcome native = Interrupted(waiting, true, flags);
        const bool restarts = waiting.restarts && flags == SA_RESTART;
        EXPECT_EQ(native.waited_on, restarts) << waiting.what << " natively";
        const Outcome ours = Interrupted(waiting, false, flags);
        const std::string what = std::string(waiting.what) + (flags == 0 ? "" : ", SA_RESTART");
        EXPECT_EQ(ours.waited_on, restarts || waiting.goes_on) << what;
        if (!waiting.goes_on || restarts) {
          EXPECT_EQ(ErrnoName(ours.result), ErrnoName(native.result)) << what;
        } else {
          EXPECT_GE(ours.result, 0) << what;
        }
        printf("%s: %s natively\n", what.c_str(), ErrnoName(native.result).c_str());
      });
    }
  }
}

// Much is transferred in one call and signals storm: what is said to be done is done, no more.
TEST(RowSignals, CopiesUnderAStorm) {
  CheckInChild([] {
    alarm(60);
    TempDir directory;
    const int from = open((directory / "from").c_str(), O_CREAT | O_RDWR, 0600);
    const int to = open((directory / "to").c_str(), O_CREAT | O_RDWR, 0600);
    std::string bytes(8 << 20, '\0');
    for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 31 >> 8);
    ASSERT_EQ(write(from, bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
    struct sigaction action = {};
    action.sa_handler = [](int) { ++g_handled; };
    sigaction(SIGUSR1, &action, nullptr);
    std::atomic<bool> done = false;
    const pthread_t copier = pthread_self();
    g_handled = 0;
    std::thread other([&] {
      while (!done) pthread_kill(copier, SIGUSR1), usleep(50);
    });
    long source = 0, target = 0;
    int interrupted = 0;
    while (source < static_cast<long>(bytes.size())) {
      const long before = source;
      const long copied = Ask("copy_file_range", false,
                              Make(from, Address(&source), to, Address(&target), 1 << 20, 0));
      EXPECT_TRUE(copied > 0 || copied == -EINTR) << copied;
      EXPECT_EQ(source, before + std::max(copied, 0l));
      EXPECT_EQ(source, target);
      interrupted += copied != 1 << 20;
      if (copied < 0 && copied != -EINTR) break;
    }
    std::string random(1 << 20, '\0');
    for (int i = 0; i < 20 || g_handled <= 20; ++i) {
      const long got = Ask("getrandom", false, Make(Address(random.data()), random.size(), 0));
      EXPECT_TRUE(got >= 256 || got == -EINTR) << got;
    }
    done = true;
    other.join();
    std::string copy(bytes.size(), '\0');
    EXPECT_EQ(pread(to, copy.data(), copy.size(), 0), static_cast<ssize_t>(copy.size()));
    EXPECT_TRUE(copy == bytes);
    printf("%d signals, %d copies cut short\n", g_handled.load(), interrupted);
    EXPECT_GT(g_handled, 20);
  });
}

}  // namespace
}  // namespace abishim::test
