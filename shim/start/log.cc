#include "shim/start/log.h"

#include <linux/fcntl.h>

#include "shim/memory/host.h"

namespace abishim::start {

Line& Line::Text(const char* text) {
  while (*text != '\0' && length_ < sizeof(text_) - 1) text_[length_++] = *text++;
  return *this;
}

Line& Line::Number(long value) {
  char digits[24];
  int i = sizeof(digits);
  digits[--i] = '\0';
  Word rest = value < 0 ? -static_cast<Word>(value) : static_cast<Word>(value);
  do {
    digits[--i] = static_cast<char>('0' + rest % 10);
  } while ((rest /= 10) != 0);
  if (value < 0) digits[--i] = '-';
  return Text(digits + i);
}

Line& Line::Hex(Word value) {
  char digits[20];
  int i = sizeof(digits);
  digits[--i] = '\0';
  do {
    digits[--i] = "0123456789abcdef"[value % 16];
  } while ((value /= 16) != 0);
  return Text("0x").Text(digits + i);
}

void Line::Write(const char* path) const {
  if (path == nullptr) return;
  Line whole;
  whole.Text("abishim[").Number(HostCall<"getpid">()).Text("]: ");
  for (Word i = 0; i < length_ && whole.length_ < sizeof(text_) - 1; ++i) {
    whole.text_[whole.length_++] = text_[i];
  }
  whole.text_[whole.length_++] = '\n';
  if (path[0] == '-' && path[1] == '\0') {
    HostCall<"write">(2, whole.text_, whole.length_);
    return;
  }
  const long fd = HostCall<"openat">(AT_FDCWD, path,
                                     O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0644);
  if (IsError(fd)) return;
  HostCall<"write">(fd, whole.text_, whole.length_);
  HostCall<"close">(fd);
}

}  // namespace abishim::start
