"""Let each room take a turn under Callgrind, and let it write down the instructions of each turn.

    valgrind --tool=callgrind --callgrind-out-file=OUT python benchmarks/instructions.py LOG VGDB...

`check.py` starts it. VGDB is how Callgrind is asked to write what it has counted since it was asked the last time:
OUT.1 is all that came before the first turn, OUT.2 one empty turn, and so on; the names of the turns are printed in
their order. `baseline` is a fixed piece of work in Python that no change of ours makes slower.
"""

from __future__ import annotations

import gc
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from rooms import Rooms, Work


def baseline() -> None:
    """Do what counting does in Python: look up, compare, append, sort, take text apart."""
    counts: dict[str, list[float]] = {}
    line = json.dumps({"method": "GET", "status": 200, "duration": 12.5, "url": "/api/heroes/12"})
    for number in range(5000):
        record = json.loads(line)
        key = f"{record['method']} {record['url'].rpartition('/')[0]} {number % 40}"
        counts.setdefault(key, []).append(record["duration"] * number)
    for values in counts.values():
        values.sort()


def main() -> None:
    """Take the turns: each room twice, of which the second is warm and counted."""
    gc.disable()  # when it runs is decided by all that went before
    log, *ask = sys.argv[1:]

    def write_down() -> None:
        subprocess.run(ask, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    with tempfile.TemporaryDirectory() as directory:
        rooms = Rooms(Path(log), Path(directory))
        turns: dict[str, Callable[[], Work]] = {
            "nothing": lambda: lambda: None,
            "baseline": lambda: baseline,
            **rooms.turns(),
        }
        for name, prepare in turns.items():
            prepare()()
            work = prepare()
            write_down()
            work()
            write_down()
            print(name)
        rooms.close()


if __name__ == "__main__":
    main()
