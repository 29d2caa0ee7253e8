#!/bin/bash
# applications.sh [--runs=N] [NAME...]: what abishim costs whole programs. Each natively, with the library loaded and an empty plan
# (empty), and translated as on a host of kernel 3.10 (translated), one after the other in every round (default 5); prints the least and
# the median of each, and the ratios to native by the least.
#
#   sqlite    1000 inserts, each a transaction, into a file in memory
#   find      find /usr
#   git       git status of a repository of 2000 files
#   redis     20,000 SET and GET of redis-benchmark, server and client both under it
#
# A program that is not installed is skipped, and says so: tests/setup.sh --applications.
# shellcheck disable=SC2317  # the functions are called by their names
set -euo pipefail
release=$(cd "$(dirname "$0")/../build/release" && pwd) || exit 2
abishim=$release/abishim runs=5 names=()
for argument in "$@"; do
  case $argument in
    --runs=[1-9]*) runs=${argument#*=} ;;
    -*) echo "applications.sh: unknown option: $argument" >&2; exit 2 ;;
    *) names+=("$argument") ;;
  esac
done
[[ ${#names[@]} -gt 0 ]] || names=(sqlite find git redis)
[[ -x $abishim ]] || { echo "applications.sh: build/release/abishim is missing" >&2; exit 2; }
work=$(mktemp -d -p /dev/shm)
trap 'rm -rf "$work"' EXIT

# PROGRAM that it needs, and what happens before the rounds.
prepare_sqlite() {
  command -v sqlite3 >/dev/null || return
  { echo 'create table t(a integer primary key, b text);'; seq -f "insert into t values(%.0f, 'text');" 1000; } >"$work/inserts.sql"
}
prepare_find() { command -v find >/dev/null; }
prepare_git() {
  command -v git >/dev/null || return
  mkdir -p "$work/repository"/{1..20} && for i in {1..20}; do (cd "$work/repository/$i" && touch {1..100}); done
  git -C "$work/repository" init -q && git -C "$work/repository" add . &&
    git -C "$work/repository" -c user.name=a -c user.email=a@b commit -qm all
}
prepare_redis() { command -v redis-server >/dev/null && command -v redis-benchmark >/dev/null; }

# run_NAME PREFIX...: once.
run_sqlite() { rm -f "$work/t.db"; "$@" sqlite3 "$work/t.db" <"$work/inserts.sql"; }
run_find() { "$@" find /usr; }
run_git() { "$@" git -C "$work/repository" status; }
run_redis() {
  # shellcheck disable=SC2016
  "$@" sh -c 'redis-server --port 0 --unixsocket "$1/redis" --save "" --daemonize no >/dev/null & server=$!
    i=0; while [ ! -S "$1/redis" ] && [ $i -lt 200 ]; do sleep 0.02; i=$((i + 1)); done
    redis-benchmark -s "$1/redis" -t set,get -n 20000 -q; status=$?
    kill $server; wait $server; rm -f "$1/redis"; exit $status' sh "$work"
}

prefix() {  # WAY
  case $1 in
    native) echo env ;;
    empty) echo env "LD_PRELOAD=$release/libabishim.so" ;;
    translated) echo "$abishim" run --pretend-kernel=3.10 -- ;;
  esac
}

failed=0
measure() {  # NAME
  local name=$1 way round start words ways=(native empty translated)
  for ((round = 0; round < runs; ++round)); do
    for way in "${ways[@]}"; do
      read -ra words <<<"$(prefix "$way")"
      start=$EPOCHREALTIME
      timeout 120 bash -c "$(declare -f "run_$name"); work=$work; run_$name \"\$@\"" bash "${words[@]}" >"$work/out" 2>&1 || {
        echo "$name $way: failed"; tail -3 "$work/out"; failed=1; return
      }
      echo "$way $start $EPOCHREALTIME" >>"$work/$name.times"
    done
  done
  sed 's/,/./g' "$work/$name.times" | awk '{ print $1, ($3 - $2) * 1000 }' | sort -k1,1 -k2,2g | awk -v name="$name" '
    { if (!($1 in count)) least[$1] = $2; time[$1, ++count[$1]] = $2 }
    END {
      split("native empty translated", ways, " ")
      printf "%-8s", name
      for (i = 1; i <= 3; ++i) { w = ways[i]; printf "  %s %.1f ms (median %.1f)", w, least[w], time[w, int((count[w] + 1) / 2)] }
      printf "  ratios %.2fx %.2fx\n", least["empty"] / least["native"], least["translated"] / least["native"]
    }'
}
for name in "${names[@]}"; do
  declare -F "run_$name" >/dev/null || { echo "applications.sh: no application $name" >&2; exit 2; }
  if "prepare_$name"; then measure "$name"; else echo "skip $name: not installed"; fi
done
exit "$failed"
