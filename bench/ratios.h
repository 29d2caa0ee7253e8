// Which ratios matter, and what each should be at most (design.md, section 14).
#pragma once

namespace abishim::bench {

// Zero: no such bound. One that holds is enough.
struct Target {
  double ratio = 0;
  double least_ns = 0;  // of the measured itself
  double more_ns = 0;   // over what it is compared with
};

struct Ratio {
  const char* what;
  const char* of;
  const char* to;
  Target target = {};
};

inline constexpr Ratio kRatios[] = {
    {"pass-through, bare, empty plan", "Trivial/bare_empty_plan", "Trivial/bare_native"},
    {"pass-through under a container's filter",
     "Trivial/container_abishim",
     "Trivial/container_native",
     {.ratio = 1.01}},
    {"a read of one byte there",
     "Read/container_abishim",
     "Read/container_native",
     {.ratio = 1.01}},
    {"the same without the allow bitmap (before 5.11)",
     "Trivial/no_bitmap_abishim",
     "Trivial/no_bitmap_native",
     {.ratio = 1.10}},
    {"trap, to an empty SIGSYS handler", "Trap/abishim", "Trap/empty_handler", {.ratio = 1.10}},
    {"a trap without a sandbox, to a library that asks none", "Trap/abishim", "Trap/unguarded"},
    {"a trap in a sandbox, to one without", "Trap/in_sandbox", "Trap/abishim"},
    {"Syscall User Dispatch, to an empty SIGSYS handler", "Trap/user_dispatch",
     "Trap/empty_handler"},
    {"USER_NOTIF, to the same", "Trap/user_notif", "Trap/empty_handler"},
    {"RET_TRACE, to the same", "Trap/ret_trace", "Trap/empty_handler"},
    {"constant answer, patched, to the native call",
     "Constant/patched",
     "Constant/native",
     {.ratio = 0.08, .least_ns = 10}},
    {"the same by libc's syscall()",
     "Shared/constant_patched",
     "Shared/constant_native",
     {.ratio = 0.08, .least_ns = 10}},
    {"a call that only comes by there, to unpatched", "Shared/pass_patched",
     "Shared/pass_unpatched"},
    {"getrandom, patched, to open, read, close",
     "Getrandom/site_patched",
     "Urandom/direct",
     {.ratio = 1.15}},
    {"getrandom, trapped, to the same", "Getrandom/site_trap", "Urandom/direct"},
    {"getrandom, patched, to native", "Getrandom/site_patched", "Getrandom/site_native"},
    {"statx, patched, to fstatat", "Statx/patched", "Fstatat/direct"},
    {"statx, trapped, to fstatat", "Statx/trap", "Fstatat/direct"},
    {"openat2 (never patched) and close, to openat and close", "Openat2/trap", "Openat/direct"},
    {"sigprocmask, patched, to native",
     "Sigprocmask/patched",
     "Sigprocmask/native",
     {.ratio = 1.40}},
    {"a sigprocmask that only passes the filters, to native", "Filters/patched", "Filters/native"},
    {"sigprocmask, trapped, to native", "Sigprocmask/trap", "Sigprocmask/native"},
    {"sigaction, patched, to native", "Sigaction/patched", "Sigaction/native"},
    {"time() at a patched call of the vsyscall page, to vDSO",
     "Time/page_patched",
     "Time/vdso",
     {.more_ns = 5}},
    {"getrandom by syscall(), to native", "Getrandom/translated", "Getrandom/native"},
    {"epoll_pwait2 re-executed, to native", "Epoll/reexecuted", "Epoll/native"},
    {"epoll_pwait2 re-executed, to one that asks no sandbox", "Epoll/reexecuted",
     "Epoll/unguarded"},
    {"an errno repaired, to one of the kernel's own", "Errno/repaired", "Errno/native"},
    {"fork and wait, to native", "Fork/abishim", "Fork/native"},
    {"start-up bare, to an empty LD_PRELOAD",
     "StartUp/bare_abishim",
     "StartUp/bare_empty_preload",
     {.more_ns = 90e3}},
    {"start-up in a container, first process",
     "StartUp/container_abishim_first",
     "StartUp/container_empty_preload",
     {.more_ns = 90e3}},
    {"start-up in a container, after an exec", "StartUp/container_abishim_joins",
     "StartUp/container_empty_preload"},
    {"exec of a dynamic program, carried over",
     "Exec/dynamic_carried",
     "Exec/dynamic_native",
     {.ratio = 1.20}},
    {"exec of a dynamic program, by the loader",
     "Exec/dynamic_loaded",
     "Exec/dynamic_native",
     {.ratio = 1.20}},
    {"exec of a static program, carried over", "Exec/static_carried", "Exec/static_native"},
    {"exec of a static program, by the loader", "Exec/static_loaded", "Exec/static_native"},
};

}  // namespace abishim::bench
