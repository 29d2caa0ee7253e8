#!/bin/bash
# roots.sh SUITE KIND: prints the path of a debootstrapped root, which it makes first when the cache has none.
#
# KIND is `minbase` (as debootstrap leaves it), or has the packages that the files of one folder need: `programs` (programs/),
# `sandbox` (../sandbox/programs/), `browser` (../sandbox/browsers/), `cpython` (cpython.sh).
# Roots live outside the repository, in $ABISHIM_CACHE (/var/cache/abishim), under the suite, the kind and a hash of
# the package list, so that a changed list makes a new root. They are only ever used as the lower layer of an overlay.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
recipe=1  # raise it when this script begins to make roots differently

fail() { echo "roots: $*" >&2; exit 1; }
say() { echo "roots: $*" >&2; }

[[ $# -eq 2 ]] || fail "usage: roots.sh SUITE programs|sandbox|browser|cpython|minbase"
suite=$1 kind=$2
needed() { sed -n 's/^[#/]* *needs: *//p' "$@" | tr ' ' '\n' | sed '/^$/d' | sort -u; }
case $kind in
  programs) mapfile -t packages < <(needed "$here"/programs/*); need_mb=3000 ;;
  sandbox) mapfile -t packages < <(needed "$here"/../sandbox/programs/*); need_mb=1500 ;;
  browser) mapfile -t packages < <(needed "$here"/../sandbox/browsers/*); need_mb=3000 ;;
  cpython) mapfile -t packages < <(needed "$here/cpython.sh"); need_mb=1500 ;;
  minbase) packages=() need_mb=600 ;;
  *) fail "no kind '$kind': programs, sandbox, browser, cpython or minbase" ;;
esac

cache=${ABISHIM_CACHE:-/var/cache/abishim}/roots
hash=$(printf '%s\n' "$recipe" "$suite" "$kind" "${packages[@]}" | sha256sum | cut -c1-12)
root=$cache/$suite-$kind-$hash

# Only a finished root ever gets its final name (below), so its presence is proof enough.
if [[ -d $root ]]; then
  echo "$root"
  exit 0
fi

[[ $EUID -eq 0 ]] || fail "making a root needs root"
mkdir -p "$cache"
exec 9>"$cache/$suite-$kind.lock"
flock 9
if [[ -d $root ]]; then  # another process made it while we waited
  echo "$root"
  exit 0
fi

# The lock is ours, so a temporary directory of this suite and kind was left by an interrupted build.
rm -rf --one-file-system "$cache/building.$suite-$kind".*
free_mb=$(df --output=avail -m "$cache" | tail -n 1 | tr -d ' ')
[[ $free_mb -ge $need_mb ]] ||
  fail "$cache has $free_mb MB free, $suite $kind needs $need_mb MB; roots no longer used may be deleted there:" \
    "$(cd "$cache" && echo *-*-*/)"

url=$("$here/mirror") || fail "no Debian mirror"

building=$(mktemp -d "$cache/building.$suite-$kind.XXXXXX")
log=$cache/$suite-$kind.log
finish() {
  local status=$?
  [[ $status -eq 0 ]] || { say "failed, the end of $log:"; tail -n 15 "$log" >&2; }
  rm -rf --one-file-system "$building"
}
trap finish EXIT

say "making $suite $kind from $url (log: $log)"
start=$SECONDS
chmod 755 "$building"
# A mount namespace of its own: whatever happens, no mount is left behind. A pid namespace: nor is a process, which
# would go on writing into what the next run deletes (--pdeathsig: not even if this script is killed).
confined=(setpriv --pdeathsig KILL unshare --mount --pid --fork --kill-child --propagation private)
"${confined[@]}" --mount-proc debootstrap --variant=minbase "$suite" "$building" "$url" >"$log" 2>&1 9>&-

# The dates of a frozen mirror's release files may have passed.
cat >"$building/etc/apt/apt.conf.d/90abishim" <<'EOF'
Acquire::Check-Valid-Until "false";
Acquire::Check-Date "false";
APT::Install-Recommends "false";
EOF

if [[ ${#packages[@]} -ne 0 ]]; then
  # No daemon starts, and dpkg need not wait for the disk: an interrupted build is thrown away anyway.
  printf '#!/bin/sh\nexit 101\n' >"$building/usr/sbin/policy-rc.d"
  chmod 755 "$building/usr/sbin/policy-rc.d"
  echo force-unsafe-io >"$building/etc/dpkg/dpkg.cfg.d/abishim"
  cp -L /etc/resolv.conf "$building/etc/resolv.conf"
  "${confined[@]}" bash -ec '
    suite=$1 root=$2; shift 2
    mount -t proc proc "$root/proc"; mount -t sysfs sys "$root/sys"; mount --rbind /dev "$root/dev"
    export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
    chroot "$root" apt-get -q update
    there=()
    for package; do  # an older suite lacks some; the programs that need them fail there natively
      if [[ $suite == trixie ]] || chroot "$root" apt-get -q -s install "$package" >/dev/null; then there+=("$package"); fi
    done
    chroot "$root" apt-get -q -y install "${there[@]}"
    chroot "$root" apt-get clean
    chroot "$root" apt-cache gencaches' install "$suite" "$building" "${packages[@]}" >>"$log" 2>&1 9>&-
  rm "$building/usr/sbin/policy-rc.d" "$building/etc/dpkg/dpkg.cfg.d/abishim"
fi

mv -T "$building" "$root"
say "$suite $kind: $(du -sm "$root" | cut -f 1) MB in $((SECONDS - start)) s"
echo "$root"
