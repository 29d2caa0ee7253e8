#!/bin/bash
# run.sh [--way=native|any|carry|loader]... [--under=KERNEL|host] [--mode=patched|trap|eager] [--long] [NAME...]: compiles the programs of this folder and
# runs each natively, and as a host of that kernel (3.10) would have it, its execs carried over, by the loader, or as the
# shim sees fit (any); host: on this host as it is. --compile: compiles, and runs none. Prints a line for each, `ok|FAIL|limit|skip NAME WAY`, then a summary; 1 when anything failed.
#
# A forced way is asserted by the log: carried where it says so, and never the other. `// ways:` in a program names the
# shimmed ways that it has (carry loader), `// limit:` is as in tests/abi. --long: as many rounds as the issue asks for.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
repo=$(cd "$here/../.." && pwd)
abishim=$repo/build/release/abishim
built=$repo/build/exec
under=3.10 mode=patched compile_only='' long=short ways=() names=()

usage() { echo "run.sh: $*" >&2; exit 2; }
for argument in "$@"; do
  case $argument in
    --way=native | --way=any | --way=carry | --way=loader) ways+=("${argument#*=}") ;;
    --under=[0-9]* | --under=host) under=${argument#*=} ;;
    --compile) compile_only=yes ;;
    --mode=patched | --mode=trap | --mode=eager) mode=${argument#*=} ;;
    --long) long=long ;;
    -*) usage "unknown option or value: $argument" ;;
    *) [[ -f $here/$argument.c ]] || usage "no program $argument"; names+=("$argument") ;;
  esac
done
[[ ${#ways[@]} -gt 0 ]] || ways=(native carry loader any)
[[ ${#names[@]} -gt 0 ]] || mapfile -t names < <(cd "$here" && ls ./*.c | sed 's|^\./||; s|\.c$||')
[[ ${ways[*]} == native || -x $abishim ]] || usage "build/release/abishim is missing: cmake --build --preset release"

flags=(-O1 -g -Wall -Wextra -Werror -Wno-unused-function -Wno-unused-variable -D_GNU_SOURCE -pthread)
is_new() { [[ ! -x $1 || -n $(find "$here" "$here/../abi" -maxdepth 2 -name '*.[chSg]*' -newer "$1") ]]; }
compile() {
  local name
  mkdir -p "$built/targets"
  if is_new "$built/targets/collides"; then
    local targets=$built/targets kind
    for kind in target facts; do
      local source=$here/targets/$kind.c
      gcc "${flags[@]}" -static -o "$targets/$kind-static" "$source"
      gcc "${flags[@]}" -static-pie -o "$targets/$kind-static-pie" "$source"
      gcc "${flags[@]}" -no-pie -o "$targets/$kind-no-pie" "$source"
      gcc "${flags[@]}" -pie -o "$targets/$kind-pie" "$source"
      musl-gcc "${flags[@]}" -static -o "$targets/$kind-musl-static" "$source"
      musl-gcc "${flags[@]}" -o "$targets/$kind-musl" "$source"
    done
    (cd "$here/targets" && CGO_ENABLED=0 GOFLAGS=-mod=mod GO111MODULE=off go build -o "$targets/target-go" target.go)
    gcc -nostdlib -static -o "$targets/registers" "$here/targets/registers.S"
    gcc -nostdlib -static -o "$targets/rights" "$here/targets/rights.S"
    for kind in i386 i386-exec; do
      as --32 -o "$built/$kind.o" "$here/targets/$kind.S" && ld -m elf_i386 -o "$targets/$kind" "$built/$kind.o"
    done
    gcc -nostdlib -static -Wl,--section-start=.all=0x70000000 -o "$targets/collides" "$here/targets/collides.S"
  fi
  for name in "${names[@]}"; do
    ! is_new "$built/$name" || gcc "${flags[@]}" -o "$built/$name" "$here/$name.c"
  done
}
compile
[[ -z $compile_only ]] || exit 0
pretend=()
[[ $under == host ]] || pretend=("--pretend-kernel=$under")

# What nobody must be able to reach, and what is a root for chroot.
scratch=$(mktemp -d /tmp/abishim-exec.XXXXXX)
trap 'rm -rf "$scratch"' EXIT
chmod 755 "$scratch"
cp -a "$built/targets" "$scratch/"; chmod -R a+rX "$scratch"
mkdir "$scratch/targets/dev"
if [[ $EUID -eq 0 ]]; then mknod -m 666 "$scratch/targets/dev/urandom" c 1 9; fi  # what getrandom becomes
install -m 0111 "$built/targets/target-static" "$scratch/targets/unreadable"
install -m 4755 "$built/targets/rights" "$scratch/targets/rights-of-root"

ways_of() { local own; own=$(sed -n 's|^// ways: ||p' "$here/$1.c"); echo "${own:-carry loader}"; }
# The log must show the way that was forced, and no other.
went() {
  local carried loaded
  carried=$(grep -c ': carried over' "$scratch/log" || true)
  loaded=$(grep -c ': loaded ' "$scratch/log" || true)
  case $1 in
    carry) [[ $carried -gt 0 && $loaded -eq 0 ]] ;;
    loader) [[ $loaded -gt 0 && $carried -eq 0 ]] ;;
    *) [[ $carried -gt 0 ]] ;;
  esac || { echo "the log has $carried carried, $loaded loaded"; return 1; }
}
count_ok=0 count_fail=0 count_limit=0 count_skip=0
one() {
  local name=$1 way=$2 out status=0 prefix=() limit
  case $way in
    native) ;;
    any) prefix=("$abishim" run "${pretend[@]}" "--mode=$mode" "--log=$scratch/log" --) ;;
    *) prefix=("$abishim" run "${pretend[@]}" "--mode=$mode" "--log=$scratch/log" "--exec=$way" --) ;;
  esac
  : >"$scratch/log"
  out=$(timeout -s KILL 400 env --default-signal "${prefix[@]}" "$built/$name" "$scratch/targets" "$long" 2>&1 </dev/null) ||
    status=$?
  limit=$(sed -n 's|^// limit: ||p' "$here/$name.c")
  if [[ $status -eq 0 && ${out##*$'\n'} == ok ]]; then
    if [[ $way != native ]] && ! went "$way"; then
      echo "FAIL $name $way (not by the way that was asked for)"; count_fail=$((count_fail + 1)); return
    fi
    count_ok=$((count_ok + 1)); echo "ok $name $way"
    [[ $out == ok ]] || sed 's/^/  /' <<<"${out%$'\n'ok}"
  elif [[ $status -eq 77 ]]; then
    count_skip=$((count_skip + 1)); echo "skip $name $way ($out)"
  elif [[ $way != native && $status -eq 1 && -n $limit ]]; then
    count_limit=$((count_limit + 1)); echo "limit $name $way ($limit)"; sed 's/^/  /' <<<"$out"
  else
    count_fail=$((count_fail + 1)); echo "FAIL $name $way (exit $status)"; sed 's/^/  /' <<<"$out"
  fi
}
for way in "${ways[@]}"; do
  start=$SECONDS
  for name in "${names[@]}"; do
    [[ $way == native || " $(ways_of "$name") " == *" $way "* ]] || continue
    one "$name" "$way"
  done
  echo "-- $way: $((SECONDS - start)) s"
done
echo "$count_ok ok, $count_fail failed, $count_limit stated limits seen, $count_skip skipped"
[[ $count_fail -eq 0 && $count_ok -gt 0 ]]
