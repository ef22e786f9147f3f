"""Say what a replay came to for programs: as JSON-ready values, or as rows of a CSV file."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import IO, Any

from logship.expose import bucket_label
from logship.measure import OwnMetric, Series
from logship.model import LabelSet
from logship.read import shown
from logship.replay.own import own_json
from logship.replay.summary import COLUMNS, EVERYTHING, Choice, RouteSummary, summed_up
from logship.replay.values import printable, time
from logship.replay.work import Result

_NANOSECONDS = 1_000_000_000


def as_json(
    result: Result, buckets: Sequence[float], metrics: Sequence[OwnMetric] = (), choice: Choice = EVERYTHING
) -> dict[str, Any]:
    """Return the result as JSON-ready values; durations in seconds, `docs/replay-json.md` says what each means."""
    summary = summed_up(result.tally, choice)
    tally = summary.tally
    bounds = [*(bucket_label(bound) for bound in buckets), "+Inf"]
    return {
        "inputs": [{"path": _valid(shown(path)), "format": fmt} for path, fmt in result.formats.items()],
        "damage": [_valid(line) for line in result.damage],
        "interrupted": result.is_interrupted,
        "where": [str(each) for each in choice.where],
        "lines": {
            "total": tally.lines,
            "request": tally.request_lines,
            "not_request": tally.not_request,
            "dropped": tally.ruled_out,
            "outside": tally.outside,
            "rejected": {reason.value: count for reason, count in sorted(tally.rejected.items())},
        },
        "lost_lines": tally.lost_lines,
        "dropped": tally.dropped,
        "unlogged_requests": tally.unlogged,
        "bytes": tally.read_bytes,
        "first_event": _time(tally.first_event),
        "last_event": _time(tally.last_event),
        "gaps": [{"start": time(gap.start), "end": time(gap.end), "seconds": gap.seconds} for gap in result.gaps],
        "series_folded": tally.folded,
        "messages": dict(sorted(tally.messages.items())),
        "exceptions": dict(sorted(tally.exceptions.items())),
        "total": None if summary.total is None else numbers_json(summary.total),
        "routes": [route_json(row) for row in summary.rows],
        "series": [_series_json(labels, series, bounds) for labels, series in sorted(summary.chosen.series.items())],
        "metrics": list(own_json(metrics, tally.own)),
        "unfit_values": dict(sorted(tally.own_unfit.items())),
    }


def print_csv(result: Result, choice: Choice, out: IO[str]) -> None:
    """Print a line of headings and one for each route, as RFC 4180 has it but for the line ends; numbers as in JSON."""
    write_csv([COLUMNS, *(route_json(row).values() for row in summed_up(result.tally, choice).rows)], out)


def write_csv(rows: Iterable[Iterable[Any]], out: IO[str]) -> None:
    """Write rows; None is an empty field, what a spreadsheet would take for a formula begins with a quote."""
    csv.writer(out, lineterminator="\n").writerows([_harmless(value) for value in row] for row in rows)


def route_json(row: RouteSummary) -> dict[str, Any]:
    """Return a summary as JSON-ready values."""
    return {column: getattr(row, column) for column in COLUMNS}


def numbers_json(row: RouteSummary) -> dict[str, Any]:
    """Return a summary as JSON-ready values, without the names."""
    return {column: value for column, value in route_json(row).items() if column not in {"method", "route"}}


def _series_json(labels: LabelSet, series: Series, bounds: Sequence[str]) -> dict[str, Any]:
    return {
        "method": labels.method,
        "route": labels.route,
        "status": labels.status,
        "requests": series.requests,
        "buckets": dict(zip(bounds, accumulate(series.buckets), strict=True)),
        "sum": series.sum_ns / _NANOSECONDS,
        "max": series.max_ns / _NANOSECONDS if any(series.buckets) else None,
    }


def _harmless(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    return printable(f"'{value}" if value[:1] in {"=", "+", "-", "@"} else value)


def _valid(text: str) -> str:
    """Return `text`, which may name files in other encodings, as JSON can hold it."""
    return text.encode("utf-8", "backslashreplace").decode()


def _time(seconds: float | None) -> str | None:
    return None if seconds is None else time(seconds)
