// What changes the state of a process is checked in a child. A failed expectation in the child
// prints there and fails the test here.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>

namespace abishim::test {

[[noreturn]] inline void EndChild() {
  const bool failed = testing::Test::HasFailure();
  fflush(nullptr);
  _exit(failed ? 1 : 0);
}

inline void CheckInChild(const std::function<void()>& body) {
  fflush(nullptr);
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    body();
    EndChild();
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0) << "the child failed";
}

// In a child whose thread-group leader has exited: /proc/self/fd names nothing there.
inline void WithoutLeader(const std::function<void()>& body) {
  CheckInChild([&] {
    pthread_t thread;
    const auto run = [](void* data) -> void* {
      // Until the leader is a zombie its descriptors are still to be seen.
      for (int i = 0; i < 2000 && access("/proc/self/fd/0", F_OK) == 0; ++i) usleep(1000);
      EXPECT_NE(access("/proc/self/fd/0", F_OK), 0);
      (*static_cast<const std::function<void()>*>(data))();
      EndChild();
    };
    ASSERT_EQ(pthread_create(&thread, nullptr, run, const_cast<std::function<void()>*>(&body)), 0);
    syscall(SYS_exit, 0);  // pthread_exit would unwind through GoogleTest's catch
  });
}

// In a thread (of a child) with a file table of its own. In its leader's table the numbers that a
// new descriptor will get are those of another file.
inline void WithOwnFileTable(const std::function<void()>& body) {
  CheckInChild([&] {
    pthread_t thread;
    const auto run = [](void* data) -> void* {
      int elsewhere[16];
      for (int& fd : elsewhere) fd = open("/dev/null", O_RDWR);
      EXPECT_EQ(unshare(CLONE_FILES), 0);
      for (const int fd : elsewhere) EXPECT_EQ(close(fd), 0);
      (*static_cast<const std::function<void()>*>(data))();
      return nullptr;
    };
    ASSERT_EQ(pthread_create(&thread, nullptr, run, const_cast<std::function<void()>*>(&body)), 0);
    ASSERT_EQ(pthread_join(thread, nullptr), 0);
  });
}

// Whether another process sees this file locked (a POSIX write lock on its first byte).
inline bool IsLocked(const char* path) {
  bool locked = false;
  const pid_t child = fork();
  if (child == 0) {
    struct flock lock {
      .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 1, .l_pid = 0
    };
    _exit(fcntl(open(path, O_RDWR), F_SETLK, &lock) == 0 ? 0 : 1);
  }
  int status = 0;
  if (waitpid(child, &status, 0) == child) locked = status == 1 << 8;
  return locked;
}
// Locks the first byte; keep the descriptor.
inline int OpenLocked(const char* path) {
  const int fd = open(path, O_RDWR | O_CREAT, 0644);
  struct flock lock {
    .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 1, .l_pid = 0
  };
  EXPECT_EQ(fcntl(fd, F_SETLK, &lock), 0);
  return fd;
}

}  // namespace abishim::test
