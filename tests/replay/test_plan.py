"""What a replay reads: each file once, nothing twice, nothing that cannot be read, nothing before its time."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from logship.errors import InputError, UsageError
from logship.replay import Plan, plan

NOBODY = 65534


@pytest.fixture
def logs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory of logs that is also the working directory."""
    for name in ("combined.log", "combined1.log", "combined2.log.gz", "combined10.log", "other.txt"):
        (tmp_path / name).write_bytes(b"{}\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_directory_stands_for_its_logs_in_natural_order(logs: Path) -> None:
    names = ("combined.log", "combined1.log", "combined2.log.gz", "combined10.log")
    assert plan([str(logs)]) == Plan(tuple(str(logs / name) for name in names), (), 12)
    assert plan(["."]).paths == names


@pytest.mark.parametrize(
    "patterns",
    [
        ("combined.log", "combined.log"),
        ("combined.log", "./combined.log"),
        ("combined.log", "../{directory}/combined.log"),
        ("combined.log", "combined.l*"),
        ("combined.l*", "combined.log"),
        ("combined.l*", "?ombined.log"),
        ("combined.log", "{absolute}/combined.log"),
    ],
)
def test_a_file_is_read_once_however_often_it_is_named(logs: Path, patterns: tuple[str, ...]) -> None:
    planned = plan([each.format(directory=logs.name, absolute=logs) for each in patterns])
    assert planned == Plan(("combined.log",), (), 3)


def test_a_link_and_its_target_are_one_file(logs: Path) -> None:
    (logs / "current.log").symlink_to("combined.log")
    (logs / "hard.log").hardlink_to(logs / "combined.log")
    assert plan(["current.log", "hard.log", "combined.log"]).paths == ("current.log",)
    assert len(plan(["."]).paths) == 4


def test_a_literal_in_a_glob_keeps_the_place_of_the_first(logs: Path) -> None:
    assert plan(["combined10.log", "combined*.log"]).paths == ("combined10.log", "combined.log", "combined1.log")
    assert logs.is_dir()


@pytest.mark.parametrize("error_log", ["error.log", "error1.log", "error2.log.gz", "error.log.1"])
def test_an_error_log_beside_its_combined_log_is_left_out(logs: Path, error_log: str) -> None:
    (logs / error_log).write_bytes(b"{}\n")
    left_out = plan(["combined.log", error_log])
    assert (left_out.paths, left_out.repeats) == (("combined.log",), (error_log,))
    wanted = plan(["combined.log", error_log], with_error_logs=True)
    assert (wanted.paths, wanted.repeats) == (("combined.log", error_log), ())


def test_an_error_log_alone_is_read(logs: Path) -> None:
    (logs / "error.log").write_bytes(b"{}\n")
    (logs / "elsewhere").mkdir()
    (logs / "elsewhere" / "error.log").write_bytes(b"{}\n")
    assert plan(["error.log"]) == Plan(("error.log",), (), 3)
    assert plan(["combined.log", "elsewhere/error.log"]).repeats == ()


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("nowhere.log", r"there is no file 'nowhere\.log' \(seen from "),
        ("nowhere/*.log", r"no file matches 'nowhere/\*\.log' \(seen from "),
        ("empty", r"no logs \(.*\) in the directory empty"),
        ("", r"there is no file ''"),
        ("combined.log/", r"there is no file 'combined\.log/'"),
    ],
)
def test_a_pattern_that_means_nothing_is_named(logs: Path, pattern: str, message: str) -> None:
    (logs / "empty").mkdir()
    with pytest.raises(UsageError, match=message):
        plan(["combined.log", pattern])


def test_a_dangling_link_is_named(logs: Path) -> None:
    (logs / "dangling.log").symlink_to("gone.log")
    with pytest.raises(InputError, match=r"dangling\.log cannot be read: No such file"):
        plan(["dangling.log"])


def test_a_loop_of_links_is_named(logs: Path) -> None:
    (logs / "loop.log").symlink_to("loop.log")
    with pytest.raises(InputError, match=r"loop\.log cannot be read: Too many levels"):
        plan(["loop.log"])


def test_an_unreadable_file_is_named_before_anything_is_read(logs: Path) -> None:
    (logs / "combined1.log").chmod(0)
    with _without_privileges(), pytest.raises(InputError, match=r"combined1\.log cannot be read: Permission denied"):
        plan(["combined*.log"])


@contextmanager
def _without_privileges() -> Iterator[None]:
    if os.geteuid() != 0:
        yield
        return
    here = Path.cwd()
    modes = {directory: directory.stat().st_mode for directory in (here, *here.parents)}
    for directory, mode in modes.items():
        if mode & 0o055 != 0o055:
            directory.chmod(mode | 0o055)
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)
        for directory, mode in modes.items():
            if mode & 0o055 != 0o055:
                directory.chmod(mode)


def test_a_directory_that_cannot_be_entered_is_named(logs: Path) -> None:
    (logs / "locked").mkdir(mode=0o600)
    with _without_privileges(), pytest.raises(InputError, match=r"locked/a\.log cannot be read: Permission denied"):
        plan(["locked/a.log"])


def test_a_name_that_is_too_long_is_named(logs: Path) -> None:
    with pytest.raises(InputError, match="cannot be read: File name too long"):
        plan([str(logs / ("x" * 5000))])


def test_a_pipe_is_not_consumed_by_planning(logs: Path) -> None:
    os.mkfifo(logs / "pipe.log")
    reader = os.open(logs / "pipe.log", os.O_RDONLY | os.O_NONBLOCK)
    writer = os.open(logs / "pipe.log", os.O_WRONLY)
    try:
        os.write(writer, b"{}\n")
        assert plan(["pipe.log"]).paths == ("pipe.log",)
        assert os.read(reader, 100) == b"{}\n"
    finally:
        os.close(reader)
        os.close(writer)


def test_standard_input_has_no_size_and_is_read_once(logs: Path) -> None:
    assert plan(["-", "combined.log", "-"]) == Plan(("-", "combined.log"), (), None)
    assert logs.is_dir()


def test_a_file_with_the_signs_of_a_glob_in_its_name_is_found(logs: Path) -> None:
    (logs / "a[1].log").write_bytes(b"")
    assert plan(["a[1].log"]).paths == ("a[1].log",)
