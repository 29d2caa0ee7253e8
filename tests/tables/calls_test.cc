// tables/CALLS.md: what becomes of each call that came after Linux 2.6.32, as the rows have it.
#include <gtest/gtest.h>
#include <stdlib.h>
#include <string.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "tables/flags.h"
#include "tables/lookup.h"

namespace abishim::test {
namespace {

const std::filesystem::path kFile =
    std::filesystem::path(__FILE__).parent_path().parent_path().parent_path() / "tables/CALLS.md";

constexpr Version kOldest{2, 6, 32};

constexpr char kHead[] =
    "# What becomes of each call that came after Linux 2.6.32\n"
    "\n"
    "Written from the rows of syscalls.h by `ABISHIM_REGENERATE=1 abishim_tests "
    "--gtest_filter='Calls.*'`;\n"
    "without that variable the same test compares. `abishim syscalls` prints the same.\n"
    "\n"
    "- **exact**: where the host lacks the call, it cannot be told from the kernel's own.\n"
    "- **partial**: right, but loses what the last column says.\n"
    "- **refuse**: answered as by a kernel without it (ENOSYS), for the reason in the last "
    "column.\n"
    "- A *minor* call is one that its callers do without: it is translated where another call is "
    "anyway,\n"
    "  and never the reason why something is.\n"
    "\n";

constexpr char kOlder[] =
    "Planned only for those: `abishim run --older`, ABISHIM_OLDER=1, or a C library older than "
    "glibc 2.15.\n\n";

Version Since(const Row& row) {
  return row.nr.x86_64 == kNone || row.later.x86_64 == Version{} ? row.since : row.later.x86_64;
}
bool IsListed(const Row& row) { return Since(row) > kOldest && Since(row) != kNever; }

std::string ToText(Version version) {
  std::string text = std::to_string(version.major) + "." + std::to_string(version.minor);
  return version.patch == 0 ? text : text + "." + std::to_string(version.patch);
}
std::string ToText(Class cls) {
  static constexpr const char* kClasses[] = {"?", "exact", "partial", "refuse"};
  return kClasses[static_cast<int>(cls)];
}
std::string ToText(const Row& row) { return ToText(row.cls) + (row.minor ? ", minor" : ""); }

// Calls that are gone, or never were: what old user spaces may still make.
std::string OlderTable() {
  std::vector<const Row*> rows;
  for (const Row& row : kSyscalls) {
    if (row.older) rows.push_back(&row);
  }
  std::stable_sort(rows.begin(), rows.end(),
                   [](auto* a, auto* b) { return a->nr.x86_64 < b->nr.x86_64; });
  std::ostringstream text;
  text << "| nr | call | gone since | class | loses, or why |\n|---|---|---|---|---|\n";
  for (const Row* row : rows) {
    const bool never = row->removed == kNever || row->later.x86_64 == kNever;
    text << "| " << row->nr.x86_64 << " | " << row->name << " | "
         << (never                       ? "never there"
             : row->removed == Version{} ? "some kernels are built without"
                                         : ToText(row->removed))
         << " | " << ToText(*row) << " | " << row->loses << row->reason << " |\n";
  }
  return text.str();
}

// Those of x86-64 by number, then what only other architectures have, by name.
std::string Table(bool x86_64) {
  std::vector<const Row*> rows;
  for (const Row& row : kSyscalls) {
    if (IsListed(row) && (row.nr.x86_64 != kNone) == x86_64) rows.push_back(&row);
  }
  std::stable_sort(rows.begin(), rows.end(),
                   [](auto* a, auto* b) { return a->nr.x86_64 < b->nr.x86_64; });
  std::ostringstream text;
  text << (x86_64 ? "| nr | call | Linux | class | loses, or why |\n|---|---|---|---|---|\n"
                  : "| call | Linux | class | loses, or why |\n|---|---|---|---|\n");
  for (const Row* row : rows) {
    if (x86_64) text << "| " << row->nr.x86_64 << " ";
    text << "| " << row->name << " | " << ToText(Since(*row)) << " | " << ToText(*row) << " | "
         << row->loses << row->reason << " |\n";
  }
  return text.str();
}

constexpr char kFlagsHead[] =
    "\n## Flags of older calls\n\n"
    "Rows of flags.h. *Older kernels* say the errno, or ignore the flag; so does a refused one "
    "here. "
    "The others are\n"
    "translated where the host has the call and not the flag.\n\n"
    "| call | flag | Linux | older kernels | class | loses, or why |\n|---|---|---|---|---|---|\n";

std::string OlderOf(const Flag& flag) {
  return flag.older == kIgnored ? "ignore it" : strerrorname_np(flag.older);
}

std::string FlagTable() {
  std::ostringstream text;
  text << kFlagsHead;
  for (const Flag& flag : kFlags) {
    text << "| " << flag.call << " | " << flag.name << " | " << ToText(flag.since) << " | "
         << OlderOf(flag) << " | " << ToText(flag.cls) << " | " << flag.loses << flag.reason
         << " |\n";
  }
  return text.str();
}

std::string Calls() {
  return std::string(kHead) + "## x86-64\n\n" + Table(true) + "\n## Other architectures only\n\n" +
         Table(false) + FlagTable() + "\n## Of older user spaces (x86-64)\n\n" + kOlder +
         OlderTable();
}

TEST(Calls, EachNewerOneHasAClass) {
  int on_x86_64 = 0;
  for (const Row& row : kSyscalls) {
    if (!IsListed(row)) continue;
    EXPECT_NE(row.cls, Class::kNone) << row.name;
    const std::string_view prose = row.loses.empty() ? row.reason : row.loses;
    EXPECT_TRUE(prose.empty() || prose.ends_with('.')) << row.name;
    on_x86_64 += row.nr.x86_64 != kNone;
  }
  printf("%d calls of x86-64 came after 2.6.32\n", on_x86_64);
}

TEST(Calls, TheFileSaysWhatTheRowsSay) {
  const std::string calls = Calls();
  if (getenv("ABISHIM_REGENERATE") != nullptr) std::ofstream(kFile) << calls;
  std::ifstream file(kFile);
  std::ostringstream text;
  text << file.rdbuf();
  EXPECT_EQ(text.str(), calls);
}

}  // namespace
}  // namespace abishim::test
