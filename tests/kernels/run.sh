#!/bin/bash
# run.sh [--short] [--part=PART]... [KERNEL...]: boots real kernels and runs in each what the suites run on pretended ones. Prints
# `ok|FAIL|skip NAME ...` a line, then how long each took.
#
# KERNEL as boot.sh has it: bullseye (5.10), bookworm (6.1), trixie (6.12) and sid (the newest) by default; and user-mode Linux of the first
# two, uml-bullseye and uml-bookworm, which have the parts numbers and uml alone. Parts:
#   numbers   which calls the kernel has: as doctor says, and as `--pretend-kernel` of its version does
#   abi       tests/abi, compiled here, with abishim
#   older     what old programs call, on that kernel without a vsyscall page (of tests/abi)
#   exec      tests/exec, carried over, by the loader
#   xonly     the same page where it can be called, but not read (vsyscall=xonly)
#   no-ia32   that kernel without 32-bit programs (ia32_emulation=off; from 6.12)
#   uml       what filters see there, and what abishim makes of that
#   table     the programs of tests/userland of sid, natively and with abishim
# --short: bullseye's kernel alone with the smallest root: numbers, and a few programs of abi and exec. That is what the default run of the
# suite boots.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
cd "$top" || exit 2

short='' parts=() kernels=()
for argument; do
  case $argument in
    --short) short=yes ;;
    --part=numbers | --part=abi | --part=exec | --part=older | --part=xonly | --part=no-ia32 | --part=uml | --part=table) parts+=("${argument#*=}") ;;
    -*) echo "run.sh: unknown option: $argument" >&2; exit 2 ;;
    *) kernels+=("$argument") ;;
  esac
done
if [[ -n $short ]]; then
  [[ ${#kernels[@]} -ne 0 ]] || kernels=(bullseye)
  [[ ${#parts[@]} -ne 0 ]] || parts=(numbers abi exec older)
else
  [[ ${#kernels[@]} -ne 0 ]] || kernels=(bullseye bookworm trixie sid uml-bullseye uml-bookworm)
  [[ ${#parts[@]} -ne 0 ]] || parts=(numbers abi exec older xonly no-ia32 uml table)
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p build/kernels
gcc -O1 -Wall -Wextra -Werror -static "$here/numbers.c" -o build/kernels/numbers || exit 2
gcc -O1 -Wall -Wextra -Werror -static "$here/callers.c" -o build/kernels/callers || exit 2
gcc -nostdlib -static -fno-stack-protector -DMAJOR=2 -DMINOR=6 tests/image/old_static.c -o build/kernels/old_static || exit 2
tests/abi/run.sh --compile || exit 2
tests/exec/run.sh --compile || exit 2
mkdir -p "$work/repo/build/release"
cp -a tests "$work/repo/"
cp -a build/abi build/exec build/kernels "$work/repo/build/"
cp -a build/release/abishim "$work/repo/build/release/"
strip -o "$work/repo/build/release/libabishim.so" build/release/libabishim.so

# boot KERNEL ROOT PART [NAME...]: what it prints goes to $work/PART.KERNEL; the kernel's own log beside it.
boot() {
  local kernel=$1 root=$2 part=$3 name words=vsyscall=none
  shift 3
  name=$part.$(basename "$kernel")
  case $part in
    xonly) words=vsyscall=xonly ;;
    no-ia32) words+=" ia32_emulation=off" ;;
  esac
  if [[ $kernel == uml-* ]]; then
    "$here/uml.sh" --limit=300 --bind="$work/repo:/repo" --put="$work/repo/build/release/abishim:/usr/bin/abishim" \
      --put="$work/repo/build/release/libabishim.so:/usr/lib/abishim/libabishim.so" \
      "${kernel#uml-}" "$root" -- /repo/tests/kernels/inside "$part" "$@" >"$work/$name" 2>"$work/$name.errors"
    failed_to_boot "$name" $?
    return
  fi
  # musl's loader is where its programs look for it; the root has none.
  "$here/boot.sh" --with=/lib/x86_64-linux-musl/libc.so:/lib/ld-musl-x86_64.so.1 --with=/bin/busybox:/usr/bin/busybox --limit=2700 --append="$words" --log="$work/$name.log" --with="$work/repo:/repo" \
    --with="$work/repo/build/release/abishim:/usr/bin/abishim" \
    --with="$work/repo/build/release/libabishim.so:/usr/lib/abishim/libabishim.so" \
    "$kernel" "$root" -- /repo/tests/kernels/inside "$part" "$@" >"$work/$name" 2>"$work/$name.errors"
  failed_to_boot "$name" $?
}
# failed_to_boot NAME STATUS: says so if it did, and passes the status on.
failed_to_boot() {
  case $2 in
    124 | 125) echo "FAIL kernels/$1 ($(tail -n 1 "$work/$1.errors"))"; tail -n 5 "$work/$1.log" 2>/dev/null | sed 's/^/  /' ;;
  esac
  return "$2"
}
# applies KERNEL PART: is there such a thing?
applies() {
  case $1/$2 in
    uml-*/numbers | uml-*/uml) ;;
    uml-*/* | */uml) return 1 ;;
    bullseye/no-ia32 | bookworm/no-ia32) return 1 ;;  # the kernel knows the word since 6.7
  esac
}
# told PLACE: the lines of a part, with the kernel's name in front: `ok kernels/bullseye/abi/NAME ...`.
told() { sed -E "/^--|^[0-9]+ ok,/d; s,^(ok|FAIL|limit|skip) ,\1 kernels/$1/,"; }
# run KERNEL PART MINBASE [NAME...]: prints the lines; fails when the part itself does, whatever it printed.
run() {
  local kernel=$1 part=$2 root=$3 name status=0
  name=$(basename "$kernel")
  shift 3
  [[ $part != table ]] || root=$(tests/userland/roots.sh sid programs) || return 1
  boot "$kernel" "$root" "$part" "$@" || status=$?
  [[ $status -lt 124 ]] || return 1
  case $part in
    numbers) python3 "$here/numbers.py" "$top/build/release/abishim" "$top/build/kernels/numbers" "$work/numbers.$name" | told "$name" ;;
    table) python3 "$here/table.py" tests/userland/programs "$work/table.$name" | told "$name/table" ;;
    *) told "$name/$part" <"$work/$part.$name" ;;
  esac || status=1
  return "$status"
}

failed=0
for kernel in "${kernels[@]}"; do
  minbase=$(tests/userland/roots.sh trixie minbase) || exit 2
  for part in "${parts[@]}"; do
    applies "$kernel" "$part" || continue
    start=$SECONDS
    few=()
    if [[ -n $short && $part == abi ]]; then few=(mask-arguments threads-short fork-threads spawn exec-chain handler-stack); fi
    if [[ -n $short && $part == exec ]]; then few=(kinds errors state); fi
    run "$kernel" "$part" "$minbase" "${few[@]}" | tee -a "$work/all"
    [[ ${PIPESTATUS[0]} -eq 0 ]] || failed=1
    echo "-- kernels, $(basename "$kernel"), $part: $((SECONDS - start)) s"
  done
done
[[ $failed -eq 0 ]] && ! grep -q '^FAIL ' "$work/all"
