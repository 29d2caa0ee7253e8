#!/usr/bin/env python3
"""config.py OPTIONS -- COMMAND...: prints the config.json of a container as Docker would write it, of OCI's runtime specification.

Docker's default capabilities, mounts and masked paths; what the options take away is what `docker run` has options for.
"""

import argparse
import json
import os
import pathlib

PROFILES = pathlib.Path(__file__).resolve().parents[2] / "shim/command/profiles"
# What engines denied on kernels before 4.8, and what the profiles' condition on the kernel stands for.
PTRACE = {"ptrace", "process_vm_readv", "process_vm_writev"}
CAPABILITIES = ["CAP_" + name for name in (
    "CHOWN DAC_OVERRIDE FSETID FOWNER MKNOD NET_RAW SETGID SETUID SETFCAP SETPCAP NET_BIND_SERVICE SYS_CHROOT KILL "
    "AUDIT_WRITE").split()]
MASKED = ["/proc/asound", "/proc/acpi", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list",
          "/proc/timer_stats", "/proc/sched_debug", "/proc/scsi", "/sys/firmware"]
READ_ONLY = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]


def seccomp(name, with_ptrace):
    """The profile as a seccomp section: its rules without the conditions, which an engine resolves before."""
    profile = json.loads((PROFILES / f"{name}.json").read_text())
    rules = []
    for rule in profile["syscalls"]:
        rule.pop("includes", None)
        if not with_ptrace:
            rule["names"] = [call for call in rule["names"] if call not in PTRACE]
        if rule["names"]:
            rules.append(rule)
    profile["syscalls"] = rules
    return profile


def mount(destination, kind, *options):
    return {"destination": destination, "type": kind, "source": kind, "options": list(options)}


def mounts(options):
    result = [
        mount("/proc", "proc", "nosuid", "noexec", "nodev"),
        mount("/dev", "tmpfs", "nosuid", "strictatime", "mode=755", "size=65536k"),
        mount("/dev/pts", "devpts", "nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"),
        mount("/sys", "sysfs", "nosuid", "noexec", "nodev", "ro"),
        mount("/dev/mqueue", "mqueue", "nosuid", "noexec", "nodev"),
        mount("/dev/shm", "tmpfs", "nosuid", "noexec", "nodev", "mode=1777", "size=1g"),
    ]
    if options.read_only:  # docker run --read-only --tmpfs /tmp
        result.append(mount("/tmp", "tmpfs", "nosuid", "nodev", "mode=1777"))
    for bind in options.bind:
        source, destination = bind.split(":")
        result.append({"destination": destination, "type": "bind", "source": source, "options": ["rbind", "rw"]})
    return result


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--profile", default="")
    parser.add_argument("--no-ptrace", action="store_true")
    parser.add_argument("--user", action="store_true")
    parser.add_argument("--read-only", action="store_true")
    parser.add_argument("--no-capabilities", action="store_true")
    parser.add_argument("--no-new-privileges", action="store_true")
    parser.add_argument("--user-namespace", action="store_true")
    parser.add_argument("--bind", action="append", default=[])
    parser.add_argument("--env", action="append", default=[])
    parser.add_argument("command", nargs="+")
    options = parser.parse_args()

    held = [] if options.no_capabilities else CAPABILITIES
    # An ordinary user's process holds none of them, as in Docker; they stay in the bounding set.
    effective = [] if options.user else held
    identity = 1000 if options.user else 0
    home = "/tmp" if options.user or options.read_only else "/root"
    linux = {
        "namespaces": [{"type": kind} for kind in ("pid", "network", "ipc", "uts", "mount")],
        "maskedPaths": MASKED,
        "readonlyPaths": READ_ONLY,
    }
    if options.user_namespace:  # as in a rootless container: who is root in it is nobody outside
        linux["namespaces"].append({"type": "user"})
        for kind in ("uidMappings", "gidMappings"):
            linux[kind] = [{"containerID": 0, "hostID": 100000, "size": 65536}]
    if options.profile:
        linux["seccomp"] = seccomp(options.profile, not options.no_ptrace)
    path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    print(json.dumps({
        "ociVersion": "1.0.2",
        "process": {
            "terminal": False,
            "user": {"uid": identity, "gid": identity},
            "args": options.command,
            "env": [path, f"HOME={home}", "LC_ALL=C.UTF-8", *options.env],
            "cwd": "/",
            "capabilities": {"bounding": held, "effective": effective, "permitted": effective, "inheritable": []},
            "noNewPrivileges": options.no_new_privileges,
        },
        "root": {"path": "root", "readonly": options.read_only},
        "hostname": "container",
        "mounts": mounts(options),
        "linux": linux,
    }, indent=1))


main()
