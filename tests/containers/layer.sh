#!/bin/bash
# layer.sh [--long]: the layer of $ABISHIM_LAYER: what is in it, the same bytes again, and the library loads in every root.
# --long: once more from a copy of the sources elsewhere. Lines as run.sh says.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
repo=$(cd "$here/../.." && pwd)
layer=$ABISHIM_LAYER
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
check() { local name=$1; shift; if said=$("$@" 2>&1); then echo "ok containers/layer-$name"; else echo "FAIL containers/layer-$name: $said"; fi; }
sum() { sha256sum <"$1"; }

contents() {
  diff - <(tar -tvf "$layer" | awk '{ print $1, $2, $NF }') <<'END'
drwxr-xr-x 0/0 usr/
drwxr-xr-x 0/0 usr/bin/
-rwxr-xr-x 0/0 usr/bin/abishim
drwxr-xr-x 0/0 usr/lib/
drwxr-xr-x 0/0 usr/lib/abishim/
-rwxr-xr-x 0/0 usr/lib/abishim/libabishim.so
drwxr-xr-x 0/0 usr/share/
drwxr-xr-x 0/0 usr/share/doc/
drwxr-xr-x 0/0 usr/share/doc/abishim/
-rw-r--r-- 0/0 usr/share/doc/abishim/LICENSE
drwxr-xr-x 0/0 usr/share/man/
drwxr-xr-x 0/0 usr/share/man/man1/
-rw-r--r-- 0/0 usr/share/man/man1/abishim.1
END
}
# The command in the layer writes that same layer.
by_itself() {
  tar -xf "$layer" -C "$scratch" && "$scratch/usr/bin/abishim" layer --tar="$scratch/again.tar" --oci="$scratch/oci" &&
    cmp "$layer" "$scratch/again.tar" && cmp "$layer" "$scratch/oci/blobs/sha256/$(sha256sum <"$layer" | cut -c1-64)"
}
from_elsewhere() {
  local to=$scratch/a/copy/elsewhere
  mkdir -p "$to" && (cd "$repo" && git ls-files -z | xargs -0 cp --parents -t "$to") &&
    (cd "$to" && cmake --preset release && cmake --build --preset release --target layer) >"$scratch/log" 2>&1 ||
    { tail -5 "$scratch/log"; return 1; }
  cmp "$layer" "$to"/build/release/layer/abishim-*.tar
}
# ld.so says so when it cannot; ABISHIM_LOG shows that the library was there, whatever its plan.
loads() {
  local said
  said=$("$repo/tests/userland/enter" --put="$scratch/usr/lib/abishim/libabishim.so:/usr/lib/abishim/libabishim.so" "$1" env \
    LD_PRELOAD=/usr/lib/abishim/libabishim.so sh -c 'grep -q /usr/lib/abishim/libabishim.so /proc/self/maps || exec grep -c libabishim /proc/self/maps' 2>&1) &&
    [[ -z $said ]] || { echo "$said"; return 1; }
}

# Beside the layer, as the target `layer` makes them.
packages() {
  local at=${layer%/*} deb
  deb=$(ls "$at"/abishim_*.deb) && gzip -dc "$layer.gz" | cmp - "$layer" &&
    skopeo inspect "oci:$at/oci" >/dev/null && dpkg-deb -x "$deb" "$scratch/deb" &&
    diff -r "$scratch/usr" "$scratch/deb/usr" && [[ -x $scratch/deb/usr/lib/abishim/libabishim.so ]] &&
    [[ -x $at/installed/usr/lib/abishim/libabishim.so ]]
}
check contents contents
check by-itself by_itself
if [[ ! -e $layer.gz ]]; then echo "skip containers/layer-packages (a layer by itself)"
elif why=$("$here/need.sh" skopeo 2>&1); then check packages packages
else echo "skip containers/layer-packages ($why)"; fi
check man-page bash -c "man -l --warnings '$repo/shim/layer/abishim.1' 2>&1 >/dev/null | (! grep .)"
if [[ ${1-} == --long ]]; then check from-elsewhere from_elsewhere; fi
for kind in 'trixie programs' 'bookworm minbase' 'sid programs'; do
  # shellcheck disable=SC2086
  [[ -n $(ls -d "${ABISHIM_CACHE:-/var/cache/abishim}/roots/${kind/ /-}"-*/ 2>/dev/null) ]] || continue  # only what is there
  # shellcheck disable=SC2086
  root=$("$repo/tests/userland/roots.sh" $kind 2>/dev/null) && check "loads-in-${kind/ /-}" loads "$root"
done
