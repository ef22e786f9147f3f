from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app_logging.torn import ends_whole


@contextmanager
def opened(path: Path, flags: int = os.O_RDWR) -> Iterator[int]:
    descriptor = os.open(path, flags | os.O_APPEND)
    yield descriptor
    os.close(descriptor)


@pytest.mark.parametrize(("content", "expected"), [(b"", True), (b"whole\n", True), (b"whole\ntorn", False)])
def test_a_file_is_whole_unless_it_ends_within_a_line(tmp_path: Path, content: bytes, expected: bool) -> None:  # noqa: FBT001
    path = tmp_path / "log"
    path.write_bytes(content)
    with opened(path) as descriptor:
        assert ends_whole(descriptor) is expected


def test_nothing_is_claimed_of_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"whole\n")
    with opened(path, os.O_WRONLY) as descriptor:
        assert not ends_whole(descriptor)


@pytest.mark.integration
def test_a_file_that_is_being_written_to_never_seems_torn(tmp_path: Path) -> None:
    """Half of a long record is visible while it is written, which took one look in four for a torn end."""
    path = tmp_path / "log"
    path.touch()
    stop = threading.Event()
    looks = []

    def look() -> None:
        while not stop.is_set():
            looks.append(ends_whole(looked_at))

    with opened(path) as looked_at, opened(path) as written_to:
        looker = threading.Thread(target=look, name="looker")
        looker.start()
        for _ in range(4000):
            os.write(written_to, b"x" * 20_000 + b"\n")
        stop.set()
        looker.join()
    assert looks
    assert all(looks)
