#!/bin/bash
# coverage.sh: which of the call sites in each libc, and in a Go program, can be patched, and why not the rest; and that the
# length of every instruction of theirs is read as objdump reads it. Prints `ok|FAIL|skip coverage/NAME ...`.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
repo=$(cd "$here/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
status=0
g++ -std=c++20 -O1 -Wall -Wextra -Werror -I"$repo/arch/x86_64" -I"$repo" -o "$work/look" "$here/look/look.cc" \
  "$repo"/arch/x86_64/{find_site,instruction,patch_site}.cc || exit 1

# look NAME FILE LEAST [SHAPE]: LEAST per cent of its sites, and one of this shape.
look() {
  local said percent
  if [[ ! -e $2 ]]; then echo "skip coverage/$1 ($2 is missing)"; return; fi
  if said=$(objdump -d "$2" | "$work/look" "$2") && percent=$(sed -n 's/.*(\([0-9]*\) %).*/\1/p' <<<"$said") &&
    [[ $percent -ge $3 && $said == *"${4:-}"* ]]; then
    echo "ok coverage/$1 $said"
  else
    echo "FAIL coverage/$1 $said"; status=1
  fi
}
libc() { local root; root=$("$here/../userland/roots.sh" "$@" 2>/dev/null) && echo "$root/usr/lib/x86_64-linux-gnu/libc.so.6"; }
cat >"$work/hello.go" <<'END'
package main

import "fmt"

func main() { fmt.Println("hello") }
END
look glibc-2.36 /lib/x86_64-linux-gnu/libc.so.6 75 'syscall() 1'
look glibc-2.41 "$(libc trixie programs)" 75 'syscall() 1'
if sid=$(compgen -G '/var/cache/abishim/roots/sid-*/usr/lib/x86_64-linux-gnu/libc.so.6' | tail -1); then look glibc-2.43 "$sid" 75 'syscall() 1'; fi
look musl /usr/lib/x86_64-linux-musl/libc.so 70
if (cd "$work" && CGO_ENABLED=0 GO111MODULE=off go build -o hello hello.go); then look go "$work/hello" 75; fi
exit $status
