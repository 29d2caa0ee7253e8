#!/bin/bash
# pod.sh ROOT ENGINE...: does what a kubelet does with kubernetes.yaml: a volume, the init container, the application, with
# the settings that stand there. Lines as run.sh says.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$1
shift
for engine; do
  python3 - "$here" "$root" "$engine" "$ABISHIM_LAYER" <<'END'
import json, os, subprocess, sys, tempfile
here, root, engine, layer = sys.argv[1:]
pod = json.loads(subprocess.check_output([f"{here}/kubernetes.py", "--run"]))["spec"]

def run(container, volume, command, shimmed=True):
    security = container["securityContext"]
    assert security["runAsUser"] == 1000 and security["capabilities"] == {"drop": ["ALL"]}
    options = [f"--engine={engine}", "--profile=docker-19.03", "--user", "--no-capabilities"]
    options += ["--read-only"] if security["readOnlyRootFilesystem"] else []
    options += [] if security["allowPrivilegeEscalation"] else ["--no-new-privileges"]
    options += [f"--bind={volume}:{mount['mountPath']}" for mount in container["volumeMounts"]]
    options += [f"--env={e['name']}={e['value']}" for e in container.get("env", []) if shimmed]
    if container["name"] == "abishim":
        options.append(f"--layer={layer}")
    else:  # mount points that an engine makes
        options += [f"--put=/dev/null:{mount['mountPath']}/.keep" for mount in container["volumeMounts"]]
    return subprocess.run([f"{here}/container", *options, root, *command], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

with tempfile.TemporaryDirectory() as volume:
    os.chmod(volume, 0o777)
    init, application = pod["initContainers"][0], pod["containers"][0]
    command = ["sh", "-c", "[ -x /bin/sh ] && echo works"]
    copied = run(init, volume, init["command"])
    for name, got, wanted in (("init", copied, (0, "")),
                              # runc's stub answers ENOSYS, from which the shell falls back
                              ("without", run(application, volume, command, False), (1, "") if engine == "crun" else (0, "works\n")),
                              ("preload", run(application, volume, command), (0, "works\n")),
                              ("launcher", run(application, volume, ["/abishim/abishim", "run", "--", *command], False), (0, "works\n"))):
        good = (got.returncode, got.stdout) == wanted
        print(("ok" if good else "FAIL") + f" containers/{engine}-pod-{name}" + ("" if good else f": {got.returncode} {got.stdout}"))
END
done
