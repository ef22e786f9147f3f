"""A backfill needs no more memory for a long log than for a short one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from replay.backfill.days_read import NOON, line, log

pytestmark = pytest.mark.integration

HOUR = 3600
EVERY_SECONDS = 8
GROWTH_KIB = 10 << 10
"""What allocators and sizes of lists may differ by; all points of what is longer would be several times as much."""

PEAK = """
import re
from pathlib import Path
print(re.search(r"VmHWM:\\s*(\\d+) kB", Path("/proc/self/status").read_text())[1])
"""

BACKFILL = """
import sys
from pathlib import Path
from logship.config import Config
from logship.replay import plan, survey
from logship.replay.backfill import BackfillOptions, prepare, write_backfill

log, days = sys.argv[1:]
prepare(Path(days))
write_backfill(survey(plan([log]), Config()), Config(), BackfillOptions(Path(days)))
"""

DAY = """
import sys
from pathlib import Path
from logship.replay.backfill.days import DayBook
from logship.replay.backfill.naming import Family, Track, key_of

hours, directory = sys.argv[1:]
family = Family("a", "counter", "A.")
tracks = [Track(family, key_of("a_total", {"b": str(each)})) for each in range(20)]
book = DayBook(Path(directory), 1, max_points=20_000)
for slot in range(int(hours) * 3600):
    book.cover(slot)
    for track in tracks:
        book.put(slot, track, float(slot))
book.finish()
"""


def test_memory_does_not_grow_with_the_length_of_the_log(tmp_path: Path) -> None:
    paths = []
    for hours in (4, 48):
        made = (
            line(NOON + at, route=f"/r{at % 3}", milliseconds=at % 997) for at in range(0, hours * HOUR, EVERY_SECONDS)
        )
        paths.append(log(tmp_path / f"{hours}.log", made))
    short, long = (peak_kib(BACKFILL, path, tmp_path / f"days-{path.name}") for path in paths)
    assert long - short < GROWTH_KIB


def test_memory_does_not_grow_with_the_samples_of_a_day(tmp_path: Path) -> None:
    short, long = (peak_kib(DAY, hours, tmp_path) for hours in (1, 16))
    assert long - short < GROWTH_KIB


def peak_kib(program: str, *arguments: object) -> int:
    """Return the most memory that a program takes."""
    words = [sys.executable, "-c", program + PEAK, *map(str, arguments)]
    return int(subprocess.run(words, check=True, capture_output=True, text=True).stdout)
