#!/bin/bash
# nofilter.sh: ABISHIM_MODE=patch, on a host that pretends to be Linux 3.10 by a filter outside. Programs say the same as natively: one
# of its own (nofilter/program.c), and those of Debian trixie. No filter of abishim's and no promise (NO_NEW_PRIVS) is there, what is
# left is logged, and where no call is missing nothing happens. Prints `ok|FAIL|skip nofilter/NAME`, then a summary; 1 when anything failed.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
repo=$(cd "$here/../.." && pwd)
abishim=$repo/build/release/abishim
built=$repo/build/patch
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
count_ok=0 count_fail=0 count_skip=0

ok() { count_ok=$((count_ok + 1)); echo "ok nofilter/$*"; }
failed() { count_fail=$((count_fail + 1)); echo "FAIL nofilter/$1"; sed 's/^/  /' <<<"${2-}"; }
check() {  # NAME DETAILS COMMAND...: it succeeds
  local name=$1 details=$2
  shift 2
  if "$@"; then ok "$name"; else failed "$name" "$details"; fi
}
matches() { [[ $1 =~ $2 ]]; }
patched() { timeout -s KILL 60 "$abishim" run --mode=patch "$@"; }
without() { timeout -s KILL 60 "$abishim" run --pretend-kernel=3.10 --mode=patch "$@"; }

mkdir -p "$built"
gcc -shared -o "$built/site.so" "$here/nofilter/site.S" &&
  gcc -O1 -g -Wall -Wextra -Werror -Wno-unused-function -D_GNU_SOURCE -pthread -o "$built/nofilter" "$here/nofilter/program.c" &&
  printf 'int main(void) { return 0; }' | gcc -static -x c -o "$built/static" - || exit 1
program=("$built/nofilter" "$built/site.so")

# A program of its own.
native=$("${program[@]}" 2>&1)
log=$work/log
said=$(without --stats --log="$log" -- "${program[@]}" 2>"$work/stats")
lines() { grep -v '^promise' <<<"$1"; }
check program "$(diff <(lines "$native") <(lines "$said"))" [ "$(lines "$native")" = "$(lines "$said")" ]
check ends-well "$said" grep -qx ok <<<"$said"
check host-lacks-calls "" eval '! ABISHIM=off without -- "${program[@]}" >/dev/null 2>&1'
check calls-are-made-at-sites "$(cat "$work/stats")" grep -Eq '^abishim: stats: total trapped=0 patched=[0-9]{4,} ' "$work/stats"
check one-filter-outside "$said" grep -q '^promise 0 filters 1' <<<"$said"
check log-names-what-is-left "$(cat "$log")" \
  grep -Eq ': patch: [0-9]+ sites, [0-9]+ of them for any call, in [0-9]+ pages, no filter;.* calls without a site of their own:.* 437( |$)' "$log"
check log-is-a-line "$(cat "$log")" [ "$(wc -l <"$log")" = 1 ]

# Nobody promises anything for a user without rights either.
said=$(without -- setpriv --reuid=65534 --regid=65534 --clear-groups "${program[@]}" 2>&1)
check user "$said" grep -q '^promise 0 filters 1' <<<"$said"
check user-ends-well "$said" grep -qx ok <<<"$said"

# Where the host has all calls.
: >"$log"
said=$(patched --log="$log" -- bash -c 'cat /proc/$$/maps /proc/$$/status' 2>&1)
check no-need-no-filter "$said" grep -q '^Seccomp:.0$' <<<"$said"
check no-need-no-image "$said" eval '! grep -Eq "^7[0-9a-e][0-9a-f]{6}-" <<<"$said"'
check no-need-no-word "$(cat "$log")" [ ! -s "$log" ]

# An old profile's EPERM becomes ENOSYS at the site, whether or not anything is translated.
errno() { timeout -s KILL 60 "$abishim" run --profile=docker-19.03 "$@" -- perl -e 'syscall(435, 0, 0); print $! + 0'; }
check denied "$(ABISHIM=off errno)" [ "$(ABISHIM=off errno)" = 1 ]
for policy in translate repair; do
  check "denied-$policy" "" [ "$(errno --mode=patch --policy=$policy)" = 38 ]
done

# What LD_PRELOAD does not reach is told.
said=$(patched -- "$built/static" 2>&1)
check static-is-told "$said" matches "$said" "is static: without a filter no call is translated"

# Programs of trixie: NAME COMMAND.
cat >"$work/programs" <<'END'
cp cd "$(mktemp -d)" && seq 100000 >a && cp -a a b && cp --sparse=always a c && cmp a b && cmp a c && stat -c %s b
cp-tree cd "$(mktemp -d)" && cp -a /usr/share/doc/bash d && diff -r d /usr/share/doc/bash && ls d
tar cd "$(mktemp -d)" && tar -C /usr/share -cf t --sort=name perl5 && tar -tf t | sha256sum && tar -xf t && find perl5 | sort | sha256sum
find find /usr/bin /etc -newermt 2000-01-01 -printf '%p %s %m\n' | sort | sha256sum
ls ls -l --time-style=full-iso /etc | sha256sum; stat -c '%n %s' /etc/passwd /nowhere 2>&1
python python3 -c 'import os,random,secrets,tempfile,uuid; print(len(os.urandom(32)), len(os.getrandom(16)), len(secrets.token_hex(8)), len(str(uuid.uuid4()))); a=tempfile.TemporaryFile(); a.write(b"x"*5000); a.flush(); b=tempfile.TemporaryFile(); print(os.memfd_create("m") > 0, os.preadv(a.fileno(), [bytearray(10)], 0))'
python-threads python3 -c 'import threading,os,subprocess; t=[threading.Thread(target=lambda: [os.getrandom(8) for _ in range(200)]) for _ in range(8)]; [x.start() for x in t]; [x.join() for x in t]; print(subprocess.run(["/bin/echo","child"],capture_output=True).stdout)'
perl perl -e '$b="\0"x16; print syscall(318,$b,16,0), "\n"; print syscall(439,-100,$p="/etc/passwd",4,0x200), "\n"; print syscall(436,7,3,0), " $!\n"; print length(`ls /usr`) > 5, "\n"'
git cd "$(mktemp -d)" && git init -q . && seq 9 >a && git add a && git -c user.name=n -c user.email=e@x commit -qm m && git ls-files -s && git status -s
sqlite sqlite3 :memory: 'create table t(a); insert into t values (1),(2); select sum(a), length(hex(randomblob(8))) from t'
sort-pipes seq 50000 | sort -R --random-source=/dev/zero | sort -n | tail -1; seq 10 | tee /dev/null | wc -l
END
cat >"$work/each" <<'END'
way=$1
[[ $way == native ]] || prefix='/repo/build/release/abishim run --pretend-kernel=3.10 --mode=patch --stats --log=/tmp/log --'
while read -r name command; do
  { echo "$command" >/tmp/command
  timeout -s KILL 60 $prefix bash /tmp/command 2>/tmp/stderr </dev/null
  echo "status $?"; grep -v '^abishim: stats:' /tmp/stderr; } >"/results/$way.$name"
  sed -n 's/^abishim: stats: total trapped=\([0-9]*\) patched=\([0-9]*\).*/\1 \2/p' /tmp/stderr >"/results/stats.$name"
done </results/programs
exit 0
END
if root=$("$here/../userland/roots.sh" trixie programs 2>/dev/null); then
  for way in native patch; do
    "$here/../userland/enter" --bind="$repo/build:/repo/build" --bind="$work:/results" "$root" bash /results/each "$way"
  done
  while read -r name _; do
    detail=$(diff "$work/native.$name" "$work/patch.$name")
    read -r trapped calls <"$work/stats.$name"
    check "trixie/$name ($calls calls at sites)" "$detail" [ -s "$work/native.$name" -a -z "$detail" -a "$trapped" = 0 ]
    total=$((${total-0} + calls))
  done <"$work/programs"
  check trixie/calls-at-sites "$total" [ "$total" -gt 1000 ]
else
  count_skip=$((count_skip + 1)); echo "skip nofilter/trixie (no trixie root)"
fi
echo "$count_ok ok, $count_fail failed, $count_skip skipped"
[[ $count_fail -eq 0 && $count_ok -gt 0 ]]
