#!/bin/sh -e
# Unpacks the kernel headers of Debian sid, for every architecture, into a cache outside the
# repository (default /var/cache/abishim/linux-libc-dev): the table's test reads the call numbers
# there. The machine's own headers end at Linux 6.1. Nothing is installed; apt gets lists of its own.
cache=${1:-/var/cache/abishim/linux-libc-dev}
[ -e "$cache/usr/include/linux/version.h" ] && exit 0
mkdir -p "$(dirname "$cache")"
work=$(mktemp -d "$(dirname "$cache")/headers.XXXXXX")
trap 'rm -rf "$work"' EXIT INT TERM
mkdir -p "$work/lists/partial" "$work/archives/partial" "$work/root"
url=$("$(dirname "$0")/../userland/mirror")
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $url sid main" >"$work/sources.list"
touch "$work/status"
# Sid's release file may be past its date. As root apt drops to a user that may not write here.
apt() {
  apt-get -q -o Dir::Etc::sourcelist="$work/sources.list" -o Dir::Etc::sourceparts=- \
    -o Dir::State::lists="$work/lists" -o Dir::State::status="$work/status" \
    -o Dir::Cache="$work" -o Dir::Cache::archives="$work/archives" -o APT::Sandbox::User=root \
    -o Acquire::Languages=none -o Acquire::Check-Valid-Until=false -o Acquire::Check-Date=false "$@"
}
apt update
(cd "$work" && apt download linux-libc-dev)
dpkg-deb -x "$work"/linux-libc-dev_*.deb "$work/root"
chmod 755 "$work/root"
mv -T "$work/root" "$cache"
