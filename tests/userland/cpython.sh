#!/bin/bash
# cpython.sh [--kernel=X.Y]... [--again] [MODULE...]: CPython's own tests in a trixie root, natively and on a pretended kernel with
# abishim (3.10), compared case by case. Not part of run.sh: half an hour. Prints each case that differs, and ends with 1 if any does.
#
# --again: the native results of the last time serve once more. Results lie in build/cpython/.
# needs: python3 libpython3.13-testsuite
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
repo=$(cd "$here/../.." && pwd)

kernels=() again='' modules=()
for option; do
  case $option in
    --kernel=?*) kernels+=("${option#*=}") ;;
    --again) again=1 ;;
    -*) echo "cpython.sh: unknown option: $option" >&2; exit 2 ;;
    *) modules+=("$option") ;;
  esac
done
[[ ${#kernels[@]} -ne 0 ]] || kernels=(3.10)
[[ ${#modules[@]} -ne 0 ]] || modules=(test_os test_posix test_subprocess test_socket test_signal test_asyncio
  test_multiprocessing_fork test_multiprocessing_forkserver test_multiprocessing_spawn)
root=$("$here/roots.sh" trixie cpython)
results=$repo/build/cpython
mkdir -p "$results"
chmod 777 "$results"

# The run of a module leaves NAME.MODULE.xml (a line for each case) and .log. As an ordinary user, as its authors do.
run() {  # NAME MODULE PREFIX...
  local name=$1 module=$2 status=0
  shift 2
  rm -f "$results/$name.$module".*
  timeout 1800 "$here/enter" --user --put="$repo/build/release/abishim:/usr/bin/abishim" \
    --put="$repo/build/release/libabishim.so:/usr/lib/abishim/libabishim.so" --bind="$results:/mnt/results" \
    "$root" sh -c 'cd; exec "$@"' sh "$@" python3 -m test -v --timeout=900 --junit-xml="/mnt/results/$name.$module.xml" "$module" \
    >"$results/$name.$module.log" 2>&1 </dev/null || status=$?
  [[ -e $results/$name.$module.xml ]] || echo "$name $module: no result, status $status (build/cpython/$name.$module.log)"
}

status=0
for module in "${modules[@]}"; do
  [[ -n $again && -e $results/native.$module.xml ]] || run native "$module"
  for kernel in "${kernels[@]}"; do
    run "$kernel" "$module" abishim run "--pretend-kernel=$kernel" --
    python3 "$here/cpython-compare" "$module" "$results/native.$module.xml" "$results/$kernel.$module.xml" || status=1
  done
done
exit "$status"
