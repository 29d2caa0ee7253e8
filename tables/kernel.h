// The host kernel as a translation sees it.
//
// Everything goes through a few plain functions, so that the object file that ships is the one that
// the tests link: in the image they lead to the gate and to the fault-tolerant copy, in a test to
// whatever the test wants the host to be.
#pragma once

#include <linux/errno.h>

#include "tables/lookup.h"

namespace abishim {

struct Host {
  // Makes the call; gives what the kernel put into the result register (-errno on error).
  long (*call)(long nr, long a, long b, long c, long d, long e, long f);
  // Copy between program memory and ours. Gives how many bytes were copied before a fault: all of
  // them unless the program's pointer is bad.
  Word (*copy_in)(void* to, Word from, Word bytes);
  Word (*copy_out)(Word to, const void* from, Word bytes);
  // For calls with a signal mask that are re-executed: a copy of the program's mask, without the
  // signals that are ours, at an address (*safe) that stays valid. 0, -EFAULT or -EINVAL.
  // A null mask stays null.
  long (*mask)(Word mask, Word size, Word* safe);
  // For re-executed calls with an argument of our own making: a copy of these bytes (at most 4096)
  // at an address that the program's instruction can pass and that keeps them for ever. Equal bytes
  // get the same address. A place is never written again: a signal handler may come between us and
  // the re-executed call, and make such a call itself. 0 when there is no room left.
  Word (*keep)(const void* bytes, Word size);
  // The address of some 4,000 bytes, zero at first, that this process has alone, for secrets: a
  // fork child does not have its parent's, nor a core dump. 0: there are none yet. `make`: then
  // they are made; 0 when they could not be.
  Word (*alone)(bool make);
};

// What has to happen before the first call that a translation makes, or the first copy: at a
// patched site signals are kept out from then on (shim/deliver/site.cc). Until then a handler may
// come in between and never return.
struct Before {
  explicit Before(bool (*function)(Before*)) : begin(function) {}

  bool (*begin)(Before*);
  bool begun = false, failed = false;

  // False: it cannot be. Then no call is made and nothing copied.
  bool Begin() {
    if (!begun && !failed) failed = !(begun = begin(this));
    return begun;
  }
};

class Kernel {
 public:
  // `host_has`: the host has this very call, but may answer ENOSYS at run time (row.host_may_lie).
  explicit Kernel(const Host& host, bool host_has = false, Before* before = nullptr)
      : host_(host), before_(before), host_has_(host_has) {}

  // kernel.Call<"openat">(dirfd, path, flags, mode): the call as the host has it, now.
  template <Name name, class... A>
  long Call(A... a) const {
    static_assert(sizeof...(A) <= 6);
    const long v[6] = {ToLong(a)...};
    if (!Begin()) return -ENOSYS;
    return host_.call(NumberOf(name.View()), v[0], v[1], v[2], v[3], v[4], v[5]);
  }

  // The program's own instruction makes this call instead. For everything that can block.
  template <Name name, class... A>
  Result Reexecute(A... a) const {
    static_assert(sizeof...(A) <= 6);
    return Result::Again(NumberOf(name.View()), Args{{static_cast<Word>(ToLong(a))...}},
                         sizeof...(A));
  }

  bool CopyIn(Word from, void* to, Word bytes) const {
    return CopyInSome(from, to, bytes) == bytes;
  }
  bool CopyOut(Word to, const void* from, Word bytes) const {
    return CopyOutSome(to, from, bytes) == bytes;
  }
  template <class T>
  bool CopyIn(Word from, T* to) const {
    return CopyIn(from, to, sizeof(T));
  }
  template <class T>
  bool CopyOut(Word to, const T& from) const {
    return CopyOut(to, &from, sizeof(T));
  }
  // How far the copy got.
  Word CopyInSome(Word from, void* to, Word bytes) const {
    return Begin() ? host_.copy_in(to, from, bytes) : 0;
  }
  Word CopyOutSome(Word to, const void* from, Word bytes) const {
    return Begin() ? host_.copy_out(to, from, bytes) : 0;
  }
  // A string with its NUL, like the kernel's strncpy_from_user: its length without the NUL,
  // -EFAULT, or -ENAMETOOLONG when there is no NUL in the first `size` bytes.
  long CopyInString(Word from, char* to, Word size) const;

  long SafeMask(Word mask, Word size, Word* safe) const {
    return Begin() ? host_.mask(mask, size, safe) : -EFAULT;
  }

  Word Keep(const void* bytes, Word size) const { return Begin() ? host_.keep(bytes, size) : 0; }

  Word Alone(bool make) const { return Begin() ? host_.alone(make) : 0; }

  bool HostHasCall() const { return host_has_; }

 private:
  bool Begin() const { return before_ == nullptr || before_->Begin(); }

  template <class T>
  static long ToLong(T value) {
    if constexpr (__is_class(T) || __is_union(T)) {
      static_assert(sizeof(T) == 0, "a register holds a number or a pointer");
    } else {
      return (long)value;  // pointers and numbers alike
    }
  }

  const Host& host_;
  Before* before_;
  bool host_has_;
};

inline long Kernel::CopyInString(Word from, char* to, Word size) const {
  constexpr Word kChunk = 256;
  for (Word done = 0; done < size;) {
    // Not past the end of a page: the string may end just before memory that is not there.
    Word want = kChunk - (from + done) % kChunk;
    if (want > size - done) want = size - done;
    const Word got = CopyInSome(from + done, to + done, want);
    for (Word i = 0; i < got; ++i) {
      if (to[done + i] == '\0') return static_cast<long>(done + i);
    }
    if (got < want) return -EFAULT;
    done += got;
  }
  return -ENAMETOOLONG;
}

}  // namespace abishim
