#include "shim/patch/find.h"

namespace abishim::patch {
namespace {

constexpr int kMostMappings = 30'000;  // vm.max_map_count is 65530, where nobody lowered it

struct Search {
  Word start, end;
  Text* text;
  int mappings;
  Found found;
};

bool EndsIn(const char* text, const char* end) {
  const Word length = __builtin_strlen(text), tail = __builtin_strlen(end);
  return length >= tail && __builtin_memcmp(text + length - tail, end, tail) == 0;
}

void Look(void* context, const start::Mapping& m) {
  Search& search = *static_cast<Search*>(context);
  ++search.mappings;
  if (search.start < m.start || search.end > m.end) return;
  search.found = Judge(m, search.text);
}

}  // namespace

Found Judge(const start::Mapping& m, Text* text) {
  if (m.inode == 0 || m.path[0] != '/' || EndsIn(m.path, " (deleted)")) return Found::kNotFile;
  const Word length = __builtin_strlen(m.path);
  if (length >= sizeof(text->path)) return Found::kNotFile;
  if (!m.is_private) return Found::kShared;
  if (m.writable) return Found::kWritable;
  if (!m.readable || !m.executable) return Found::kNotFile;
  text->start = m.start, text->end = m.end, text->offset = m.offset, text->inode = m.inode;
  __builtin_memcpy(text->path, m.path, length + 1);
  return Found::kText;
}

Found FindText(Word start, Word end, Text* text) {
  Search search{start, end, text, 0, Found::kNotThere};
  char buffer[8192];
  if (IsError(start::ForEachMapping(buffer, sizeof(buffer), Look, &search))) {
    return Found::kUnreadable;
  }
  return search.mappings > kMostMappings ? Found::kTooMany : search.found;
}

}  // namespace abishim::patch
