#!/bin/bash
# uml.sh [--limit=SECONDS] [--put=FILE:PATH]... [--bind=DIR:PATH]... SUITE ROOT -- COMMAND...: a command in a root under that Debian suite's user-mode Linux
# (bullseye 5.10, bookworm 6.1): the fast second opinion beside boot.sh. Prints what it prints, returns what it returns (125: it never began, 124: not in time).
#
# The root is a folder; it is seen through a throw-away overlay, so what is written is gone afterwards, but in what --bind shows. One CPU; it lacks
# membarrier's SYNC_CORE, Syscall User Dispatch, rseq, pkeys and Landlock, and its clock is the host's.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
userland=$here/../userland

fail() { echo "uml: $*" >&2; exit 125; }

limit=300 more=()
while [[ ${1-} == --?* ]]; do
  case $1 in
    --limit=[1-9]*) limit=${1#*=} ;;
    --put=?*:/* | --bind=?*:/*) more+=("$1") ;;
    *) fail "unknown option or bad value: $1" ;;
  esac
  shift
done
[[ $# -ge 4 && $3 == -- && $1 =~ ^[a-z]+$ ]] || fail "usage: uml.sh [OPTION]... SUITE ROOT -- COMMAND..."
suite=$1 root=$2
shift 3

# The kernel is a program: unpacked into the cache from the suite's package.
cache=${ABISHIM_CACHE:-/var/cache/abishim}/kernels
linux=$cache/uml-$suite
if [[ ! -x $linux ]]; then
  mkdir -p "$cache"
  packages=$(mktemp -d "$cache/.uml.XXXXXX")
  trap 'rm -rf "$packages"' EXIT
  "$userland/enter" --bind="$packages:/mnt/packages" "$("$userland/roots.sh" "$suite" minbase)" bash -ec '
    apt-get -q update; cd /mnt/packages; apt-get -q -o APT::Sandbox::User=root download user-mode-linux' >"$packages/log" 2>&1 ||
    { tail -n 3 "$packages/log" >&2; fail "no user-mode-linux of $suite"; }
  dpkg-deb -x "$packages"/*.deb "$packages"
  mv "$packages/usr/bin/linux.uml" "$linux"
  rm -rf "$packages"
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
{
  echo '#!/bin/sh'
  echo 'mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev; echo 0 >/proc/sys/kernel/printk'
  echo 'for place in /tmp /run /dev/shm; do mkdir -p $place; mount -t tmpfs -o mode=1777 tmpfs $place; done'
  echo 'mkdir -p /dev/pts; mount -t devpts -o ptmxmode=666 devpts /dev/pts; ln -sf pts/ptmx /dev/ptmx; ln -sf /proc/self/fd /dev/fd; for i in 0:stdin 1:stdout 2:stderr; do ln -sf /proc/self/fd/${i%:*} /dev/${i#*:}; done; /mnt/busybox ip link set lo up'
  echo 'export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 TERM=dumb; cd /root'
  printf 'setsid sh -c %q </dev/null >/mnt/uml/out 2>&1; echo $? >/mnt/uml/status\n' "$(printf '%q ' "$@")"
  echo 'echo o >/proc/sysrq-trigger; sleep 60'
} >"$work/init"
chmod 755 "$work" "$work/init"
status=0
# (Its memory is a file in TMPDIR, which should be memory.)
# (The outer redirection swallows what this shell itself has to say of one that was killed.)
{
  timeout -k 5 "$limit" "$userland/enter" "${more[@]}" --bind="$work:/mnt/uml" --put="$linux:/mnt/linux.uml" --put=/bin/busybox:/mnt/busybox "$root" \
    env TMPDIR=/dev/shm /mnt/linux.uml mem=2G root=/dev/root rootfstype=hostfs rootflags=/ rw init=/mnt/uml/init con=null con0=null,fd:1 quiet \
    </dev/null >"$work/log" 2>&1 || status=$?
} 2>/dev/null
cat "$work/out" 2>/dev/null || true
# (137: TERM does not end it, so KILL did.)
[[ $status -ne 124 && $status -ne 137 ]] || { echo "uml: not done after $limit s" >&2; exit 124; }
[[ -s $work/status ]] || { tail -n 5 "$work/log" >&2; fail "the kernel did not come to the command, or not to its end"; }
exit "$(cat "$work/status")"
