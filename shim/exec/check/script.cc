#include "shim/exec/check/script.h"

#include <linux/errno.h>

namespace abishim::exec {
namespace {

constexpr bool IsBlank(char c) { return c == ' ' || c == '\t'; }

// From `at` to `last`, which counts; null if there is none.
char* FirstNoBlank(char* at, char* last) {
  while (at <= last && IsBlank(*at)) ++at;
  return at <= last ? at : nullptr;
}
char* FirstEnd(char* at, char* last) {
  while (at <= last && !IsBlank(*at) && *at != '\0') ++at;
  return at <= last ? at : nullptr;
}

// A newline before any NUL.
char* Newline(char* head) {
  for (char* at = head; at < head + kHeadBytes && *at != '\0'; ++at) {
    if (*at == '\n') return at;
  }
  return nullptr;
}

// Where the line ends. Without a newline the name of the interpreter must be seen to end, or it may
// have been cut off; an argument may be.
char* EndOfLine(char* head) {
  if (char* end = Newline(head)) return end;
  char* const last = head + kHeadBytes - 1;
  char* const name = FirstNoBlank(head + 2, last);
  return name != nullptr && FirstEnd(name, last) != nullptr ? last : nullptr;
}

}  // namespace

long ParseScript(char (&head)[kHeadBytes], ScriptLine* line) {
  if (head[0] != '#' || head[1] != '!') return -ENOEXEC;
  char* end = EndOfLine(head);
  if (end == nullptr) return -ENOEXEC;
  while (IsBlank(end[-1])) --end;
  char* const name = FirstNoBlank(head + 2, end);
  if (name == nullptr || name == end) return -ENOEXEC;
  char* const behind = FirstEnd(name, end);
  char* const argument = behind != nullptr && *behind != '\0' ? FirstNoBlank(behind, end) : nullptr;
  *end = '\0';
  if (argument != nullptr) *behind = '\0';
  *line = {name, argument};
  return 0;
}

}  // namespace abishim::exec
