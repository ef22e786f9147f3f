"""What is behind a URL comes out whole, however often its connection is lost, or it is said where it breaks off."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logship.errors import InputError
from logship.read.attempts import PAUSES_SECONDS, LostError, again_and_again
from logship.read.remote import RemoteFile

BODY = bytes(range(256)) * 200  # longer than all faults of a test
ATTEMPTS = len(PAUSES_SECONDS) + 1


class Weak:
    """An object of a server that fails when it is told to: by an error, by an early end."""

    def __init__(self, faults: list[str], size: int | None = len(BODY)) -> None:
        self.faults = faults
        self.size = size
        self.asked: list[int] = []
        self.is_open = False

    def read(self, offset: int, length: int) -> bytes:
        self.asked.append(offset)
        fault = self.faults.pop(0) if self.faults else "none"
        if fault == "lost":
            raise LostError("reset by peer")
        return b"" if fault == "ends" else BODY[offset : offset + min(length, 1000)]

    def close(self) -> None:
        self.is_open = False


def read(weak: Weak, pause: Callable[[float], None] = lambda _seconds: None) -> bytes:
    return io.BufferedReader(RemoteFile("s3://u:p@b/k", opened=weak, pause=pause)).read()


@given(st.lists(st.sampled_from(["none", "lost", "ends"]), max_size=40))
def test_all_bytes_come_once_as_long_as_it_goes_on(faults: list[str]) -> None:
    longest = max((len(run) for run in "".join("x" if each != "none" else " " for each in faults).split()), default=0)
    if longest < ATTEMPTS:
        assert read(Weak(list(faults))) == BODY
    else:
        with pytest.raises(InputError):
            read(Weak(list(faults)))


def test_the_place_of_the_end_is_said_without_the_password() -> None:
    weak = Weak(["none", *["lost"] * ATTEMPTS])
    with pytest.raises(InputError) as error:
        read(weak)
    said = "breaks off at byte 1000 of 51200 (reset by peer; tried 6 times); everything before that was counted"
    assert str(error.value) == f"s3://***@b/k {said}"
    assert weak.asked == [0, *[1000] * ATTEMPTS]


def test_pauses_grow_and_are_no_hang() -> None:
    paused: list[float] = []
    with pytest.raises(InputError):
        read(Weak(["lost"] * ATTEMPTS), paused.append)
    assert paused == sorted(paused)
    assert sum(paused) < 10


def test_bytes_let_the_count_of_attempts_begin_anew() -> None:
    faults = ["none", *["lost"] * (ATTEMPTS - 1)] * 5
    assert read(Weak(faults)) == BODY


def test_an_object_of_unknown_size_ends_where_it_ends() -> None:
    assert read(Weak([], size=None)) == BODY


def test_a_file_can_begin_in_the_middle() -> None:
    assert io.BufferedReader(RemoteFile("s3://b/k", 10_000, opened=Weak([]))).read(100) == BODY[10_000:10_100]


def test_a_first_answer_is_not_waited_for_as_long() -> None:
    paused: list[float] = []

    def refuse() -> None:
        raise LostError

    with pytest.raises(LostError):
        again_and_again(refuse, pause=paused.append)
    assert paused == [0.25, 0.5]
