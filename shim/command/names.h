// What the table's values are called in listings.
#pragma once

#include <string_view>

#include "tables/row.h"

namespace abishim::command {

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

}  // namespace abishim::command
