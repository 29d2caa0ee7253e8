// What sendmmsg and recvmmsg share: the layout of a message, and waiting for a socket.
//
// The older calls answer with bytes, these with messages, and each message's length has to be
// written: neither can be re-executed as the older call. So nothing here waits in the kernel for
// long. A slice of time is spent in ppoll, and if it is over the program's own instruction makes
// *this* call again, which leads back here. In between its signals are delivered at that
// instruction: handlers run on its stack and may jump away, Ctrl-C and pthread_cancel work, no
// later than a slice after they came. What is lost is EINTR: no handler ends the wait.
#pragma once

#include <asm/socket.h>
#include <linux/fcntl.h>
#include <linux/poll.h>
#include <linux/time_types.h>

#include "tables/kernel.h"

namespace abishim::translate {

// The MSG_* of sys/socket.h, which is libc's.
inline constexpr unsigned kOutOfBand = 1, kDontWait = 0x40, kEndOfRecord = 0x80,
                          kErrorQueue = 0x2000, kWaitForOne = 0x10000, kCompat = 0x80000000;

struct Message {   // struct mmsghdr
  struct Header {  // struct msghdr
    Word name;
    unsigned name_size;
    Word vectors, vector_count, control, control_size;
    unsigned flags;
  } header;
  unsigned length;
};
static_assert(__builtin_offsetof(Message, length) == 7 * sizeof(Word));

// EBADF or ENOTSOCK, or 0.
inline long CheckSocket(const Kernel& kernel, int fd) {
  int type;
  unsigned size = sizeof type;
  return kernel.Call<"getsockopt">(fd, SOL_SOCKET, SO_TYPE, &type, &size);
}

enum class Wait {
  kReady,
  kEnded,   // shut down: nothing waits on it any more, if events has POLLRDHUP
  kNotYet,  // a slice is over: make the whole call again
  kMayNot,  // the descriptor or the call says so, or the socket's own timeout is over: EAGAIN
};

// After EAGAIN. `timeout` is SO_RCVTIMEO or SO_SNDTIMEO: a call that comes back here has forgotten
// how long it waited, so a socket that has one is waited for to the end, and signals wait as long.
// *ready remembers that the last answer was kReady: a socket that is ready by poll's opinion and
// not by its own gets a pause, or we would go round and round.
inline Wait WaitFor(const Kernel& kernel, int fd, unsigned flags, short events, int timeout,
                    bool* ready) {
  constexpr long kSlice = 20'000'000, kPause = 10'000'000;
  if (flags & kDontWait || kernel.Call<"fcntl">(fd, F_GETFL) & O_NONBLOCK) return Wait::kMayNot;
  long limit[2] = {};  // struct timeval
  unsigned size = sizeof limit;
  const bool limited = kernel.Call<"getsockopt">(fd, SOL_SOCKET, timeout, limit, &size) == 0 &&
                       (limit[0] != 0 || limit[1] != 0);
  __kernel_timespec time{0, *ready ? kPause : kSlice};
  if (limited && !*ready) time = {limit[0], limit[1] * 1000};
  pollfd one{fd, events, 0};
  const long answer = kernel.Call<"ppoll">(&one, *ready ? 0 : 1, &time, 0, 0);
  const bool over = limited && !*ready && answer == 0;
  *ready = answer > 0;
  if (*ready && one.revents & POLLRDHUP) return Wait::kEnded;
  return *ready ? Wait::kReady : over ? Wait::kMayNot : Wait::kNotYet;
}

}  // namespace abishim::translate
