"""An application for the soak: it writes three logs at a steady rate, each rotated in another way, and keeps count.

What each line counts for is known before it is written, so that 20,000 a second leave the machine to the tailers.
"""

from __future__ import annotations

import gzip
import os
import random
import re
import shutil
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple

from crash.written import Lines, Written

TICKS_PER_SECOND = 20
ROTATE_EVERY_SECONDS = 2.0
BACKUPS = 45
"""Kept of each log: a tailer that is down for less than a minute finds all of them."""

_TEMPLATES = 2000


class Template(NamedTuple):
    """A line with a place for its number, and what it counts for."""

    text: bytes
    counts: Written


class Log:
    """One log, and the count of the lines written to it."""

    def __init__(self, path: Path, templates: list[Template]) -> None:
        self.path = path
        self.lines = self.size = self.rotations = 0
        self.used: Counter[int] = Counter()
        self._boot_id = f"soak-{path.parent.name}".encode()
        self._templates = templates
        path.parent.mkdir(parents=True)
        self._file = path.open("ab", buffering=0)

    def write(self, chosen: list[int]) -> None:
        """Append a line of each template; they are counted before the first byte is written."""
        first = self.lines + 1
        numbered = enumerate(chosen, first)
        text = b"".join(self._templates[each].text % (self._boot_id, number) for number, each in numbered)
        self.used.update(chosen)
        self.lines += len(chosen)
        self.size += len(text)
        written = self._file.write(text)
        assert written == len(text)

    def rotate_by(self, way: Callable[[Path, Path], None]) -> None:
        """Shift the backups, then make the newest one of the log, in one of the ways."""
        for backup in sorted(self.path.parent.glob(f"{self.path.name}.*"), key=_age, reverse=True):
            age, suffix = _age(backup), ".gz" * (backup.suffix == ".gz")
            if age >= BACKUPS:
                backup.unlink()
            else:
                backup.rename(self.path.with_name(f"{self.path.name}.{age + 1}{suffix}"))
        self.rotations += 1
        way(self.path, self.path.with_name(f"{self.path.name}.1"))

    def reopen(self) -> None:
        self._file.close()
        self._file = self.path.open("ab", buffering=0)

    def close(self) -> None:
        self._file.close()


def soak(said: Connection, directory: Path, lines_per_second: int, seed: int) -> None:
    """Write until anything is said; answer with the count of all lines."""
    chance = random.Random(seed)  # noqa: S311 - to be repeated, not to be secret
    templates = _templates(seed)
    with ThreadPoolExecutor(1) as compressor:
        ways = {"renamed": _rename, "truncated": _copy_and_truncate, "compressed": _rename}
        logs = {way: Log(directory / way / "app.log", templates) for way in ways}
        share = lines_per_second // TICKS_PER_SECOND // len(logs)
        rotated_at = due = time.monotonic()
        while not said.poll(max(0.0, due - time.monotonic())):
            due += 1 / TICKS_PER_SECOND
            for log in logs.values():
                log.write(chance.choices(range(len(templates)), k=share))
            if time.monotonic() - rotated_at > ROTATE_EVERY_SECONDS:
                rotated_at = time.monotonic()
                for way, log in logs.items():
                    log.rotate_by(ways[way])
                    log.reopen()
                # done before the names are shifted again
                compressor.submit(_compress, logs["compressed"].path.with_name("app.log.1")).result()
    for log in logs.values():
        log.close()
    said.send((_sum(list(logs.values()), templates), sum(log.rotations for log in logs.values())))


def _templates(seed: int) -> list[Template]:
    lines = Lines(seed)
    templates = []
    for _ in range(_TEMPLATES):
        lines.written = Written()
        text = lines.line().replace(b"%", b"%%")
        numbered = re.sub(rb'"seq":\d+', rb'"boot_id":"%s","seq":%d', text, count=1)
        templates.append(Template(numbered, lines.written))
    return templates


def _sum(logs: list[Log], templates: list[Template]) -> Written:
    total = Written(lines=sum(log.lines for log in logs), size=sum(log.size for log in logs))
    for index, times in sum((log.used for log in logs), Counter[int]()).items():
        counts = templates[index].counts
        for level in counts.levels:
            total.levels[level] += times
        for labels, buckets in counts.buckets.items():
            total.requests[labels] += times
            total.sum_us[labels] += counts.sum_us[labels] * times
            summed = total.buckets.setdefault(labels, [0] * len(buckets))
            total.buckets[labels] = [old + new * times for old, new in zip(summed, buckets, strict=True)]
    return total


def _age(backup: Path) -> int:
    return int(backup.name.removeprefix("app.log.").removesuffix(".gz"))


def _rename(log: Path, backup: Path) -> None:
    log.rename(backup)


def _copy_and_truncate(log: Path, backup: Path) -> None:
    """As logrotate's `copytruncate`; nothing is written between the copy and the cut, as nobody could find that."""
    shutil.copyfile(log, backup)
    os.truncate(log, 0)


def _compress(plain: Path) -> None:
    with plain.open("rb") as source, gzip.open(f"{plain}.gz", "wb", compresslevel=1) as target:
        shutil.copyfileobj(source, target)
    plain.unlink()
