// The rows of the table that a plan can be made of, without their names and prose.
#pragma once

#include "shim/plan/verdict.h"
#include "tables/flags.h"
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

// The same of the flags that are translated.
struct AskedFlag {
  short nr;
  Use use;
  Args question;
};

constexpr int NumberOf(const Flag& flag) { return arch::NumberIn(FindRow(flag.call)->nr); }
constexpr bool MayBePlanned(const Flag& flag) {
  return flag.when_missing != nullptr && NumberOf(flag) != kNone;
}

consteval int CountAskedFlags() {
  int count = 0;
  for (const Flag& flag : kFlags) count += MayBePlanned(flag);
  return count;
}

struct AskedFlagRows {
  AskedFlag rows[CountAskedFlags()];
};

consteval AskedFlagRows MakeAskedFlags() {
  AskedFlagRows asked{};
  int i = 0;
  for (const Flag& flag : kFlags) {
    if (!MayBePlanned(flag)) continue;
    asked.rows[i++] = {static_cast<short>(NumberOf(flag)), flag.use, flag.question};
  }
  return asked;
}

inline constexpr AskedFlagRows kAskedFlagRows = MakeAskedFlags();
inline constexpr auto& kAskedFlags = kAskedFlagRows.rows;

// What the host said: of calls by number, of flags in the order of kAskedFlags.
struct Answers {
  Answer of[arch::kNumbers] = {};
  Answer of_flag[CountAskedFlags()] = {};
};

}  // namespace abishim
