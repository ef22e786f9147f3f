"""What procfs tells, read from the real one where a process can be made, else from a tree of files that looks alike."""

from __future__ import annotations

import fcntl
import os
import socket
from pathlib import Path

import pytest

from logship.doctor.access import Identity
from logship.doctor.processes import Processes

REAL = Processes()


def test_this_process_is_seen_as_it_is() -> None:
    me = REAL.identity()
    assert me is not None
    assert me.uid == os.geteuid()
    assert me.groups >= {os.getegid(), *os.getgroups()}
    assert REAL.identity(os.getpid()) == me
    assert REAL.name(os.getpid())


def test_who_holds_a_lock_is_told_without_taking_it(tmp_path: Path) -> None:
    path = tmp_path / "state.db.lock"
    path.touch()
    assert REAL.lock_holder(str(path)) is None
    with path.open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert REAL.lock_holder(str(path)) == os.getpid()
    assert REAL.lock_holder(str(path)) is None
    assert REAL.lock_holder(str(tmp_path / "none")) is None


@pytest.mark.parametrize(("family", "host"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")])
def test_who_listens_is_told(family: int, host: str) -> None:
    with socket.socket(family) as server:
        server.bind((host, 0))
        port = server.getsockname()[1]
        assert REAL.listener(port) is None, "it is bound, and does not listen"
        server.listen()
        assert REAL.listener(port) == os.getpid()
    assert REAL.listener(port) is None


def fake(proc: Path, pid: int, *, status: str = "", cmdline: bytes = b"") -> Processes:
    directory = proc / str(pid)
    directory.mkdir(parents=True)
    (directory / "status").write_text(status)
    (directory / "cmdline").write_bytes(cmdline)
    return Processes(proc)


@pytest.mark.parametrize(("able", "reads_all", "writes_all"), [(4, True, False), (2, False, True), (1, False, False)])
def test_capabilities_to_read_and_to_write_everything_are_two(
    tmp_path: Path,
    able: int,
    reads_all: bool,  # noqa: FBT001
    writes_all: bool,  # noqa: FBT001
) -> None:
    status = f"Name:\tx\nUid:\t1\t65534\t1\t1\nGid:\t5\t6\t5\t5\nGroups:\t7 8 \nCapEff:\t000000000000000{able}\n"
    processes = fake(tmp_path, 3, status=status)
    assert processes.identity(3) == Identity(65534, frozenset({6, 7, 8}), reads_all, writes_all)
    assert processes.identity(4) is None


@pytest.mark.parametrize(
    ("cmdline", "is_one"),
    [
        (b"/usr/bin/python3\0/opt/bin/logship\0tail\0a.log\0", True),
        (b"python\0-m\0logship\0tail\0", True),
        (b"/opt/bin/logship\0doctor\0tail.log\0", False),
        (b"tail\0-f\0logship\0", False),
        (b"sudo\0logship\0tail\0a.log\0", False),
        (b"timeout\x0060\0/opt/bin/logship\0tail\0", False),
        (b"vi\0notes\0", False),
        (b"", False),
    ],
)
def test_a_tailer_is_known_by_its_command_line(tmp_path: Path, cmdline: bytes, is_one: bool) -> None:  # noqa: FBT001
    assert list(fake(tmp_path, 9, cmdline=cmdline).tailers()) == ([9] if is_one else [])


def test_a_file_that_a_process_names_is_meant_from_its_own_directory(tmp_path: Path) -> None:
    theirs, ours = tmp_path / "theirs", tmp_path / "ours"
    for directory in (theirs, ours):
        directory.mkdir()
        (directory / "state.db").touch()
    processes = fake(tmp_path, 9, cmdline=b"logship\0tail\0--state\0state.db\0")
    fake(tmp_path, 10, cmdline=f"logship\0tail\0--state={ours}/state.db\0".encode())
    (tmp_path / "9" / "cwd").symlink_to(theirs)
    (tmp_path / "10" / "root").symlink_to("/")
    assert [processes.is_named(str(theirs / "state.db"), pid) for pid in (9, 10)] == [True, False]
    assert [processes.is_named(str(ours / "state.db"), pid) for pid in (9, 10)] == [False, True]


def test_a_procfs_that_is_not_there_tells_nothing(tmp_path: Path) -> None:
    nothing = Processes(tmp_path / "none")
    assert nothing.identity() is None
    assert nothing.listener(80) is None
    assert list(nothing.tailers()) == []
    assert nothing.open_files_limit() is None
    assert nothing.inotify_instances(0) == 0
    assert nothing.name(1) == "?"
