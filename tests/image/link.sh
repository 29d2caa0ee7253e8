#!/bin/bash
# What the linked library must be, whatever the compiler did: link.sh [LIBRARY]. Prints `ok|FAIL NAME` a line.
set -uo pipefail
library=${1:-$(dirname "$0")/../../build/release/libabishim.so}
failed=0
dynamic=$(readelf -dW "$library") && segments=$(readelf -lW "$library") && symbols=$(nm -aW --defined-only "$library") &&
  code=$(objdump -d --no-show-raw-insn "$library") || exit 2

# check NAME TEXT: ok when TEXT is empty; it says what is wrong otherwise.
check() {
  if [[ -z $2 ]]; then echo "ok link/$1"; else echo "FAIL link/$1"; head -5 <<<"$2"; failed=1; fi
}
# The symbols that start or end something, as addresses: `at NAME`.
at() { awk -v name="$1" '$3 == name { print "0x" $1 }' <<<"$symbols"; }

check needs-no-library "$(grep NEEDED <<<"$dynamic")"
check no-undefined-symbol "$(nm -uD "$library")"
check exports-nothing "$(nm -D --defined-only "$library" 2>/dev/null)"
check only-relative-relocations "$(readelf -rW "$library" | awk '/^[0-9a-f]+ / && $3 != "R_X86_64_RELATIVE"')"
check has-relocations-to-look-at "$([[ $(readelf -rW "$library" | grep -c R_X86_64_RELATIVE) -gt 0 ]] || echo none)"
# All that is writable for good begins as zeros: a copy of the file can be made from the image at any time.
sealed=$(awk '$1 == "GNU_RELRO" { print $3, $6 }' <<<"$segments")
check writable-data-begins-as-zeros "$(awk '$1 == "LOAD" && / RW / { print $3, $5 }' <<<"$segments" | while read -r at bytes; do
  [[ $((bytes)) -eq 0 || $((at + bytes)) -le $((${sealed% *} + ${sealed#* })) ]] || echo "$at: $bytes bytes in the file"; done)"
check starts-as-a-program "$([[ $(readelf -hW "$library" | awk '/Entry point/ { print $NF }') == "0x$(nm -a "$library" | awk '$3 == "abishim_start" { print $1 }' | sed 's/^0*//')" ]] || echo "entry point")"
check names-no-interpreter "$(awk '$1 == "INTERP"' <<<"$segments")"
check can-be-executed "$([[ -x $library ]] || echo "no x bit")"
check no-writable-code "$(awk '$1 == "LOAD" && / RWE /' <<<"$segments")"
check no-executable-stack "$(awk '$1 == "GNU_STACK" && /E/' <<<"$segments")"
# An exec takes over what is read-only and gives zeros for the rest (shim/exec/plant.cc).
check no-initialised-variable "$(readelf -SW "$library" | sed 's/^ *\[ *[0-9]*\] *//' | awk '$1 ~ /^\.(data|tdata|ctors|dtors|got|got\.plt|fini_array)$/ && $5 !~ /^0+$/')"
check no-thread-local-storage "$(awk '$1 == "TLS"' <<<"$segments")"
check both-hash-styles "$( (grep -q '(HASH)' <<<"$dynamic" && grep -q '(GNU_HASH)' <<<"$dynamic") || echo "one is missing")"
check initialised-first "$(grep -q INITFIRST <<<"$dynamic" || echo "no INITFIRST")"
check one-constructor "$(grep -q 'INIT_ARRAYSZ.* 8 (bytes)' <<<"$dynamic" || grep INIT_ARRAYSZ <<<"$dynamic")"
check relocated-pages-become-read-only "$(grep -q GNU_RELRO <<<"$segments" || echo "no RELRO")"
# Boost's context switch saves the control words of both units: ldmxcsr and fldcw touch no vector register.
check no-vector-register "$(grep -E '%[xyz]mm|%mm[0-7]|%st\b' <<<"$code")"
check has-code-to-look-at "$(grep -q 'rep movsb' <<<"$code" || echo "no disassembly")"

# Every `syscall` instruction stands in the gate's page, which holds nothing else.
gate=$(at abishim_gate_page)
outside=$(awk -v gate="$((gate))" '
  function number(hex,  i, n) { for (i = 1; i <= length(hex); ++i) n = 16 * n + index("0123456789abcdef", substr(hex, i, 1)) - 1; return n }
  / syscall *$/ || /\tsyscall/ { sub(/:.*/, "", $1); sub(/^ */, "", $1); n = number($1); ++seen; if (n < gate || n >= gate + 4096) print }
  END { if (seen != 8) print seen " syscall instructions, not 8" }' <<<"$code")
check syscalls-in-the-gate-only "$outside"
check gate-is-a-page "$([[ $((gate % 4096)) -eq 0 && $((gate)) -ne 0 ]] || echo "$gate")"

restorer=$(objdump -d --start-address="$(at abishim_restorer)" --stop-address="$(($(at abishim_restorer) + 9))" "$library" |
  awk -F '\t' '/^ / { printf "%s", $2 }' | tr -d ' ')
check restorer-is-what-unwinders-know "$([[ $restorer == 48c7c00f0000000f05 ]] || echo "$restorer")"
left=$(objdump -d --start-address="$(at abishim_left)" --stop-address="$(($(at abishim_left) + 9))" "$library" |
  awk -F '\t' '/^ / { printf "%s", $2 }' | tr -d ' ')
check what-looks-like-it-does "$([[ $left == "$restorer" ]] || echo "$left")"
exit $failed
