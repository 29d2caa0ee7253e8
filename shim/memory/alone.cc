#include "shim/memory/alone.h"

#include <linux/mman.h>

#include <atomic>

#include "shim/memory/host.h"
#include "shim/memory/pages.h"

namespace abishim::memory {
namespace {

// A fork child inherits the address, but not the page: there may be nothing, or something of the
// program's. The mark tells ours from that.
constinit std::atomic<Word> g_page;
struct Mark {
  Word magic, owner;
};
Mark OurMark() { return {0x9d4c'1f60'b3a7'58e2, reinterpret_cast<Word>(&g_page)}; }

bool IsOurs(Word page) {
  Mark mark;
  return page != 0 && kHost.copy_in(&mark, page, sizeof(mark)) == sizeof(mark) &&
         mark.magic == OurMark().magic && mark.owner == OurMark().owner;
}

Word Make() {
  const long page =
      HostCall<"mmap">(0, kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (IsError(page)) return 0;
  // (MADV_DONTDUMP is Linux 3.4. Without it a core dump has the page, like all else of the
  // program.)
  HostCall<"madvise">(page, kPage, MADV_DONTDUMP);
  if (IsError(HostCall<"madvise">(page, kPage, MADV_DONTFORK))) {
    HostCall<"munmap">(page, kPage);
    return 0;
  }
  *reinterpret_cast<Mark*>(page) = OurMark();
  return static_cast<Word>(page);
}

}  // namespace

Word Alone(bool make) {
  Word page = g_page.load(std::memory_order_acquire);
  if (IsOurs(page)) return page + sizeof(Mark);
  if (!make) return 0;
  const Word made = Make();
  if (made == 0) return 0;
  // Another thread was faster: its page is as good.
  if (!g_page.compare_exchange_strong(page, made)) {
    HostCall<"munmap">(made, kPage);
    return page + sizeof(Mark);
  }
  return made + sizeof(Mark);
}

bool LostAlone() {
  const Word page = g_page.load(std::memory_order_acquire);
  return page != 0 && !IsOurs(page);
}

}  // namespace abishim::memory
