"""The verbs of tests about files: write, rotate, copytruncate, and a follower whose clock is driven by hand."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from logship.model import Batch, Position
from logship.read import Follower, FollowOptions, Sources

LINGER = 30.0
"""Seconds that followers of these tests keep a rotated file open."""

_NOBODY = 65534


def write(path: Path, *lines: str | bytes) -> None:
    """Append complete lines."""
    write_half(path, b"".join(_bytes(line) + b"\n" for line in lines))


def write_half(path: Path, text: str | bytes) -> None:
    """Append bytes as they are, without a newline behind them."""
    with path.open("ab") as file:
        file.write(_bytes(text))


def rotate(path: Path, *, keep: int = 5) -> None:
    """Rename as logrotate does: `path` becomes `path.1`, that one `path.2`; the oldest is deleted; create `path`."""
    _numbered(path, keep).unlink(missing_ok=True)
    for number in range(keep - 1, 0, -1):
        if (older := _numbered(path, number)).exists():
            older.rename(_numbered(path, number + 1))
    path.rename(_numbered(path, 1))
    path.touch()


def move_on(directory: Path, number: int, *, keep: int = 3) -> Path:
    """Move on to the next file as winston does, and delete the oldest; return the new one.

    Its first file is `combined.log`, the next one `combined1.log`: the highest number is the newest.
    """
    newest = winston_log(directory, number)
    newest.touch()
    winston_log(directory, number - keep).unlink(missing_ok=True)
    return newest


def winston_log(directory: Path, number: int) -> Path:
    """Return the path of winston's file with that number."""
    return directory / f"combined{number or ''}.log"


def copytruncate(path: Path, copy: Path) -> None:
    """Copy, then cut to nothing, as logrotate's copytruncate does."""
    shutil.copyfile(path, copy)
    os.truncate(path, 0)


def recreate(path: Path) -> None:
    """Delete and create anew: file systems like to give the same inode again."""
    path.unlink()
    path.touch()


def request(path: str = "/api/heroes", *, status: int = 200, duration: float = 12, method: str = "GET") -> str:
    """Return one request as the first user's winston writes it, with its route."""
    return (
        f'{{"duration":{duration},"level":"info","message":"HTTP Request","method":"{method}","route":"{path}",'
        f'"service":"heroes-api","status":{status},"timestamp":"2026-11-23T06:41:58.765Z","url":"{path}"}}'
    )


@dataclass
class Told:
    """Happenings, in order, as (what, file name, more)."""

    events: list[tuple[str, ...]] = field(default_factory=list)

    def opened(self, path: str) -> None:
        self.events.append(("opened", Path(path).name))

    def rotated(self, path: str, how: str) -> None:
        self.events.append((how, Path(path).name))

    def closed(self, path: str) -> None:
        self.events.append(("closed", Path(path).name))

    def resumed(self, path: str, offset: int) -> None:
        self.events.append(("resumed", Path(path).name, str(offset)))

    def vanished(self, path: str, lost_bytes: int) -> None:
        self.events.append(("vanished", Path(path).name, str(lost_bytes)))

    def unreadable(self, path: str, why: str) -> None:
        self.events.append(("unreadable", Path(path).name, why))

    def since(self) -> list[tuple[str, ...]]:
        """Return what was told since the last call."""
        events, self.events = self.events, []
        return events


class Followed:
    """A follower of `patterns` with a clock driven by hand; each read checks what a batch promises."""

    def __init__(
        self,
        *patterns: Path | str,
        max_line_bytes: int = 1 << 20,
        linger: float = LINGER,
        now: float = 1000.0,
        positions: Mapping[int, Position] | None = None,
        ended: Mapping[int, Position] | None = None,
        from_end: bool = False,
        excluded: Iterable[str] = (),
    ) -> None:
        self.told = Told()
        self.now = now
        self.lines: list[bytes] = []
        """Every line handed out so far."""
        self.batches: list[Batch] = []
        self.oversize = 0
        self._ends: dict[int, int] = {}
        options = FollowOptions(max_line_bytes=max_line_bytes, linger_seconds=linger, from_end=from_end)
        names = [str(pattern) for pattern in patterns]
        sources = Sources.single(names)
        self.follower = Follower(sources, options, self.told, positions=positions, ended=ended, excluded=excluded)

    def look(self, *, after: float = 0.0) -> None:
        """Look, `after` so many seconds."""
        self.now += after
        self.follower.look(self.now)

    def read(self) -> list[str]:
        """Hand out the lines seen by the last look and let go of what can go; return the new lines as text."""
        before = len(self.lines)
        for batch in self.follower.batches():
            self._take(batch, is_last=False)
        for batch in self.follower.let_go(self.now):
            self._take(batch, is_last=True)
        return [line.decode() for line in self.lines[before:]]

    def read_one_batch(self) -> None:
        """Hand out one batch, and drop the rest of the turn as a stop does."""
        for batch in self.follower.batches():
            self._take(batch, is_last=False)
            return

    def poll(self, *, after: float = 0.0) -> list[str]:
        """Look and read, `after` so many seconds; return the new lines."""
        self.look(after=after)
        return self.read()

    def poll_until_let_go(self) -> list[str]:
        """Poll until every file that went has been quiet for long enough; return the new lines."""
        return [line for _ in range(3) for line in self.poll(after=LINGER)]

    def close(self) -> None:
        self.follower.close()

    @property
    def names(self) -> list[str]:
        """The names of the files that are followed."""
        return [Path(generation.path).name for generation in self.follower.generations]

    @property
    def behind_bytes(self) -> int:
        return sum(generation.behind_bytes for generation in self.follower.generations)

    def _take(self, batch: Batch, *, is_last: bool) -> None:
        assert batch.start >= self._ends.get(batch.generation, 0), "a batch begins where the last one ended, or behind"
        assert batch.start < batch.end
        assert batch.lines.endswith(b"\n") or (batch.oversize and not batch.lines)
        self._ends[batch.generation] = batch.end
        self.batches.append(batch)
        self.lines += [line.lstrip(b"\0") for line in batch.lines.split(b"\n")[:-1]]
        self.oversize += batch.oversize
        if all(each.number != batch.generation for each in self.follower.generations):
            return  # of a compressed file
        if not batch.oversize:
            stored = self._stored(batch, batch.start)
            held = (stored + b"\n" * is_last).lstrip(b"\0")  # a hole in front of the first line is not kept
            assert held == batch.lines.lstrip(b"\0"), "a batch holds the very bytes between its offsets"
        assert is_last or self._stored(batch, batch.end - 1) == b"\n", "an offset points behind a newline"

    def _stored(self, batch: Batch, start: int) -> bytes:
        (held,) = [each for each in self.follower.generations if each.number == batch.generation]
        return os.pread(held.descriptor, batch.end - start, start)


class Tailed:
    """A follower that is stopped, killed and started again; lines and positions are committed together.

    As a sidecar does, it commits when there are new lines, new files, or generations that ended.
    """

    def __init__(self, *patterns: Path | str, from_end: bool = False) -> None:
        self._patterns = patterns
        self._from_end = from_end
        self.lines: list[str] = []
        """Every line that was committed so far."""
        self.positions: dict[int, Position] = {}
        self.ended: dict[int, Position] = {}
        self.now = 1000.0
        self._committed_number = 0
        self.start()

    def start(self) -> None:
        """Start where the last commit stood."""
        self.followed = Followed(
            *self._patterns, now=self.now, positions=self.positions, ended=self.ended, from_end=self._from_end
        )
        self.told = self.followed.told

    def kill(self) -> None:
        """End without a commit."""
        self.now = self.followed.now
        self.followed.close()

    def stop(self) -> None:
        """Count what is there, and end."""
        self.poll()
        self.kill()

    def restart(self) -> None:
        """Stop and start."""
        self.stop()
        self.start()

    def poll(self, *, after: float = 0.0) -> list[str]:
        """Look, read and commit, `after` so many seconds; return the new lines."""
        self.followed.poll(after=after)
        return self.commit()

    def poll_until_let_go(self) -> list[str]:
        """Poll until every file that went has been quiet for long enough; return the new lines."""
        return [line for _ in range(3) for line in self.poll(after=LINGER)]

    def commit(self) -> list[str]:
        """Keep what was read since the last commit, and where reading stands; return those lines."""
        new = [line.decode() for line in self.followed.lines]
        follower = self.followed.follower
        retired, is_new = follower.take_retired(), follower.last_number > self._committed_number
        self._committed_number = follower.last_number
        if new or retired or is_new:
            self.lines += new
            self.followed.lines.clear()
            self.positions |= follower.positions()
            for number in follower.positions():
                self.ended.pop(number, None)
            for number, position in retired.items():
                self.positions.pop(number, None)
                self.ended[number] = position
        return new


@contextmanager
def powerless() -> Iterator[Path]:
    """Be a user whom permissions bind, in a directory of its own."""
    with tempfile.TemporaryDirectory() as directory:
        if os.geteuid() != 0:
            yield Path(directory)
            return
        os.chown(directory, _NOBODY, -1)
        os.seteuid(_NOBODY)
        try:
            yield Path(directory)
        finally:
            os.seteuid(0)


def _numbered(path: Path, number: int) -> Path:
    return path.with_name(f"{path.name}.{number}")


def _bytes(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode()
