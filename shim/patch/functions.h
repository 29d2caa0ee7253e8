// Where an object's functions begin, as its own table for unwinders has it (.eh_frame_hdr).
#pragma once

#include "tables/result.h"

namespace abishim::patch {

class Functions {
 public:
  // How many bytes can be read from there on.
  using Readable = Word(Word from, Word bytes);

  // Of the object whose first bytes were mapped at `start`; 0: there is none.
  Functions(Word start, Readable* readable);

  // Is there a table of what `bytes` of text hold? Go has none, and that of musl is of the few
  // functions that came with the compiler.
  bool Know(Word bytes) const {
    constexpr Word kMean = 4096;  // of glibc's functions: 350 bytes
    return count_ >= bytes / kMean && table_ != 0;
  }
  // Do instructions surely begin at both? They are decoded one after the other from the beginning
  // of their function. False where no function of the table's is.
  bool Begin(Word first, Word second) const;

 private:
  struct Entry {
    int start, description;  // from the table's own address
  };
  bool Find(Word at, Word* start, Word* end) const;
  void Open(Word table, Word bytes);

  Readable* readable_;
  Word table_ = 0;  // 0: the object has none
  const Entry* entries_ = nullptr;
  Word count_ = 0;  // 0: it cannot be read
};

}  // namespace abishim::patch
