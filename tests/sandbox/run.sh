#!/bin/bash
# run.sh [COUNT [ROUNDS]]: random filters of the program's own, natively and on pretended hosts, compared line by line. COUNT
# children each (2000). Then filters that come while other threads make calls, ROUNDS times (100). Then ROUNDS children whose
# calls are looked at from outside: none may be one that their filters refuse. Between them how long a filter for all threads
# takes, and what a supervisor (NEW_LISTENER) and his child tell, which must be the same lines as natively.
# Prints `ok|FAIL NAME ...` for each host.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
count=${1:-2000} rounds=${2:-100}
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

gcc -O1 -g -Wall -Wextra -Werror -pthread "$here/prompt.c" -o "$work/prompt"
gcc -O1 -g -Wall -Wextra -Werror "$here/notify.c" -o "$work/notify"
timeout 60 "$work/notify" >"$work/notify.native"
for option in --pretend-kernel=4.4 --profile=docker-19.03; do
  host=${option#*=}
  if said=$(timeout -k 1 300 "$top/build/release/abishim" run "$option" -- "$work/prompt" 2>&1); then
    echo "ok sandbox/prompt-$host $said"
  else
    echo "FAIL sandbox/prompt-$host $said"
    status=1
  fi
  # (A pretended 4.4 has no such filters: they came with 5.0, and their flags later.)
  [[ $host != 4.4 ]] || continue
  timeout -k 1 60 "$top/build/release/abishim" run "$option" -- "$work/notify" >"$work/notify.shim" || true
  if said=$(diff "$work/notify.native" "$work/notify.shim"); then
    echo "ok sandbox/notify-$host $(wc -l <"$work/notify.native") outcomes as natively"
  else
    echo "FAIL sandbox/notify-$host $said"
    status=1
  fi
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
