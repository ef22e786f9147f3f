"""Whatever is done to the files, and whenever the tailer is stopped or killed: committed lines == lines written.

The model knows contents, not files: a rename, a copy and a compression move a content to another place. Lines may be
lost only with a content that was deleted, or rotated out of sight before anything of the log was known, or that was
empty when a look could find it out of sight.
"""

from __future__ import annotations

import gzip
import os
import re
import shutil
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from words import LINGER, Tailed, write_half

EXAMPLES = 1000 if "CI" in os.environ else 60
"""A few seconds of them; the profile `thorough` runs more."""


@dataclass
class Content:
    """What is, or was, in one file.

    Attributes:
        path: Where it stands, None when it was deleted.
        lines: Complete lines of it.
        half: The unfinished last line.
        is_seen: Whether a look of this follower had to find it, or a commit knows it.
        may_be_missed: Whether it was made since something of the log was known, and was not empty at a look.
    """

    path: Path | None
    lines: list[str] = field(default_factory=list)
    half: str = ""
    is_seen: bool = False
    may_be_missed: bool = True

    @property
    def is_plain(self) -> bool:
        return self.path is not None and self.path.suffix != ".gz"

    @property
    def is_to_be_found(self) -> bool:
        return self.path is not None and bool(self.lines or self.half)


class WriterAndTailer(RuleBasedStateMachine):
    """A writer, rotations, and a tailer that comes and goes."""

    def __init__(self) -> None:
        super().__init__()
        self.directory = Path(tempfile.mkdtemp())
        self.log = self.directory / "combined.log"
        self.sees_old_files = True
        self.is_up = True
        self.knows = False
        self.count = 0
        self.contents: list[Content] = []
        self.tailed = Tailed(self.log)
        self._create()

    @initialize(sees_old_files=st.booleans())
    def choose_a_pattern(self, *, sees_old_files: bool) -> None:
        self.sees_old_files = sees_old_files
        self.tailed = Tailed(f"{self.log}*" if sees_old_files else self.log)

    @property
    def current(self) -> Content:
        return self.contents[-1]

    @rule(number=st.integers(1, 3))
    def write(self, number: int) -> None:
        for _ in range(number):
            self._append(self.current, self._text() + "\n")

    @rule()
    def write_half_a_line(self) -> None:
        self._append(self.current, self._text())

    @rule(which=st.integers(2, 3), ends=st.booleans())
    def write_to_a_rotated_file(self, which: int, *, ends: bool) -> None:
        """As a writer does that was not told of the rotation yet."""
        old = self.contents[-min(which, len(self.contents))]
        if old.is_plain and (self.sees_old_files or (self.is_up and old.is_seen and self._holds(old))):
            self._append(old, self._text() + "\n" * ends)

    @rule()
    def rotate_by_renaming(self) -> None:
        self._shift()
        os.rename(self.log, self._numbered(1))  # noqa: PTH104
        self.current.path = self._numbered(1)
        self._create()

    @precondition(lambda self: not self.current.half)
    @rule(is_looked_at=st.booleans())
    def copytruncate(self, *, is_looked_at: bool) -> None:
        self._shift()
        copy = self._numbered(1)
        content = self.log.read_bytes()
        if is_looked_at and self.is_up and content:
            self.poll()
            copy.write_bytes(content[: len(content) // 2])
            self.poll()
        copy.write_bytes(content)
        if is_looked_at and self.is_up and content:
            self.poll()
        os.truncate(self.log, 0)
        self.current.path = copy
        self.contents.append(Content(self.log))

    @rule(which=st.integers(0, 3))
    def compress_a_rotated_file(self, which: int) -> None:
        rotated = [each for each in self.contents[:-1] if each.is_plain]
        if which < len(rotated):
            content = rotated[which]
            assert content.path is not None
            archive = content.path.with_name(content.path.name + ".gz")
            archive.write_bytes(gzip.compress(content.path.read_bytes()))
            content.path.unlink()
            content.path = archive

    @rule(which=st.integers(0, 3))
    def delete_a_rotated_file_that_was_counted(self, which: int) -> None:
        rotated = [each for each in self.contents[:-1] if each.path is not None]
        if which < len(rotated):
            content = rotated[which]
            if self.is_up:
                self.poll()
            if not content.half and set(content.lines) <= set(self.tailed.lines):
                assert content.path is not None
                content.path.unlink()
                content.path = None

    @precondition(lambda self: not self.current.half)
    @rule()
    def delete_and_recreate_when_counted(self) -> None:
        """The file system likes to give the same inode again."""
        if self.is_up:
            self.poll()
        if set(self.current.lines) <= set(self.tailed.lines):
            self.log.unlink()
            self.current.path = None
            self._create()

    @precondition(lambda self: not self.is_up)
    @rule(which=st.integers(0, 3))
    def prune_a_rotated_file_while_down(self, which: int) -> None:
        """What was not counted of it is lost, and nothing else."""
        rotated = [each for each in self.contents[:-1] if each.path is not None]
        if which < len(rotated):
            content = rotated[which]
            assert content.path is not None
            content.path.unlink()
            content.path = None
            self._forget_what_no_file_holds(content, set(self.tailed.lines))

    @precondition(lambda self: not self.is_up)
    @rule()
    def lose_the_state(self) -> None:
        """As `--state-recovery reset` does: counting starts anew with the files that are meant."""
        self.tailed.positions, self.tailed.ended = {}, {}
        self.tailed.lines.clear()
        for content in self.contents:
            self._forget_what_no_file_holds(content, set())
            content.is_seen, content.may_be_missed = False, True

    @precondition(lambda self: self.is_up)
    @rule()
    def poll(self) -> None:
        self.look_and_read()
        self.commit()
        self._compare()

    @precondition(lambda self: self.is_up)
    @rule()
    def look_and_read(self) -> None:
        self.tailed.followed.look()
        self._see()
        self.tailed.followed.read()

    @precondition(lambda self: self.is_up)
    @rule()
    def commit(self) -> None:
        self.tailed.commit()

    @precondition(lambda self: self.is_up)
    @rule()
    def read_one_batch_and_commit_it(self) -> None:
        self.tailed.followed.look()
        self._see()
        self.tailed.followed.read_one_batch()
        self.commit()

    @precondition(lambda self: self.is_up)
    @rule(seconds=st.sampled_from([0.25, 1.0, LINGER, 2 * LINGER]))
    def wait(self, seconds: float) -> None:
        self.tailed.followed.now += seconds

    @precondition(lambda self: self.is_up)
    @rule()
    def stop(self) -> None:
        self.poll()
        self.kill()

    @precondition(lambda self: self.is_up)
    @rule()
    def kill(self) -> None:
        self.tailed.kill()
        self.is_up = False
        committed = set(self.tailed.lines)
        knows = bool(self.tailed.positions or self.tailed.ended)
        for content in self.contents:
            is_known = any(line in committed for line in content.lines)
            content.is_seen = content.is_seen and (is_known or (knows and content.may_be_missed))
            if not content.is_plain:
                self._forget_what_no_file_holds(content, committed)

    @precondition(lambda self: not self.is_up)
    @rule()
    def start(self) -> None:
        self.tailed.start()
        self.is_up = True
        self.knows = bool(self.tailed.positions or self.tailed.ended)

    @invariant()
    def no_line_is_committed_twice(self) -> None:
        numbers = re.findall(r"<\d+>", "".join(self.tailed.lines))
        assert len(numbers) == len(set(numbers))

    def teardown(self) -> None:
        if not self.is_up:
            self.start()
        self.poll()
        self.tailed.restart()
        self.tailed.poll_until_let_go()
        self._compare()
        self.no_line_is_committed_twice()
        self.tailed.kill()
        shutil.rmtree(self.directory)

    def _text(self) -> str:
        self.count += 1
        return f"<{self.count}>"

    def _append(self, content: Content, text: str) -> None:
        assert content.path is not None
        write_half(content.path, text)
        *lines, content.half = (content.half + text).split("\n")
        content.lines += lines

    def _create(self) -> None:
        self.log.touch()
        self.contents.append(Content(self.log))

    def _numbered(self, number: int) -> Path:
        return self.directory / f"combined.log.{number}"

    def _shift(self) -> None:
        """Make room for a new `combined.log.1`."""
        for content in self.contents[:-1]:
            if content.path is not None:
                _, number, packed = re.split(r"\.log\.(\d+)", content.path.name)
                target = self._numbered(int(number) + 1)
                content.path = content.path.rename(target.with_name(target.name + packed))

    def _holds(self, content: Content) -> bool:
        """Return whether the follower has the file open."""
        assert content.path is not None
        inode = content.path.stat().st_ino
        return any(
            each.key.inode == inode and each.gone_at is not None for each in self.tailed.followed.follower.generations
        )

    def _see(self) -> None:
        for content in self.contents:
            in_sight = content.path == self.log or (self.sees_old_files and content.is_plain)
            content.may_be_missed = content.may_be_missed and (in_sight or (self.knows and content.is_to_be_found))
            content.is_seen = content.is_seen or in_sight or content.may_be_missed
        self.knows = True

    def _forget_what_no_file_holds(self, content: Content, committed: set[str]) -> None:
        stored = []
        if content.path is not None:
            packed = content.path.read_bytes()
            stored = (packed if content.is_plain else gzip.decompress(packed)).decode().split("\n")
        content.lines = [line for line in content.lines if line in committed or line in stored]

    def _compare(self) -> None:
        committed = Counter(self.tailed.lines)
        for content in self.contents:
            if content.is_seen:
                missing = Counter(content.lines) - committed
                assert not missing, f"not counted: {missing}"
        written = Counter(line for content in self.contents for line in [*content.lines, content.half])
        assert not committed - written, f"counted, but not written so: {committed - written}"


TestWriterAndTailer = WriterAndTailer.TestCase
TestWriterAndTailer.settings = settings(
    max_examples=EXAMPLES if settings().max_examples <= 100 else settings().max_examples,
    stateful_step_count=40,
    deadline=None,
)
