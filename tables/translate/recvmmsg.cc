// recvmmsg(2), Linux 2.6.33, by recvmsg(2) with MSG_DONTWAIT, message by message.
#include "tables/kernel.h"
#include "tables/translate/messages.h"

namespace abishim::translate {
namespace {

// The time that the program gave, and what is left of it. The kernel looks at it between messages
// only, never while it waits for one.
class Timer {
 public:
  // 0, -EFAULT or -EINVAL.
  long Start(const Kernel& kernel, Word given) {
    if (given == 0) return 0;
    if (!kernel.CopyIn(given, &left_)) return -EFAULT;
    if (left_.tv_sec < 0 || static_cast<unsigned long>(left_.tv_nsec) > 999'999'999) return -EINVAL;
    given_ = given;
    kernel.Call<"clock_gettime">(kMonotonic, &last_);
    return 0;
  }
  bool IsOver(const Kernel& kernel) {
    if (given_ == 0) return false;
    __kernel_timespec now;
    kernel.Call<"clock_gettime">(kMonotonic, &now);
    left_.tv_sec -= now.tv_sec - last_.tv_sec;
    left_.tv_nsec -= now.tv_nsec - last_.tv_nsec;
    if (left_.tv_nsec < 0) left_.tv_nsec += 1'000'000'000, --left_.tv_sec;
    if (left_.tv_nsec > 999'999'999) left_.tv_nsec -= 1'000'000'000, ++left_.tv_sec;
    last_ = now;
    if (left_.tv_sec < 0) left_ = {};
    return left_.tv_sec == 0 && left_.tv_nsec == 0;
  }
  bool Report(const Kernel& kernel) const { return given_ == 0 || kernel.CopyOut(given_, left_); }

 private:
  static constexpr int kMonotonic = 1;  // CLOCK_MONOTONIC
  Word given_ = 0;
  __kernel_timespec left_, last_;
};

bool IsOutOfBand(const Kernel& kernel, Word message) {
  Message::Header header;
  return kernel.CopyIn(message, &header) && header.flags & kOutOfBand;
}

}  // namespace

Result recvmmsg(Kernel& kernel, const Args& args) {
  const int fd = args.Int(0);
  const unsigned most = args.Uint(2), flags = args.Uint(3);
  if (flags & kCompat) return -EINVAL;
  Timer timer;
  if (const long error = timer.Start(kernel, args[4])) return error;
  if (most == 0) return CheckSocket(kernel, fd);

  unsigned done = 0;
  unsigned no_wait = kDontWait;
  bool ready = false;
  while (done < most) {
    const Word message = args[1] + done * sizeof(Message);
    const long got = kernel.Call<"recvmsg">(fd, message, (flags & ~kWaitForOne) | no_wait);
    // (The error queue is never waited for; sockets that have none ignore the flag in the kernel.)
    if (got == -EAGAIN && done == 0 && !(flags & kErrorQueue)) {
      // Only the first is waited for: those already taken could not be accounted for later.
      const short events = flags & kOutOfBand ? POLLPRI : POLLIN | POLLRDHUP;
      const Wait wait = WaitFor(kernel, fd, flags, events, SO_RCVTIMEO, &ready);
      if (wait == Wait::kReady) continue;
      if (wait == Wait::kEnded) {
        // A datagram socket's answer to this is EAGAIN if asked not to wait, and 0 otherwise.
        no_wait = 0;
        continue;
      }
      if (wait == Wait::kMayNot) return got;
      return kernel.Reexecute<"recvmmsg">(args[0], args[1], args[2], args[3], args[4]);
    }
    // (The kernel keeps an error that comes after a message for the next call on this socket. The
    // next call here meets it by itself, unless it was the message's own: a bad pointer.)
    if (got < 0 && done == 0) return got;
    if (got < 0) break;
    const unsigned length = static_cast<unsigned>(got);
    if (!kernel.CopyOut(message + __builtin_offsetof(Message, length), length)) {
      if (done == 0) return -EFAULT;
      break;
    }
    ++done;
    if (flags & kWaitForOne) no_wait = kDontWait;
    if (timer.IsOver(kernel) || IsOutOfBand(kernel, message)) break;
  }
  if (!timer.Report(kernel)) return -EFAULT;
  return done;
}

}  // namespace abishim::translate
