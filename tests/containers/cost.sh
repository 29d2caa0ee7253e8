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

# In the container; its root has Debian's perl-base.
inside='
use Time::HiRes qw(time);
my $rounds = shift;
my %way = (native => ["/bin/true"], entrypoint => ["/usr/bin/abishim", "run", "--", "/bin/true"], preload => ["/bin/true"]);
my %took;
for my $round (1 .. $rounds) {
  for my $way (sort keys %way) {
    local $ENV{LD_PRELOAD} = "/usr/lib/abishim/libabishim.so" if $way eq "preload";
    my $from = time;
    my $pid = fork // die;
    if ($pid == 0) { exec { $way{$way}[0] } @{$way{$way}}; exit 99 }
    waitpid $pid, 0;
    die "$way: $?" if $? != 0;
    push @{$took{$way}}, (time - $from) * 1e6;
  }
}
printf "%s %d\n", $_, (sort { $a <=> $b } @{$took{$_}})[$rounds / 2] for sort keys %took;'

median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

for engine; do
  for profile in '' docker-2026 docker-19.03; do
    options=(--engine="$engine" --layer="$ABISHIM_LAYER" ${profile:+--profile=$profile})
    name=containers/cost-$engine-${profile:-no-profile}
    said=$("$here/container" "${options[@]}" "$root" /usr/bin/perl -e "$inside" $rounds 2>&1 </dev/null)
    declare -A took=()
    while read -r way microseconds; do took[$way]=$microseconds; done <<<"$said"
    if [[ -z ${took[preload]-} ]]; then echo "FAIL $name: ${said##*$'\n'}"; continue; fi
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
