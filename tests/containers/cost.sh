#!/bin/bash
# cost.sh ROOT ENGINE...: what the layer adds to the start of an image, over 50 starts; `ok`, or `note` when it is more than 2 ms.
#
# Judged inside a container, where nothing else is in the way: from a program's fork and exec to its end, natively, by
# ENTRYPOINT and by LD_PRELOAD in turns. Beside it, for information, 50 whole `run`s of the engine each, in turns of ten: a
# container's own start takes many times the limit, and varies by more. On a busy machine a series of 50 can exceed the limit
# by itself: up to three are taken, and the line says which one holds.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$1
shift
limit=2000 rounds=50 tries=3

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

took() { sed -n "s/^$1 //p" <<<"$said" | median; }
median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

for engine; do
  for profile in '' docker-2026 docker-19.03; do
    options=(--engine="$engine" --layer="$ABISHIM_LAYER" ${profile:+--profile=$profile})
    name=containers/cost-$engine-${profile:-no-profile}
    for ((try = 1; try <= tries; try++)); do
      said=$("$here/container" "${options[@]}" "$root" bash -c "$inside" - $rounds 2>&1 </dev/null) ||
        { echo "FAIL $name: ${said##*$'\n'}"; continue 2; }
      native=$(took native) entrypoint=$(($(took entrypoint) - native)) preload=$(($(took preload) - native)) what=note
      if [[ $entrypoint -lt $limit && $preload -lt $limit ]]; then what=ok; break; fi
    done
    more="natively $native us, by ENTRYPOINT +$entrypoint us, by LD_PRELOAD +$preload us; series $((try > tries ? tries : try)) of at most $tries"
    plain='' with=''
    for ((turn = 0; turn < 5; turn++)); do
      plain+=$("$here/container" "${options[@]}" --starts=10 "$root" /bin/true </dev/null)$'\n'
      with+=$("$here/container" "${options[@]}" --starts=10 "$root" /usr/bin/abishim run -- /bin/true </dev/null)$'\n'
    done
    echo "$what $name ($more; whole starts: $(sed '/^$/d' <<<"$plain" | median) us, by ENTRYPOINT $(sed '/^$/d' <<<"$with" | median) us; medians of $rounds)"
  done
done
