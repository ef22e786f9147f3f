"""Whether the files grow, and whether clocks agree: that of this machine, of the file system, of who writes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from logship.doctor.files import Seen, sized
from logship.doctor.finding import Finding, note, ok, some, warning
from logship.doctor.sample import Sampled

PAUSE_SECONDS = 1.0
"""Between two looks at the sizes."""

MAX_WATCHED = 1000
"""Files that are looked at twice: the newest."""

QUIET_SECONDS = 900.0
"""A log that rests for longer is worth a look: `LogSilence` of our rules waits as long."""

SKEW_SECONDS = 60.0
LATE_SECONDS = 300.0
"""Records may be late: a request is written when it ends, and writers buffer."""

_GROWTH = "growth"
_CLOCK = "clock"


def examine_growth(
    files: Sequence[Seen], pause: Callable[[float], None], now: Callable[[], float]
) -> Iterator[Finding]:
    """Look at the sizes again after a pause."""
    if not files:
        return
    files = sorted(files, key=lambda each: -each.modified)[:MAX_WATCHED]
    pause(PAUSE_SECONDS)
    again = [sized(before.path) for before in files]
    grown = sum(after.size > before.size for before, after in zip(files, again, strict=True))
    cut = [after.path for before, after in zip(files, again, strict=True) if after.size < before.size]
    if cut:
        yield note(_GROWTH, "became shorter within a second: rotated or truncated right now", cut[0])
    quiet = now() - max(each.modified for each in again)
    if grown:
        yield ok(_GROWTH, f"{grown:,} of {some(len(files), 'file')} grew within a second")
    elif quiet <= QUIET_SECONDS:
        yield ok(_GROWTH, f"no file grew within a second; the last write was {spoken(quiet)} ago")
    else:
        says = f"no file was written to for {spoken(quiet)}: does the application write elsewhere, or is it down?"
        yield warning(_GROWTH, says, max(again, key=lambda each: each.modified).path, promises="P3", remedy="ls -lt")


def examine_clocks(sampled: Sequence[Sampled], now: float) -> Iterator[Finding]:
    """Compare the newest record of each file with its change time, and both with the clock."""
    ahead = [each for each in sampled if each.seen.modified > now + SKEW_SECONDS]
    for each in ahead[:1]:
        says = f"was changed {spoken(each.seen.modified - now)} in the future: the clock of its file system is ahead"
        yield warning(_CLOCK, says, each.seen.path, promises="P3", remedy="timedatectl status")
    dated = [(each, each.newest) for each in sampled if each.newest is not None]
    skewed = [(each, newest) for each, newest in dated if newest > now + SKEW_SECONDS]
    late = [
        (each, newest) for each, newest in dated if each not in ahead and newest < each.seen.modified - LATE_SECONDS
    ]
    for each, newest in skewed[:1]:
        says = f"its newest record is {spoken(newest - now)} in the future: the clock, or the time zone of who writes"
        yield warning(_CLOCK, says, each.seen.path, promises="P3 P4", remedy="timedatectl status")
    for each, newest in late[:1]:
        gap = spoken(each.seen.modified - newest)
        says = f"its newest record is {gap} older than its last write: clock, time zone, or old lines written anew"
        yield note(_CLOCK, says, each.seen.path)
    if dated and not (ahead or skewed or late):
        age = max(0.0, now - max(newest for _, newest in dated))
        yield ok(_CLOCK, f"records, files and this clock agree; the newest record is {spoken(age)} old")


def spoken(seconds: float) -> str:
    """Return a span of time as a person says it."""
    for unit, size in (("days", 86400.0), ("h", 3600.0), ("min", 60.0)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"
