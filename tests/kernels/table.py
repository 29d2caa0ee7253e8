# table.py PROGRAMS FILE: FILE is what `inside table` printed. A program that works natively must work with abishim, and print the same. One that
# does not work natively on this kernel and does with abishim is told as such.
import pathlib, sys

programs, file = sys.argv[1:]
native, shim = ({name: (verdict, digest) for name, verdict, _, _, digest in (line.split("\t") for line in part.splitlines() if line.count("\t") == 4)}
                for part in open(file).read().split("== native\n")[1].split("== abishim\n"))
bad = 0
for name in sorted(path.name for path in pathlib.Path(programs).iterdir()):
    without, with_ = native.get(name, ("none", "")), shim.get(name, ("none", ""))
    if with_[0] == "ok" and (without[0] != "ok" or without[1] == with_[1]):
        print("ok", name, "" if without[0] == "ok" else f"({without[0]} natively)")
    elif without[0] != "ok" and with_[0] == without[0]:
        print("skip", name, f"({without[0]} on this kernel, with and without)")
    else:
        bad += 1
        print("FAIL", name, f"(natively {without[0]}, with abishim {with_[0]}{'' if with_[0] != 'ok' else ', other output'})")
sys.exit(bad > 0)
