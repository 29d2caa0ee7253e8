// What the table's and the plan's values are called in listings.
#pragma once

#include <string>
#include <string_view>

#include "abi.h"
#include "shim/plan/verdict.h"
#include "tables/flags.h"

namespace abishim::command {

// The row of a number of the architecture that we run on, or null.
constexpr const Row* RowOf(int number) {
  for (const Row& row : kSyscalls) {
    if (arch::NumberIn(row.nr) == number) return &row;
  }
  return nullptr;
}

// "mmap(MAP_FIXED_NOREPLACE)"
inline std::string NameOf(const Flag& flag) {
  return std::string(flag.call) + '(' + std::string(flag.name) + ')';
}

constexpr std::string_view ToText(Class cls) {
  switch (cls) {
    case Class::kExact:
      return "exact";
    case Class::kPartial:
      return "partial";
    case Class::kRefuse:
      return "refuse";
    case Class::kNone:
      break;
  }
  return "-";
}

constexpr std::string_view ToText(Answer answer) {
  switch (answer) {
    case Answer::kNotAsked:
      return "not asked";
    case Answer::kWorks:
      return "works";
    case Answer::kMissing:
      return "missing";
    case Answer::kDenied:
      return "denied";
    case Answer::kKills:
      return "kills";
    case Answer::kWrong:
      break;
  }
  return "wrong";
}

constexpr std::string_view ToText(Verdict verdict) {
  switch (verdict) {
    case Verdict::kRepair:
      return "repair";
    case Verdict::kTranslate:
      return "translate";
    case Verdict::kPass:
      break;
  }
  return "pass";
}

}  // namespace abishim::command
