// The call sites of some numbers in a piece of text, before any of them has run.
#pragma once

#include "tables/result.h"
#include "text_sites.h"  // arch/ARCH

namespace abishim::patch {

struct Seen {
  arch::Site site;  // kNone: it loads a planned number, and is not one that can be patched
  long nr = -1;     // -1: any number
};

// One after the other, in ascending order.
class Sites {
 public:
  // The bytes from `text` to `end`, which the program has at `address`. `wanted`: a byte for each
  // number.
  Sites(const unsigned char* text, const unsigned char* end, Word address,
        const unsigned char* wanted, int numbers)
      : text_(text), end_(end), at_(text), address_(address), wanted_(wanted), numbers_(numbers) {}
  bool Next(Seen* seen);

 private:
  Seen Look() const;  // at the call that ends at at_

  const unsigned char *text_, *end_, *at_;
  Word address_;
  const unsigned char* wanted_;
  int numbers_;
};

}  // namespace abishim::patch
