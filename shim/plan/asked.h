// The rows of the table that a plan can be made of, without their names and prose.
#pragma once

#include "tables/lookup.h"

namespace abishim {

struct Asked {
  short nr;
  bool translated;    // there is a translation
  bool by_age;        // EPERM may be that of a profile older than the call
  bool host_may_lie;  // the call may exist and still answer ENOSYS at run time
  bool minor;         // translated only where something else is
  bool older;         // asked only for a user space that may call it
};

consteval bool MayBePlanned(const Row& row) {
  return arch::NumberIn(row.nr) != kNone &&
         (row.when_missing != nullptr || row.denied == Denied::kByAge);
}

consteval int CountAsked() {
  int count = 0;
  for (const Row& row : kSyscalls) count += MayBePlanned(row);
  return count;
}

struct AskedRows {
  Asked rows[CountAsked()];
};

consteval AskedRows MakeAsked() {
  AskedRows asked{};
  int i = 0;
  for (const Row& row : kSyscalls) {
    if (!MayBePlanned(row)) continue;
    asked.rows[i++] = {static_cast<short>(arch::NumberIn(row.nr)),
                       row.when_missing != nullptr,
                       row.denied == Denied::kByAge,
                       row.host_may_lie,
                       row.minor,
                       row.older};
  }
  return asked;
}

inline constexpr AskedRows kAskedRows = MakeAsked();
inline constexpr auto& kAsked = kAskedRows.rows;

}  // namespace abishim
