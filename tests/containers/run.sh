#!/bin/bash
# run.sh [--long] [--layer=TAR]: real containers, by crun and runc: real programs without the layer and with it.
#
# Prints a line for each check, `ok|FAIL|skip NAME ...`, then a summary; 1 when anything failed. --long: a sid root beside
# trixie's, every way of starting in every setting, the layer built a second time from elsewhere. --layer: that layer, instead
# of build/release/layer's, which is built first. Parts: layer.sh, apply.sh, kubernetes.py,
# images.sh (with pod.sh and cost.sh); this file: programs.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
repo=$(cd "$here/../.." && pwd)
userland=$repo/tests/userland
long='' layer=''
for option; do
  case $option in
    --long) long=--long ;;
    --layer=?*) layer=$(realpath -e "${option#*=}") ;;
    *) echo "run.sh: unknown option: $option" >&2; exit 2 ;;
  esac
done

log=$(mktemp)
trap 'rm -f "$log"' EXIT
say() { echo "$*" | tee -a "$log"; }
part() { "$@" 2>&1 </dev/null | tee -a "$log"; [[ ${PIPESTATUS[0]} -eq 0 ]] || grep -q '^FAIL' "$log" || say "FAIL containers/${1##*/} (exit status)"; }
finish() {
  count() { grep -c "^$1 " "$log"; }
  echo "containers: $(count ok) ok, $(count FAIL) failed, $(count skip) skipped"
  [[ $(count FAIL) -eq 0 && $(count ok) -gt 0 ]]
  exit
}

if [[ -z $layer ]]; then
  cmake --build "$repo/build/release" --target layer >"$log" 2>&1 || { cat "$log"; echo "FAIL containers/build"; exit 1; }
  : >"$log"
  layer=$(ls "$repo"/build/release/layer/abishim-*.tar)
fi
export ABISHIM_LAYER=$layer

part "$here/layer.sh" $long
part python3 "$here/kubernetes.py"
if why=$("$here/need.sh" umoci skopeo 2>&1); then part "$here/apply.sh"; else say "skip containers/apply ($why)"; fi

engines=()
for engine in crun runc; do
  if why=$("$here/need.sh" $engine 2>&1) && why=$("$here/container" --probe $engine); then engines+=($engine); else say "skip containers/$engine ($why)"; fi
done
[[ ${#engines[@]} -gt 0 ]] || finish
part "$here/images.sh" "${engines[@]}"

# What fails under docker-19.03 and crun, which answers EPERM, and works with the layer.
red=(python-threads python-multiprocessing python-asyncio node java-version java-keytool git-gc gpg make-gcc xz-threads
  tar-directories chmod-R dash-test)
# What works without the layer, and has to go on working.
kept=(apt-get curl-file sort)

# programs LABEL "PREFIX" "NAMES" OPTION...: runs them; the lines go to standard output.
programs() {
  local prefix=$1 names=$2
  shift 2
  # shellcheck disable=SC2086
  "$here/container" --layer="$layer" --bind="$userland:/opt/userland" --env=ABISHIM_PROGRAM_LIMIT=120 "$@" "$root" $prefix /opt/userland/table --jobs=2 \
    $(printf -- '--program=%s ' $names) 2>&1 </dev/null
}
# judged NAME WANTED "NAMES" LINES: all of NAMES have the verdict ok (WANTED=ok) or none of them has (WANTED=red).
judged() {
  local name=$1 wanted=$2 names=$3 lines=$4 bad='' program verdict
  for program in $names; do
    verdict=$(awk -F'\t' -v n="$program" '$1 == n { print $2 }' <<<"$lines")
    if [[ $wanted == ok ]]; then [[ $verdict == ok ]] || bad+=" $program:${verdict:-none}"
    else [[ $verdict == FAIL || $verdict == timeout ]] || bad+=" $program:${verdict:-none}"; fi
  done
  if [[ -z $bad ]]; then say "ok containers/$name ($(wc -w <<<"$names") programs $wanted)"
  else
    say "FAIL containers/$name ($wanted was wanted:$bad)"
    grep -vP '^[a-zA-Z_-]+\t' <<<"$lines" | head -5 | sed 's/^/  /'
  fi
}

preload=--env=LD_PRELOAD=/usr/lib/abishim/libabishim.so
entry='/usr/bin/abishim run --'
# by_entrypoint NAME "NAMES" OPTION...
by_entrypoint() { judged "$1-entrypoint" ok "$2" "$(programs "$entry" "$2" "${@:3}")"; }
by_preload() { judged "$1-preload" ok "$2" "$(programs '' "$2" "$preload" "${@:3}")"; }

# commits NAME PREFIX OPTION...: git commit works.
commits() {
  local name=$1 prefix=$2 said
  shift 2
  # shellcheck disable=SC2086
  said=$("$here/container" --layer="$layer" "$@" "$root" $prefix sh -c 'cd /tmp && git init -q r && cd r && echo x >f && git add f &&
    git -c user.name=a -c user.email=a@b commit -qm x && git show --format=%s --name-only' 2>&1 </dev/null)
  if [[ $said == *$'x\n\nf' ]]; then say "ok containers/$name"; else say "FAIL containers/$name: $said"; fi
}

suite() {
  local suite=$1 old=(--profile=docker-19.03) all="${red[*]} ${kept[*]}" few="python-threads node git-gc chmod-R dash-test tar-directories"
  root=$("$userland/roots.sh" "$suite" programs 2>/dev/null) || { say "skip containers/$suite (no root)"; return; }
  if [[ " ${engines[*]} " == *" crun "* ]]; then
    judged "$suite-without-red" red "${red[*]}" "$(programs '' "${red[*]}" "${old[@]}")"
    judged "$suite-without-kept" ok "${kept[*]}" "$(programs '' "${kept[*]}" "${old[@]}")"
    commits "$suite-without-commit" '' "${old[@]}"
    commits "$suite-entrypoint-commit" "$entry" "${old[@]}"
    commits "$suite-preload-commit" '' "$preload" "${old[@]}"
    by_entrypoint "$suite" "$all" "${old[@]}"
    by_preload "$suite" "$all" "${old[@]}"
    by_entrypoint "$suite-no-ptrace" "$all" "${old[@]}" --no-ptrace
    by_preload "$suite-no-ptrace" "$all" "${old[@]}" --no-ptrace
    # apt-get is root's business, and writes where a read-only root does not let it.
    all="${red[*]} curl-file sort"
    [[ -n $long ]] || all=$few
    local name options
    while read -r name options; do
      # shellcheck disable=SC2086
      by_entrypoint "$suite-$name" "$all" "${old[@]}" $options
      # shellcheck disable=SC2086
      [[ -z $long ]] || by_preload "$suite-$name" "$all" "${old[@]}" $options
    done <<'END'
uid-1000 --user
read-only --read-only
no-capabilities --no-capabilities
no-new-privileges --no-new-privileges
user-namespace --user-namespace --read-only
everything --user --read-only --no-capabilities --no-new-privileges
everything-no-ptrace --user --read-only --no-capabilities --no-new-privileges --no-ptrace
END
    judged "$suite-20.10.0-red" red "python-threads node java-version" "$(programs '' 'python-threads node java-version' --profile=docker-20.10.0)"
    by_entrypoint "$suite-20.10.0" "python-threads node java-version" --profile=docker-20.10.0
    by_entrypoint "$suite-2026" "python-threads node java-version" --profile=docker-2026
  fi
  if [[ " ${engines[*]} " == *" runc "* ]]; then
    judged "$suite-runc-without" ok "$few" "$(programs '' "$few" --engine=runc "${old[@]}")"
    by_entrypoint "$suite-runc" "$few" --engine=runc "${old[@]}"
    by_preload "$suite-runc" "$few" --engine=runc "${old[@]}"
  fi
}
suite trixie
[[ -z $long ]] || suite sid
finish
