// Threads that wait on one futex, each with a bit of its own, for futex_wake and futex_requeue.
#pragma once

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <thread>
#include <vector>

#include "tests/support/oracle.h"

namespace abishim::test {

class FutexWaiters {
 public:
  static constexpr int kThreads = 3;
  static constexpr unsigned kFlags = 2 | 128;  // FUTEX2_SIZE_U32 | FUTEX2_PRIVATE

  FutexWaiters() {
    for (int i = 0; i < kThreads; ++i) {
      threads_.emplace_back([this, i] {
        while (!done_) {
          if (Futex(&word_, FUTEX_WAIT_BITSET, 0, 0, 1u << i) == 0) ++wakes_[i];
        }
      });
    }
  }
  ~FutexWaiters() {
    done_ = true;
    word_ = 1;
    Futex(&other_, FUTEX_WAKE, INT_MAX, 0, 0);
    Futex(&word_, FUTEX_WAKE, INT_MAX, 0, 0);
    for (std::thread& thread : threads_) thread.join();
  }
  FutexWaiters(const FutexWaiters&) = delete;
  FutexWaiters& operator=(const FutexWaiters&) = delete;

  Word address() { return Address(&word_); }
  Word other() { return Address(&other_); }
  int Wakes(int i) const { return wakes_[i]; }
  // Until all of them do, at the first futex.
  void AllWait() {
    Futex(&other_, FUTEX_WAKE, INT_MAX, 0, 0);
    while (Waiting(&word_) < kThreads) usleep(20);
  }
  void WakeAt(Word address) { Futex(reinterpret_cast<void*>(address), FUTEX_WAKE, INT_MAX, 0, 0); }
  int WaitElsewhere() { return Waiting(&other_); }

 private:
  static long Futex(void* word, int operation, unsigned value, Word count, unsigned bits) {
    return syscall(SYS_futex, word, operation | FUTEX_PRIVATE_FLAG, value, count,
                   operation == FUTEX_REQUEUE ? word : nullptr, bits);
  }
  // Moving them from where they are to where they are counts them.
  static int Waiting(void* word) {
    return static_cast<int>(Futex(word, FUTEX_REQUEUE, 0, INT_MAX, 0));
  }

  std::atomic<unsigned> word_ = 0, other_ = 0;
  std::atomic<bool> done_ = false;
  std::atomic<int> wakes_[kThreads] = {};
  std::vector<std::thread> threads_;
};

}  // namespace abishim::test
