#!/bin/bash
# lint.sh [FILE.cc...]: clang-tidy over the shipped sources, with the flags of the release build; prints what it finds.
#
# What it found nothing in is kept in the cache, by the text that the compiler sees (comments too: some of them silence a check), the flags, the
# checks and the program's version, so only what changed is looked at again.
set -euo pipefail
cd "$(dirname "$0")/.."
[[ -f build/release/compile_commands.json ]] || { echo "lint.sh: build/release is missing" >&2; exit 2; }

# tidy FOLDER FILE: prints what is found. FOLDER has the commands.
tidy() {
  local compile known found
  compile=$(awk -F'\t' -v file="$PWD/$2" '$1 == file { print $2 }' "$1/commands")
  [[ -n $compile ]] || { echo "$2: error: it is not compiled for the release"; return; }
  known=$ABISHIM_LINT_CACHE/$({ bash -c "${compile% -o *} -E -C -P $2" && cat "$1/version" .clang-tidy && echo "${compile//"$PWD"/}"; } | sha256sum | cut -d' ' -f1)
  [[ ! -e $known ]] || return 0
  if found=$(clang-tidy -p "$1" --quiet "$2" 2>/dev/null) && [[ -z $found ]]; then
    touch "$known"
  else
    grep -E '(error|warning):' <<<"$found" || echo "$2: error: clang-tidy failed"
  fi
}
if [[ ${1-} == --tidy ]]; then
  tidy "$2" "$3"
  exit
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export ABISHIM_LINT_CACHE=${ABISHIM_CACHE:-/var/cache/abishim}/lint
mkdir -p "$ABISHIM_LINT_CACHE"
# clang refuses the C++ library's headers without floating-point registers, and knows two flags of gcc's not. Of a file that is compiled for
# several targets (the image, the benchmarks' variants of it) the first is looked at.
python3 - build/release/compile_commands.json "$work" <<'PYTHON'
import json, re, sys
first = {entry["file"]: entry for entry in reversed(json.load(open(sys.argv[1])))}
for entry in first.values():
    entry["command"] = re.sub(" -mgeneral-regs-only| -mmemset-strategy=[^ ]*| -fno-tree-loop-distribute-patterns", "", entry["command"])
json.dump(list(first.values()), open(sys.argv[2] + "/compile_commands.json", "w"))
with open(sys.argv[2] + "/commands", "w") as commands:
    for name, entry in first.items():
        print(name, entry["command"], sep="\t", file=commands)
PYTHON
clang-tidy --version >"$work/version"
if [[ $# -eq 0 ]]; then mapfile -t files < <(git ls-files 'tables/*.cc' 'shim/*.cc'); else files=("$@"); fi
printf '%s\n' "${files[@]}" | xargs -P "$(nproc)" -n 1 "$0" --tidy "$work" | sort -u >"$work/found"
cat "$work/found"
[[ ! -s $work/found ]]
