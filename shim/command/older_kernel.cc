// The kernels that --pretend-kernel knows: by version, and those of distributions by name.
#include "shim/command/older_kernel.h"

#include <algorithm>

#include "abi.h"
#include "shim/command/failure.h"
#include "shim/command/version.h"

namespace abishim::command {
namespace {

// What 3.10.0-1160.el7 answered when it was booted. (Seals came with memfds.)
constexpr std::string_view kRhel7[] = {
    "F_ADD_SEALS",     "F_GET_SEALS",   "bpf",          "copy_file_range", "getrandom",
    "kexec_file_load", "membarrier",    "memfd_create", "mlock2",          "pkey_alloc",
    "pkey_free",       "pkey_mprotect", "renameat2",    "sched_getattr",   "sched_setattr",
    "seccomp",         "userfaultfd"};

// Red Hat's are those that were seen; 4.18.0-147.el8 (8.1) had nothing that is newer. What others
// of Red Hat's have is not known here. Debian and Ubuntu bring no calls back.
constexpr OlderKernel kKnown[] = {
    {"rhel7", {3, 10}, kRhel7, "copy_file_range"},
    {"rhel8.1", {4, 18}},
    {"debian8", {3, 16}},
    {"debian9", {4, 9}},
    {"debian10", {4, 19}},
    {"debian11", {5, 10}},
    {"debian12", {6, 1}},
    {"debian13", {6, 12}},
    {"ubuntu14.04", {3, 13}},
    {"ubuntu16.04", {4, 4}},
    {"ubuntu18.04", {4, 15}},
    {"ubuntu20.04", {5, 4}},
    {"ubuntu22.04", {5, 15}},
    {"ubuntu24.04", {6, 8}},
};

bool Contains(std::span<const std::string_view> names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

bool OlderKernel::Has(const Row& row) const {
  return arch::SinceIn(row) <= version || Contains(also, row.name);
}

bool OlderKernel::Has(const Flag& flag) const {
  return flag.since <= version || Contains(also, flag.name);
}

OlderKernel ParseOlderKernel(const std::string& text) {
  std::string names;
  for (const OlderKernel& kernel : kKnown) {
    if (kernel.name == text) return kernel;
    names += ' ' + std::string(kernel.name);
  }
  if (text[0] < 'a' || text[0] > 'z') {
    return {.name = "", .version = ParseVersion(text, "--pretend-kernel")};
  }
  throw Failure(kUsage, "--pretend-kernel: '" + text + "' is none of:" + names);
}

}  // namespace abishim::command
