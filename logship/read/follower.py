"""Follow the files that globs mean, through rotation: batches of complete lines come out, each line once.

The acting half of `rotation`: it opens, reads and closes. Every file that matches is followed, not one name: with
winston's own rotation the writer moves on to `combined1.log` and `combined.log` is the oldest. A file whose name went
is read to its end and kept open until it can hardly grow any more.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from logship.model import Batch, FileKey
from logship.read.archive import is_compressed_head
from logship.read.discovery import Sighting, combined_beside, expand, sightings, without_repeats
from logship.read.lines import DEFAULT_MAX_LINE_BYTES, LineCutter, Lines
from logship.read.rotation import MARKER_BYTES, Content, Held, Seen, can_let_go, classify

BLOCK_BYTES = 1 << 16
"""Bytes per read and per batch; the fastest of the sizes from 32 KiB to 4 MiB that were measured."""

_CLOCK_TICK_SECONDS = 0.1
"""Two changes of a file within one tick of the kernel's clock (1 to 10 ms) carry the same time; with room to spare."""

_MAX_LEFT = 100
"""Files that were let go and are known again when they come back; more than ever linger out of sight at once."""

_COMPRESSED = "compressed; replay reads it"


class Happenings(Protocol):
    """What a follower tells of; each is logged and counted by whoever listens."""

    def opened(self, path: str) -> None:
        """Tell that a file is followed from now on."""

    def rotated(self, path: str, how: str) -> None:
        """Tell that the file at `path` was `renamed` or `removed`, or its content `replaced`."""

    def closed(self, path: str) -> None:
        """Tell that a file was read to its end and let go."""

    def unreadable(self, path: str, why: str) -> None:
        """Tell that a file that should be followed cannot be."""


@dataclass(frozen=True, slots=True)
class FollowOptions:
    """How to follow files.

    Attributes:
        max_line_bytes: A longer line is rejected without being kept.
        linger_seconds: How long a rotated file is kept open after its last change, for writers that still hold it.
    """

    max_line_bytes: int = DEFAULT_MAX_LINE_BYTES
    linger_seconds: float = 30.0


@dataclass(slots=True)
class Generation:
    """One life of one file, from its first byte to the last before it is rotated away or its content replaced."""

    number: int
    path: str
    key: FileKey
    descriptor: int
    cutter: LineCutter
    offset: int = 0
    marker: bytes = b""
    modified_ns: int = 0
    size: int = 0
    changed_at: float = 0.0
    compared_at: float = 0.0
    gone_at: float | None = None

    @property
    def unread_bytes(self) -> int:
        """Bytes that were seen but not read yet."""
        return max(0, self.size - self.offset)

    @property
    def behind_bytes(self) -> int:
        """Bytes that were seen but are in no batch yet: unread, or of an unfinished line."""
        return self.unread_bytes + self.cutter.pending_bytes


class Follower:
    """Hold the files that `patterns` mean and hand out their new lines; used by one thread."""

    def __init__(self, patterns: Sequence[str], options: FollowOptions, happenings: Happenings) -> None:
        self._patterns = patterns
        self._options = options
        self._tell = happenings
        self._held: dict[FileKey, Generation] = {}
        self._left: dict[FileKey, Generation] = {}
        self._refused: dict[FileKey, str] = {}
        self._with_combined: set[str] = set()
        self._last_number = 0
        self.retired: list[int] = []
        """Numbers of generations that ended; whoever keeps something about them clears the list."""

    def look(self, now: float) -> None:
        """See which files came, went, grew or were replaced; `now` is monotonic, in seconds."""
        paths = expand(self._patterns)
        self._with_combined |= combined_beside(paths)  # for good: a rotation takes it away for a moment
        kept, repeats = without_repeats(paths, self._with_combined)
        seen = {sighting.key: sighting for sighting in sightings(kept)}
        left_out = set(repeats)
        for generation in list(self._held.values()):
            if generation.path in left_out and generation.key not in seen:
                self._give_up(generation, "repeats the lines of combined.log beside it")
                continue
            try:
                self._see(generation, seen.get(generation.key), now)
            except OSError as error:  # the disk, or a network file system that lost the file
                self._give_up(generation, error.strerror or str(error))
        for key, sighting in seen.items():
            if key not in self._held:
                self._open(sighting, now)
        self._refused = {key: why for key, why in self._refused.items() if key in seen}

    def batches(self) -> Iterator[Batch]:
        """Yield the lines up to the sizes seen by the last look, file by file."""
        for generation in list(self._held.values()):
            yield from self._read(generation)

    def let_go(self, now: float) -> Iterator[Batch]:
        """Close the files that can hardly grow any more; yield their unfinished last lines.

        `now` is the time of the last look: of what happened since then nothing is known.
        """
        for generation in list(self._held.values()):
            if generation.gone_at is None or generation.unread_bytes:
                continue
            gone_for, idle_for = now - generation.gone_at, now - generation.changed_at
            rested = can_let_go(gone_for=gone_for, idle_for=idle_for, linger=self._options.linger_seconds)
            if rested and not _has_changed(generation):
                yield from self._finish(generation)
                self._close(generation)
                self._tell.closed(generation.path)

    def close(self) -> None:
        """Close all files; unfinished last lines stay unread."""
        for generation in list(self._held.values()):
            self._close(generation)

    @property
    def generations(self) -> list[Generation]:
        """The files that are followed now."""
        return list(self._held.values())

    def _see(self, generation: Generation, sighting: Sighting | None, now: float) -> None:
        if sighting is None:
            if generation.gone_at is None:
                generation.gone_at = now
                self._tell.rotated(generation.path, _how_gone(generation.descriptor))
        else:
            generation.gone_at = None
            if sighting.path != generation.path:
                self._tell.rotated(generation.path, "renamed")
                generation.path = sighting.path
        self._look_inside(generation, now)

    def _look_inside(self, generation: Generation, now: float) -> None:
        status = os.fstat(generation.descriptor)
        if (status.st_size, status.st_mtime_ns) != (generation.size, generation.modified_ns):
            generation.changed_at = now
        elif generation.compared_at - generation.changed_at > _CLOCK_TICK_SECONDS:
            return
        generation.compared_at = now
        start = generation.offset - len(generation.marker)
        marker = os.pread(generation.descriptor, len(generation.marker), start)
        held = Held(generation.offset, generation.marker, generation.modified_ns)
        if classify(held, Seen(status.st_size, marker, status.st_mtime_ns)) is Content.REPLACED:
            self._tell.rotated(generation.path, "replaced")
            self._start_over(generation)
            generation.changed_at = now
        generation.size, generation.modified_ns = status.st_size, status.st_mtime_ns

    def _start_over(self, generation: Generation) -> None:
        """Go on with the same open file as a new generation; what was unfinished is gone with the old content."""
        self.retired.append(generation.number)
        generation.number = self._next_number()
        generation.cutter = LineCutter(self._options.max_line_bytes)
        generation.offset = 0
        generation.marker = b""

    def _open(self, sighting: Sighting, now: float) -> None:
        try:
            descriptor = os.open(sighting.path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        except FileNotFoundError:
            return  # it went since it was seen
        except OSError as error:
            self._refuse(sighting.key, sighting.path, error.strerror or str(error))
            return
        try:
            held = self._hold(sighting.path, descriptor, now)
        except OSError as error:
            self._refuse(sighting.key, sighting.path, error.strerror or str(error))
            held = False
        if not held:
            os.close(descriptor)

    def _hold(self, path: str, descriptor: int, now: float) -> bool:
        """Follow an open file from now on; return whether it is to be followed."""
        status = os.fstat(descriptor)
        key = FileKey(status.st_dev, status.st_ino)
        if key in self._held:
            return False
        if is_compressed_head(os.pread(descriptor, 8, 0)):
            self._refuse(key, path, _COMPRESSED)
            return False
        known = self._known_again(key, descriptor)
        generation = known or Generation(
            number=0, path=path, key=key, descriptor=descriptor, cutter=LineCutter(self._options.max_line_bytes)
        )
        self._held[key] = replace(
            generation,
            number=self._next_number(),
            path=path,
            descriptor=descriptor,
            size=status.st_size,
            modified_ns=status.st_mtime_ns,
            changed_at=now,
            compared_at=now,
            gone_at=None,
        )
        if known is None or key not in self._refused:  # a read that failed and fails again is told once
            self._tell.opened(path)
        return True

    def _known_again(self, key: FileKey, descriptor: int) -> Generation | None:
        """Return what was read of a file before it went out of sight, when its bytes prove that it is the one."""
        left = self._left.pop(key, None)
        if left is None or os.pread(descriptor, len(left.marker), left.offset - len(left.marker)) != left.marker:
            return None
        return left

    def _refuse(self, key: FileKey, path: str, why: str) -> None:
        if self._refused.get(key) != why:
            self._refused[key] = why
            self._tell.unreadable(path, why)

    def _give_up(self, generation: Generation, why: str) -> None:
        self._refuse(generation.key, generation.path, why)
        self._close(generation)

    def _read(self, generation: Generation) -> Iterator[Batch]:
        while generation.unread_bytes:
            length = min(BLOCK_BYTES, generation.unread_bytes)
            try:
                block = os.pread(generation.descriptor, length, generation.offset)
            except OSError as error:
                self._give_up(generation, error.strerror or str(error))
                return
            if generation.offset == 0 and is_compressed_head(block):  # was empty when it was opened
                self._give_up(generation, _COMPRESSED)
                return
            if not block:
                generation.size = generation.offset  # shorter than seen: the next look tells why
                return
            start = generation.offset - generation.cutter.pending_bytes
            lines = generation.cutter.feed(block)
            generation.offset += len(block)
            generation.marker = (generation.marker + block)[-MARKER_BYTES:]
            if lines.data or lines.oversize:
                yield self._batch(generation, start, lines)

    def _finish(self, generation: Generation) -> Iterator[Batch]:
        start = generation.offset - generation.cutter.pending_bytes
        lines = generation.cutter.flush()
        if lines.data or lines.oversize:
            yield self._batch(generation, start, lines)

    def _batch(self, generation: Generation, start: int, lines: Lines) -> Batch:
        end = generation.offset - generation.cutter.pending_bytes
        return Batch(generation.number, start, end, lines.data, lines.oversize)

    def _close(self, generation: Generation) -> None:
        if generation.offset and _how_gone(generation.descriptor) != "removed":
            self._left[generation.key] = generation
            if len(self._left) > _MAX_LEFT:
                del self._left[next(iter(self._left))]
        os.close(generation.descriptor)
        del self._held[generation.key]
        self.retired.append(generation.number)

    def _next_number(self) -> int:
        self._last_number += 1
        return self._last_number


def _how_gone(descriptor: int) -> str:
    try:
        return "removed" if os.fstat(descriptor).st_nlink == 0 else "renamed"
    except OSError:  # a network file system says so of a file that was removed
        return "removed"


def _has_changed(generation: Generation) -> bool:
    """Return whether something happened to the file since the last look."""
    try:
        return os.fstat(generation.descriptor).st_size != generation.offset
    except OSError:  # nothing more will be read of it
        return False
