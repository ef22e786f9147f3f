"""However a replay is divided, and whoever counts it in whatever order: its result is that of one process."""

from __future__ import annotations

import gzip
import json
import pickle
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from logship.config import Config, LimitOptions, Source
from logship.config.metrics import LabelOptions, MetricOptions
from logship.pipeline import MeasureOptions, Window
from logship.replay import Result, plan, replay
from logship.replay.parallel import Outcome, Task, count, divided, joined, replay_by
from logship.replay.plan import Plan

DATA = Path(__file__).parent.parent.parent / "data"
BLOCK_BYTES = 1 << 16


Value = TypeVar("Value", Task, Outcome)


def again(value: Value) -> Value:
    """Return the value as it is on the other side of a pipe."""
    found: Value = pickle.loads(pickle.dumps(value))  # noqa: S301 - it was made here
    return found


class Model:
    """A crew in this process: orders are counted in the order that `choices` say, when the first one is waited for."""

    def __init__(self, capacity: int = 4, share: int = 1, choices: Sequence[int] = ()) -> None:
        self.capacity = capacity
        self.share = share
        self.repeated = 0
        self._choices = list(choices)
        self._waiting: dict[int, Sequence[Task]] = {}
        self._done: dict[int, list[Outcome]] = {}

    def submit(self, tasks: Sequence[Task], *, is_urgent: bool) -> int:
        self.repeated += is_urgent
        number = len(self._waiting) + len(self._done)
        self._waiting[number] = tasks
        return number

    def wait(self, order: int, seconds: float) -> Sequence[Outcome] | None:
        assert seconds > 0
        if order not in self._done:
            number = order
            if self._choices:
                number = list(self._waiting)[self._choices.pop() % len(self._waiting)]
            tasks = [again(task) for task in self._waiting.pop(number)]
            outcomes = [[again(count(task))] for task in tasks]
            self._done[number] = joined(tasks[0].known, tasks[0].config, *outcomes)
        return self._done.get(order)

    def progress(self, order: int) -> int:
        return 0 if order in self._waiting else 1

    def stop(self, order: int) -> Sequence[Outcome]:
        return self._done.get(order, [])


def by(crew: Model, planned: Plan, config: Config, *, blocks: int = 1, window: Window | None = None) -> Result:
    units = divided(planned, config, window, blocks * BLOCK_BYTES, fold_bytes=BLOCK_BYTES)
    return replay_by(crew, units, planned, config, lambda _more: None, window=window)


def alone(planned: Plan, config: Config, window: Window | None = None) -> Result:
    return replay(planned, config, lambda _more: None, window=window, fold_bytes=BLOCK_BYTES)


def request(number: int, kind: int, **more: Any) -> dict[str, Any]:
    """Return a request whose labels are as many as `kind` lets them be."""
    seconds, thousandth = divmod(number, 1000)
    segment = f"a{number % (kind + 1)}"
    url = {0: f"/api/{segment}", 1: f"/api/{segment}/b{number % 7}", 2: f"/{segment}/x/{number % 3}"}[number % 3]
    method = ("GET", "POST", f"M{number % (kind + 2)}")[number % 3 if number % 11 == 0 else 0]
    return {
        "timestamp": f"2026-11-{1 + seconds // 86400 % 28:02}T{seconds // 3600 % 24:02}:{seconds // 60 % 60:02}:"
        f"{seconds % 60:02}.{thousandth:03}Z",
        "level": ("info", "warn", "error")[number % 3],
        "message": "HTTP Request",
        "method": method,
        "url": url,
        **({"route": f"/api/:id/{number % (kind + 3)}"} if number % 13 == 0 else {}),
        "status": (200, 201, 404, 500)[number % 4],
        "duration": number % 4000 / 8,
        "userId": f"u{number % (kind + 1)}",
        **more,
    }


def other(number: int, kind: int) -> dict[str, Any]:
    return {"message": "job", "level": "error", "exception": {"type": f"E{number % (20 * kind + 1)}"}}


LIMITS = st.sampled_from(
    (
        LimitOptions(),
        LimitOptions(max_series=8, max_routes=5, max_label_values=3),
        LimitOptions(max_series=60, max_routes=20, max_label_values=10),
        LimitOptions(max_series=400, max_routes=150, max_label_values=100),
    )
)
OWN = (
    MetricOptions("users_total", "counter", labels={"user": LabelOptions(field="userId")}),
    MetricOptions("pairs_total", "counter", labels={"user": LabelOptions(field="userId"), "group": "group"}),
    MetricOptions("ways_total", "counter", labels={"route": LabelOptions(field="@route")}),
)


@st.composite
def logs(draw: st.DrawFn) -> list[bytes]:
    """Return files of records that bring more and more labels, some lines longer than a block, some with numbers."""
    files = []
    number = 0
    for at in range(draw(st.integers(1, 3))):
        kind = draw(st.sampled_from((0, 3, 30, 150, 1000)))
        lines = []
        for _ in range(draw(st.integers(0, 900))):
            number += draw(st.sampled_from((1, 1, 1, 7))) if number % 50 == 0 else 1
            record = other(number, kind) if number % 17 == 0 else request(number, kind)
            if at % 2:
                record |= {"seq": number, "boot_id": f"b{number % 3}"}
            lines.append(json.dumps(record).encode())
        for place, length in draw(st.lists(st.tuples(st.integers(0, 900), st.sampled_from((9, 70_000, 200_000))))):
            lines.insert(place, draw(st.sampled_from((b"x", b"\0"))) * length)
        ending = draw(st.sampled_from((b"\n", b"")))
        files.append(b"\n".join(lines) + ending)
    return files


def written(directory: str, files: Sequence[bytes], *, is_compressed: bool = False) -> Plan:
    paths = []
    for number, content in enumerate(files):
        path = Path(directory) / f"{number}.log"
        path.write_bytes(gzip.compress(content, 1) if is_compressed and number % 2 else content)
        paths.append(str(path))
    return plan(paths)


@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(
    files=logs(),
    limits=LIMITS,
    own=st.booleans(),
    blocks=st.integers(1, 3),
    capacity=st.integers(1, 7),
    share=st.integers(1, 4),
    choices=st.lists(st.integers(0, 9), max_size=30),
    is_compressed=st.booleans(),
)
def test_any_division_by_any_crew_gives_the_result_of_one_process(
    *,
    files: list[bytes],
    limits: LimitOptions,
    own: bool,
    blocks: int,
    capacity: int,
    share: int,
    choices: list[int],
    is_compressed: bool,
) -> None:
    config = Config(limits=limits, metrics=OWN if own else (), measure=MeasureOptions(quantiles=True))
    with TemporaryDirectory() as directory:
        planned = written(directory, files, is_compressed=is_compressed)
        expected = alone(planned, config)
        assert by(Model(capacity, share, choices), planned, config, blocks=blocks) == expected


def settled_never(files: int, record: Callable[[int], dict[str, Any]], lines: int = 130) -> list[bytes]:
    """Return files that each bring labels of their own; each is a unit."""
    numbers = [range(at * lines, (at + 1) * lines) for at in range(files)]
    return [b"".join(json.dumps(record(number)).encode() + b"\n" for number in each) for each in numbers]


CASES = {
    "segments": (LimitOptions(), lambda number: request(1, 0, url=f"/api/a{number // 4}")),
    "segments of some routes": (
        LimitOptions(),
        lambda number: request(
            0, 0, url=f"/api/a{number // 2}/{number % 3}", **({"route": f"/api/r{number}"} if number % 9 == 0 else {})
        ),
    ),
    "routes": (LimitOptions(max_routes=90), lambda number: request(0, 0, route=f"r{number // 4}")),
    "series": (LimitOptions(max_series=90), lambda number: request(0, 0, route=f"r{number // 4}")),
    "methods": (LimitOptions(), lambda number: request(0, 0, method=f"M{number // 40}", route=f"r{number % 5}")),
    "exceptions": (
        LimitOptions(),
        lambda number: (
            request(0, 0) if number % 100 == 0 else {"message": "x" * 200, "exception": {"type": f"E{number // 2}"}}
        ),
    ),
    "values of own labels": (LimitOptions(max_label_values=40), lambda number: request(0, 0, userId=f"u{number // 4}")),
    "series of own metrics": (
        LimitOptions(max_series=50, max_label_values=50),
        lambda number: request(0, 0, userId=f"u{number // 9}", group=f"g{number // 9 % 2}", route="r"),
    ),
}


@pytest.mark.parametrize("capacity", [2, 9])
@pytest.mark.parametrize("case", CASES)
def test_what_comes_first_is_served_first_whoever_counts(tmp_path: Path, case: str, capacity: int) -> None:
    limits, record = CASES[case]
    config = Config(sources=(Source(format="app"),), limits=limits, metrics=OWN if "own" in case else ())
    planned = written(str(tmp_path), settled_never(6, record, 300))
    expected = alone(planned, config)
    crew = Model(capacity)
    assert expected.tally.folded or len(expected.tally.series) < 300, "no limit was met"
    assert by(crew, planned, config) == expected
    assert crew.repeated, "no assumption was wrong"


def test_labels_with_room_for_all_are_counted_once(tmp_path: Path) -> None:
    planned = written(str(tmp_path), settled_never(6, lambda number: request(number, 3), 300))
    crew = Model(9)
    assert by(crew, planned, Config(metrics=OWN)) == alone(planned, Config(metrics=OWN))
    assert crew.repeated == 0


def test_labels_that_are_known_and_full_are_counted_once(tmp_path: Path) -> None:
    """The first unit fills all limits; who knows that counts the others as they come, folding and all."""
    limits = LimitOptions(max_series=8, max_routes=5, max_label_values=3)
    config = Config(limits=limits, metrics=OWN)
    planned = written(str(tmp_path), settled_never(6, lambda number: request(number % 300, 150), 300))
    crew = Model(1)
    assert by(crew, planned, config) == alone(planned, config)
    assert crew.repeated == 0


def test_a_line_over_a_border_is_counted_once(tmp_path: Path) -> None:
    line = json.dumps(request(0, 0)).encode() + b"\n"
    for shift in (0, 1, len(line) - 1):
        content = b" " * (BLOCK_BYTES - 7 * len(line) - shift - 1) + b"\n" + line * 1000
        planned = written(str(tmp_path), [content])
        result = by(Model(), planned, Config())
        assert result.tally.requests == 1000
        assert result == alone(planned, Config())


@pytest.mark.parametrize("wrap", [None, "docker"])
def test_the_format_that_the_head_does_not_show_is_the_one_found_later(tmp_path: Path, wrap: Any) -> None:
    quiet = b'{"level":"info","message":"waiting","at":"%060d"}\n'
    content = b"".join(quiet % number for number in range(1500)) + b"".join(
        json.dumps(request(number, 3)).encode() + b"\n" for number in range(1500)
    )
    if wrap:
        content = b"".join(
            json.dumps({"log": line.decode() + "\n", "stream": "stdout"}).encode() + b"\n"
            for line in content.split(b"\n")[:-1]
        )
    config = Config(sources=(Source(wrap=wrap, labels={"tier": "web"}),))
    planned = written(str(tmp_path), [content])
    crew = Model(9)
    assert by(crew, planned, config) == alone(planned, config)
    assert bool(crew.repeated) is (wrap is None)


@pytest.mark.parametrize("layout", sorted(str(each.relative_to(DATA)) for each in DATA.glob("winston-small/*")))
def test_real_logs_in_any_layout(tmp_path: Path, layout: str) -> None:
    content = gzip.decompress((DATA / layout / "combined.log.gz").read_bytes())
    lines = content.split(b"\n")[:-1]
    parts = [b"".join(line + b"\n" for line in lines[at : at + 700]) for at in range(0, len(lines), 700)]
    for files in ([content], parts):
        planned = written(str(tmp_path), files, is_compressed=len(files) > 1)
        assert by(Model(3, 2), planned, Config(), blocks=2) == alone(planned, Config())


def test_a_window_is_obeyed(tmp_path: Path) -> None:
    planned = written(str(tmp_path), settled_never(5, lambda number: request(number * 40, 3), 300))
    window = Window(since=1793491210.0, until=1793491240.0)
    expected = alone(planned, Config(), window)
    assert 0 < expected.tally.requests < expected.tally.lines
    assert by(Model(), planned, Config(), window=window) == expected


def test_sparse_logs_show_the_same_gaps(tmp_path: Path) -> None:
    """How closely gaps are looked for depends on how far apart the lines before were."""
    times = [1793491200 + 7 * n for n in range(2000)]
    times += [times[-1] + 90_000 + 400 * n for n in range(2000)] + [times[-1] + 9_000_000 + n for n in range(2000)]
    lines = [
        json.dumps(request(0, 0, timestamp=f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%S}Z")).encode() + b"\n"
        for at in times
    ]
    planned = written(str(tmp_path), [b"".join(lines)])
    expected = alone(planned, Config())
    assert expected.gaps
    assert by(Model(3), planned, Config()) == expected


def test_a_damaged_file_ends_where_it_ends_for_one_process(tmp_path: Path) -> None:
    planned = written(str(tmp_path), settled_never(5, lambda number: request(number, 3), 600), is_compressed=True)
    broken = Path(planned.paths[1])
    broken.write_bytes(broken.read_bytes()[:-400])
    expected = alone(planned, Config())
    assert len(expected.damage) == 1
    assert by(Model(4, 2), planned, Config()) == expected
