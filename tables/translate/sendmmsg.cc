// sendmmsg(2), Linux 3.0, by sendmsg(2) with MSG_DONTWAIT, message by message.
#include <linux/uio.h>

#include "tables/kernel.h"
#include "tables/translate/messages.h"

namespace abishim::translate {
namespace {

// One message; *all says whether it went out as a whole, which a stream does not promise.
long Send(const Kernel& kernel, int fd, Word message, unsigned flags, bool* all) {
  Message::Header header;
  const bool known = kernel.CopyIn(message, &header);
  // Here a message may ask for this by itself, in the older call it may not.
  if (known) flags |= header.flags & kEndOfRecord;
  const long sent = kernel.Call<"sendmsg">(fd, message, flags | kDontWait);
  Word bytes = 0;
  for (Word i = 0; sent >= 0 && known && i < header.vector_count; ++i) {
    iovec vector;
    if (!kernel.CopyIn(header.vectors + i * sizeof vector, &vector)) break;
    bytes += vector.iov_len;
  }
  *all = sent >= 0 && bytes <= static_cast<Word>(sent);
  return sent;
}

}  // namespace

Result sendmmsg(Kernel& kernel, const Args& args) {
  constexpr unsigned kMost = 1024;  // UIO_MAXIOV
  const int fd = args.Int(0);
  const unsigned most = args.Uint(2) < kMost ? args.Uint(2) : kMost, flags = args.Uint(3);
  if (flags & kCompat) return -EINVAL;
  if (most == 0) return CheckSocket(kernel, fd);

  unsigned done = 0;
  bool ready = false;
  while (done < most) {
    const Word message = args[1] + done * sizeof(Message);
    bool all;
    const long sent = Send(kernel, fd, message, flags, &all);
    if (sent == -EAGAIN) {
      const Wait wait = WaitFor(kernel, fd, flags, POLLOUT, SO_SNDTIMEO, &ready);
      if (wait == Wait::kReady) continue;
      if (done > 0) break;  // those sent could not be accounted for later
      if (wait == Wait::kMayNot) return sent;
      return kernel.Reexecute<"sendmmsg">(args[0], args[1], args[2], args[3]);
    }
    ready = false;
    if (sent < 0 && done == 0) return sent;
    if (sent < 0) break;
    const unsigned length = static_cast<unsigned>(sent);
    if (!kernel.CopyOut(message + __builtin_offsetof(Message, length), length)) {
      if (done == 0) return -EFAULT;
      break;
    }
    ++done;
    if (!all) break;
  }
  return done;
}

}  // namespace abishim::translate
