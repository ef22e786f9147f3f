from __future__ import annotations

import os
from pathlib import Path

import pytest

from app_logging.files import Bounds
from app_logging.own_files import OwnFile, host_name, is_alive, own_path, surplus_orphans

LOG = Path("/logs/combined.log")


def test_the_name_bears_the_host_and_the_process() -> None:
    assert own_path(LOG, "web1", 4711) == Path("/logs/combined.web1-4711.log")


def test_only_files_of_dead_processes_of_this_host_are_surplus(tmp_path: Path) -> None:
    names = [
        *("combined.log", "combined.web1-1.log", "combined.web1-1.log.1", "combined.web1-2.log", "error.web1-1.log"),
        *("combined.web1-3.log", "combined.web2-1.log", "combined.web1-x.log"),
    ]
    for age, name in enumerate(names):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (100 - age, 100 - age))
    surplus = surplus_orphans(tmp_path / "combined.log", "web1", 2, lambda process: process == 2)
    assert [path.name for path in surplus] == ["combined.web1-3.log"]
    surplus = surplus_orphans(tmp_path / "combined.log", "web1", 0, lambda process: process == 2)
    assert {path.name for path in surplus} == {"combined.web1-1.log", "combined.web1-1.log.1", "combined.web1-3.log"}


def test_this_process_is_alive_and_one_that_was_waited_for_is_not() -> None:
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    assert is_alive(os.getpid())
    assert not is_alive(child)


def test_it_rotates_without_a_lock(tmp_path: Path) -> None:
    file = OwnFile(tmp_path / "combined.log", Bounds(max_bytes=4, backups=2))
    file.open()
    for line in (b"one\n", b"two\n"):
        assert file.write(line)
    file.close()
    own = own_path(tmp_path / "combined.log", host_name(), os.getpid())
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {
        own.name: b"two\n",
        f"{own.name}.1": b"one\n",
    }


@pytest.mark.parametrize("name", ["combined.log", "error.log"])
def test_a_child_leaves_its_parent_its_file(tmp_path: Path, name: str) -> None:
    file = OwnFile(tmp_path / name, Bounds(max_bytes=0, backups=2))
    file.open()
    file.write(b"parent\n")
    child = os.fork()
    if child == 0:
        file.after_fork_in_child()
        file.write(b"child\n")
        os._exit(0)
    os.waitpid(child, 0)
    file.write(b"parent\n")
    file.close()
    assert own_path(tmp_path / name, host_name(), child).read_bytes() == b"child\n"
    assert file.path.read_bytes() == b"parent\nparent\n"
