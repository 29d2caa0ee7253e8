#include "shim/start/maps.h"

#include <linux/fcntl.h>

#include "shim/memory/host.h"
#include "shim/memory/open.h"
#include "tables/translate/lines.h"

namespace abishim::start {
namespace {

using translate::SkipWords, translate::TakeNumber;

// START-END PERMISSIONS OFFSET DEVICE INODE   PATH
bool Parse(const char* line, Mapping* m) {
  const char* at = line;
  m->start = TakeNumber(&at, 16);
  if (*at++ != '-') return false;
  m->end = TakeNumber(&at, 16);
  at = SkipWords(at, 1);
  for (int i = 0; i < 4; ++i) {
    if (at[i] == '\0') return false;
  }
  m->readable = at[0] == 'r', m->writable = at[1] == 'w', m->executable = at[2] == 'x';
  m->is_private = at[3] == 'p';
  at = SkipWords(at, 1);
  m->offset = TakeNumber(&at, 16);
  at = SkipWords(at, 2);
  m->inode = TakeNumber(&at);
  while (*at == ' ') ++at;
  m->path = at;
  return true;
}

}  // namespace

long ForEachMapping(char* buffer, Word size, void (*each)(void*, const Mapping&), void* context) {
  const long fd = memory::OpenToRead("/proc/self/maps");
  if (IsError(fd)) return fd;
  Word held = 0;  // the beginning of a line whose end is still to be read
  long got;
  while (held < size && (got = HostCall<"read">(fd, buffer + held, size - held)) > 0) {
    held += static_cast<Word>(got);
    char* line = buffer;
    for (char* at = buffer; at < buffer + held; ++at) {
      if (*at != '\n') continue;
      *at = '\0';
      Mapping mapping;
      if (Parse(line, &mapping)) each(context, mapping);
      line = at + 1;
    }
    held = static_cast<Word>(buffer + held - line);
    __builtin_memmove(buffer, line, held);
  }
  HostCall<"close">(fd);
  return 0;
}

}  // namespace abishim::start
