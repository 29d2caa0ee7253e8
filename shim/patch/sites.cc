#include "shim/patch/sites.h"

namespace abishim::patch {

using arch::kSiteWindow;

// The window may begin before the text: those bytes are not looked at.
Seen Sites::Look() const {
  const long known = at_ - text_;
  const int unknown = known < kSiteWindow ? static_cast<int>(kSiteWindow - known) : 0;
  const unsigned char* const before = at_ - kSiteWindow;
  const long nr = arch::LoadedNumber(before, unknown, wanted_, numbers_);
  const Word end = address_ + static_cast<Word>(known);
  Seen seen{arch::FindSite(before, unknown, end, nr >= 0 ? nr : arch::kAnyNumber, nullptr), nr};
  if (seen.site.shape == arch::Shape::kShared) seen.nr = -1;
  return seen;
}

bool Sites::Next(Seen* seen) {
  while (const unsigned char* call = arch::NextCall(at_, end_)) {
    at_ = call;
    *seen = Look();
    if (seen->nr >= 0 || seen->site.shape != arch::Shape::kNone) return true;
  }
  return false;
}

}  // namespace abishim::patch
