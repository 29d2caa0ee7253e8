// A file of /proc, line by line. Some 600 bytes of stack, and the caller's line.
#pragma once

#include <linux/fcntl.h>

#include "tables/kernel.h"

namespace abishim::translate {

class Lines {
 public:
  Lines(const Kernel& kernel, const char* path)
      : kernel_(kernel),
        fd_(kernel.Call<"openat">(AT_FDCWD, path, O_RDONLY | O_CLOEXEC | O_NOCTTY, 0)) {}
  ~Lines() {
    if (fd_ >= 0) kernel_.Call<"close">(fd_);
  }
  Lines(const Lines&) = delete;
  Lines& operator=(const Lines&) = delete;

  bool open() const { return fd_ >= 0; }

  // The next line without its end, cut off at `size`; false behind the last one.
  bool Next(char* line, Word size) {
    Word length = 0;
    for (bool any = false;; any = true) {
      if (at_ == held_) {
        const long got = open() ? kernel_.Call<"read">(fd_, buffer_, sizeof(buffer_)) : 0;
        at_ = held_ = 0;
        if (got <= 0) {
          line[length] = '\0';
          return any;
        }
        held_ = static_cast<Word>(got);
      }
      const char c = buffer_[at_++];
      if (c == '\n') break;
      if (length + 1 < size) line[length++] = c;
    }
    line[length] = '\0';
    return true;
  }

 private:
  const Kernel& kernel_;
  const long fd_;
  Word at_ = 0, held_ = 0;
  char buffer_[512];
};

// Behind `words` words and the blanks that follow them.
inline const char* SkipWords(const char* at, int words) {
  for (; words > 0; --words) {
    while (*at != ' ' && *at != '\0') ++at;
    while (*at == ' ') ++at;
  }
  return at;
}

// A number at `*at`, which is moved behind it.
inline Word TakeNumber(const char** at, Word radix = 10) {
  Word value = 0;
  for (;; ++*at) {
    const char c = **at;
    const Word digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : 99u;
    if (digit >= radix) return value;
    value = value * radix + digit;
  }
}

}  // namespace abishim::translate
