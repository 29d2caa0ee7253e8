#!/bin/bash
# run.sh [--cc=gcc|static|musl-gcc|trixie]... [--under=native|host|KERNEL|KERNEL-flags|PROFILE|older|older-X.Y|host-older]...
# [--mode=patched|trap|eager|patch] [NAME...]: compiles the programs of this folder and runs each natively, with abishim as the host is
# (host), and as an older host would have it (3.10: --pretend-kernel, 3.10-flags: the same with --flags, docker-19.03: --profile).
# --compile: and runs none.
#
# older: --older on a host without the calls that old user spaces make, and without their vsyscall page (older-3.10: that, of
# Linux 3.10). trixie: compiled by gcc here, run in a Debian trixie root, so by glibc 2.41. Prints a line for each program and variant,
# `ok|FAIL|limit|skip NAME CC HOST`, then a summary; 1 when anything failed. `limit`: it fails on that host, as its line
# `// limit:` (for older*: or `// limit older:`; for --mode=patch: or `// limit patch:`) states. --mode: which call sites the shim patches. Two programs run at a time.
# ABI_SLOW=N: this machine is so many times slower than others, and everything may take as much longer.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
repo=$(cd "$here/../.." && pwd)
abishim=build/release/abishim

usage() { echo "run.sh: $*" >&2; exit 2; }

flags_of() { sed -n 's|^// flags: ||p' "$1"; }
limit_of() {  # NAME HOST
  sed -n 's|^// limit: ||p' "$(source_of "$1")"
  [[ $ABI_MODE != patch ]] || sed -n 's|^// limit patch: ||p' "$(source_of "$1")"
  [[ $2 != older* ]] || sed -n 's|^// limit older: ||p' "$(source_of "$1")"
}
source_of() {  # NAME
  local file
  for file in "$here/$1.c" "$here/$1.cc"; do
    if [[ -f $file ]]; then
      echo "$file"
      return
    fi
  done
  return 1
}

# compile NAME COMPILER: to build/abi/COMPILER/NAME, unless it is there and newer than its sources.
compile() {
  local source out=$repo/build/abi/$2/$1 compiler=$2 headers=("$here"/*.h)
  source=$(source_of "$1")
  if [[ -x $out && -z $(find "$source" "${headers[@]}" -newer "$out") ]]; then return; fi
  mkdir -p "${out%/*}"
  local how=()
  [[ $compiler != static ]] || compiler=gcc how=(-static)
  [[ $source != *.cc ]] || compiler=g++
  # shellcheck disable=SC2046
  "$compiler" -O1 -g -Wall -Wextra -Werror -Wno-unused-function -D_GNU_SOURCE "${how[@]}" $(flags_of "$source") "$source" \
    -o "$out.$$" -pthread && mv "$out.$$" "$out"
}

# one CC HOST NAME: prints the line of one variant.
one() {
  local cc=$1 host=$2 name=$3 compiler=$1 prefix=() enter=() out limit status=0 top=$repo
  [[ $cc != trixie ]] || compiler=gcc
  if [[ $cc == musl-gcc ]] && grep -q '^// libc: glibc$' "$(source_of "$name")"; then
    echo "skip $name $cc $host (musl has no such function)"
    return
  fi
  if ! out=$(compile "$name" "$compiler" 2>&1); then
    echo "FAIL $name $cc $host (does not compile)" $'\n'"$out"
    return
  fi
  if [[ $cc == trixie ]]; then
    enter=("$here/../userland/enter" "--bind=$repo/build:/repo/build" "$ABI_ROOT")
    top=/repo
  fi
  case $host in
    native) ;;
    host) prefix=("$top/$abishim" run "--mode=$ABI_MODE" --) ;;
    host-older) prefix=("$top/$abishim" run --older "--mode=$ABI_MODE" --) ;;
    [0-9]*-flags) prefix=("$top/$abishim" run "--pretend-kernel=${host%-flags}" --flags "--mode=$ABI_MODE" --) ;;
    [0-9]*) prefix=("$top/$abishim" run "--pretend-kernel=$host" "--mode=$ABI_MODE" --) ;;
    older*)
      prefix=("$top/$abishim" run --older --no-vsyscall --without=sysfs,ustat,remap_file_pages "--mode=$ABI_MODE")
      [[ $host == older ]] || prefix+=("--pretend-kernel=${host#older-}")
      prefix+=(--)
      ;;
    *) prefix=("$top/$abishim" run "--profile=$host" "--mode=$ABI_MODE" --) ;;
  esac
  # Signals as a login shell has them, whatever started us.
  out=$(timeout -s KILL "$((60 * ${ABI_SLOW:-1}))" "${enter[@]}" env --default-signal "${prefix[@]}" "$top/build/abi/$compiler/$name" 2>&1 \
    </dev/null) || status=$?
  if [[ $status -eq 0 && ${out##*$'\n'} == ok ]]; then
    echo "ok $name $cc $host"
    [[ $out == ok ]] || sed 's/^/  /' <<<"${out%$'\n'ok}"
  elif [[ $host != native && $status -eq 1 ]] && limit=$(limit_of "$name" "$host") && [[ -n $limit ]]; then
    echo "limit $name $cc $host ($limit)"
    sed 's/^/  /' <<<"$out"
  elif [[ $status -eq 77 && $host != native ]]; then
    echo "skip $name $cc $host ($out)"
  else
    local why="exit $status"
    [[ $status -le 128 ]] || why="killed by signal $((status - 128))"
    [[ $status -ne 137 ]] || why="hung, killed"
    echo "FAIL $name $cc $host ($why)"
    sed 's/^/  /' <<<"$out"
  fi
}

if [[ ${1-} == --compile ]]; then
  find "$here" -name '*.c' -o -name '*.cc' | sed 's|.*/||; s|\.[^.]*$||' | while read -r name; do compile "$name" gcc; done
  for name in vsyscall segv-blocked removed-calls; do compile "$name" static; done
  exit
fi
if [[ ${1-} == --one ]]; then
  one "$2" "$3" "$4"
  exit
fi

compilers=() hosts=() names=()
export ABI_MODE=patched
for argument in "$@"; do
  case $argument in
    --cc=gcc | --cc=static | --cc=musl-gcc | --cc=trixie) compilers+=("${argument#*=}") ;;
    --under=?*) hosts+=("${argument#*=}") ;;
    --mode=patched | --mode=trap | --mode=eager | --mode=patch) ABI_MODE=${argument#*=} ;;
    -*) usage "unknown option or value: $argument" ;;
    *)
      source_of "$argument" >/dev/null || usage "no program $argument"
      names+=("$argument")
      ;;
  esac
done
[[ ${#compilers[@]} -gt 0 ]] || compilers=(gcc musl-gcc trixie)
[[ ${#hosts[@]} -gt 0 ]] || hosts=(native 3.10)
[[ ${#names[@]} -gt 0 ]] || mapfile -t names < <(cd "$here" && ls ./*.c ./*.cc | sed 's|^\./||; s|\.[^.]*$||')
if [[ ${hosts[*]} != native && ! -x $repo/$abishim ]]; then
  usage "$abishim is missing: cmake --preset release && cmake --build --preset release"
fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT
for cc in "${compilers[@]}"; do
  if [[ $cc == trixie ]]; then
    if ! ABI_ROOT=$("$here/../userland/roots.sh" trixie programs); then
      echo "skip all trixie - (no trixie root)" | tee -a "$log"
      continue
    fi
    export ABI_ROOT
  elif [[ $cc != static ]] && ! command -v "$cc" >/dev/null && [[ ! -d $repo/build/abi/$cc ]]; then
    echo "skip all $cc - (not installed)" | tee -a "$log"
    continue
  fi
  for host in "${hosts[@]}"; do
    start=$SECONDS
    printf '%s\n' "${names[@]}" | xargs -P 2 -I{} "$0" --one "$cc" "$host" {} | tee -a "$log"
    echo "-- $cc, $host: $((SECONDS - start)) s"
  done
done
count() { grep -c "^$1 " "$log" || true; }
echo "$(count ok) ok, $(count FAIL) failed, $(count limit) stated limits seen, $(count skip) skipped"
[[ $(count FAIL) -eq 0 && $(count ok) -gt 0 ]]
