#!/usr/bin/env python3
"""compare.py NATIVE SHIM [ERRNO]: two outputs of random-filters must tell the same.

Where a line is `bound` and abishim's answer is ENOSYS, the rest of that child is not compared: a
translation was not allowed what it needs, and said so. How many is printed, and must stay few.
ERRNO is what the host's own profile says to new calls: where the program's filter has a tracer or a
supervisor asked, nobody is, and that errno is the answer.
"""
import collections
import sys


def children(path):
    lines = collections.defaultdict(list)
    for line in open(path):
        words = line.split()
        lines[int(words[0].split(".")[0])].append(words[1:])
    return lines


native, shim = (children(path) for path in sys.argv[1:3])
host = sys.argv[3] if len(sys.argv) > 3 else "-38"
same = honest = deaths = signals = wrong = 0
for child, expected in native.items():
    got = shim.get(child, [])
    for i, line in enumerate(expected):
        other = got[i] if i < len(got) else ["nothing"]
        if line == other:
            same += 1
            deaths += line[0] == "ended" and line[1] != "0"
            signals += "signals" in line
            continue
        if other[1:3] == ["bound", "-38"] or line[1:3] == ["bound", "-38"] and other[1:3] == ["bound", host]:
            honest += 1
            break
        wrong += 1
        if wrong <= 10:
            print(f"  child {child}, line {i}: natively {' '.join(line)}, here {' '.join(other)}")
        break
ends = sum(lines[-1][0] == "ended" for lines in native.values())
print(f"{len(native)} children, {same} lines agree, {deaths} deaths and {signals} signals among them; "
      f"{honest} honest refusals, {wrong} differences")
sys.exit(wrong != 0 or ends != len(native) or honest * 3 > len(native) or deaths == 0 or signals == 0)
