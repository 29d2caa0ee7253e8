#include "shim/start/maps.h"

#include <linux/fcntl.h>

#include "shim/memory/host.h"

namespace abishim::start {
namespace {

Word Number(const char** at, Word radix) {
  Word value = 0;
  for (;; ++*at) {
    const char c = **at;
    const Word digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : 99u;
    if (digit >= radix) return value;
    value = value * radix + digit;
  }
}

void Skip(const char** at, int words) {
  for (; words > 0; --words) {
    while (**at != ' ' && **at != '\0') ++*at;
    while (**at == ' ') ++*at;
  }
}

// START-END PERMISSIONS OFFSET DEVICE INODE   PATH
void TakeLine(const char* line, Word self, Maps* maps) {
  const char* at = line;
  const Word start = Number(&at, 16);
  if (*at++ != '-') return;
  const Word end = Number(&at, 16);
  Skip(&at, 4);
  const Word inode = Number(&at, 10);
  while (*at == ' ') ++at;
  if (self < start || self >= end || *at != '/') return;
  maps->inode = inode;
  Word i = 0;
  for (; at[i] != '\0' && i < sizeof(maps->path) - 1; ++i) maps->path[i] = at[i];
  maps->path[i] = '\0';
}

}  // namespace

void ReadMaps(Word self, Maps* maps) {
  maps->path[0] = '\0';
  maps->inode = 0;
  const long fd = HostCall<"openat">(AT_FDCWD, "/proc/self/maps", O_RDONLY | O_CLOEXEC);
  if (IsError(fd)) return;
  char buffer[8192 + 1];
  Word held = 0;  // the beginning of a line whose end is still to be read
  for (;;) {
    const long got = HostCall<"read">(fd, buffer + held, sizeof(buffer) - 1 - held);
    if (got <= 0) break;
    held += static_cast<Word>(got);
    char* line = buffer;
    for (char* at = buffer; at < buffer + held; ++at) {
      if (*at != '\n') continue;
      *at = '\0';
      TakeLine(line, self, maps);
      line = at + 1;
    }
    held = static_cast<Word>(buffer + held - line);
    if (held == sizeof(buffer) - 1) break;
    __builtin_memmove(buffer, line, held);
  }
  HostCall<"close">(fd);
}

}  // namespace abishim::start
