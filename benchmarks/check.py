"""Fail when a room has become slower: instructions instead of seconds, so that no other work on the machine matters.

    python benchmarks/check.py [--record]

Callgrind (Debian's valgrind) counts what each room executes for the same lines, in units of a fixed piece of work in
the same run, so that neither the machine nor, by and large, the Python matters. reference.json has what it was;
--record writes it anew. More than the tolerance above that is a failure; what is far below it should be recorded.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import requests_log

HERE = Path(__file__).parent
REFERENCE = HERE / "reference.json"
TOLERANCE = 0.08
"""Two runs of the same code differ by less than 0.02, most in `commit`."""

LINES = 4000


def units() -> dict[str, float]:
    """Return what each room executes, in units of the fixed piece of work."""
    with tempfile.TemporaryDirectory() as directory:
        log, out = Path(directory) / "requests.log", Path(directory) / "out"
        requests_log.write(log, LINES)
        prefix = f"--vgdb-prefix={directory}/vgdb"
        watch = ["valgrind", "--tool=callgrind", "--quiet", prefix, f"--callgrind-out-file={out}"]
        ask = ["vgdb", prefix, "dump"]
        environment = os.environ | {"PYTHONHASHSEED": "0"}
        command = [*watch, sys.executable, str(HERE / "instructions.py"), str(log), *ask]
        child = subprocess.run(command, stdout=subprocess.PIPE, text=True, env=environment, check=False)
        if child.returncode:
            sys.exit("the rooms could not be counted; what went wrong stands above")
        names = child.stdout.splitlines()
        turns = [_total(out.with_suffix(f".{number}")) for number in range(2, 2 * len(names) + 1, 2)]
    counted = dict(zip(names, turns, strict=True))
    asking = counted.pop("nothing")
    unit = counted.pop("baseline") - asking
    return {name: round((count - asking) / unit, 4) for name, count in counted.items()}


def _total(written: Path) -> int:
    (total,) = re.findall(r"^totals: (\d+)$", written.read_text(), re.MULTILINE)
    return int(total)


def compare(found: dict[str, float], reference: dict[str, float]) -> list[str]:
    """Print all rooms; return those that have become slower."""
    slower = []
    print(f"{'room':12}{'was':>10}{'is':>10}{'change':>9}")
    for name, was in reference.items():
        change = found[name] / was - 1
        print(f"{name:12}{was:10.3f}{found[name]:10.3f}{change:+9.1%}")
        if change > TOLERANCE:
            slower.append(f"{name} by {change:.0%}")
    return slower


def main() -> None:
    """Count, and compare or record."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--record", action="store_true")
    record = parser.parse_args().record
    if not shutil.which("valgrind") or not shutil.which("vgdb"):
        sys.exit("valgrind is not installed: apt-get install valgrind")
    found = units()
    if record:
        REFERENCE.write_text(json.dumps(found, indent=2) + "\n")
    slower = compare(found, json.loads(REFERENCE.read_text()))
    if slower:
        sys.exit(f"slower than benchmarks/reference.json: {', '.join(slower)}; tolerated is {TOLERANCE:.0%}")


if __name__ == "__main__":
    main()
