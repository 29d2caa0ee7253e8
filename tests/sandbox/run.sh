#!/bin/bash
# run.sh [COUNT [ROUNDS]]: random filters of the program's own, natively and on pretended hosts, compared line by line. COUNT
# children each (700). Then filters that come while other threads make calls, ROUNDS times (100). Then ROUNDS children whose
# calls are looked at from outside: none may be one that their filters refuse.
# Prints `ok|FAIL NAME ...` for each host.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
count=${1:-700} rounds=${2:-100}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
gcc -O1 -g -Wall -Wextra -Werror "$here/random-filters.c" -o "$work/random-filters"
status=0
# compare HOST ERRNO OPTION SEED [prctl]
compare() {
  local host=$1 errno=$2 option=$3 said
  shift 3
  timeout 120 "$work/random-filters" "$count" "$@" >"$work/native"
  timeout -k 1 120 "$top/build/release/abishim" run "$option" -- "$work/random-filters" "$count" "$@" >"$work/shim" || true
  if said=$(python3 "$here/compare.py" "$work/native" "$work/shim" "$errno"); then
    echo "ok sandbox/random-filters-$host $said"
  else
    echo "FAIL sandbox/random-filters-$host $said"
    status=1
  fi
}
compare 3.10 -38 --pretend-kernel=3.10 1 prctl
compare 4.18 -38 --pretend-kernel=4.18 2
compare docker-19.03 -1 --profile=docker-19.03 3

# during HOST OPTION: a filter comes while others make calls. (Before 3.17 there is no such filter.)
gcc -O1 -g -Wall -Wextra -Werror -pthread "$here/tsync.c" -o "$work/tsync"
during() {
  local host=$1 said
  shift
  if said=$(timeout -k 1 300 "$@" 2>&1); then
    echo "ok sandbox/tsync-$host $said"
  else
    echo "FAIL sandbox/tsync-$host $said"
    status=1
  fi
}
during native "$work/tsync" "$rounds" native
for option in --pretend-kernel=4.4 --profile=docker-19.03; do
  during "${option#*=}" "$top/build/release/abishim" run "$option" -- "$work/tsync" "$rounds"
done

# look HOST OPTION SEED [prctl]
gcc -O1 -g -Wall -Wextra -Werror "$here/witness.c" -o "$work/witness"
gcc -O1 -g -Wall -Wextra -Werror -pthread "$here/witnessed.c" -o "$work/witnessed"
look() {
  local host=$1 option=$2 said
  shift 2
  if said=$(timeout -k 1 300 "$work/witness" "$top/build/release/abishim" run "$option" -- "$work/witnessed" "$rounds" "$@" 2>&1); then
    echo "ok sandbox/witness-$host $said"
  else
    echo "FAIL sandbox/witness-$host $said"
    status=1
  fi
}
look 3.10 --pretend-kernel=3.10 1 prctl
look 4.18 --pretend-kernel=4.18 2
look docker-19.03 --profile=docker-19.03 3
exit $status
