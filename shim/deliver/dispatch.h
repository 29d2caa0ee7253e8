// From a call that was caught to its translation, whatever caught it.
#pragma once

#include "registers.h"  // arch/ARCH
#include "shim/memory/host.h"
#include "tables/lookup.h"

namespace abishim::deliver {

struct Flags {
  bool host_has = false;  // the host has the call but may lie: row.host_may_lie
  bool flag = false;      // it has the call, but not one of its flags: tables/flags.h
};

// Where a translation that needs it finds room.
struct Room {
  const arch::AltStack* alternate = nullptr;  // of the thread, in whose handler this runs
  Before* before = nullptr;                   // at a patched site instead: what keeps handlers out
};

// The table without names and prose, by number: they stay out of the image.
struct Slim {
  Translation* translate = nullptr;
  Translation* with_flag = nullptr;
  bool big_stack = false, patch = false;  // of `translate`, whichever calls it
};
struct SlimTable {
  Slim of[arch::kNumbers];
};
extern const SlimTable kSlim;

Result RunSomewhere(const Room& room, Translation* translate, Kernel* kernel, const Args& args);

// What the program shall get. ENOSYS for a call without a translation. (Inline, as it is half of
// what a call at a patched site costs.)
inline Result Dispatch(long nr, const Args& args, const Room& room, Flags flags) {
  if (nr < 0 || nr >= arch::kNumbers) return -ENOSYS;
  const Slim& slim = kSlim.of[nr];
  Translation* const translate = flags.flag ? slim.with_flag : slim.translate;
  if (translate == nullptr) [[unlikely]]
    return -ENOSYS;
  Kernel kernel(kHost, flags.host_has, room.before);
  if (slim.big_stack && translate == slim.translate) [[unlikely]] {
    return RunSomewhere(room, translate, &kernel, args);
  }
  return translate(kernel, args);
}

// May this call be made at a patched site?
inline bool MayBePatched(long nr) { return nr >= 0 && nr < arch::kNumbers && kSlim.of[nr].patch; }

}  // namespace abishim::deliver
