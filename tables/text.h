// Names and numbers put together in a buffer that is known to be large enough. No NUL is written.
#pragma once

#include "tables/result.h"

namespace abishim::text {

// Both give the new end.
inline char* Append(char* end, const char* text) {
  while (*text != '\0') *end++ = *text++;
  return end;
}

inline char* Append(char* end, Word number) {
  char digits[20];
  int count = 0;
  do {
    digits[count++] = static_cast<char>('0' + number % 10);
  } while ((number /= 10) != 0);
  while (count > 0) *end++ = digits[--count];
  return end;
}

}  // namespace abishim::text
