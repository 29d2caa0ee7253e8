#!/bin/bash
# cost.sh ROOT ENGINE...: what the layer adds to the start of an image, over 50 starts. Limit: 2 ms. Lines as run.sh says.
#
# Judged inside a container, where nothing else is in the way: from a program's fork and exec to its end, natively, by
# ENTRYPOINT and by LD_PRELOAD in turns. Beside it, for information, 50 whole `run`s of the engine each, in turns of ten: a
# container's own start takes many times the limit, and varies by more.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$1
shift
limit=2000 rounds=50

# In the container, by its bash.
inside='
native() { /bin/true; }
entrypoint() { /usr/bin/abishim run -- /bin/true; }
preload() { LD_PRELOAD=/usr/lib/abishim/libabishim.so /bin/true; }
for ((round = 0; round < $1; round++)); do
  for way in native entrypoint preload; do
    from=${EPOCHREALTIME/./}
    $way || exit
    echo "$way $((${EPOCHREALTIME/./} - from))"
  done
done'

median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

for engine; do
  for profile in '' docker-2026 docker-19.03; do
    options=(--engine="$engine" --layer="$ABISHIM_LAYER" ${profile:+--profile=$profile})
    name=containers/cost-$engine-${profile:-no-profile}
    said=$("$here/container" "${options[@]}" "$root" bash -c "$inside" - $rounds 2>&1 </dev/null) ||
      { echo "FAIL $name: ${said##*$'\n'}"; continue; }
    declare -A took=()
    for way in native entrypoint preload; do took[$way]=$(sed -n "s/^$way //p" <<<"$said" | median); done
    more="natively ${took[native]} us, by ENTRYPOINT +$((took[entrypoint] - took[native])) us, by LD_PRELOAD +$((took[preload] - took[native])) us"
    if [[ $((took[entrypoint] - took[native])) -lt $limit && $((took[preload] - took[native])) -lt $limit ]]; then what=ok; else what=FAIL; fi
    plain='' with=''
    for ((turn = 0; turn < 5; turn++)); do
      plain+=$("$here/container" "${options[@]}" --starts=10 "$root" /bin/true </dev/null)$'\n'
      with+=$("$here/container" "${options[@]}" --starts=10 "$root" /usr/bin/abishim run -- /bin/true </dev/null)$'\n'
    done
    echo "$what $name ($more; whole starts: $(sed '/^$/d' <<<"$plain" | median) us, by ENTRYPOINT $(sed '/^$/d' <<<"$with" | median) us; medians of $rounds)"
  done
done
