#include "shim/memory/reach.h"

#include <linux/futex.h>

#include "shim/memory/host.h"
#include "shim/memory/pages.h"
#include "shim/signals/quick.h"

namespace abishim::memory {
namespace {

// The kernel adds the bits of 0 to what stands there, at once and for all threads. (That nobody
// waits at g_nobody, nor is to be woken at `word`: of the latter it is not sure, but who waits by
// futex expects to be woken for nothing.)
bool KernelCanWrite(Word word) {
  constinit static int g_nobody = 0;
  constexpr int kUnlikely = 0x5a5;
  return HostCall<"futex">(&g_nobody, FUTEX_WAKE_OP | FUTEX_PRIVATE_FLAG, 0, 0, word,
                           FUTEX_OP(FUTEX_OP_OR, 0, FUTEX_OP_CMP_EQ, kUnlikely)) != -EFAULT;
}

// Rights end with pages: in each one word is tried.
template <class Try>
Word Reach(Word from, Word bytes, Try can) {
  const Word end = from + bytes < from ? ~Word{0} : from + bytes;
  for (Word at = from; at < end; at = PageOf(at) + kPage) {
    if (!can(at & ~Word{7})) return at - from;
    if (PageOf(at) + kPage == 0) break;
  }
  return bytes;
}

}  // namespace

Word Readable(Word from, Word bytes) { return Reach(from, bytes, signals::KernelCanRead); }
Word Writable(Word to, Word bytes) { return Reach(to, bytes, KernelCanWrite); }

}  // namespace abishim::memory
