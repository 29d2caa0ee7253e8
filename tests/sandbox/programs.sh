#!/bin/bash
# programs.sh [OPTION...]: real programs that install seccomp filters of their own, natively and on older hosts with abishim.
#
#   --host=NAME     only this host: a kernel version (3.10), or a profile (docker-19.03). 3.10-bare: one in which
#                   no program can tell that it is a filter (hide.c)
#   --program=NAME  only this program of programs/ (or of browsers/)
#   --browsers      those of browsers/, whose root is 1.1 GB, as an ordinary user; on 3.10 and 4.18 if no host is named
#   --suite=NAME    programs of that Debian suite (trixie), whose root is made where there is none: sid
#   --build=DIR     takes DIR/libabishim.so and DIR/abishim (build/release)
#   --without       shows the hosts without abishim, and fails for no program that fails there
#
# A line is `ok|FAIL|skip sandbox/NAME HOST ...`: ok when the program's own check holds and it printed what it prints natively.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
userland=$top/tests/userland

fail() { echo "programs.sh: $*" >&2; exit 2; }

hosts=() programs=() kind=sandbox list=programs suite=trixie build=$top/build/release user=() without=''
for option; do
  case $option in
    --host=?*) hosts+=("${option#*=}") ;;
    --program=?*) programs+=("$option") ;;
    --suite=?*) suite=${option#*=} ;;
    --browsers) kind=browser list=browsers user=(--user) ;;
    --build=?*) build=$(realpath -e "${option#*=}") ;;
    --without) without=1 ;;
    *) fail "unknown option or bad value: $option" ;;
  esac
done
if [[ ${#hosts[@]} -eq 0 ]]; then
  if [[ $kind == browser ]]; then hosts=(3.10 4.18); else hosts=(3.10 3.10-bare docker-19.03); fi
fi
root=$("$userland/roots.sh" "$suite" "$kind")

out=$(mktemp -d)
chmod 755 "$out"
trap 'rm -rf "$out"' EXIT
gcc -static -O1 -Wall -Wextra -Werror "$here/hide.c" -o "$out/hide"

# run_list LABEL PREFIX...: the list with PREFIX before each program; table's lines go to $out/LABEL.
run_list() {
  local label=$1
  shift
  mkdir -m 777 "$out/$label.printed"
  timeout -k 5 900 "$userland/enter" "${user[@]}" --bind="$userland:/opt/userland" --bind="$here:/opt/sandbox" --bind="$out:/mnt/out" \
    --put="$build/libabishim.so:/usr/lib/abishim/libabishim.so" --put="$build/abishim:/usr/bin/abishim" "$root" \
    /opt/userland/table --list="/opt/sandbox/$list" "${programs[@]}" --out="/mnt/out/$label.printed" "$@" </dev/null >"$out/$label"
}
field() { awk -F '\t' -v name="$2" -v n="$3" '$1 == name { print $n }' "$out/$1"; }
# What a program said, indented: the difference to what it says natively, and the end of its standard error.
explain() {
  diff "$out/native.printed/$2.out" "$out/$1.printed/$2.out" | head -n 12 | sed 's/^/  /' || true
  tail -n 12 "$out/$1.printed/$2.err" | cut -c1-240 | sed 's/^/  /'
}

status=0
tell() {
  echo "$1 sandbox/$2 $3${4:+ $4}"
  [[ $1 == FAIL ]] || return 0
  explain "$3" "$2"
  [[ -n $without ]] || status=1
}
judge() {
  local label=$1 name=$2 verdict reason
  verdict=$(field "$label" "$name" 2)
  reason=$(sed -n "s/^[#/]* *denied-by: ${label%-bare} (\(.*\))$/\1/p" "$here/$list/$name")
  if [[ -n $reason ]]; then
    tell skip "$name" "$label" "$reason"
  elif [[ $verdict != ok ]]; then
    tell FAIL "$name" "$label" "${verdict:-none}, status $(field "$label" "$name" 3)"
  elif [[ $(field "$label" "$name" 5) != "$(field native "$name" 5)" ]]; then
    tell FAIL "$name" "$label" "printed something else"
  else
    tell ok "$name" "$label" "in $(field "$label" "$name" 4) ms"
  fi
}

run_list native
labels=(native)
for host in "${hosts[@]}"; do
  option=--profile=$host hide=''
  [[ $host == [0-9]* ]] && option=--pretend-kernel=${host%-bare}
  [[ $host == *-bare ]] && hide=/mnt/out/hide
  run_list "$host" ${without:+env ABISHIM=off} ${hide:+"$hide"} abishim run "$option" --
  labels+=("$host")
done
while read -r name; do
  for label in "${labels[@]}"; do judge "$label" "$name"; done
done < <(cut -f 1 "$out/native" | sort)
exit $status
