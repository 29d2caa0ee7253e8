// abishim syscalls: the table, for people and for programs.
#include "shim/command/syscalls.h"

#include <cstdio>
#include <cstring>
#include <nlohmann/json.hpp>

#include "shim/command/names.h"
#include "shim/command/version.h"
#include "tables/flags.h"
#include "tables/lookup.h"

namespace abishim::command {
namespace {

struct Architecture {
  std::string_view name;
  int (Numbers::*number)() const;
  Version Later::*later;
};
constexpr Architecture kArchitectures[] = {
    {"x86_64", &Numbers::OnX86_64, &Later::x86_64},
    {"i386", &Numbers::OnI386, &Later::i386},
    {"aarch64", &Numbers::OnAarch64, &Later::aarch64},
    {"riscv64", &Numbers::OnRiscv64, &Later::riscv64},
};

Version SinceOn(const Row& row, const Architecture& arch) {
  const Version later = row.later.*arch.later;
  return later == Version{} ? row.since : later;
}

nlohmann::ordered_json ToJson(const Row& row, const Architecture& arch) {
  nlohmann::ordered_json out;
  out["name"] = row.name;
  out["number"] = (row.nr.*arch.number)();
  for (const Architecture& each : kArchitectures) {
    const int number = (row.nr.*each.number)();
    if (number != kNone) out["numbers"][std::string(each.name)] = number;
  }
  out["since"] = ToText(SinceOn(row, arch));
  if (row.removed != Version{}) out["removed"] = ToText(row.removed);
  out["arguments"] = row.args;
  out["class"] = ToText(row.cls);
  out["translated"] = row.when_missing != nullptr;
  if (!row.loses.empty()) out["loses"] = row.loses;
  if (!row.reason.empty()) out["reason"] = row.reason;
  return out;
}

std::string OlderOf(const Flag& flag) {
  return flag.older == kIgnored ? "ignored" : strerrorname_np(flag.older);
}

nlohmann::ordered_json ToJson(const Flag& flag) {
  nlohmann::ordered_json out;
  out["call"] = flag.call;
  out["flag"] = flag.name;
  out["since"] = ToText(flag.since);
  out["older"] = OlderOf(flag);
  out["class"] = ToText(flag.cls);
  out["translated"] = flag.when_missing != nullptr;
  if (!flag.loses.empty()) out["loses"] = flag.loses;
  if (!flag.reason.empty()) out["reason"] = flag.reason;
  return out;
}

void Print(const Row& row, const Architecture& arch) {
  const std::string_view prose = row.loses.empty() ? row.reason : row.loses;
  const std::string removed = row.removed == Version{} ? "-" : ToText(row.removed);
  std::string line(160, '\0');
  line.resize(snprintf(line.data(), line.size(), "%-24s %5d %8s %8s  %-7s ",
                       std::string(row.name).c_str(), (row.nr.*arch.number)(),
                       ToText(SinceOn(row, arch)).c_str(), removed.c_str(),
                       std::string(ToText(row.cls)).c_str()));
  line += prose;
  line.resize(line.find_last_not_of(' ') + 1);
  puts(line.c_str());
}

void Print(const Flag& flag) {
  const std::string_view prose = flag.loses.empty() ? flag.reason : flag.loses;
  std::string line(160, '\0');
  line.resize(snprintf(line.data(), line.size(), "%-36s %8s %12s  %-7s ", NameOf(flag).c_str(),
                       ToText(flag.since).c_str(), OlderOf(flag).c_str(),
                       std::string(ToText(flag.cls)).c_str()));
  line += prose;
  line.resize(line.find_last_not_of(' ') + 1);
  puts(line.c_str());
}

struct Wanted {
  const Architecture* arch = kArchitectures;
  Version since;

  bool Has(const Row& row) const {
    const Version from = SinceOn(row, *arch);
    if ((row.nr.*arch->number)() == kNone || from < since) return false;
    return from != kNever || since == kAlways;
  }
  bool Has(const Flag& flag) const {
    return (FindRow(flag.call)->nr.*arch->number)() != kNone && flag.since >= since;
  }
};

void ListAsJson(const Wanted& wanted) {
  auto all = nlohmann::ordered_json::array();
  for (const Row& row : kSyscalls) {
    if (wanted.Has(row)) all.push_back(ToJson(row, *wanted.arch));
  }
  for (const Flag& flag : kFlags) {
    if (wanted.Has(flag)) all.push_back(ToJson(flag));
  }
  puts(all.dump(1).c_str());
}

void ListAsText(const Wanted& wanted) {
  printf("%-24s %5s %8s %8s  %-7s %s\n", "CALL", "NR", "SINCE", "REMOVED", "CLASS",
         "LOSES, OR WHY");
  for (const Row& row : kSyscalls) {
    if (wanted.Has(row)) Print(row, *wanted.arch);
  }
  printf("\n%-36s %8s %12s  %-7s %s\n", "FLAG", "SINCE", "BEFORE", "CLASS", "LOSES, OR WHY");
  for (const Flag& flag : kFlags) {
    if (wanted.Has(flag)) Print(flag);
  }
}

}  // namespace

int ListSyscalls(const SyscallsOptions& options) {
  Wanted wanted;
  wanted.since = options.since.empty() ? kAlways : ParseVersion(options.since, "--since");
  for (const Architecture& each : kArchitectures) {
    if (each.name == options.arch) wanted.arch = &each;
  }
  options.json ? ListAsJson(wanted) : ListAsText(wanted);
  return fflush(stdout) == 0 ? 0 : 1;
}

}  // namespace abishim::command
