"""Who counts: this process where more would cost more, processes where there is enough to do, a cluster where asked."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path

import pytest

from logship.cli.main import main
from logship.config import Config
from logship.replay import plan, replay
from logship.replay.parallel import cores, replay_divided
from logship.replay.parallel.choice import SMALL_BYTES

LINE = json.dumps({"message": "HTTP Request", "method": "GET", "url": "/a", "status": 200, "duration": 1}).encode()


@pytest.fixture
def small(tmp_path: Path) -> str:
    path = tmp_path / "small.log"
    path.write_bytes((LINE + b"\n") * 100)
    return str(path)


def workers_while_counting(*paths: str, jobs: int | None) -> int:
    """Return how many workers this process had while it counted."""
    children = Path("/proc/thread-self/children")
    others = set(children.read_text("ascii").split())
    most = 0

    def look(_more: int) -> None:
        nonlocal most
        now = set(children.read_text("ascii").split()) - others
        most = max(most, sum(b"resource_tracker" not in Path(f"/proc/{each}/cmdline").read_bytes() for each in now))

    planned = plan(paths)
    assert replay_divided(planned, Config(), look, jobs=jobs) == replay(planned, Config(), lambda _more: None)
    return most


def test_a_small_input_is_counted_by_this_process(small: str) -> None:
    assert workers_while_counting(small, jobs=2) == 0


def test_one_archive_is_counted_by_this_process(tmp_path: Path) -> None:
    path = tmp_path / "large.log.gz"
    line = LINE + b"\n"
    path.write_bytes(gzip.compress(line * 1000, 0) * (SMALL_BYTES // (1000 * len(line)) + 1))
    assert workers_while_counting(str(path), jobs=2) == 0


def test_archives_count_as_large_as_what_they_hold(tmp_path: Path) -> None:
    archives = [tmp_path / "first.log.gz", tmp_path / "second.log.gz"]
    for number, path in enumerate(archives, start=1):
        lines = LINE.replace(b"/a", b"/%d" % number) + b"\n"
        path.write_bytes(gzip.compress(lines * 1000, 0) * (SMALL_BYTES // 10 // (1000 * len(lines))))
    assert sum(path.stat().st_size for path in archives) < SMALL_BYTES // 4
    assert workers_while_counting(*map(str, archives), jobs=2) == 2


def test_a_large_file_is_counted_by_as_many_processes_as_are_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "large.log"
    path.write_bytes((LINE + b" " * 300 + b"\n") * (SMALL_BYTES // (len(LINE) + 301) + 1))
    assert workers_while_counting(str(path), jobs=2) == 2
    assert workers_while_counting(str(path), jobs=1) == 0


def test_all_cores_that_this_process_may_use_are_the_default() -> None:
    told = subprocess.run(["nproc"], capture_output=True, text=True, check=True, env={"PATH": "/usr/bin:/bin"}).stdout
    assert cores() == int(told)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--jobs", "0"), "--jobs"),
        (("--jobs", "2", "--cluster", "tcp://a:1"), "--jobs is for processes here: it does not go with --cluster"),
        (("--cluster", "tcp://a:1", "--output", "openmetrics"), "--output openmetrics is made by one process"),
        (("--cluster", "nonsense://a"), "--cluster nonsense://a: "),
    ],
)
def test_what_cannot_be_is_an_error_that_says_so(
    small: str, arguments: tuple[str, ...], said: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["replay", small, *arguments]) == 2
    err = capfd.readouterr().err
    assert said in err
    assert err.count("\n") == 1


def test_without_the_extra_a_cluster_is_an_error_that_names_it(small: str) -> None:
    code = (
        "import sys; sys.modules['distributed'] = None; from logship.cli.main import main; "
        f"sys.exit(main(['replay', {small!r}, '--cluster', 'tcp://a:1']))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == (
        "logship: --cluster needs the extra `cluster`: from a clone of the project, pip install '.[cluster]'\n"
    )
