// The kernels that --pretend-kernel knows: by version, and those of distributions by name.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "tables/flags.h"
#include "tables/row.h"

namespace abishim::command {

struct OlderKernel {
  std::string_view name;
  Version version;
  // Newer calls and flags that the distribution has brought back.
  std::span<const std::string_view> also = {};
  // A call that is there, and says ENOSYS to all that could work (tables/row.h: host_may_lie).
  std::string_view in_vain = {};

  bool Has(const Row& row) const;
  bool Has(const Flag& flag) const;
};

// sigaltstack's SS_AUTODISARM, EINVAL before, is no row of flags.h: it lies in memory.
inline constexpr Version kAutodisarmSince{4, 7};

// "X.Y", "X.Y.Z" or a name; anything else is a Failure.
OlderKernel ParseOlderKernel(const std::string& text);

}  // namespace abishim::command
