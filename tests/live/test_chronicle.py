"""What is noted for the status page: rates from the end of the start on, refused lines by place, files that wait."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from live.driven import NoWaker
from words import LINGER, request, write, write_half

from logship.checkpoint import Ledger
from logship.config import Config, Source
from logship.expose.status import Moment, Report, Reporter
from logship.live.chronicle import Chronicle
from logship.live.desk import Desk
from logship.live.sidecar import Sidecar
from logship.live.turns import TurnGate
from logship.live.vitals import Vitals
from logship.measure import Admission, Pair
from logship.model import OTHER
from logship.pipeline import MeasureOptions, Pipeline, RefusalFinder, SourceOptions
from logship.read import Follower, FollowOptions, Sources

MEASURE = MeasureOptions(quantiles=True)


class Tailing:
    """A sidecar with a chronicle and a desk over one log; the clock is driven by hand."""

    def __init__(self, directory: Path, *, max_series: int = 1000, has_chronicle: bool = True) -> None:
        self.log = directory / "combined.log"
        self.now = 1000.0
        self.at = 1_700_000_000.0
        config = Config(sources=(Source(paths=(str(self.log),)),))
        sources = {str(self.log): SourceOptions()}
        vitals = Vitals(lambda *_, **__: None)
        self.ledger = Ledger(Admission(max_series))
        self.chronicle = Chronicle(
            lambda: RefusalFinder(MEASURE, sources, config.own), now=lambda: self.at, monotonic=lambda: self.now
        )
        options = FollowOptions(max_line_bytes=4096, linger_seconds=LINGER)
        self.sidecar = Sidecar(
            follower=Follower(Sources.single([str(self.log)]), options, vitals),
            pipeline=Pipeline(MEASURE, sources),
            ledger=self.ledger,
            gate=TurnGate(lambda: None),
            waker=NoWaker(),
            vitals=vitals,
            watch=lambda: None,
            monotonic=lambda: self.now,
            poll_seconds=1.0,
            chronicle=self.chronicle if has_chronicle else None,
        )
        self._desk = Desk(
            self.sidecar, self.chronicle, vitals, lambda: config, now=lambda: self.at, monotonic=lambda: self.now
        )

    def drain(self, after_seconds: float = 0.0) -> None:
        self.now += after_seconds
        self.at += after_seconds
        self.sidecar.drain()

    def moment(self) -> Moment:
        self.sidecar.between_turns(lambda: None)
        return self._desk._take()

    def report(self, minutes: int = 5) -> Report:
        return Reporter().report(self.moment(), minutes)


@pytest.fixture
def tailing(tmp_path: Path) -> Iterator[Tailing]:
    tailing = Tailing(tmp_path)
    yield tailing
    tailing.sidecar.follower.close()


def test_what_was_there_at_the_start_is_in_the_totals_but_in_no_rate(tailing: Tailing) -> None:
    write(tailing.log, *[request()] * 50)
    tailing.drain()
    write(tailing.log, *[request()] * 20, *[request(status=503)] * 5)
    tailing.drain(after_seconds=10)
    total = tailing.report().total
    assert (total.requests_total, total.errors_total) == (75, 5)
    assert (total.requests, total.errors, total.rate) == (25, 5, 2.5)
    assert total.error_share == 0.2


def test_while_the_start_is_still_being_read_there_are_no_rates(tailing: Tailing) -> None:
    write(tailing.log, *[request()] * 50)
    tailing.sidecar.drain(until=lambda: True)
    report = tailing.report()
    assert (report.is_catching_up, report.total.requests_total, report.total.requests) == (True, 50, 0)


def test_quantiles_are_of_the_window_alone(tailing: Tailing) -> None:
    tailing.drain()
    write(tailing.log, *[request(duration=1000)] * 10)
    tailing.drain(after_seconds=1)
    write(tailing.log, *[request(duration=10)] * 10)
    tailing.drain(after_seconds=120)
    assert tailing.report(1).total.p99_seconds == pytest.approx(0.01, rel=0.01)
    assert tailing.report(5).total.p99_seconds == pytest.approx(1.0, rel=0.01)
    assert tailing.report(5).total.p50_seconds == pytest.approx(0.01, rel=0.01)


def test_sketches_are_not_committed(tailing: Tailing) -> None:
    tailing.drain()
    write(tailing.log, *[request()] * 10)
    tailing.drain()
    assert [dict(series.sketch) for series in tailing.ledger.published.tally.series.values()] == [{}]


def test_rates_go_by_the_labels_that_the_limits_left(tmp_path: Path) -> None:
    tailing = Tailing(tmp_path, max_series=1)
    tailing.drain()
    write(tailing.log, request("/a"), request("/b"), request("/c"))
    tailing.drain()
    assert {pair: cell.requests for pair, cell in tailing.chronicle.recent.cells.items()} == {
        Pair("GET", "/a"): 1,
        Pair("GET", OTHER): 2,
    }
    tailing.sidecar.follower.close()


def test_refused_lines_are_told_by_reason_and_place_and_nothing_else(tailing: Tailing) -> None:
    tailing.drain()
    write(tailing.log, request(), "secret=hunter2", request())
    tailing.drain()
    start = len(request()) + 1
    (refused,) = tailing.moment().refused
    assert (refused.reason, refused.path, refused.start, refused.end) == (
        "invalid_json",
        str(tailing.log),
        start,
        start + len("secret=hunter2") + 1,
    )
    assert "hunter2" not in repr(tailing.moment())


def test_a_flood_of_refused_lines_is_looked_at_once_a_second_and_kept_in_bounds(tailing: Tailing) -> None:
    tailing.drain()
    for _ in range(10):
        write(tailing.log, *["no json"] * 10)
        tailing.drain()
    assert len(tailing.moment().refused) == 5
    for _ in range(10):
        write(tailing.log, *["no json"] * 10)
        tailing.drain(after_seconds=2)
    assert len(tailing.moment().refused) == 20
    newest = tailing.moment().refused[0]
    assert newest.end == tailing.log.stat().st_size


def test_a_file_waits_since_it_was_last_counted_to_its_end(tailing: Tailing) -> None:
    write(tailing.log, request())
    tailing.drain()
    write_half(tailing.log, "{")
    tailing.drain(after_seconds=1)
    tailing.drain(after_seconds=6)
    (file,) = tailing.moment().files
    assert (file.behind_bytes, file.behind_seconds) == (1, 6.0)
    assert (file.offset_bytes, file.size_bytes, file.generation) == (len(request()) + 1, len(request()) + 2, 1)
    write_half(tailing.log, "}\n")
    tailing.drain(after_seconds=1)
    (file,) = tailing.moment().files
    assert (file.behind_bytes, file.behind_seconds, file.format) == (0, 0.0, "winston")


def test_a_report_adds_up_to_what_a_scrape_shows(tailing: Tailing) -> None:
    write(tailing.log, request(), "no json", '{"message":"x"}', request("/b", status=500))
    tailing.drain()
    report, tally = tailing.report(), tailing.sidecar.view.tally
    assert report.lines == tally.lines == sum(each.lines for each in report.outcomes)
    assert sum(row.requests_total for row in report.routes) == report.total.requests_total == tally.requests == 2
    assert report.rest is None


def test_without_a_page_nothing_is_noted(tmp_path: Path) -> None:
    tailing = Tailing(tmp_path, has_chronicle=False)
    write(tailing.log, request(), "no json")
    tailing.drain()
    tailing.drain()
    assert tailing.chronicle.refused == ()
    assert tailing.chronicle.recent.cells == {}
    tailing.sidecar.follower.close()
