"""Lay a report out for a terminal: what does not fit into its width is left out, the route last of all."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from logship.expose.status import Report, Row, ranked, wording

_BARS = " ▁▂▃▄▅▆▇█"
_CHART_WIDTH = 20
_NUMBER_WIDTH = 10
"""Columns for a number and the gap before it; a larger one takes them from the route."""
_NARROW, _MIDDLE, _WIDE = 50, 80, 120

_WIDTHS = {"rate": 0, "errors": 0, "p50": _MIDDLE, "p95": _MIDDLE, "p99": _NARROW, "total": _WIDE}
"""Columns of the terminal that a number is shown from; what the order goes by is always shown."""

_HEADINGS = {
    "route": "ROUTE",
    "rate": "REQ/S",
    "errors": "ERRORS",
    "p50": "P50",
    "p95": "P95",
    "p99": "P99",
    "total": "TOTAL",
}


def shown(report: Report, order: str, *, width: int, rows: int | None = None, note: str = "") -> RenderableType:
    """Return a report as something to print.

    Args:
        report: What is shown.
        order: What comes first.
        width: Columns of the terminal.
        rows: Routes that there is room for, None for all.
        note: What else is to be said, in the last line.
    """
    parts: list[RenderableType] = [_heading(report), _table(report, order, width, rows)]
    if note:
        parts.append(Text(note, style="dim", no_wrap=True, overflow="ellipsis"))
    return Group(*parts)


def _heading(report: Report) -> Text:
    total, rejected = report.total, sum(each.lines for each in report.outcomes if each.outcome == "rejected")
    text = Text(no_wrap=False)
    text.append(f"{wording.rate(total.rate)} req/s", "bold")
    text.append(f"  {wording.share(total.error_share)} errors", "red" if total.errors else "")
    text.append(
        f"  p50 {wording.duration(total.p50_seconds)}  p95 {wording.duration(total.p95_seconds)}"
        f"  p99 {wording.duration(total.p99_seconds)}"
    )
    text.append(f"\n{wording.count(report.lines)} lines, ")
    text.append(f"{wording.count(rejected)} rejected", "red" if rejected else "")
    text.append(f", {wording.count(report.followed_files)} files, {wording.size(report.behind_bytes)} behind")
    text.append(f", last {report.window_minutes} min ({wording.age(report.window_seconds)})\n", "dim")
    if report.state.failing_because is not None:
        text.append(f"the state cannot be saved: {_plain(report.state.failing_because)}\n", "red")
    return text


def _table(report: Report, order: str, width: int, rows: int | None) -> Table:
    keys = [key for key, least in _WIDTHS.items() if width >= least or key == order]
    beside = _NUMBER_WIDTH * len(keys) + (_CHART_WIDTH + 2 if width >= _WIDE else 0)
    table = Table(box=None, header_style="dim", pad_edge=False)
    table.add_column("ROUTE▾" if order == "route" else "ROUTE", no_wrap=True, max_width=max(6, width - beside))
    for key in keys:
        mark = "▾" if key == order else ""
        table.add_column(_HEADINGS[key] + mark, justify="right", no_wrap=True)
    if width >= _WIDE:
        table.add_column("15 MIN", no_wrap=True)
    for row in ranked(report.routes, order)[:rows]:
        table.add_row(*_cells(row, f"{row.method:<7}{_plain(row.route)}", keys, width))
    if report.rest is not None:
        others = f"{report.rest_routes} more" if report.rest_routes else "others"
        table.add_row(*_cells(report.rest, others, keys, width))
    return table


def _cells(row: Row, name: str, keys: Sequence[str], width: int) -> list[Text]:
    values = {
        "rate": Text(wording.rate(row.rate)),
        "errors": Text(wording.share(row.error_share), style="red" if row.errors else ""),
        "p50": Text(wording.duration(row.p50_seconds)),
        "p95": Text(wording.duration(row.p95_seconds)),
        "p99": Text(wording.duration(row.p99_seconds)),
        "total": Text(wording.count(row.requests_total)),
    }
    cells = [Text(_plain(name)), *(values[key] for key in keys)]
    if width >= _WIDE:
        cells.append(Text(_bars(row.rates), "cyan"))
    return cells


def _bars(rates: Sequence[float]) -> str:
    """Return a chart of the latest rates in characters, three slots in one."""
    groups = [max(rates[max(0, end - 3) : end]) for end in range(len(rates), 0, -3)][:_CHART_WIDTH][::-1]
    top = max(groups, default=0.0)
    bars = "".join(_BARS[round(each / top * (len(_BARS) - 1))] if top else " " for each in groups)
    return bars.rjust(_CHART_WIDTH)


def _plain(text: str) -> str:
    """Return text as a terminal may be given it: nothing in it is obeyed."""
    return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in text)
