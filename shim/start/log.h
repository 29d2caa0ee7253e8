// One line at a time to the file that ABISHIM_LOG names. No descriptor is held in between.
#pragma once

#include "tables/result.h"

namespace abishim::start {

class Line {
 public:
  Line& Text(const char* text);
  Line& Number(long value);
  Line& Hex(Word value);
  void Write(const char* path) const;  // "-": standard error; null: nowhere

 private:
  char text_[512];
  Word length_ = 0;
};

}  // namespace abishim::start
