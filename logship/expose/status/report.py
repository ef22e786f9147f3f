"""Say a moment in the numbers that the page, its JSON and `logship top` show; the names here are those in the JSON.

Counts since the start are those of `/metrics` at the same instant; rates and quantiles are of the last minutes.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from logship import __version__
from logship.expose.collectors import outcomes
from logship.expose.status.moment import FileStatus, Moment, RefusedLine, StateStatus
from logship.measure import (
    MAX_PAIRS,
    REST,
    Cell,
    Pair,
    Recent,
    RunningSum,
    Slot,
    Tally,
    is_server_error,
    joined,
)

WINDOWS = (1, 5, 15)
"""Minutes that can be asked for."""

DEFAULT_WINDOW = 5


@dataclass(frozen=True, slots=True)
class Row:
    """The requests of a method and a route, or of all.

    Attributes:
        method: The method; empty for all.
        route: The route; empty for all.
        requests_total: Requests since counting began, as in `http_requests_total`.
        errors_total: Those of them with a status from 500 to 599.
        requests: Requests in the window.
        errors: Those of them with a status from 500 to 599.
        rate: Requests a second in the window.
        error_share: Share of errors in the window, from 0 to 1; None without requests.
        p50_seconds: Half of the durations in the window are at most this, within 1 %; None without any.
        p95_seconds: The same for 95 %.
        p99_seconds: The same for 99 %.
        rates: Requests a second in each 15 seconds of the last quarter of an hour, the latest last.
        error_rates: The same for errors.
    """

    method: str
    route: str
    requests_total: int
    errors_total: int
    requests: int
    errors: int
    rate: float
    error_share: float | None
    p50_seconds: float | None
    p95_seconds: float | None
    p99_seconds: float | None
    rates: Sequence[float]
    error_rates: Sequence[float]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How many lines had an outcome, as in `logship_lines_total`."""

    outcome: str
    reason: str
    lines: int


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that is shown.

    Attributes:
        version: That of logship.
        at: The instant, in seconds since the epoch.
        started_at: When the tailer started, in seconds since the epoch.
        window_minutes: The window that was asked for.
        window_seconds: How much time it is by now: up to one slot more, less while noting has just begun.
        is_catching_up: Whether what was there at the start is still being read.
        lines: All lines read.
        outcomes: The same by outcome.
        last_event: Time of the newest record in seconds since the epoch, None without any.
        lost_lines: Records that are missing, as in `logship_lost_lines_total`.
        lost_bytes: As in `logship_lost_bytes_total`.
        followed_files: How many files are open.
        behind_bytes: Bytes in them that are not counted yet.
        happenings: What happened to files, by event.
        saved_at: When the state file last held everything, None without one.
        checkpoint_errors: Commits that could not be made durable.
        total: All requests.
        routes: Those of the busiest routes.
        rest: Those of all others, None when there are no others.
        rest_routes: How many others there are.
        files: The followed files, as many as are shown.
        refused: Lines that were refused lately.
        state: The state file.
        configuration: Keys and values in force.
    """

    version: str
    at: float
    started_at: float
    window_minutes: int
    window_seconds: float
    is_catching_up: bool
    lines: int
    outcomes: Sequence[Outcome]
    last_event: float | None
    lost_lines: int
    lost_bytes: int
    followed_files: int
    behind_bytes: int
    happenings: Mapping[str, int]
    saved_at: float | None
    checkpoint_errors: int
    total: Row
    routes: Sequence[Row]
    rest: Row | None
    rest_routes: int
    files: Sequence[FileStatus]
    refused: Sequence[RefusedLine]
    state: StateStatus
    configuration: Sequence[tuple[str, str]]


class Reporter:
    """Make reports, one after the other, for any number of threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sums = {minutes: RunningSum() for minutes in WINDOWS}

    def report(self, moment: Moment, minutes: int = DEFAULT_WINDOW) -> Report:
        """Return what `moment` was, with a window of so many minutes."""
        standing = moment.view.standing
        with self._lock:
            rows = self._rows(moment, minutes)
            routes, rest, rest_routes = rows.routes()
        tally = rows.tally
        return Report(
            version=__version__,
            at=moment.at,
            started_at=moment.started_at,
            window_minutes=minutes,
            window_seconds=rows.seconds,
            is_catching_up=not moment.has_drained,
            lines=tally.lines,
            outcomes=[Outcome(*each) for each in outcomes(tally)],
            last_event=tally.last_event,
            lost_lines=tally.lost_lines,
            lost_bytes=tally.lost_bytes,
            followed_files=standing.followed_files,
            behind_bytes=standing.behind_bytes,
            happenings=standing.happenings,
            saved_at=standing.saved_at,
            checkpoint_errors=standing.checkpoint_errors,
            total=rows.total(),
            routes=routes,
            rest=rest,
            rest_routes=rest_routes,
            files=moment.files,
            refused=moment.refused,
            state=moment.state,
            configuration=moment.configuration,
        )

    def _rows(self, moment: Moment, minutes: int) -> _Rows:
        recent = moment.recent.at(moment.clock)
        span = recent.span(minutes, moment.clock)
        window = joined(self._sums[minutes].of(span.slots), recent.cells)
        return _Rows(moment.view.tally.whole(), recent, window, span.seconds)


class _Rows:
    """The rows of one report."""

    def __init__(self, tally: Tally, recent: Recent, window: Mapping[Pair, Cell], seconds: float) -> None:
        self.tally = tally
        self._recent = recent
        self._window = window
        self.seconds = seconds
        self._history = list(recent.history())
        self._slots = {slot.number: slot for slot in recent.closed}
        self._totals: dict[Pair, tuple[int, int]] = {}
        for labels, series in tally.series.items():
            pair = Pair(labels.method, labels.route)
            requests, errors = self._totals.get(pair, (0, 0))
            failed = series.requests if is_server_error(labels.status) else 0
            self._totals[pair] = requests + series.requests, errors + failed
        self._pairs = self._totals.keys() | window.keys() | {pair for slot in recent.closed for pair in slot.cells}

    def total(self) -> Row:
        """Return the row of all requests."""
        return self._row(Pair("", ""), self._pairs)

    def routes(self) -> tuple[list[Row], Row | None, int]:
        """Return the rows of the busiest routes, the one of all others, and how many others there are.

        While there was no room for some pair, it is not known which of the others had requests lately.
        """
        pairs = [pair for pair in self._totals if pair in self._recent.kept or not self._recent.has_rest]
        busiest = sorted(pairs, key=lambda pair: (-self._requests(pair), -self._totals[pair][0], pair))
        shown = [pair for pair in busiest if pair != REST][:MAX_PAIRS]
        others = self._pairs - set(shown)
        rest = self._row(REST, others) if others else None
        return [self._row(pair, [pair]) for pair in shown], rest, len(others - {REST})

    def _requests(self, pair: Pair) -> int:
        return self._window[pair].requests if pair in self._window else 0

    def _row(self, named: Pair, pairs: Collection[Pair]) -> Row:
        cell = Cell()
        for pair in pairs:
            cell = cell.plus(self._window[pair]) if pair in self._window else cell
        totals = [self._totals[pair] for pair in pairs if pair in self._totals]
        slots = [(_in_slot(self._slots.get(number), pairs), seconds) for number, seconds in self._history]
        return Row(
            method=named.method,
            route=named.route,
            requests_total=sum(requests for requests, _ in totals),
            errors_total=sum(errors for _, errors in totals),
            requests=cell.requests,
            errors=cell.errors,
            rate=cell.requests / self.seconds if self.seconds else 0.0,
            error_share=cell.errors / cell.requests if cell.requests else None,
            p50_seconds=cell.quantile_seconds(0.5),
            p95_seconds=cell.quantile_seconds(0.95),
            p99_seconds=cell.quantile_seconds(0.99),
            rates=[round(requests / seconds, 4) for (requests, _), seconds in slots],
            error_rates=[round(errors / seconds, 4) for (_, errors), seconds in slots],
        )


def _in_slot(slot: Slot | None, pairs: Collection[Pair]) -> tuple[int, int]:
    """Return how many requests and errors some pairs had in a slot."""
    cells = [slot.cells[pair] for pair in pairs if pair in slot.cells] if slot is not None else []
    return sum(cell.requests for cell in cells), sum(cell.errors for cell in cells)
