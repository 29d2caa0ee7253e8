#!/bin/bash
# Installs, builds and runs every test. run.sh [--only=SUITE]... [--long] [--kernels]
#
# Suites, in this order: format, lint, unit, sanitize, command, image, abi, patch, exec, sandbox, containers, kernels, demo, older (with
# --long, or by name). Each prints its
# own lines; the last one is `N passed, N failed, N skipped`. A skip that tests/expected_skips does not name is a failure.
# --kernels: four real kernels are booted and run everything (an hour on two cores), not one and a selection.
# --long: the fuzzers run ten minutes each instead of seconds, and exec as often as its README says.
set -uo pipefail
top=$(cd "$(dirname "$0")/.." && pwd)
cd "$top" || exit 2

only=() length=() kernels=(--short)
for option; do
  case $option in
    --only=?*) only+=("${option#*=}") ;;
    --long) export ABISHIM_FUZZ_SECONDS=600; length=(--long) ;;
    --kernels) kernels=() ;;
    *) echo "run.sh: unknown option: $option" >&2; exit 2 ;;
  esac
done
wanted() { [[ ${#only[@]} -eq 0 || " ${only[*]} " == *" $1 "* ]]; }

log=$(mktemp)
trap 'rm -f "$log"' EXIT

# One line a test on standard output, `ok|FAIL|skip NAME ...`, from GoogleTest's report; the rest as it is.
from_gtest() {
  sed -u -E 's/^\[ +OK \] ([^ ]+).*/ok '"$1"'\/\1/; s/^\[  FAILED  \] ([^ ,]+).* \([0-9]+ ms\)$/FAIL '"$1"'\/\1/; s/^\[  SKIPPED \] ([^ ,]+).* \([0-9]+ ms\)$/skip '"$1"'\/\1/' |
    grep -vE '^\[[- =]|^Note:|^$'
}
# suite NAME COMMAND...: runs it, keeps its lines. A command that fails without a FAIL line is a failure of its own.
suite() {
  local name=$1 start=$SECONDS status before after
  shift
  wanted "$name" || return 0
  echo "== $name"
  before=$(grep -c '^FAIL ' "$log")
  "$@" 2>&1 </dev/null | tee -a "$log"
  status=${PIPESTATUS[0]}
  after=$(grep -c '^FAIL ' "$log")
  if [[ $status -ne 0 && $before -eq $after ]]; then echo "FAIL $name (exit status $status)" | tee -a "$log"; fi
  echo "-- $name: $((SECONDS - start)) s"
}

formatted() {
  local bad
  bad=$(git ls-files '*.h' '*.cc' | grep -v '^tests/abi/' | xargs clang-format --dry-run 2>&1 | sed -n 's/:.*warning:.*//p' | sort -u)
  if [[ -z $bad ]]; then echo "ok format/clang-format"; else echo "FAIL format/clang-format: ${bad//$'\n'/ }"; fi
}
lint() { if tests/lint.sh; then echo "ok lint/clang-tidy"; else echo "FAIL lint/clang-tidy"; fi; }
unit() { build/release/abishim_tests 2>&1 | from_gtest unit; }
sanitize() {
  cmake --preset sanitize >/dev/null && cmake --build --preset sanitize --target abishim_tests_asan | tail -1 &&
    # (What is freed is kept from use for a while, but not so much of it that each of the thousands of forks copies it: 84 s for 241.)
    ASAN_OPTIONS=quarantine_size_mb=8 build/sanitize/abishim_tests_asan 2>&1 | from_gtest sanitize
}
command_tests() { build/release/abishim_command_tests 2>&1 | from_gtest command; }
image() {
  local status=0
  tests/image/link.sh || status=1
  tests/image/empty_plan.sh || status=1
  tests/image/old_glibc.sh || status=1
  return $status
}
abi() {
  local status=0
  tests/abi/run.sh --cc=gcc --under=native --under=3.10 --under=docker-19.03 || status=1
  tests/abi/run.sh --cc=gcc --under=older-3.10 || status=1
  tests/abi/run.sh --cc=static --under=native --under=older vsyscall segv-blocked removed-calls || status=1
  tests/abi/run.sh --cc=musl-gcc --cc=trixie --under=native --under=3.10 || status=1
  return $status
}
# The programs of abi once more, each site patched at its first trap.
patch_tests() {
  local status=0
  tests/patch/run.sh "${length[@]}" || status=1
  tests/patch/coverage.sh || status=1
  tests/patch/nofilter.sh || status=1
  tests/abi/run.sh --cc=gcc --cc=trixie --under=3.10 --mode=eager || status=1
  # No filter at all: those of them that are soon over.
  tests/abi/run.sh --cc=gcc --cc=trixie --under=3.10 --mode=patch bad-pointers exceptions exec-chain faults faults-then-others \
    mask-arguments mask-filled masks-read-back random-alone registers setxid sigsys-blocked sigsys-dispositions sigsys-pending \
    status-report suspend-masks vfork || status=1
  return $status
}
exec_tests() { tests/exec/run.sh "${length[@]}"; }
sandbox() {
  local status=0
  tests/sandbox/run.sh || status=1
  tests/sandbox/programs.sh || status=1
  return $status
}
containers() { tests/containers/run.sh "${length[@]}"; }
kernels() { tests/kernels/run.sh "${kernels[@]}"; }
demo() {
  if tests/demo.sh --build=build/release; then echo "ok demo"; else echo "FAIL demo"; return 1; fi
}

older() { tests/userland/older.sh --node --programs; }

tests/setup.sh || { echo "FAIL setup"; echo "0 passed, 1 failed, 0 skipped"; exit 1; }
# Only a machine that has nothing in its cache waits for these.
tests/tables/headers.sh >/dev/null 2>&1 &
headers=$!
# While the tests that need no root run, roots that are missing are made.
(tests/userland/roots.sh trixie programs && tests/userland/roots.sh bookworm minbase && tests/userland/roots.sh trixie minbase && tests/userland/roots.sh trixie sandbox) >/dev/null 2>&1 &
if ! (cmake --preset release && cmake --build --preset release) >"$log" 2>&1; then
  cat "$log"
  echo "FAIL build"
  echo "0 passed, 1 failed, 0 skipped"
  exit 1
fi
wait "$headers" || echo "run.sh: no headers of Debian sid"
: >"$log"

suite format formatted
suite lint lint
suite unit unit
suite sanitize sanitize
suite command command_tests
suite image image
suite abi abi
suite patch patch_tests
suite exec exec_tests
suite sandbox sandbox
suite containers containers
suite kernels kernels
suite demo demo
if [[ ${#only[@]} -ne 0 || ${#length[@]} -ne 0 ]]; then suite older older; fi

count() { grep -c "^$1 " "$log"; }
unexpected=0
while read -r name; do
  if ! sed 's/ *#.*//' tests/expected_skips | grep -qxF -- "$name"; then
    echo "FAIL unexpected skip: $name"
    unexpected=$((unexpected + 1))
  fi
done < <(awk '$1 == "skip" { print $2 }' "$log" | sort -u)
failed=$(($(count FAIL) + unexpected))
if [[ $failed -ne 0 ]]; then grep '^FAIL ' "$log"; fi
echo "$(count ok) passed, $failed failed, $(count skip) skipped"
[[ $failed -eq 0 && $(count ok) -gt 0 ]]
