#include "shim/patch/find.h"

#include "shim/start/maps.h"

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

Found Judge(const start::Mapping& m) {
  if (m.inode == 0 || m.path[0] != '/' || EndsIn(m.path, " (deleted)")) return Found::kNotFile;
  if (__builtin_strlen(m.path) >= sizeof(Text::path)) return Found::kNotFile;
  if (!m.is_private) return Found::kShared;
  if (m.writable) return Found::kWritable;
  return m.readable && m.executable ? Found::kText : Found::kNotFile;
}

void Look(void* context, const start::Mapping& m) {
  Search& search = *static_cast<Search*>(context);
  ++search.mappings;
  if (search.start < m.start || search.end > m.end) return;
  search.found = Judge(m);
  if (search.found != Found::kText) return;
  Text& text = *search.text;
  text.start = m.start, text.end = m.end, text.offset = m.offset, text.inode = m.inode;
  __builtin_memcpy(text.path, m.path, __builtin_strlen(m.path) + 1);
}

}  // namespace

Found FindText(Word start, Word end, Text* text) {
  Search search{start, end, text, 0, Found::kNotThere};
  char buffer[8192];
  if (IsError(start::ForEachMapping(buffer, sizeof(buffer), Look, &search))) {
    return Found::kUnreadable;
  }
  return search.mappings > kMostMappings ? Found::kTooMany : search.found;
}

}  // namespace abishim::patch
