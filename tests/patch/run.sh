#!/bin/bash
# run.sh [--way=native|trap|patched|eager]... [--seconds=N] [--long] [NAME...]: compiles the programs of this folder and runs
# each natively and as a host of kernel 3.10 would have it (or as its line `// under:` says): no site patched (trap), those that trap often (patched), each at
# its first trap (eager); `steps` under gdb, too, by single steps. Prints `ok|FAIL|skip NAME WAY`, then a summary; 1 when anything failed.
#
# --seconds: how long the hammers go on (default 3); --long: 60 s. The first one once more on one CPU.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
repo=$(cd "$here/../.." && pwd)
abishim=$repo/build/release/abishim
built=$repo/build/patch
ways=() names=() seconds=3

usage() { echo "run.sh: $*" >&2; exit 2; }
source_of() {  # NAME
  local file
  for file in "$here/$1.c" "$here/$1.cc"; do [[ ! -f $file ]] || { echo "$file"; return; }; done
  return 1
}
for argument in "$@"; do
  case $argument in
    --way=native | --way=trap | --way=patched | --way=eager) ways+=("${argument#*=}") ;;
    --seconds=[0-9]*) seconds=${argument#*=} ;;
    --long) seconds=60 ;;
    -*) usage "unknown option or value: $argument" ;;
    *) source_of "$argument" >/dev/null || usage "no program $argument"; names+=("$argument") ;;
  esac
done
[[ ${#ways[@]} -gt 0 ]] || ways=(native trap patched eager)
[[ ${#names[@]} -gt 0 ]] || mapfile -t names < <(cd "$here" && ls ./*.c ./*.cc 2>/dev/null | sed 's|^\./||; s|\.[^.]*$||')
[[ ${ways[*]} == native || -x $abishim ]] || usage "build/release/abishim is missing: cmake --build --preset release"

# What a program needs besides its own file stands in its line `// with:`.
compile() {
  local name=$1 file compiler=gcc with
  file=$(source_of "$name")
  [[ $file != *.cc ]] || compiler=g++
  mkdir -p "$built"
  if [[ -x $built/$name && -z $(find "$here" "$here/../abi" -name '*.[chS]*' -newer "$built/$name") ]]; then return; fi
  with=$(sed -n 's|^// with: ||p' "$file")
  # shellcheck disable=SC2086
  (cd "$here" && "$compiler" -O1 -g -Wall -Wextra -Werror -Wno-unused-function -D_GNU_SOURCE -pthread -o "$built/$name.new" "$file" $with) &&
    mv "$built/$name.new" "$built/$name"
}

count_ok=0 count_fail=0 count_skip=0
# one NAME WAY LABEL COMMAND...: a command in front of all; `debugger`: what is to execute the program.
debugger=()
one() {
  local name=$1 way=$2 label=$3 out status=0 prefix=() host
  shift 3
  host=$(sed -n 's|^// under: ||p' "$(source_of "$name")")
  # shellcheck disable=SC2086
  [[ $way == native ]] || prefix=("$abishim" run ${host:---pretend-kernel=3.10} "--mode=$way" --)
  out=$(timeout -s KILL $((seconds + 120)) "$@" env --default-signal "${prefix[@]}" "${debugger[@]}" "$built/$name" "$way" "$seconds" 2>&1 </dev/null) || status=$?
  if [[ $status -eq 0 && ${out##*$'\n'} == ok ]]; then
    count_ok=$((count_ok + 1)); echo "ok $name $label"
    [[ $out == ok ]] || sed 's/^/  /' <<<"${out%$'\n'ok}"
  elif [[ $status -eq 77 ]]; then
    count_skip=$((count_skip + 1)); echo "skip $name $label ($out)"
  else
    count_fail=$((count_fail + 1)); echo "FAIL $name $label (exit $status)"; sed 's/^/  /' <<<"$out"
  fi
}
for name in "${names[@]}"; do
  compile "$name"
  for way in "${ways[@]}"; do one "$name" "$way" "$way"; done
done
if [[ " ${names[*]} " == *" hammer "* && " ${ways[*]} " == *" patched "* ]]; then one hammer patched "patched, one CPU" taskset -c 0; fi
if [[ " ${names[*]} " == *" steps "* && " ${ways[*]} " == *" eager "* ]]; then
  debugger=(gdb -batch -x "$here/steps.gdb" --args)
  one steps eager "eager, by single steps" env
  debugger=()
fi
echo "$count_ok ok, $count_fail failed, $count_skip skipped"
[[ $count_fail -eq 0 && $count_ok -gt 0 ]]
