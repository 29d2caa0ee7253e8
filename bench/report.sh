#!/bin/bash
# report.sh [--long] [--only=REGEX] [--output=FOLDER]: runs the benchmarks, each interleaved with what it is compared with, prints the
# table of ratios with the targets beside them, and writes to FOLDER (default build/bench): report.txt, the same; report.json, every
# repetition as Google Benchmark writes it; costs.svg, what a call costs by each way. 1 when a benchmark failed; a target that is missed
# says so and is no failure: times on a busy machine are what they are.
#
# About two minutes; --long: four times the repetitions, for figures that are to be believed.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
release=$here/../build/release
output=$here/../build/bench repetitions=8 only=.

usage() { echo "report.sh: $*" >&2; exit 2; }
for argument in "$@"; do
  case $argument in
    --long) repetitions=32 ;;
    --only=?*) only=${argument#*=} ;;
    --output=?*) output=${argument#*=} ;;
    *) usage "unknown option or value: $argument" ;;
  esac
done
[[ -x $release/abishim_bench ]] || usage "build/release/abishim_bench is missing: cmake --build --preset release"
mkdir -p "$output"
output=$(cd "$output" && pwd)

echo "$(uname -sr), $(nproc) CPUs, load $(cut -d' ' -f1-3 /proc/loadavg), $repetitions repetitions" | tee "$output/report.txt"
# Google Benchmark's own remarks (its Debian package calls itself a debug build) are of no use here.
"$release/abishim_bench" --benchmark_repetitions="$repetitions" --benchmark_min_time=0.02 --benchmark_filter="$only" \
  --benchmark_out="$output/report.json" --benchmark_out_format=json 2>"$output/errors.txt" | tee -a "$output/report.txt" || {
  cat "$output/errors.txt" >&2
  exit 1
}

# `Name/way  least  median` -> the chart's rows: label and nanoseconds, cheapest first.
chart() {
  local label name
  while IFS=: read -r name label; do
    awk -v name="$name" -v label="$label" '$1 == name { printf "\"%s\"\t%s\n", label, $2 }' "$output/report.txt"
  done <<'END' | sort -t $'\t' -k2,2gr
Constant/native:the native call
Constant/patched:abishim, patched site
Trap/abishim:abishim, trap
Trap/empty_handler:an empty SIGSYS handler
Trap/user_dispatch:Syscall User Dispatch
Trap/user_notif:seccomp USER_NOTIF
Trap/ret_trace:ptrace, RET_TRACE
END
}
if ! command -v gnuplot >/dev/null; then
  echo "no chart: gnuplot is missing (tests/setup.sh)"
elif chart >"$output/costs.tsv" && [[ $(wc -l <"$output/costs.tsv") -gt 1 ]]; then
  gnuplot -e "rows='$output/costs.tsv'; chart='$output/costs.svg'" "$here/costs.gp"
  echo "chart: $output/costs.svg"
fi
