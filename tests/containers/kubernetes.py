#!/usr/bin/env python3
"""kubernetes.py: checks kubernetes.yaml without a cluster, and prints with `--run` what its containers would be.

Strict as `kubectl --dry-run=server` is: an unknown field, a wrong type, a volume nobody declares is an error. The fields are
those of core/v1 Pod that the manifest may use.
"""

import json
import pathlib
import re
import sys

try:
    import yaml
except ImportError:
    print("skip containers/kubernetes (no python3-yaml)")
    sys.exit(0)

NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
SECURITY = {"runAsNonRoot": bool, "runAsUser": int, "allowPrivilegeEscalation": bool, "readOnlyRootFilesystem": bool,
            "capabilities": {"drop": [str], "add": [str]}}
CONTAINER = {"name": NAME, "image": str, "command": [str], "args": [str], "env": [{"name": str, "value": str}],
             "volumeMounts": [{"name": NAME, "mountPath": re.compile("/.*"), "readOnly": bool}],
             "securityContext": SECURITY}
POD = {"apiVersion": re.compile("v1"), "kind": re.compile("Pod"), "metadata": {"name": NAME, "labels": dict},
       "spec": {"initContainers": [CONTAINER], "containers": [CONTAINER],
                "volumes": [{"name": NAME, "emptyDir": {"medium": str, "sizeLimit": str}}]}}
REQUIRED = {"spec": ["containers"], "containers": ["name", "image"], "initContainers": ["name", "image"],
            "volumeMounts": ["name", "mountPath"], "env": ["name"], "": ["apiVersion", "kind", "metadata", "spec"]}


def check(value, wanted, where=""):
    """All that is wrong with value, as lines."""
    if isinstance(wanted, re.Pattern):
        good = isinstance(value, str) and wanted.fullmatch(value)
        return [] if good else [f"{where}: {value!r} does not match {wanted.pattern}"]
    if isinstance(wanted, type):
        return [] if type(value) is wanted else [f"{where}: {value!r} is no {wanted.__name__}"]
    if isinstance(wanted, list):
        if not isinstance(value, list):
            return [f"{where}: no list"]
        return [line for i, item in enumerate(value) for line in check(item, wanted[0], f"{where}[{i}]")]
    if not isinstance(value, dict):
        return [f"{where}: no mapping"]
    bad = [f"{where}.{key}: unknown field" for key in value if key not in wanted]
    last = re.sub(r"\[\d+\]$", "", where).rpartition(".")[2]
    bad += [f"{where}.{key}: missing" for key in REQUIRED.get(last, []) if key not in value]
    return bad + [line for key, item in value.items() if key in wanted for line in check(item, wanted[key], f"{where}.{key}")]


def references(pod):
    volumes = {volume["name"] for volume in pod["spec"].get("volumes", [])}
    containers = pod["spec"].get("initContainers", []) + pod["spec"]["containers"]
    names = [container["name"] for container in containers]
    bad = [f"container name {name} is there twice" for name in set(names) if names.count(name) > 1]
    return bad + [f"{container['name']}: no volume {mount['name']}" for container in containers
                  for mount in container.get("volumeMounts", []) if mount["name"] not in volumes]


def verdict(pod):
    bad = check(pod, POD)
    return bad or references(pod)


def main():
    text = pathlib.Path(__file__).with_name("kubernetes.yaml").read_text()
    pod = yaml.safe_load(text)
    if sys.argv[1:] == ["--run"]:
        print(json.dumps(pod))
        return
    bad = verdict(pod)
    print(f"FAIL containers/kubernetes-manifest: {'; '.join(bad)}" if bad else "ok containers/kubernetes-manifest")
    # What a check that cannot fail would let pass.
    for name, old, new in (("unknown-field", "mountPath:", "mountpath:"), ("type", "runAsUser: 1000", "runAsUser: yes"),
                           ("volume", "emptyDir: {}", "emptyDir: []"), ("dangling", "    - name: abishim\n      emptyDir", "    - name: other\n      emptyDir")):
        assert old in text, old
        found = verdict(yaml.safe_load(text.replace(old, new)))
        print(f"{'ok' if found else 'FAIL'} containers/kubernetes-manifest-{name}" + ("" if found else ": passes"))


main()
