#!/bin/bash
# need.sh PACKAGE...: installs the packages, each with a command of its name, that are missing. Says why not, and exits 1.
# Not in tests/setup.sh: only this suite needs them.
set -uo pipefail
missing=()
for package; do command -v "$package" >/dev/null || missing+=("$package"); done
[[ ${#missing[@]} -gt 0 ]] || exit 0
[[ $EUID -eq 0 ]] || { echo "not installed, and not root: ${missing[*]}"; exit 1; }
export DEBIAN_FRONTEND=noninteractive
apt-get -q -o DPkg::Lock::Timeout=600 install -y --no-install-recommends "${missing[@]}" >/dev/null 2>&1 ||
  { echo "cannot be installed: ${missing[*]}"; exit 1; }
