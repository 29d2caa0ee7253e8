#!/bin/bash
# The cheap look: a process whose C library is older than glibc 2.15 gets the plan of old user spaces, any other does not.
# No such library is to be had any more, so a made-up one stands for it: its name and the versions that it defines.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "$here/../../build/release" && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
failed=0

cat >"$scratch/libc.c" <<'C'
void __libc_early_init(_Bool initial) { (void)initial; }
int old_symbol;
C
# Asks for what every host of today lacks (_sysctl, with a bad pointer), and ends with the errno.
cat >"$scratch/program.c" <<'C'

void _start(void) {
  long result;
  __asm__ volatile("syscall" : "=a"(result) : "a"(156), "D"(8L) : "rcx", "r11", "memory");
  __asm__ volatile("syscall" : : "a"(231), "D"(-result));
  __builtin_unreachable();
}
C

# look MINOR ERRNO: with a library whose newest version is GLIBC_2.MINOR.
look() {
  local folder=$scratch/$1 status
  mkdir "$folder"
  cat >"$folder/map" <<M
GLIBC_2.2.5 { };
GLIBC_2.$1 { global: old_symbol; } GLIBC_2.2.5;
GLIBC_PRIVATE { global: __libc_early_init; local: *; };
M
  gcc -shared -nostdlib -fPIC -Wl,-soname,libc.so.6 "-Wl,--version-script,$folder/map" -o "$folder/libc.so.6" "$scratch/libc.c" &&
    gcc -nostdlib -fno-stack-protector -fPIE -pie -Wl,--no-as-needed "-Wl,-rpath,$folder" -o "$folder/program" "$scratch/program.c" "$folder/libc.so.6" ||
    exit 2
  LD_PRELOAD=$build/libabishim.so timeout 20 "$folder/program"
  status=$?
  if [[ $status -eq $2 ]]; then
    echo "ok old-glibc/2.$1"
  else
    echo "FAIL old-glibc/2.$1 (errno $status instead of $2)"
    failed=1
  fi
}
look 5 14  # EFAULT: translated
look 12 14
look 14 14
look 15 38  # ENOSYS, by the kernel
look 36 38

# An old static program, by its ABI note, executed in a current program's tree: its calls of the vsyscall page are answered.
# (--no-vsyscall is a tracer, so by the loader. tests/kernels has the same, carried over.)
# static NAME MAJOR MINOR STATUS [VARIABLE]
static() {
  local status
  gcc -nostdlib -static -fno-stack-protector "-DMAJOR=$2" "-DMINOR=$3" -o "$scratch/static" "$here/old_static.c" || exit 2
  (env "${5-A=}" timeout 20 "$build/abishim" run --no-vsyscall --pretend-kernel=3.10 -- sh -c "$scratch/static; exit \$?") 2>/dev/null
  status=$?
  if [[ $status -eq $4 ]]; then
    echo "ok old-static/$1"
  else
    echo "FAIL old-static/$1 (exit $status instead of $4)"
    failed=1
  fi
}
static 2.6.9 2 6 7
static 3.1 3 1 7
static 3.2 3 2 139
static never 2 6 139 ABISHIM_OLDER=0

# Code anywhere, as kernels before 5.8 allowed it where the program's header asked for it, or said nothing.
# code NAME STATUS OPTION... -- FLAG...: `run OPTION...` of a program linked with these.
code() {
  local name=$1 expected=$2 options=() status
  shift 2
  while [[ $1 != -- ]]; do options+=("$1"); shift; done
  shift
  gcc -O1 "$@" -o "$scratch/code" "$here/heap_code.c" 2>/dev/null || exit 2
  (timeout 20 "$build/abishim" run "${options[@]}" -- "$scratch/code") 2>/dev/null
  status=$?
  if [[ $status -eq $expected ]]; then
    echo "ok old-code/$name"
  else
    echo "FAIL old-code/$name (exit $status instead of $expected)"
    failed=1
  fi
}
for way in carry loader; do
  code "$way" 7 --older "--exec=$way" -- -Wl,-z,execstack
  code "$way-static" 7 --older "--exec=$way" -- -static -Wl,-z,execstack
  code "$way-not-asked-for" 139 --older "--exec=$way" -- -Wl,-z,noexecstack
done
[[ $(printf '%s\n' 5.8 "$(uname -r)" | sort -V | head -n 1) != 5.8 ]] ||
  code not-older 139 --pretend-kernel=3.10 -- -Wl,-z,execstack
exit $failed
