from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from app_logging.torn import ends_whole


def identity(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_dev, status.st_ino


@pytest.mark.parametrize(("content", "expected"), [(b"", True), (b"whole\n", True), (b"whole\ntorn", False)])
def test_a_file_is_whole_unless_it_ends_within_a_line(tmp_path: Path, content: bytes, expected: bool) -> None:  # noqa: FBT001
    path = tmp_path / "log"
    path.write_bytes(content)
    assert ends_whole(path, identity(path)) is expected


def test_nothing_is_claimed_of_a_file_that_has_another_name_by_now(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"another\n")
    assert not ends_whole(path, (0, 0))
    assert not ends_whole(tmp_path / "missing", (0, 0))


@pytest.mark.integration
def test_a_file_that_is_being_written_to_never_seems_torn(tmp_path: Path) -> None:
    """Half of a long record is visible while it is written, which took one look in four for a torn end."""
    path = tmp_path / "log"
    path.touch()
    stop = threading.Event()
    looks = []

    def look() -> None:
        while not stop.is_set():
            looks.append(ends_whole(path, identity(path)))

    looker = threading.Thread(target=look, name="looker")
    looker.start()
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND)
    for _ in range(4000):
        os.write(descriptor, b"x" * 20_000 + b"\n")
    stop.set()
    looker.join()
    os.close(descriptor)
    assert looks
    assert all(looks)
