#!/bin/bash
# Installs every Debian package that the build and the tests need, on a bare Debian 12; quick when nothing is missing.
set -euo pipefail

packages=(
  # build
  build-essential cmake ninja-build clang libclang-rt-14-dev clang-format clang-tidy git ca-certificates
  libboost-context-dev libunwind-dev libbenchmark-dev libgtest-dev libgmock-dev libcli11-dev nlohmann-json3-dev
  libseccomp-dev libmd-dev libarchive-dev libzydis-dev libfmt-dev
  # tests
  debootstrap musl-tools golang-go bubblewrap strace gdb python3 openssl curl procps file xz-utils zstd
  busybox-static cpio qemu-system-x86
  # the chart of the benchmarks
  gnuplot-nox
)
# --applications: what bench/applications.sh measures, too.
[[ ${1-} != --applications ]] || packages+=(sqlite3 redis-server redis-tools)

# `install ok installed` and nothing else: a package that is only half configured counts as missing.
missing() {
  local package
  for package in "${packages[@]}"; do
    [[ $(dpkg-query -W -f '${Status}' "$package" 2>/dev/null) == 'install ok installed' ]] || printf '%s\n' "$package"
  done
}

mapfile -t wanted < <(missing)
if [[ ${#wanted[@]} -eq 0 ]]; then
  echo "setup: all ${#packages[@]} packages are installed"
  exit 0
fi
if [[ $EUID -ne 0 ]]; then
  echo "setup: run this as root; missing: ${wanted[*]}" >&2
  exit 1
fi

echo "setup: installing ${#wanted[@]} packages: ${wanted[*]}"
export DEBIAN_FRONTEND=noninteractive
# Another apt may be at work (unattended upgrades): wait for it instead of failing.
apt=(apt-get -q -o DPkg::Lock::Timeout=600)
"${apt[@]}" update
"${apt[@]}" install -y --no-install-recommends "${wanted[@]}"

mapfile -t wanted < <(missing)
if [[ ${#wanted[@]} -ne 0 ]]; then
  echo "setup: still missing: ${wanted[*]}" >&2
  exit 1
fi
