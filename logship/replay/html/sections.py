"""Say what a replay came to as the sections of a page; the numbers are those of the table and of the JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from logship.measure import Tally
from logship.pipeline import SlowRequest
from logship.replay.compare import Change
from logship.replay.gaps import Gap
from logship.replay.html.elements import Column, Markup, Row, Value, element, escaped, table
from logship.replay.html.page import Section
from logship.replay.html.timeline import Place
from logship.replay.summary import COLUMNS, RouteSummary, Summary
from logship.replay.values import SAID, cell, count, duration, span, time

_ROUTES = {"requests": "Requests", "rate": "Rate", "errors": "5xx", "error_share": "5xx share"} | {
    name: name.capitalize() if name in {"max", "sum"} else name for name in COLUMNS[6:]
}
"""Columns of numbers, and their headings."""

_TILES = ("requests", "rate", "error_share", "p50", "p90", "p95", "p99", "max")
_CHANGES = {"rate": "Rate", "error_share": "5xx share", "p50": "p50", "p99": "p99"}
_TEXTS = (Column("Route"), Column("Method"))
_MOST_GAPS = 100

_CHARTS = {
    "requests": ("Requests", "Requests in each slot of time, those answered with a status of 5xx in another colour."),
    "errors": ("Share of 5xx", "The share of requests that were answered with a status of 5xx, over time."),
    "latency": ("Latency", "50th, 90th, 95th and 99th percentile of the durations, over time."),
    "heat": ("Latency, every request", "How many requests took how long, over time."),
}
"""Titles of the charts, and what they show for those who do not see them."""


def tiles(total: RouteSummary | None) -> Markup:
    """Return the numbers of all requests together, for the head of the page."""
    if total is None:
        return element("p", "No requests.", class_="notice")
    cells = (
        element("div", element("dt", _ROUTES[name]), element("dd", cell(total, name), data_total=name))
        for name in _TILES
    )
    return element("dl", *cells, class_="tiles", id="totals")


def charts(untimed: int) -> Section:
    """Return the places where the charts are drawn."""
    figures = (
        element(
            "figure",
            element("h3", title, " ", element("span", "", class_="soft per-slot") if name == "requests" else ""),
            element("div", "", id=f"chart-{name}", class_="chart", role="img", aria_label=meaning),
        )
        for name, (title, meaning) in _CHARTS.items()
    )
    chooser = element("label", "Shown", element("select", element("option", "All requests"), id="view"))
    without = element("p", f"{count(untimed)} requests tell no time: they are in no chart.", class_="soft")
    return Section(
        "charts",
        "Over time (UTC)",
        element(
            "div",
            element("p", "The charts need JavaScript; all numbers stand below without.", class_="without-scripts"),
            element("p", "", id="charts-failed", class_="soft"),
            element("div", chooser, class_="tools"),
            element("div", *figures, class_="charts"),
            element(
                "p",
                "Shaded: nothing was logged. The stronger the colour of a cell, the more requests.",
                class_="soft",
            ),
            without if untimed else "",
        ),
    )


def routes(summary: Summary, places: Sequence[Place]) -> Section:
    """Return the table of routes; those that have charts are buttons."""
    views = {place: str(number) for number, place in enumerate(places, 1)}
    rows: list[Row] = [
        (_route(row, views.get(Place(row.method, row.route))), row.method, *_numbers(row)) for row in summary.rows
    ]
    columns = [*_TEXTS, *(Column(heading, is_number=True) for heading in _ROUTES.values())]
    tools = element(
        "div",
        element("label", "Filter", element("input", type="search", id="filter", placeholder="route or method")),
        element("span", "", id="filtered", class_="soft", role="status"),
        class_="tools",
    )
    more = f"{count(summary.more)} more routes are not shown (--top)." if summary.more else ""
    shown = table(columns, rows, id="route-table", class_="sortable pinned", aria_label="Routes")
    return Section("routes", "Routes", element("div", tools, shown, element("p", more, class_="soft") if more else ""))


def compared(found: Sequence[Change], total: Change) -> Section:
    """Return the table of what changed against the other logs."""
    columns = [*_TEXTS]
    for heading in _CHANGES.values():
        columns += [Column(heading, is_number=True), Column("before", is_number=True), Column("change", is_number=True)]
    rows: list[Row] = [(each.route, each.method, *_changed(each)) for each in found]
    rows.append((element("b", "All requests"), "", *_changed(total)))
    return Section("changes", "Changes", table(columns, rows, class_="pinned", id="change-table", aria_label="Changes"))


def slowest(requests: Sequence[SlowRequest]) -> Section:
    """Return the table of the slowest requests, one by one."""
    has = {name: any(getattr(each, name) for each in requests) for name in ("request_id", "trace_id")}
    ids = [name for name in has if has[name]]
    columns = [Column("Route"), Column("Method"), Column("Status"), Column("Duration", is_number=True), Column("Time")]
    rows: list[Row] = [
        (
            each.labels.route,
            each.labels.method,
            each.labels.status,
            Value(duration(each.duration_ns / 1e9), each.duration_ns / 1e9),
            _moment(each.at),
            *(element("code", getattr(each, name) or "-") for name in ids),
        )
        for each in requests
    ]
    columns += [Column(name.replace("_", " ").capitalize()) for name in ids]
    shown = table(columns, rows, class_="sortable pinned", id="slowest-table", aria_label="Slowest requests")
    return Section("slowest", "Slowest requests", shown if requests else element("p", "No request has a duration."))


def counted(anchor: str, title: str, heading: str, counts: Mapping[str, int], none: str) -> Section:
    """Return a table of names and how often each was there, the most frequent first."""
    ranked = sorted(counts.items(), key=lambda each: (-each[1], each[0]))
    rows = ((name, Value(count(number), number)) for name, number in ranked)
    columns = [Column(heading), Column("Records", is_number=True)]
    shown = table(columns, rows, class_="sortable", id=f"{anchor}-table", aria_label=title)
    return Section(anchor, title, shown if ranked else element("p", none))


def gaps(found: Sequence[Gap]) -> Section:
    """Return the times in which nothing was logged, the longest first."""
    longest = sorted(found, key=lambda gap: -gap.seconds)[:_MOST_GAPS]
    rows = ((_moment(gap.start), _moment(gap.end), Value(span(gap.seconds), gap.seconds)) for gap in longest)
    columns = [Column("From"), Column("To"), Column("Length", is_number=True)]
    shown = table(columns, rows, class_="sortable", id="gaps-table", aria_label="Gaps in time")
    more = len(found) - len(longest)
    rest = element("p", f"{count(more)} shorter ones are not shown.", class_="soft") if more else ""
    return Section("gaps", "Gaps in time", element("div", shown, rest) if found else element("p", "None."))


def lines(tally: Tally) -> Section:
    """Return what became of the lines, and what is missing."""
    outcomes = {
        "all lines": tally.lines,
        "requests": tally.request_lines,
        "no requests": tally.not_request,
        "dropped by rule": tally.ruled_out,
        "outside of the times asked for": tally.outside,
        **{f"rejected: {reason}": number for reason, number in sorted(tally.rejected.items())},
        "requests of sampled records, without a line": tally.unlogged,
        "lost records, by gaps in their numbers": tally.lost_lines,
        "records that the application dropped": tally.dropped,
        "requests counted under __other__": tally.folded,
    }
    always = {"all lines", "requests", "no requests"}
    rows = ((name, Value(count(number), number)) for name, number in outcomes.items() if number or name in always)
    columns = [Column("Outcome"), Column("Lines", is_number=True)]
    return Section("lines", "Lines", table(columns, rows, id="lines-table", aria_label="Lines"))


def inputs(formats: Mapping[str, str | None]) -> Section:
    """Return what was read; what could not be stands at the head of the page."""
    rows = ((element("code", path), fmt or "none found") for path, fmt in formats.items())
    columns = [Column("Input"), Column("Format")]
    return Section("inputs", "Inputs", table(columns, rows, id="inputs-table", aria_label="Inputs"))


def _route(row: RouteSummary, view: str | None) -> Markup:
    return escaped(row.route) if view is None else element("button", row.route, type="button", data_view=view)


def _moment(at: float | None) -> Markup:
    return element("span", "-" if at is None else time(at), class_="time")


def _numbers(row: RouteSummary) -> Iterable[Value]:
    return (Value(cell(row, name), getattr(row, name)) for name in _ROUTES)


def _changed(change: Change) -> Iterator[Value]:
    for name in _CHANGES:
        sides = [getattr(side, name, None) for side in (change.now, change.before)]
        yield from (Value("-" if value is None else SAID[name](value), value) for value in sides)
        yield _difference(change, name)


def _difference(change: Change, name: str) -> Value:
    if change.now is None or change.before is None:
        return Value("new" if change.before is None else "gone")
    if name == "error_share":
        rise = change.error_share
        return Value("-" if rise is None else f"{rise * 100:+.2f} pp", rise)
    growth = change.relative(name)
    return Value("-" if growth is None else f"{growth:+.1%}", growth)


def period_text(tally: Tally) -> str:
    """Return the time from the first to the last event."""
    if tally.first_event is None or tally.last_event is None:
        return "No line tells a time."
    return f"{time(tally.first_event)} to {time(tally.last_event)} ({span(tally.last_event - tally.first_event)})"


def settings(pairs: Iterable[tuple[str, str]]) -> Section:
    """Return how the report was made."""
    columns = [Column("Setting"), Column("Value")]
    return Section("settings", "Settings", table(columns, pairs, id="settings-table", aria_label="Settings"))
