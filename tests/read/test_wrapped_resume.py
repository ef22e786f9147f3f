"""A tailer of wrapped logs that is killed at any moment: each line of the application comes out once, whole."""

from __future__ import annotations

import gzip
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from words import LINGER, Told, write_half

from logship.model import Position
from logship.parse import UNWRAPS
from logship.read import Follower, FollowOptions, Meant, Sources

CRI = "2026-11-23T07:00:00Z {} {} {}\n"


@dataclass
class Runtime:
    """What a container runtime writes of an application that prints numbered lines."""

    printed: list[str] = field(default_factory=list)

    def print(self, stream: str, pieces: int, between: str) -> str:
        """Return one more line in so many pieces; `between` them stands a line of the other stream."""
        other = "stderr" if stream == "stdout" else "stdout"
        number = len(self.printed)
        texts = [f"line {number} piece {piece} " for piece in range(pieces)]
        written = [CRI.format(stream, "F" if text is texts[-1] else "P", text) for text in texts]
        if between:
            written.insert(1, CRI.format(other, "F", f"{between} {number}"))
            self.printed.append(f"{between} {number}")
        self.printed.append("".join(texts))
        return "".join(written)


@dataclass
class Tailing:
    """A follower that is killed and started again; positions and lines are committed together."""

    path: Path
    lines: list[str] = field(default_factory=list)
    positions: dict[int, Position] = field(default_factory=dict)
    now: float = 1000.0

    def __post_init__(self) -> None:
        self.start()

    def start(self) -> None:
        sources = Sources({"pods": Meant((f"{self.path}*",), (), "cri")})
        self.follower = Follower(sources, FollowOptions(linger_seconds=LINGER), Told(), positions=self.positions)

    def poll(self, *, after: float = 1.0, commits: bool = True) -> None:
        """Look and read; without a commit all of it is forgotten at the next kill."""
        self.now += after
        self.follower.look(self.now)
        batches = [*self.follower.batches(), *self.follower.let_go(self.now)]
        if commits:
            for batch in batches:
                text = UNWRAPS["cri"](batch.lines).lines.decode()
                self.lines += text.split("\n")[:-1]
            self.positions = self.follower.positions()

    def kill_and_start(self) -> None:
        self.follower.close()
        self.start()


def pieces_of(text: bytes, cuts: Sequence[int]) -> Iterator[bytes]:
    start = 0
    for cut in sorted({each % (len(text) + 1) for each in cuts}):
        yield text[start:cut]
        start = cut
    yield text[start:]


texts = st.lists(
    st.tuples(st.sampled_from(["stdout", "stderr"]), st.integers(1, 4), st.sampled_from(["", "", "between"])),
    min_size=1,
    max_size=8,
)
fates = st.sampled_from(["poll", "poll", "kill", "poll and kill", "nothing"])


@given(texts, st.lists(st.integers(0, 100_000), max_size=8), st.lists(fates, min_size=9, max_size=9))
def test_a_kill_at_any_moment_loses_and_doubles_nothing(
    printed: list[tuple[str, int, str]], cuts: list[int], then: list[str]
) -> None:
    runtime = Runtime()
    text = "".join(runtime.print(*each) for each in printed).encode()
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "0.log"
        path.touch()
        tailing = Tailing(path)
        for piece, fate in zip(pieces_of(text, cuts), then, strict=False):
            write_half(path, piece)
            if fate.startswith("poll"):
                tailing.poll()
            if fate.endswith("kill"):
                tailing.poll(commits=False) if fate == "kill" else None
                tailing.kill_and_start()
        tailing.poll()
        tailing.follower.close()
    assert sorted(tailing.lines) == sorted(runtime.printed)


@pytest.mark.parametrize("packed", [False, True])
def test_a_line_that_is_open_when_the_file_is_rotated_is_read_on_in_the_rotated_file(
    tmp_path: Path, *, packed: bool
) -> None:
    path = tmp_path / "0.log"
    first, rest = CRI.format("stdout", "F", "one"), CRI.format("stdout", "P", "be") + CRI.format("stderr", "F", "err")
    write_half(path, first + CRI.format("stdout", "P", "to "))
    tailing = Tailing(path)
    tailing.poll()
    assert tailing.lines == ["one"]
    tailing.kill_and_start()
    write_half(path, rest + CRI.format("stdout", "F", " or"))
    rotated = tmp_path / "0.log.20261123-070000"
    path.rename(rotated)
    if packed:
        (tmp_path / "0.log.20261123-070000.gz").write_bytes(gzip.compress(rotated.read_bytes()))
        rotated.unlink()
    write_half(path, CRI.format("stdout", "F", "not to be"))
    for _ in range(3):
        tailing.poll(after=LINGER)
    assert sorted(tailing.lines) == ["err", "not to be", "one", "to be or"]
    tailing.follower.close()


def test_at_the_end_of_a_file_the_open_line_is_taken_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "0.log"
    write_half(path, CRI.format("stdout", "F", "one") + CRI.format("stdout", "P", "half"))
    tailing = Tailing(path)
    tailing.poll()
    path.unlink()
    for _ in range(3):
        tailing.poll(after=LINGER)
    assert tailing.lines == ["one", "half"]
    tailing.follower.close()
