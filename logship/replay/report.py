"""Show what a replay came to: a table for people, JSON for programs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import accumulate
from typing import IO, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from logship.expose import bucket_label
from logship.measure import Series, Tally
from logship.model import LabelSet
from logship.replay.summary import RouteSummary, by_route, ordered, total
from logship.replay.work import Result

_NANOSECONDS = 1_000_000_000
_HEADINGS = ("METHOD", "ROUTE", "REQUESTS", "ERRORS", "P50", "P90", "P99", "MAX")
_ALARMING_ERROR_SHARE = 0.01
_UNBOUNDED = 10_000
"""Width for a table that goes into a file: as wide as it needs to be."""


def print_table(result: Result, order: str, out: IO[str]) -> None:
    """Print one row for each route, then the totals, to `out`; with colour on a terminal only."""
    console = Console(file=out, highlight=False, soft_wrap=False)
    if not console.is_terminal:
        console.width = _UNBOUNDED
    table = Table(box=None, pad_edge=False, header_style="bold", show_edge=False)
    for heading in _HEADINGS:
        table.add_column(heading, justify="left" if heading in {"METHOD", "ROUTE"} else "right", overflow="fold")
    for row in ordered(by_route(result.tally), order):
        table.add_row(*_cells(row))
    everything = total(result.tally)
    if everything is not None:
        table.add_section()
        table.add_row(Text("total", "bold"), "", *_cells(everything)[2:])
    console.print(table)
    for line in _footer(result.tally):
        console.print(Text(line))


def as_json(result: Result, buckets: Sequence[float]) -> dict[str, Any]:
    """Return the result as JSON-ready values; durations in seconds, `docs/replay-json.md` says what each means."""
    tally = result.tally
    bounds = [*(bucket_label(bound) for bound in buckets), "+Inf"]
    return {
        "inputs": [{"path": _valid(path), "format": fmt} for path, fmt in result.formats.items()],
        "damage": [_valid(line) for line in result.damage],
        "lines": {
            "total": tally.lines,
            "request": tally.request_lines,
            "not_request": tally.not_request,
            "rejected": {reason.value: count for reason, count in sorted(tally.rejected.items())},
        },
        "lost_lines": tally.lost_lines,
        "dropped": tally.dropped,
        "unlogged_requests": tally.unlogged,
        "bytes": tally.read_bytes,
        "first_event": _time(tally.first_event),
        "last_event": _time(tally.last_event),
        "series_folded": tally.folded,
        "messages": dict(sorted(tally.messages.items())),
        "exceptions": dict(sorted(tally.exceptions.items())),
        "routes": [_route_json(row) for row in ordered(by_route(tally), "worst")],
        "series": [_series_json(labels, series, bounds) for labels, series in sorted(tally.series.items())],
    }


def _cells(row: RouteSummary) -> tuple[Text, ...]:
    alarming = row.error_share >= _ALARMING_ERROR_SHARE
    durations = [*row.quantiles, row.longest]
    return (
        Text(printable(row.method)),
        Text(printable(row.route)),
        Text(f"{row.requests:,}"),
        Text(f"{row.error_share:.2%}", "red" if alarming else ""),
        *(Text(_duration(value)) for value in durations),
    )


def _footer(tally: Tally) -> list[str]:
    rejected = ", ".join(f"{reason} {count:,}" for reason, count in sorted(tally.rejected.items()))
    lines = [
        "",
        f"lines       {tally.lines:,}: {tally.request_lines:,} requests, {tally.not_request:,} other, "
        f"{tally.rejected.total():,} rejected" + (f" ({rejected})" if rejected else ""),
        f"messages    {_counts(tally.messages)}",
    ]
    if tally.exceptions:
        lines.append(f"exceptions  {_counts(tally.exceptions)}")
    if tally.unlogged:
        lines.append(f"sampled     {tally.unlogged:,} more requests that records with a sample_rate stand for")
    if tally.lost_lines:
        lines.append(f"lost        {tally.lost_lines:,} records, by gaps in their numbers (seq)")
    if tally.dropped:
        lines.append(f"dropped     {tally.dropped:,} records, as the application says")
    if tally.folded:
        lines.append(f"folded      {tally.folded:,} requests into __other__ (limit on series or label length)")
    if tally.first_event is not None and tally.last_event is not None:
        lines.append(f"time        {_time(tally.first_event)} to {_time(tally.last_event)}")
    return lines


def _counts(counts: dict[str, int]) -> str:
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{printable(name)} {count:,}" for name, count in ranked) or "none"


def _route_json(row: RouteSummary) -> dict[str, Any]:
    p50, p90, p99 = row.quantiles
    return {
        "method": row.method,
        "route": row.route,
        "requests": row.requests,
        "errors": row.errors,
        "error_share": row.error_share,
        "p50": p50,
        "p90": p90,
        "p99": p99,
        "max": row.longest,
        "sum": row.sum_seconds,
    }


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


def _valid(text: str) -> str:
    """Return `text`, which may name files in other encodings, as JSON can hold it."""
    return text.encode("utf-8", "backslashreplace").decode()


def _duration(seconds: float | None) -> str:
    """Return a duration in the unit that shows three digits or so."""
    if seconds is None:
        return "-"
    if seconds < 1:
        return f"{seconds * 1000:.3g} ms" if seconds < 0.1 else f"{seconds * 1000:.0f} ms"  # noqa: PLR2004
    return f"{seconds:,.2f} s"


def _time(seconds: float | None) -> str | None:
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def printable(text: str) -> str:
    """Return `text` with everything escaped that could drive a terminal."""
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)
