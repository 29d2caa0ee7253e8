#!/bin/bash
# boot.sh [OPTION]... KERNEL ROOT -- COMMAND...: runs a command in a root under a real kernel, in qemu; prints what it prints, returns what it
# returns (125: it never began, 124: not in time).
#
#   KERNEL           a Debian suite (bullseye, bookworm, trixie, sid: see `kernel`), a folder with a vmlinuz and its modules, or any bzImage
#   ROOT             a folder, as tests/userland/roots.sh prints it, or an ext4 image
#   --append=WORDS   more for the kernel's command line: vsyscall=none, ia32_emulation=off
#   --with=FROM:TO   a file or folder to be put there in the root (may be repeated)
#   --limit=SECONDS  300 by default
#   --memory=MB      2048 by default
#   --log=FILE       what the kernel says
#
# The root is a disk that nobody writes to. For a bzImage without modules the root is unpacked into memory, as the oldest kernels need it.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)

fail() { echo "boot: $*" >&2; exit 125; }

append='' with=() limit=300 memory=2048 log=''
while [[ ${1-} == --?* ]]; do
  case $1 in
    --append=*) append=${1#*=} ;;
    --with=?*:/*) with+=("${1#*=}") ;;
    --limit=[1-9]*) limit=${1#*=} ;;
    --memory=[1-9]*) memory=${1#*=} ;;
    --log=?*) log=${1#*=} ;;
    *) fail "unknown option or bad value: $1" ;;
  esac
  shift
done
[[ $# -ge 4 && $3 == -- ]] || fail "usage: boot.sh [OPTION]... KERNEL ROOT -- COMMAND..."
kernel=$1 root=$2
shift 3

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
small=$work/small
mkdir -p "$small"/{bin,proc,sys,dev,root,modules,payload}
cp /bin/busybox "$small/bin/"
ln -s busybox "$small/bin/sh"
install "$here/init" "$small/init"
printf '%q ' "$@" >"$small/command"
echo >>"$small/command"

# The kernel, and the drivers of the disk and of the random numbers where they are modules.
bare=''
case $kernel in
  */*) [[ -e $kernel ]] || fail "no kernel $kernel" ;;
  *) kernel=$("$here/kernel" "$kernel") || exit 125 ;;
esac
if [[ -d $kernel ]]; then
  for module in virtio virtio_ring virtio_pci_legacy_dev virtio_pci_modern_dev virtio_pci virtio_blk virtio-rng rng-core \
    crc16 crc32c_generic libcrc32c crc32c-cryptoapi mbcache jbd2 ext4 overlay; do
    file=$(find "$kernel" -name "$module.ko*" -print -quit)
    case $file in
      *.xz) xz -dc "$file" >"$small/modules/$module.ko" ;;
      *.ko) cp "$file" "$small/modules/" ;;
    esac
  done
  kernel=$(find "$kernel" -name 'vmlinuz*' -type f -print -quit)
else
  bare=yes
fi

for pair in "${with[@]}"; do
  from=$(realpath -e "${pair%%:*}") to=${pair#*:}
  mkdir -p "$work/with/$(dirname "$to")"
  cp -a "$from" "$work/with/$to"
done
[[ ! -d $work/with ]] || tar -c -f "$small/payload/with.tar" --owner=0 --group=0 -C "$work/with" .

disk=()
pack() { (cd "$1" && find . -xdev | cpio --quiet -o -H newc -R 0:0); }
if [[ -n $bare && -d $root ]]; then
  pack "$root" | gzip -1 >"$work/initrd"
else
  touch "$small/on-disk"
  [[ ! -d $root ]] || root=$("$here/image" "$root")
  disk=(-drive "file=$root,if=virtio,format=raw,snapshot=on")
  : >"$work/initrd"
fi
pack "$small" | gzip -1 >>"$work/initrd"

: >"$work/status"
machine=(-accel tcg,thread=multi -smp 2 -cpu max -m "$memory" -nodefaults -no-user-config -display none -no-reboot)
timeout -k 5 "$limit" qemu-system-x86_64 "${machine[@]}" \
  -serial "file:${log:-/dev/null}" -serial stdio -serial "file:$work/status" \
  -kernel "$kernel" -initrd "$work/initrd" "${disk[@]}" -device virtio-rng-pci \
  -append "console=ttyS0 quiet panic=-1 rdinit=/init $append" </dev/null 2>"$work/said" || {
  status=$?
  cat "$work/said" >&2
  [[ $status -ne 124 ]] || { echo "boot: not done after $limit s" >&2; exit 124; }
}
status=$(tr -dc 0-9 <"$work/status")
[[ -n $status ]] || fail "the kernel did not come to the command${log:+: see $log}"
exit "$status"
