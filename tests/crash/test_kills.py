"""Kill the tailer at random moments while its logs are rotated: nothing lost, doubled or taken back (P1, P2).

`CRASH_KILLS=20 pytest tests/crash -s` is the long form, and prints a table; `CRASH_SEED` repeats a series as far as the
scheduler lets it.
"""

from __future__ import annotations

import os
import random
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from crash.logs import Log, writing
from crash.rotations import Mode, begin, modes
from crash.tailing import DEADLINE, LINGER_SECONDS, Scraper, Tail, came_true, command, wait_for
from crash.written import Lines, Samples, Written, samples_of

pytestmark = [pytest.mark.integration, pytest.mark.kills]

SHORT = 2
KILLS = int(os.environ.get("CRASH_KILLS", SHORT))
SEED = int(os.environ.get("CRASH_SEED", "0")) or random.SystemRandom().randrange(1, 1 << 32)


@dataclass(slots=True)
class Outcome:
    """What a series of kills came to, in samples of a scrape."""

    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    decreased: list[str] = field(default_factory=list)
    ahead: list[str] = field(default_factory=list)

    def compare(self, expected: Samples, shown: Samples) -> None:
        for key, value in expected.items():
            if (got := shown.get(key, 0)) != value:
                (self.lost if got < value else self.doubled).append(f"{key}: {got} for {value}")


@pytest.fixture(scope="module")
def table() -> Iterator[list[tuple[object, ...]]]:
    rows: list[tuple[object, ...]] = [
        ("mode", "kills", "scrapes", "rotations", "lines", "lost", "doubled", "decreased", "ahead"),
    ]
    yield rows
    print(f"\nseed {SEED}")  # noqa: T201 - shown with -s
    for name, *rest in rows:
        print(f"{name:32}", *(f"{each:>9}" for each in rest))  # noqa: T201


@pytest.mark.parametrize("mode", list(modes(all_of_them=KILLS > SHORT)), ids=lambda mode: mode.name)
def test_no_kill_loses_doubles_or_takes_back_a_line(
    mode: Mode, tmp_path: Path, table: list[tuple[object, ...]]
) -> None:
    chance = random.Random(f"{SEED} {mode.name}")  # noqa: S311
    logs = tmp_path / "logs"
    logs.mkdir()
    lines = Lines(SEED)
    tail = Tail(tmp_path, [logs / pattern for pattern in mode.patterns])
    scraper = Scraper(tail, lambda: lines.written.lines)
    log = Log(lines, SEED, is_read=lambda count: scraper.lines >= count)
    log.reopen(begin(mode, logs))
    outcome = Outcome(decreased=scraper.decreased, ahead=scraper.ahead)
    try:
        with scraper.scraping():
            with writing(log, mode.rotate, chance):
                tail.start()
                wait_for(lambda: scraper.lines)
                for _ in range(KILLS):
                    kill_and_restart(tail, scraper, lines.written, chance)
            expected = lines.written.samples()
            settle(tail, expected)
            tail.kill()
            tail.start()  # with nothing new, which changes nothing, nor does letting go of the files that went
            settle(tail, expected)
            came_true(lambda: shown(tail, expected) != expected, LINGER_SECONDS * 1.5, every=0.1)
            outcome.compare(expected, tail.scrape())
    finally:
        tail.kill()
    compared = ("lost", "doubled", "decreased", "ahead")
    counts = [len(set(getattr(outcome, each))) for each in compared]
    table.append((mode.name, KILLS, scraper.scrapes, log.rotations, lines.written.lines, *counts))
    assert outcome == Outcome(), f"seed {SEED}, {tmp_path}\n{tail.talk[-3000:]}"
    assert log.rotations > 0


def test_an_undisturbed_twin_counts_what_was_written(tmp_path: Path) -> None:
    """The plain count that the others are held against equals a tail that is never killed, and a replay (P4, P5)."""
    lines = Lines(SEED)
    log = tmp_path / "app.log"
    log.write_bytes(b"".join(lines.line() for _ in range(5000)))
    expected = lines.written.samples()
    tail = Tail(tmp_path, [log])
    try:
        tail.start()
        wait_for(tail.is_ready)
        assert shown(tail, expected) == expected
    finally:
        tail.kill()
    done = subprocess.run(
        [*command(), "replay", "--output", "prom", log], capture_output=True, text=True, check=True, timeout=DEADLINE
    )
    assert comparable(samples_of(done.stdout), expected) == expected


def kill_and_restart(tail: Tail, scraper: Scraper, written: Written, chance: random.Random) -> None:
    """Kill the tailer that runs, let the application write on without it, and start the next one."""
    if chance.random() < 0.9:  # else it dies while it starts
        wait_for(tail.serves)
        if chance.random() < 0.5:  # as soon as it has answered a scrape
            scrapes = scraper.scrapes
            wait_for(lambda: scraper.scrapes > scrapes)
    until = written.lines + chance.choice((0, 0, 20, 100, 500, 1500))
    wait_for(lambda: written.lines >= until)
    tail.kill()
    until = written.lines + chance.choice((0, 100, 1000, 2000))
    wait_for(lambda: written.lines >= until)
    tail.start()


def settle(tail: Tail, expected: Samples) -> None:
    """Give the tailer the time to show what is expected; the comparison comes later."""
    wait_for(tail.is_ready)
    came_true(lambda: shown(tail, expected) == expected, DEADLINE / 2, every=0.05)


def shown(tail: Tail, expected: Samples) -> Samples:
    return comparable(tail.scrape(), expected)


def comparable(samples: Samples, expected: Samples) -> Samples:
    return {key: value for key, value in samples.items() if key in expected}
