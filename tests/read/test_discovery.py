"""Which files paths, globs and directories mean."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from words import powerless, write

from logship.read.discovery import combined_beside, directories, expand, look, natural, sightings, without_repeats


@pytest.fixture(autouse=True)
def _inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def put(*names: str) -> None:
    for name in names:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        write(Path(name), name)


def test_a_path_means_itself_and_a_missing_one_nothing() -> None:
    put("a.log")
    assert expand(["a.log", "missing.log"]) == ["a.log"]


def test_a_glob_means_what_matches_now_in_natural_order() -> None:
    put("combined10.log", "combined2.log", "combined.log", "combined1.log", "other.txt")
    assert expand(["combined*.log"]) == ["combined.log", "combined1.log", "combined2.log", "combined10.log"]


def test_a_double_star_reaches_all_depths() -> None:
    put("logs/a/one.log", "logs/b/c/two.log", "logs/three.log")
    assert sorted(expand(["logs/**/*.log"])) == ["logs/a/one.log", "logs/b/c/two.log", "logs/three.log"]


def test_hidden_files_are_meant_only_by_name() -> None:
    put("combined.log", ".combined.log.lock", ".hidden.log")
    assert expand(["*", "*.log*"]) == ["combined.log"]
    assert expand(["."]) == ["combined.log"]
    assert expand([".hidden.log"]) == [".hidden.log"]


def test_a_directory_means_the_logs_in_it() -> None:
    put(
        "logs/a.log",
        "logs/a.log.1",
        "logs/a.log.2.gz",
        "logs/b.ndjson",
        "logs/c.jsonl",
        "logs/readme.md",
        "logs/d/e.log",
    )
    expected = ["logs/a.log", "logs/a.log.1", "logs/a.log.2.gz", "logs/b.ndjson", "logs/c.jsonl"]
    assert expand(["logs"]) == expand(["logs/"]) == expected


def test_a_directory_with_brackets_in_its_name_is_a_directory() -> None:
    put("x[1]/a.log", "x1/b.log")
    assert expand(["x[1]"]) == ["x[1]/a.log"]


def test_a_glob_does_not_mean_directories() -> None:
    put("a.log", "b.log/inside")
    assert expand(["*.log"]) == ["a.log"]


def test_a_file_whose_name_looks_like_a_glob_is_meant_before_the_glob() -> None:
    put("a[1].log", "a1.log")
    assert expand(["a[1].log"]) == ["a[1].log"]
    Path("a[1].log").unlink()
    assert expand(["a[1].log"]) == ["a1.log"]


def test_each_path_comes_once_however_it_is_spelled() -> None:
    put("logs/a.log", "logs/b.log")
    assert expand(["logs/b.log", "logs//b.log", "./logs/*.log", "logs"]) == ["logs/b.log", "logs/a.log"]


def test_two_dots_behind_a_linked_directory_lead_where_the_system_says() -> None:
    put("deep/er/inside.log", "deep/beside.log")
    Path("link").symlink_to("deep/er")
    (path,) = expand(["link/../beside.log"])
    assert look(path) is not None


def test_a_link_and_its_target_are_seen_once() -> None:
    put("a.log")
    Path("b.log").symlink_to("a.log")
    os.link("a.log", "c.log")
    assert [sighting.path for sighting in sightings(expand(["*.log"]))] == ["a.log"]
    assert [sighting.path for sighting in sightings(expand(["b.log"]))] == ["b.log"]


def test_a_dangling_link_is_no_sighting() -> None:
    Path("current.log").symlink_to("gone.log")
    assert expand(["current.log"]) == ["current.log"]
    assert sightings(["current.log"]) == []
    put("gone.log")
    assert [sighting.path for sighting in sightings(["current.log"])] == ["current.log"]


def test_only_regular_files_are_seen() -> None:
    os.mkfifo("pipe.log")
    Path("directory").mkdir()
    assert sightings(["pipe.log", "directory", "/dev/null"]) == []


def test_a_sighting_tells_identity_and_size() -> None:
    put("a.log")
    sighting = look("a.log")
    assert sighting is not None
    status = Path("a.log").stat()
    assert (sighting.key.device, sighting.key.inode, sighting.size) == (status.st_dev, status.st_ino, status.st_size)


def test_what_may_not_be_listed_or_reached_is_not_seen_and_raises_nothing() -> None:
    with powerless() as directory:
        write(directory / "a.log", "one")
        directory.chmod(0)
        assert expand([f"{directory}/*.log"]) == []
        assert expand([str(directory)]) == []
        assert look(str(directory / "a.log")) is None
        directory.chmod(0o700)
        assert expand([f"{directory}/*.log"]) == [f"{directory}/a.log"]


@pytest.mark.parametrize(
    ("combined", "error"),
    [
        ("combined.log", "error.log"),
        ("combined.log", "error1.log"),
        ("combined7.log", "error.log"),
        ("combined.log.1", "error.log.1"),
        ("combined.log.2.gz", "error.log.2.gz"),
        ("combined.log-20260131", "error.log-20260131"),
        ("combined-2026-01-31.log", "error-2026-01-31.log"),
        ("combined.2026-01-31.log", "error.2026-01-31.log.gz"),
    ],
)
def test_error_logs_beside_combined_logs_are_left_out(combined: str, error: str) -> None:
    paths = [f"logs/{combined}", f"logs/{error}"]
    assert without_repeats(paths) == ([f"logs/{combined}"], [f"logs/{error}"])
    assert without_repeats([f"logs/{error}"]) == ([f"logs/{error}"], [])


def test_an_error_log_elsewhere_than_the_combined_log_is_read() -> None:
    paths = ["a/combined.log", "b/error.log", "error.log"]
    assert without_repeats(paths) == (paths, [])


def test_an_error_log_where_a_combined_log_was_known_is_left_out() -> None:
    assert combined_beside(["a/combined.log", "b/error.log"]) == {"a"}
    assert without_repeats(["a/error.log", "b/error.log"], {"a"}) == (["b/error.log"], ["a/error.log"])


@pytest.mark.parametrize(
    "name", ["errors.log", "error.logger", "terror.log", "error_api.log", "my-error.log", "error.txt"]
)
def test_other_names_are_no_error_logs(name: str) -> None:
    assert without_repeats(["combined.log", name]) == (["combined.log", name], [])


@given(st.lists(st.integers(0, 10**6), unique=True))
def test_numbers_in_names_sort_as_numbers(numbers: list[int]) -> None:
    names = [f"combined{number}.log" for number in numbers]
    assert sorted(names, key=natural) == [f"combined{number}.log" for number in sorted(numbers)]


@given(st.lists(st.text()))
def test_any_names_can_be_sorted(names: list[str]) -> None:
    assert sorted(map(natural, names)) == [natural(name) for name in sorted(names, key=natural)]


def test_directories_are_those_in_which_files_can_appear() -> None:
    put("logs/api/a.log", "logs/web/b.log")
    assert directories(["logs/api/*.log"]) == ["logs/api"]
    assert directories(["logs"]) == ["logs"]
    assert directories(["a.log"]) == ["."]
    assert sorted(directories(["logs/*/combined.log"])) == ["logs/api", "logs/web"]
    assert sorted(directories(["logs/**/*.log"])) == ["logs", "logs/api", "logs/web"]
    assert directories(["missing/*.log"]) == []
    assert directories(["logs/api/a.log", "logs/api/*.log", "logs/api"]) == ["logs/api"]
