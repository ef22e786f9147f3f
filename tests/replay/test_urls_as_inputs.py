"""A replay takes URLs as it takes files: the same numbers, copies once, files outside the window unread, by source."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import fsspec
import pytest
from flaky_servers import serving_files
from fsspec.implementations.memory import MemoryFileSystem

from logship.cli.main import main
from logship.config import Config, Source
from logship.errors import UsageError
from logship.pipeline import Window
from logship.replay import Plan, plan, replay, survey

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC).timestamp()
HOUR = 3600.0


def log_at(at: float, lines: int = 3000) -> bytes:
    """Return a log whose first event is `at`, in seconds since the epoch."""
    time = (datetime.fromtimestamp(at + number, UTC).isoformat(timespec="milliseconds") for number in range(lines))
    return b"".join(
        b'{"timestamp":"%s","message":"HTTP Request","method":"GET","url":"/a/%d","status":200,"duration":%d}\n'
        % (each.encode(), number, number * 7919 % 1000)
        for number, each in enumerate(time)
    )


@pytest.fixture
def bucket() -> Iterator[MemoryFileSystem]:
    """Three logs in a store in memory: plain, compressed, and a copy."""
    store: MemoryFileSystem = fsspec.filesystem("memory")
    store.store.clear()
    for name, stored in LOGS.items():
        store.pipe_file(f"/bucket/{name}", stored)
    yield store
    store.store.clear()


LOGS = {
    "noon.log": log_at(NOON),
    "dawn.log.gz": gzip.compress(log_at(NOON - 6 * HOUR)),
    "copy.log.gz": gzip.compress(log_at(NOON)),
}


def surveyed(*patterns: str, window: Window | None = None) -> Plan:
    return survey(plan(patterns), Config(), window)


@pytest.mark.usefixtures("bucket")
def test_objects_give_the_numbers_that_files_give(tmp_path: Path) -> None:
    for name, stored in LOGS.items():
        (tmp_path / name).write_bytes(stored)
    advanced: list[int] = []
    there = replay(surveyed("memory://bucket"), Config(), advanced.append)
    here = replay(surveyed(str(tmp_path)), Config(), lambda _more: None)
    assert (there.tally, there.damage, there.gaps) == (here.tally, (), here.gaps)
    assert sum(advanced) == len(LOGS["copy.log.gz"]) + len(LOGS["dawn.log.gz"])


@pytest.mark.usefixtures("bucket")
def test_objects_are_compared_with_objects_as_files_are_with_files(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    def compared(place: str) -> dict[str, object]:
        command = ["replay", f"{place}/noon.log", "--against", f"{place}/dawn.log.gz", "--output", "json"]
        assert main(command) == 0
        said: dict[str, object] = json.loads(capfd.readouterr().out)
        return {key: said[key] for key in ("total", "changes")} | {"before": said["against"]["total"]}  # type: ignore[index]

    for name, stored in LOGS.items():
        (tmp_path / name).write_bytes(stored)
    there = compared("memory://bucket")
    assert there == compared(str(tmp_path))
    assert there["changes"]


@pytest.mark.usefixtures("bucket")
def test_objects_come_by_time_and_copies_of_them_once() -> None:
    planned = surveyed("memory://bucket/*", "memory://bucket/noon.log", "MEMORY://bucket/dawn.log.gz")
    assert planned.paths == ("memory://bucket/dawn.log.gz", "memory://bucket/copy.log.gz")
    assert planned.copies == {"memory://bucket/noon.log": "memory://bucket/copy.log.gz"}
    assert planned.total_bytes == len(LOGS["dawn.log.gz"]) + len(LOGS["copy.log.gz"])


@pytest.mark.usefixtures("bucket")
def test_a_file_and_its_object_are_one_content(tmp_path: Path) -> None:
    path = tmp_path / "noon.log.gz"
    path.write_bytes(LOGS["copy.log.gz"])
    assert surveyed("memory://bucket/noon.log", str(path)).copies == {str(path): "memory://bucket/noon.log"}


@pytest.mark.usefixtures("bucket")
def test_a_plain_object_outside_the_window_is_not_read() -> None:
    planned = surveyed("memory://bucket/noon.log", "memory://bucket/dawn.log.gz", window=Window(NOON + 9 * HOUR))
    assert planned.outside == ("memory://bucket/noon.log",)
    assert planned.total_bytes == len(LOGS["dawn.log.gz"])


def test_a_file_url_is_the_file(tmp_path: Path) -> None:
    (tmp_path / "a b.log").write_bytes(LOGS["noon.log"])
    planned = plan([f"file://{tmp_path}/a%20b.log", str(tmp_path / "a b.log"), f"file://{tmp_path}/*.log"])
    assert planned == Plan((str(tmp_path / "a b.log"),), (), len(LOGS["noon.log"]))


@pytest.mark.usefixtures("bucket")
def test_a_url_that_means_nothing_is_named() -> None:
    with pytest.raises(UsageError, match=r"^nothing at memory://bucket/x\*\.log: no such object, or no logs "):
        plan(["memory://bucket/noon.log", "memory://bucket/x*.log"])


def test_an_error_log_beside_its_combined_log_is_left_out() -> None:
    with serving_files({"/combined.log": b"{}\n", "/error.log": b"{}\n"}) as (url, _):
        planned = plan([f"{url}/error.log?sig=1", f"{url}/combined.log?sig=2"])
    assert planned.repeats == (f"{url}/error.log?sig=1",)


@pytest.mark.usefixtures("bucket")
def test_objects_are_counted_as_the_source_that_means_them_says() -> None:
    sources = (Source(), Source(paths=("memory://bucket/*.gz",), exclude=("memory://bucket/c*",), labels={"at": "s3"}))
    result = replay(plan(["memory://bucket/"]), Config(sources=sources), lambda _more: None)
    assert result.tally.parts[(("at", "s3"),)].requests == 3000
    assert result.tally.requests == 6000


def test_what_is_secret_in_a_url_is_nowhere_in_what_is_said(capfd: pytest.CaptureFixture[str]) -> None:
    log = LOGS["dawn.log.gz"]
    with serving_files({"/a.log.gz": log, "/b.log.gz": log, "/c.log.gz": log_at(NOON - 9 * HOUR)}) as (url, _):
        signed = [f"{url.replace('//', '//u:5ec4e7@')}/{name}.log.gz?X-Amz-Signature=5ec4e7" for name in "abc"]
        window = ["--since", "2026-11-23T05:30:00Z", "--progress", "json"]
        assert main(["replay", *signed, *window, "--output", "json"]) == 0
        out, err = capfd.readouterr()
        assert json.loads(out)["inputs"][0]["path"].endswith("/a.log.gz?X-Amz-Signature=***")
        assert "left out" in err
        assert "b.log.gz" in err
        assert "c.log.gz" in err
        assert main(["explain", *signed, "--limit", "2"]) == 0
        assert "5ec4e7" not in out + err + "".join(capfd.readouterr())


def test_an_object_that_vanishes_after_planning_is_damage(bucket: MemoryFileSystem) -> None:
    planned = plan(["memory://bucket/noon.log", "memory://bucket/dawn.log.gz"])
    bucket.rm_file("/bucket/noon.log")
    result = replay(planned, Config(), lambda _more: None)
    assert result.damage == ("memory://bucket/noon.log is not there",)
    assert result.tally.requests == 3000


@pytest.mark.usefixtures("bucket")
def test_objects_become_days_for_a_backfill(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "noon.log").write_bytes(LOGS["noon.log"])
    for name, path in (("here", str(tmp_path / "noon.log")), ("there", "memory://bucket/noon.log")):
        assert main(["replay", path, "--output", "openmetrics", "--to", str(tmp_path / name)]) == 0
    capfd.readouterr()
    (day,) = (tmp_path / "there").glob("*.om")
    assert day.read_text() == (tmp_path / "here" / day.name).read_text()
