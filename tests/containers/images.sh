#!/bin/bash
# images.sh ENGINE...: images made by umoci, given the layer by `abishim apply`, unpacked and run by their own configuration:
# Debian, musl and busybox, and FROM scratch with a static Go program. What start-up costs. Lines as run.sh says.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
repo=$(cd "$here/../.." && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
chmod 755 "$scratch"
tar -xf "$ABISHIM_LAYER" -C "$scratch"
abishim=$scratch/usr/bin/abishim
if why=$("$here/need.sh" umoci musl-gcc 2>&1); then :; else echo "skip containers/images ($why)"; exit 0; fi
cd "$scratch" || exit 1
umoci init --layout img >/dev/null || exit 1

# image NAME ROOT COMMAND...: img:NAME of that root, and img:NAME-shim by apply; both unpacked in NAME and NAME-shim.
image() {
  local name=$1 root=$2 word words=()
  shift 2
  for word; do words+=("--config.cmd=$word"); done
  { umoci new --image "img:$name" && umoci insert --image "img:$name" "$root" / && umoci config --image "img:$name" "${words[@]}" &&
    "$abishim" apply "img:$name" --tag "$name-shim" && umoci unpack --image "img:$name" "$name" &&
    umoci unpack --image "img:$name-shim" "$name-shim"; } >log 2>&1 || { echo "FAIL containers/$name-image: $(tail -1 log)"; return 1; }
}
# run BUNDLE OPTION...: the image's own arguments and variables, in our container.
run() {
  local bundle=$1 arguments=() variables=() word
  shift
  mapfile -d '' arguments < <(python3 -c 'import json,sys; print("\0".join(json.load(open(sys.argv[1]))["process"]["args"]), end="\0")' "$bundle/config.json")
  mapfile -d '' variables < <(python3 -c 'import json,sys; print("\0".join("--env="+e for e in json.load(open(sys.argv[1]))["process"]["env"] if e.startswith("LD_")), end="\0")' "$bundle/config.json")
  [[ -n ${variables[0]-} ]] || variables=()
  "$here/container" "$@" "${variables[@]}" "$bundle/rootfs" "${arguments[@]}" </dev/null
}
# check NAME red|ok BUNDLE OPTION...: prints and status.
check() {
  local name=$1 wanted=$2 got said
  shift 2
  if said=$(run "$@" 2>&1) && [[ ${said##*$'\n'} == works ]]; then got=ok; else got=red; fi
  if [[ $got == "$wanted" ]]; then echo "ok containers/$name ($wanted)"; else echo "FAIL containers/$name ($wanted was wanted): $(tail -3 <<<"$said")"; fi
}

# openat2, which the profile denies, with no fallback: by a program, in a thread of it, and by a program that it starts.
mkdir go && cat >go/main.go <<'END'
package main

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"unsafe"
)

func open() error {
	how := [3]uint64{syscall.O_RDONLY, 0, 0}
	name := []byte("/\x00")
	at := ^uintptr(99) // AT_FDCWD
	fd, _, e := syscall.Syscall6(437, at, uintptr(unsafe.Pointer(&name[0])), uintptr(unsafe.Pointer(&how)), 24, 0, 0)
	if e != 0 {
		return e
	}
	return syscall.Close(int(fd))
}

func main() {
	failed := make(chan error)
	go func() { runtime.LockOSThread(); failed <- open() }()
	for _, e := range []error{open(), <-failed} {
		if e != nil {
			fmt.Println("openat2:", e)
			os.Exit(1)
		}
	}
	if len(os.Args) == 1 {
		out, e := exec.Command("/proc/self/exe", "again").CombinedOutput()
		fmt.Print(string(out))
		if e != nil {
			fmt.Println("again:", e)
			os.Exit(1)
		}
	} else {
		fmt.Println("works")
	}
}
END
cat >musl.c <<'END'
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
extern char** environ;
static void* Open(void* failed) {
  unsigned long how[3] = {O_RDONLY, 0, 0};
  int fd = syscall(437, AT_FDCWD, "/", how, sizeof how);
  if (fd < 0) perror("openat2"), *(int*)failed = 1;
  return 0;
}
int main(int argc, char** argv) {
  int failed = 0, status = 0;
  pthread_t thread;
  char* again[] = {argv[0], "again", 0};
  pid_t pid;
  Open(&failed);
  if (pthread_create(&thread, 0, Open, &failed) || pthread_join(thread, 0)) failed = 1;
  if (argc == 1 && (posix_spawn(&pid, argv[0], 0, 0, again, environ) || waitpid(pid, &status, 0) != pid)) failed = 1;
  if (argc > 1 && !failed) puts("works");
  return failed || status != 0;
}
END
mkdir -p scratch-root musl-root/bin musl-root/lib musl-root/proc static-root/bin
(cd go && CGO_ENABLED=0 GO111MODULE=off go build -o "$scratch/scratch-root/program" main.go) || exit 1
musl-gcc -O1 musl.c -o musl-root/bin/program && musl-gcc -static -O1 musl.c -o static-root/bin/program || exit 1
install -m 755 "$(realpath /lib/ld-musl-x86_64.so.1)" musl-root/lib/libc.musl-x86_64.so.1 && ln -s libc.musl-x86_64.so.1 musl-root/lib/ld-musl-x86_64.so.1
for root in musl-root static-root; do cp /bin/busybox $root/bin/ && ln -s busybox $root/bin/sh; done
# A shell (static busybox) that starts the program.
image go scratch-root /program
image musl musl-root /bin/sh -c 'echo started; /bin/program'
image static static-root /bin/sh -c 'echo started; env -i /bin/busybox env /bin/program'
image musl-alone musl-root /bin/program

old=--profile=docker-19.03
everything=(--user --read-only --no-capabilities --no-new-privileges)
for engine; do
  for name in go musl static musl-alone; do
    check "$engine-$name-natively" ok $name --engine=$engine
    check "$engine-$name-without" red $name --engine=$engine $old
    check "$engine-$name" ok $name-shim --engine=$engine $old
    check "$engine-$name-no-ptrace" ok $name-shim --engine=$engine $old --no-ptrace
    check "$engine-$name-everything" ok $name-shim --engine=$engine $old "${everything[@]}"
    check "$engine-$name-everything-no-ptrace" ok $name-shim --engine=$engine $old --no-ptrace "${everything[@]}"
  done
done
if root=$("$repo/tests/userland/roots.sh" bookworm minbase 2>/dev/null); then
  image debian "$root" /bin/sh -c 'cp /etc/passwd /tmp/x && chmod -R go= /tmp/x && [ -x /bin/sh ] && echo works'
  for engine; do
    check "$engine-debian" ok debian-shim --engine=$engine $old
    check "$engine-debian-everything" ok debian-shim --engine=$engine $old "${everything[@]}"
    check "$engine-debian-newest" ok debian-shim --engine=$engine --profile=docker-2026
  done
  "$here/pod.sh" "$root" "$@"
  "$here/cost.sh" "$root" "$@"
else
  echo "skip containers/debian-image (no bookworm root)"
fi
