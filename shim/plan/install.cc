#include "shim/plan/install.h"

#include <linux/errno.h>
#include <linux/prctl.h>
#include <linux/seccomp.h>

#include "tables/lookup.h"

namespace abishim {
namespace {

long Prctl(RawCall call, long option, long a, long b) {
  return call(NumberOf("prctl"), option, a, b, 0, 0, 0);
}

long InstallOnce(RawCall call, const sock_fprog* program, bool tsync) {
  const auto address = reinterpret_cast<long>(program);
  const auto seccomp = [&](long flags) {
    return call(NumberOf("seccomp"), SECCOMP_SET_MODE_FILTER, flags, address, 0, 0, 0);
  };
  const long sync = tsync ? SECCOMP_FILTER_FLAG_TSYNC : 0;
  // Without SPEC_ALLOW kernels up to 5.15 slow the whole program down against Spectre v4. Those
  // before 4.17 do not know the flag.
  long result = seccomp(sync | SECCOMP_FILTER_FLAG_SPEC_ALLOW);
  if (result == -EINVAL) result = seccomp(sync);
  // Before 3.17. Other threads cannot be reached there: then rather none than some.
  if (result == -ENOSYS && !tsync) {
    result = Prctl(call, PR_SET_SECCOMP, SECCOMP_MODE_FILTER, address);
  }
  return result;
}

sock_fprog Describe(const sock_filter* program, unsigned length) {
  return {static_cast<unsigned short>(length), const_cast<sock_filter*>(program)};
}

}  // namespace

// The program is read before anything else is looked at.
long CanInstall(RawCall call, bool tsync) {
  const long result = InstallOnce(call, nullptr, tsync);
  return result == -EFAULT ? 0 : result;
}

long InstallWithoutPromise(RawCall call, const sock_filter* program, unsigned length) {
  const sock_fprog described = Describe(program, length);
  return InstallOnce(call, &described, false);
}

long Install(RawCall call, const sock_filter* program, unsigned length, bool tsync) {
  const sock_fprog described = Describe(program, length);
  const long result = InstallOnce(call, &described, tsync);
  if (result != -EACCES) return result;
  const long promised = Prctl(call, PR_SET_NO_NEW_PRIVS, 1, 0);
  return promised != 0 ? promised : InstallOnce(call, &described, tsync);
}

}  // namespace abishim
