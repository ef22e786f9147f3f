"""Show what a replay came to as a table for people: one row for each route, the totals, what the lines became."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import IO, TYPE_CHECKING

from logship.measure import Tally
from logship.replay.gaps import Gap
from logship.replay.summary import Choice, RouteSummary, Summary, period, summed_up
from logship.replay.values import cell, count, printable, span, time
from logship.replay.work import Result

if TYPE_CHECKING:  # rich is loaded by who prints a table: it takes a tenth of the start
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

_COLUMNS = {
    "method": "METHOD",
    "route": "ROUTE",
    "requests": "REQUESTS",
    "rate": "RATE",
    "error_share": "ERRORS",
    **{name: name.upper() for name in ("p50", "p90", "p95", "p99", "max", "sum")},
}
"""What is shown, and its headings."""

TEXTS = frozenset({"METHOD", "ROUTE"})
"""Headings of columns that stand to the left."""

_ALARMING_ERROR_SHARE = 0.01
_UNBOUNDED = 10_000
"""Width for a table that goes into a file: as wide as it needs to be."""

_DISPENSABLE = ("sum", "p90", "p95", "rate")
"""Columns that a narrow terminal does without, the first of them first."""

_ROUTE_CHARACTERS = 24
"""So much room is left for a route before columns go."""

_GAPS_SHOWN = 3


def print_table(result: Result, choice: Choice, out: IO[str]) -> None:
    """Print one row for each route, then the totals, to `out`; with colour on a terminal only."""
    from rich.text import Text

    summary = summed_up(result.tally, choice)
    console = console_on(out)
    columns = _fitting([*summary.rows, *([summary.total] if summary.total is not None else [])], console.width)
    table = new_table(_COLUMNS[column] for column in columns)
    for row in summary.rows:
        table.add_row(*_cells(row, columns))
    if summary.total is not None:
        table.add_section()
        table.add_row(Text("total", "bold"), "", *_cells(summary.total, columns)[2:])
    console.print(table)
    hidden = [heading for column, heading in _COLUMNS.items() if column not in columns]
    for line in ("", *_footer(summary, result.gaps)):
        console.print(Text(line))
    if hidden:
        console.print(Text(f"hidden      {', '.join(hidden)} (no room here; --output csv has them)"))


def console_on(out: IO[str]) -> Console:
    """Return what prints tables to `out`."""
    from rich.console import Console

    console = Console(file=out, highlight=False, soft_wrap=False)
    if not console.is_terminal:
        console.width = _UNBOUNDED
    return console


def new_table(headings: Iterable[str]) -> Table:
    """Return a table without rows."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold", show_edge=False)
    for heading in headings:
        table.add_column(heading, justify="left" if heading in TEXTS else "right", overflow="fold")
    return table


def _fitting(rows: Sequence[RouteSummary], width: int) -> list[str]:
    """Return the columns that have room beside each other."""
    widths = {
        column: max([len(heading), *(len(cell(row, column)) for row in rows)]) + 2
        for column, heading in _COLUMNS.items()
    }
    widths["route"] = min(widths["route"], _ROUTE_CHARACTERS)
    for column in _DISPENSABLE:
        if sum(widths.values()) - 2 > width:
            del widths[column]
    return list(widths)


def _cells(row: RouteSummary, columns: Iterable[str]) -> list[Text]:
    from rich.text import Text

    alarm = {"error_share": "red"} if row.error_share >= _ALARMING_ERROR_SHARE else {}
    return [Text(cell(row, column), alarm.get(column, "")) for column in columns]


def _footer(summary: Summary, gaps: Sequence[Gap]) -> list[str]:
    tally = summary.tally
    lines = [f"more        {count(summary.more)} routes are not shown"] if summary.more else []
    if summary.chosen is not tally:
        lines.append(f"chosen      {count(summary.chosen.requests)} of {count(tally.requests)} requests")
    lines += [f"lines       {_outcomes(tally)}", f"messages    {_counts(tally.messages)}"]
    if tally.exceptions:
        lines.append(f"exceptions  {_counts(tally.exceptions)}")
    for name, number, meaning in (
        ("sampled", tally.unlogged, "more requests that records with a sample_rate stand for"),
        ("lost", tally.lost_lines, "records, by gaps in their numbers (seq)"),
        ("dropped", tally.dropped, "records, as the application says"),
        ("folded", tally.folded, "requests into __other__ (limit on series or label length)"),
    ):
        if number:
            lines.append(f"{name:12}{count(number)} {meaning}")
    return [*lines, *_times(tally, gaps)]


def _outcomes(tally: Tally) -> str:
    rejected = ", ".join(f"{reason} {count(number)}" for reason, number in sorted(tally.rejected.items()))
    return (
        f"{count(tally.lines)}: {count(tally.request_lines)} requests, {count(tally.not_request)} other, "
        f"{count(tally.rejected.total())} rejected"
        + (f" ({rejected})" if rejected else "")
        + (f", {count(tally.ruled_out)} dropped by rule" if tally.ruled_out else "")
        + (f", {count(tally.outside)} outside of the times asked for" if tally.outside else "")
    )


def _times(tally: Tally, gaps: Sequence[Gap]) -> list[str]:
    if tally.first_event is None or tally.last_event is None:
        return []
    lines = [f"time        {time(tally.first_event)} to {time(tally.last_event)} ({span(period(tally) or 0.0)})"]
    longest = sorted(gaps, key=lambda each: -each.seconds)[:_GAPS_SHOWN]
    lines += [f"gap         {time(gap.start)} to {time(gap.end)} ({span(gap.seconds)})" for gap in longest]
    if len(gaps) > _GAPS_SHOWN:
        lines.append(f"gaps        {count(len(gaps) - _GAPS_SHOWN)} more, shorter ones")
    return lines


def _counts(counts: Mapping[str, int]) -> str:
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{printable(name)} {count(number)}" for name, number in ranked) or "none"
