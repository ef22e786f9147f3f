"""Whatever a writer and a rotation do, and whenever we look: lines handed out == lines written, never one twice.

The model knows the files and what is in them. A line may only be lost with a file that was deleted, or rotated out of
sight before the first look, or empty when a look could see it.
Content is cut (copytruncate) only when all of it was read: at that instant unread lines are lost by nature.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from words import LINGER, Followed, winston_log

KEEP = 3


@dataclass
class Modelled:
    """One file of the model.

    Attributes:
        path: Its name now, None when it was deleted.
        writer: A writer that keeps it open, whatever becomes of the name.
        lines: Complete lines in it.
        half: The unfinished last line.
        may_be_missed: Whether it was made after the first look, and no look has found it out of sight and empty.
        was_seen: Whether a look had to find it.
        is_in_sight: Whether the pattern means its name.
        gone_at: When it went out of sight.
        written_at: When something was last written to it.
    """

    path: Path | None
    writer: BinaryIO
    lines: list[str] = field(default_factory=list)
    half: str = ""
    may_be_missed: bool = False
    was_seen: bool = False
    is_in_sight: bool = True
    gone_at: float = 0.0
    written_at: float = 0.0

    def is_heard(self, now: float) -> bool:
        """Return whether a follower must still read what is written now."""
        return self.is_in_sight or now - self.gone_at < LINGER or now - self.written_at < LINGER


class WriterAndFollower(RuleBasedStateMachine):
    """A writer, a rotation, a follower, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.directory = Path(tempfile.mkdtemp())
        self.sees_old_files = True
        self.has_looked = False
        self.newest = 0
        self.count = 0
        self.followed = Followed()
        self.files: list[Modelled] = []
        self._create(self.directory / "combined.log")

    @initialize(sees_old_files=st.booleans())
    def choose_a_pattern(self, *, sees_old_files: bool) -> None:
        self.sees_old_files = sees_old_files
        pattern = "combined*.log*" if sees_old_files else "combined*.log"
        self.followed = Followed(self.directory / pattern)

    @property
    def current(self) -> Modelled:
        return self.files[-1]

    @rule(count=st.integers(1, 3))
    def write(self, count: int) -> None:
        for _ in range(count):
            self._append(self.current, self._text() + "\n")

    @rule()
    def write_half_a_line(self) -> None:
        self._append(self.current, self._text())

    @rule(ends=st.booleans(), which=st.integers(2, 4))
    def write_to_an_old_file(self, *, ends: bool, which: int) -> None:
        """As a writer does that was not told of the rotation yet."""
        old = self.files[-min(which, len(self.files))]
        if old.is_heard(self.followed.now):
            self._append(old, self._text() + "\n" * ends)

    @rule(which=st.integers(2, 4), times=st.integers(1, 3))
    def write_late_again_and_again(self, which: int, times: int) -> None:
        for _ in range(times):
            self.poll()
            self.followed.now += LINGER - 1
            self.write_to_an_old_file(ends=True, which=which)

    @rule()
    def rotate_by_renaming(self) -> None:
        base = winston_log(self.directory, self.newest)
        for number in range(KEEP, -1, -1):
            path = base.with_name(f"{base.name}.{number}") if number else base
            for each in self.files:
                if each.path == path:
                    self._move(each, base.with_name(f"{base.name}.{number + 1}") if number < KEEP else None)
        self._create(base)

    @rule()
    def move_on_as_winston(self) -> None:
        self.newest += 1
        oldest = winston_log(self.directory, self.newest - KEEP) if self.newest >= KEEP else None
        for each in self.files:
            if each.path is not None and each.path == oldest:
                self._move(each, None)
        self._create(winston_log(self.directory, self.newest))

    @rule()
    def delete_and_recreate(self) -> None:
        path = winston_log(self.directory, self.newest)
        self._move(self.current, None)
        self._create(path)

    @precondition(lambda self: not self.current.half)
    @rule()
    def copytruncate_when_all_was_read(self) -> None:
        self.poll()
        path = winston_log(self.directory, self.newest)
        shutil.copyfile(path, self.directory / f"copy{self.count}")
        os.truncate(path, 0)

    @rule()
    def look_only(self) -> None:
        self.followed.look()
        self._saw()

    @rule()
    def read_one_batch_and_stop(self) -> None:
        self.followed.read_one_batch()

    @rule(seconds=st.sampled_from([0.25, 1.0, LINGER / 2, LINGER, 2 * LINGER]))
    def wait(self, seconds: float) -> None:
        self.followed.now += seconds

    @rule()
    def poll(self) -> None:
        self.followed.look()
        self._saw()
        self.followed.read()
        missing, unexpected = self._compare()
        assert not missing, "every line that could be read was handed out"
        assert not unexpected - self._halves_of_gone_files(self.files), "nothing else was handed out"

    @invariant()
    def no_line_is_handed_out_twice(self) -> None:
        assert len(set(self.followed.lines)) == len(self.followed.lines)

    def teardown(self) -> None:
        self.poll()
        self.followed.poll_until_let_go()
        missing, unexpected = self._compare()
        assert not missing
        halves = self._halves_of_gone_files(file for file in self.files if file.was_seen)
        assert not halves - unexpected, "unfinished lines of files that went are taken as they are"
        self.followed.close()
        for file in self.files:
            file.writer.close()
        shutil.rmtree(self.directory)

    def _text(self) -> str:
        self.count += 1
        return f"<{self.count}>"

    def _append(self, file: Modelled, text: str) -> None:
        file.writer.write(text.encode())
        file.writer.flush()
        file.written_at = self.followed.now
        *lines, file.half = (file.half + text).split("\n")
        file.lines += lines

    def _move(self, file: Modelled, target: Path | None) -> None:
        assert file.path is not None
        if target is None:
            file.path.unlink()
        else:
            file.path.rename(target)
        file.path = target
        was_in_sight, file.is_in_sight = file.is_in_sight, target is not None and self.sees_old_files
        if was_in_sight and not file.is_in_sight:
            file.gone_at = self.followed.now

    def _create(self, path: Path) -> None:
        self.files.append(Modelled(path, path.open("ab"), may_be_missed=self.has_looked))

    def _saw(self) -> None:
        self.has_looked = True
        for file in self.files:
            is_found = file.may_be_missed and file.path is not None and bool(file.lines or file.half)
            file.was_seen = file.was_seen or file.is_in_sight or is_found
            file.may_be_missed = file.may_be_missed and file.was_seen

    def _compare(self) -> tuple[Counter[str], Counter[str]]:
        """Return what was written but not handed out, and what was handed out but is no complete line."""
        handed = Counter(line.decode() for line in self.followed.lines)
        had_to_be = Counter(line for file in self.files if file.was_seen for line in file.lines)
        return had_to_be - handed, handed - Counter(line for file in self.files for line in file.lines)

    def _halves_of_gone_files(self, files: Iterable[Modelled]) -> Counter[str]:
        return Counter(file.half for file in files if not file.is_in_sight and file.half)


TestWriterAndFollower = WriterAndFollower.TestCase
TestWriterAndFollower.settings = settings(
    max_examples=1000 if "CI" in os.environ else 120, stateful_step_count=40, deadline=None
)
