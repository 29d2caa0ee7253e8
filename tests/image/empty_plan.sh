#!/bin/bash
# On the kernel that the tests run on, nothing needs help: then nothing at all is installed, for a program of this
# machine and for those of a trixie root. And the same look does see something where calls are missing.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "$here/../../build/release" && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
failed=0
verdict() { if "${@:2}"; then echo "ok empty-plan/$1"; else echo "FAIL empty-plan/$1"; failed=1; fi; }

gcc -O1 -o "$scratch/look" "$here/empty_plan.c" || exit 2
"$scratch/look" >"$scratch/native"
LD_PRELOAD=$build/libabishim.so "$scratch/look" >"$scratch/preloaded"
LD_PRELOAD=$build/libabishim.so ABISHIM_LOG=$scratch/log "$scratch/look" >/dev/null
"$build/abishim" run -- "$scratch/look" >"$scratch/run"
"$build/abishim" run --pretend-kernel=3.10 -- "$scratch/look" >"$scratch/old"

same() { diff "$scratch/native" "$scratch/$1"; }
loaded() { LD_PRELOAD=$build/libabishim.so bash -c 'grep -q libabishim /proc/$$/maps'; }
verdict library-is-really-loaded loaded
verdict preload-changes-nothing same preloaded
verdict run-changes-nothing same run
verdict nothing-is-logged test ! -s "$scratch/log"
verdict the-look-sees-a-plan-that-is-not-empty grep -q '^Seccomp:.2' "$scratch/old"
seen() { ! diff -q "$scratch/native" "$scratch/old" >/dev/null; }
verdict the-look-sees-the-shim seen

if root=$("$here/../userland/roots.sh" trixie programs); then
  in_root() {
    "$here/../userland/enter" --put="$build/libabishim.so:/usr/lib/abishim/libabishim.so" "$root" "$@" </dev/null
  }
  fields='^(Seccomp|Seccomp_filters|NoNewPrivs|SigBlk|SigIgn|SigCgt)'
  for program in grep perl python3; do
    case $program in
      grep) command=(grep -E "$fields" /proc/self/status) ;;
      perl) command=(perl -ne "print if /$fields/" /proc/self/status) ;;
      python3) command=(python3 -c "import re; [print(l, end='') for l in open('/proc/self/status') if re.match('$fields', l)]") ;;
    esac
    in_root "${command[@]}" >"$scratch/native"
    in_root env LD_PRELOAD=/usr/lib/abishim/libabishim.so "${command[@]}" >"$scratch/trixie"
    verdict "trixie-$program" same trixie
    verdict "trixie-$program-without-filter" grep -q '^Seccomp:.0' "$scratch/trixie"
  done
else
  echo "skip empty-plan/trixie (no trixie root)"
fi
exit $failed
