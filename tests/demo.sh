#!/bin/bash
# Shows abishim at work: real programs of a trixie user space, natively and on older hosts, without and with it.
#
# demo.sh [--host=NAME]... [--program=NAME]... [--suite=NAME] [--exec=WAY] [--build=DIR] [--user] [--jobs=N]
#   --host=NAME     only this host: a kernel version (3.10), a profile (docker-19.03), or both (3.10+docker-19.03: such an
#                   engine on such a kernel denies ptrace, too). older: SIGSEGV is virtual, as for the user space of another
#                   time on a host without its calls (3.10+older)
#   --suite=NAME    the user space: trixie (default), or another Debian
#   --exec=WAY      forces one way of exec: carry or loader
#   --program=NAME  only this program of tests/userland/programs
#   --build=DIR     takes DIR/libabishim.so and DIR/abishim as they are, instead of building
#   --user          runs the programs as an ordinary user, not as root
#   --jobs=N        so many programs at a time (default: one a processor)
#
# Cells: ok = the program's own check holds and it printed what it prints natively; out = it printed something else;
# FAIL, timeout; left = it left processes behind; denied = it needs what this host denies on purpose (see the program).
# Exits 1 when a program that works natively does not work with abishim, or when nothing fails without it.
set -euo pipefail
top=$(cd "$(dirname "$0")/.." && pwd)
userland=$top/tests/userland

fail() { echo "demo: $*" >&2; exit 2; }
say() { echo "demo: $*" >&2; }

hosts=() programs=() build='' user=() jobs=$(nproc) suite=trixie way=()
for option; do
  case $option in
    --host=?*) hosts+=("${option#*=}") ;;
    --program=?*) programs+=("$option") ;;
    --suite=?*) suite=${option#*=} ;;
    --exec=carry | --exec=loader) way=("$option") ;;
    --build=?*) build=$(realpath -e "${option#*=}") ;;
    --user) user=(--user) ;;
    --jobs=[1-9]) jobs=${option#*=} ;;
    *) fail "unknown option or bad value: $option" ;;
  esac
done
chosen="${hosts[*]}${programs[*]}"  # else the whole table is shown, in which every host has programs that fail without
[[ ${#hosts[@]} -ne 0 ]] || hosts=(3.10 4.18 docker-19.03)

"$top/tests/setup.sh" >&2
if [[ -z $build ]]; then
  say "building"
  build=$top/build/release
  log=$(mktemp)
  (cd "$top" && cmake --preset release && cmake --build --preset release --target libabishim.so abishim) >"$log" 2>&1 ||
    { cat "$log" >&2; fail "the build failed"; }
  rm -f "$log"
fi
root=$("$userland/roots.sh" "$suite" programs)

out=$(mktemp -d)
chmod 755 "$out"
trap 'rm -rf "$out"' EXIT

# in_root COMMAND...: in the root, with the library and the command put into it, and $out at /mnt/out.
in_root() {
  "$userland/enter" "${user[@]}" --bind="$userland:/opt/userland" --bind="$out:/mnt/out" \
    --put="$build/libabishim.so:/usr/lib/abishim/libabishim.so" --put="$build/abishim:/usr/bin/abishim" \
    "$root" "$@" </dev/null
}

# run_list LABEL PREFIX...: the list with PREFIX before each program; the lines go to $out/LABEL.
run_list() {
  local label=$1 start=$SECONDS
  shift
  mkdir -m 777 "$out/$label.printed"
  in_root /opt/userland/table "${programs[@]}" --jobs="$jobs" --out="/mnt/out/$label.printed" "$@" >"$out/$label"
  say "$label: $((SECONDS - start)) s"
}

# The option of `abishim run` that makes this host.
pretend() {
  local part
  for part in ${1/+/ }; do
    case $part in
      [0-9]*) echo "--pretend-kernel=$part" ;;
      older) printf '%s\n' --older --no-vsyscall --without=sysfs,ustat,remap_file_pages ;;
      *) echo "--profile=$part" ;;
    esac
  done
}

run_list native
for host in "${hosts[@]}"; do
  mapfile -t options < <(pretend "$host")
  run_list "$host-without" env ABISHIM=off abishim run "${options[@]}" --
  run_list "$host-with" abishim run "${options[@]}" "${way[@]}" --
  # Counting makes repaired calls trap too, so what counts is not what is shown.
  run_list "$host-counted" abishim run "${options[@]}" "${way[@]}" --stats --
  in_root env ABISHIM=off abishim run "${options[@]}" -- abishim doctor --json >"$out/$host-plan" || fail "doctor failed on $host"
done

# --- the table ---

# cell HOST LABEL PROGRAM: what stands in the table. `field LABEL PROGRAM N` is a field of a line of table's.
field() { awk -F '\t' -v name="$2" -v n="$3" '$1 == name { print $n }' "$out/$1"; }
cell() {
  local verdict
  verdict=$(field "$2" "$3" 2)
  if [[ $verdict == ok && $(field "$2" "$3" 5) != "$(field native "$3" 5)" ]]; then verdict=out; fi
  if [[ $verdict != ok ]] && grep -q "^[#/]* *denied-by: \($1\|${1#*+}\|${way[0]:---none}\) " "$userland/programs/$3"; then verdict=denied; fi
  echo "${verdict:-none}"
}

row() {
  local first=$1
  shift
  printf '%-24s' "$first"
  printf ' %-9s' "$@"
  echo
}

# planned HOST VERDICT: for how many calls the plan has this verdict there.
planned() { python3 -c 'import json, sys; print(json.load(sys.stdin)["counts"][sys.argv[1]])' "$2" <"$out/$1-plan"; }

# The sum of a counter over all programs on this host.
counted() {
  cat "$out/$1-counted.printed"/*.err |
    sed -n "s/^abishim: stats: total .*\b$2=\([0-9]*\).*/\1/p" | awk '{ sum += $1 } END { print sum + 0 }'
}

heads=(native) under=('')
for host in "${hosts[@]}"; do heads+=("$host" ''); under+=(without with); done
row program "${heads[@]}"
row '' "${under[@]}"

declare -A red=() green=() broken=()
natives=0 total=0 bad=()
while IFS= read -r name; do
  total=$((total + 1))
  native=$(cell native native "$name")
  cells=("$native")
  if [[ $native == ok ]]; then natives=$((natives + 1)); else bad+=("$name natively"); fi
  for host in "${hosts[@]}"; do
    without=$(cell "$host" "$host-without" "$name") with=$(cell "$host" "$host-with" "$name")
    cells+=("$without" "$with")
    [[ $native == ok && $with != denied ]] || continue
    if [[ $without != ok ]]; then red[$host]=$((${red[$host]-0} + 1)); fi
    if [[ $with == ok ]]; then green[$host]=$((${green[$host]-0} + 1)); else broken[$host]+=" $name"; fi
    counting=$(cell "$host" "$host-counted" "$name")
    [[ $counting == "$with" ]] || bad+=("$name on $host is $counting with --stats, $with without")
  done
  row "$name" "${cells[@]}"
done < <(cut -f 1 "$out/native" | sort)

echo
echo "$natives of $total programs work natively"
for host in "${hosts[@]}"; do
  echo "$host: ${red[$host]-0} fail without abishim, ${green[$host]-0} work with it;" \
    "calls repaired: $(planned "$host" repair), translated: $(planned "$host" translate);" \
    "traps taken: $(counted "$host" trapped), calls without one: $(counted "$host" patched), errnos repaired: $(counted "$host" repaired)"
  # Each of these says that the demo shows something else than it claims.
  [[ -z ${broken[$host]-} ]] || bad+=("with abishim on $host:${broken[$host]}")
  [[ -n ${red[$host]-} || -n $chosen ]] || bad+=("nothing fails on $host without abishim")
done

for name in "${bad[@]}"; do echo "FAILED: $name"; done
[[ ${#bad[@]} -eq 0 ]]
