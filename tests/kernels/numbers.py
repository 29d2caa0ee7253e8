# numbers.py ABISHIM NUMBERS FILE: FILE is what `inside numbers` printed in a real kernel. Is what doctor said there true, and does the same
# kernel, pretended here, lack the same calls?
import json, subprocess, sys

abishim, numbers, file = sys.argv[1:]
raw, report = open(file).read().split("== doctor\n")
lines = lambda text: {int(number): said for number, said in (line.split() for line in text.splitlines() if line[:1].isdigit())}
real = lines(raw)
doctor = json.loads(report)
release = doctor["kernel"]
version = ".".join(release.split(".")[:2])
bad = []
asked = 0
for call in doctor["calls"]:
    if call["answer"] == "not asked" or call["number"] not in real:
        continue
    asked += 1
    if (call["answer"] == "missing") != (real[call["number"]] == "missing"):
        bad.append(f"{call['name']}: {call['answer']}, {real[call['number']]}")
print(f"{'FAIL' if bad or asked < 5 else 'ok'} doctor {release}: {asked} calls as it says", *bad)

# (Flags are listed, too; they have no number.)
known = {call["number"]: call["name"] for call in json.loads(subprocess.check_output([abishim, "syscalls", "--json"])) if "number" in call}
here = lines(subprocess.check_output([numbers], text=True))
pretended = lines(subprocess.check_output([abishim, "run", "--policy=repair", f"--pretend-kernel={version}", "--", numbers], text=True))
more = [known.get(n, n) for n in real if real[n] == "there" and pretended[n] == "missing" and here[n] == "there"]
fewer = [known.get(n, n) for n in real if real[n] == "missing" and pretended[n] == "there"]
missing = sum(said == "missing" for said in real.values())
print(f"{'FAIL' if more else 'ok'} pretended {version}: {missing} missing; only here:", *(fewer or ["none"]), "; only there:", *(more or ["none"]))
sys.exit(bool(bad or more or asked < 5))
