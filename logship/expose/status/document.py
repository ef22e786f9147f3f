"""Render a report as the page: one HTML document that says everything without a script.

The script only fetches this very document again and brings the old one up to date, so every number is written here.
Everything that comes from a log or a name of a file is escaped.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from html import escape
from typing import NamedTuple

from logship.expose.status import wording
from logship.expose.status.chart import sparkline
from logship.expose.status.moment import FileStatus
from logship.expose.status.ranking import DEFAULT_ORDER, ORDERS, ranked
from logship.expose.status.report import DEFAULT_WINDOW, WINDOWS, Report, Row
from logship.measure import SLOTS

STALE_SECONDS = 10.0
"""Numbers older than this are said to be old: the tailer did not turn for so long."""

_COLUMNS = {
    "route": "Route",
    "rate": "Req/s",
    "errors": "Errors",
    "p50": "p50",
    "p95": "p95",
    "p99": "p99",
    "total": "Total",
}
_ICON = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E"
    "%3Cpath d='M1 13h3V8h2v5h2V3h2v10h2V6h3' fill='none' stroke='%230d7d74' stroke-width='2'/%3E%3C/svg%3E"
)


class Choice(NamedTuple):
    """What a visitor chose: the window in minutes, the order of the routes."""

    window: int = DEFAULT_WINDOW
    order: str = DEFAULT_ORDER

    def link(self) -> str:
        """Return the address of this choice, relative to the page."""
        return f"?window={self.window}&amp;sort={self.order}"


def choice_of(window: str | None, order: str | None) -> Choice:
    """Return what the parameters of a request ask for; what is nonsense there is ignored."""
    minutes = next((each for each in WINDOWS if str(each) == window), DEFAULT_WINDOW)
    return Choice(minutes, order if order in ORDERS else DEFAULT_ORDER)


def document(report: Report, chosen: Choice, age_seconds: float, assets: str) -> str:
    """Return the page.

    Args:
        report: What is shown.
        chosen: What the visitor chose.
        age_seconds: How old the report is.
        assets: What style and script are asked for with, so that those of another version are not taken.
    """
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{wording.rate(report.total.rate)} req/s · logship</title>
<link rel="icon" href="{_ICON}">
<link rel="stylesheet" href="status.css?{assets}">
<script src="status.js?{assets}" defer></script>
<noscript><meta http-equiv="refresh" content="10"></noscript>
</head>
<body>
<a class="skip" href="#routes">Skip to the routes</a>
<header>
<h1>logship <small>{escape(report.version)}</small></h1>
{_condition(report, age_seconds)}
<p class="age"><span id="age" data-seconds="{age_seconds:.1f}">as of {wording.moment(report.at)}</span>
<button type="button" id="pause" hidden>Pause</button></p>
</header>
<p id="lost" role="status" hidden></p>
<main>
{_tiles(report)}
{_routes(report, chosen)}
<div class="columns">
<div>{_files(report)}{_refused(report)}</div>
<div>{_outcomes(report)}{_state(report)}</div>
</div>
{_configuration(report)}
</main>
<footer>
<nav aria-label="Endpoints"><a href="metrics">metrics</a> <a href="healthz">healthz</a> <a href="readyz">readyz</a>
<a href="api/v1/status?window={chosen.window}">JSON</a></nav>
<p>Counts are those of <code>/metrics</code>, since counting began; rates, shares and quantiles are of the window.
Quantiles are within 1 % of a duration that was really there. Charts show 15 minutes in steps of 15 seconds.</p>
<p>When numbers are missing or doubtful, <code>logship doctor</code> says why. The manual: <code>man logship</code>,
<code>logship --help</code>.</p>
</footer>
</body>
</html>
"""


def _condition(report: Report, age_seconds: float) -> str:
    kind, says = _said(report, age_seconds)
    return f'<p class="condition {kind}"><span class="dot" aria-hidden="true"></span>{escape(says)}</p>'


def _said(report: Report, age_seconds: float) -> tuple[str, str]:
    """Return how the tailer is, as a class of the style sheet and in words; the worst first."""
    if age_seconds > STALE_SECONDS:
        return "bad", f"not turning: these numbers are {wording.age(age_seconds)} old"
    if report.state.failing_because is not None:
        return "bad", "the state cannot be saved"
    if report.is_catching_up:
        return "busy", f"reading what was there at the start, {wording.size(report.behind_bytes)} to go"
    if not report.followed_files:
        return "busy", "no file to follow yet"
    slowest = max((file.behind_seconds for file in report.files if file.behind_bytes), default=0.0)
    if slowest > STALE_SECONDS:
        return "busy", f"{wording.size(report.behind_bytes)} behind for {wording.age(slowest)}"
    return "good", f"following {wording.counted(report.followed_files, 'file')}"


def _tiles(report: Report) -> str:
    total = report.total
    rejected = sum(each.lines for each in report.outcomes if each.outcome == "rejected")
    event = "no record yet" if report.last_event is None else f"newest {wording.age(report.at - report.last_event)} ago"
    tiles = [
        ("Requests a second", wording.rate(total.rate), _spark(total), "wide"),
        (
            "Error share",
            wording.share(total.error_share),
            wording.counted(total.errors, "error"),
            _alarm(total.errors),
        ),
        (
            "Latency p99",
            wording.duration(total.p99_seconds),
            f"p50 {wording.duration(total.p50_seconds)}, p95 {wording.duration(total.p95_seconds)}",
            "",
        ),
        ("Behind", wording.size(report.behind_bytes), event, ""),
        (
            "Lines",
            wording.count(report.lines),
            f"{wording.count(rejected)} rejected, {wording.count(report.lost_lines)} lost",
            _alarm(rejected + report.lost_lines),
        ),
    ]
    shown = "".join(
        f'<div class="tile {kind}"><dt>{name}</dt><dd>{value}</dd><dd class="more">{more}</dd></div>'
        for name, value, more, kind in tiles
    )
    return f'<dl class="tiles">{shown}</dl>'


def _alarm(number: int) -> str:
    return "alarm" if number else ""


def _spark(row: Row) -> str:
    highest = max(row.rates, default=0.0)
    says = f"Requests a second over 15 minutes, at most {wording.rate(highest)}"
    if any(row.error_rates):
        says += f", errors at most {wording.rate(max(row.error_rates))}"
    return sparkline(row.rates, says, places=SLOTS, beneath=row.error_rates)


def _routes(report: Report, chosen: Choice) -> str:
    links = "".join(
        f'<a href="{chosen._replace(window=minutes).link()}"{_current(minutes == chosen.window)}>{minutes} min</a>'
        for minutes in WINDOWS
    )
    covered = f"measured over {wording.age(report.window_seconds)}"
    rows = [_route(row, row.route) for row in ranked(report.routes, chosen.order)]
    if report.rest is not None:
        others = f"{report.rest_routes} more" if report.rest_routes else "others"
        rows.append(_route(report.rest, others, "rest"))
    heads = "".join(_head(key, name, chosen) for key, name in _COLUMNS.items())
    return f"""<section id="routes" tabindex="-1" aria-labelledby="routes-name">
<div class="heading"><h2 id="routes-name">Routes</h2>
<nav aria-label="Window">{links}</nav><p>{covered}</p></div>
<div class="scroll" tabindex="0" role="region" aria-labelledby="routes-name">
<table><thead><tr>{heads}<th scope="col">15 min</th></tr></thead>
<tbody>{"".join(rows) or _nothing("No request yet.", len(_COLUMNS) + 1)}</tbody></table></div></section>"""


def _current(is_current: bool) -> str:  # noqa: FBT001 - the one thing it is about
    return ' aria-current="true"' if is_current else ""


def _head(key: str, name: str, chosen: Choice) -> str:
    link = f'<a href="{chosen._replace(order=key).link()}">{name}</a>'
    sorted_by = ("ascending" if key == "route" else "descending") if key == chosen.order else "none"
    number = "" if key == "route" else ' class="number"'
    return f'<th scope="col" aria-sort="{sorted_by}"{number}>{link}</th>'


def _route(row: Row, name: str, kind: str = "") -> str:
    method = "" if kind else f'<b class="method">{_text(row.method)}</b> '
    failing = ' class="number failing"' if row.errors else ' class="number"'
    cells = [wording.duration(each) for each in (row.p50_seconds, row.p95_seconds, row.p99_seconds)]
    cells.append(wording.count(row.requests_total))
    return (
        f'<tr class="{kind}"><th scope="row">{method}<span class="name">{_path(name)}</span></th>'
        f"{_number(wording.rate(row.rate))}<td{failing}>{wording.share(row.error_share)}</td>"
        f'{"".join(map(_number, cells))}<td class="chart">{_spark(row)}</td></tr>'
    )


def _text(text: str) -> str:
    """Return what a log or the file system gave as text of the page: on one line, what is not UTF-8 escaped."""
    valid = text.encode(errors="backslashreplace").decode()
    return escape("".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in valid))


def _path(path: str) -> str:
    """Return a route or a path as text that may be broken behind each slash."""
    return _text(path).replace("/", "/<wbr>")


def _nothing(says: str, columns: int) -> str:
    return f'<tr><td class="nothing" colspan="{columns}">{escape(says)}</td></tr>'


def _table(name: str, says: str, heads: Sequence[str], rows: Iterable[str], empty: str) -> str:
    """Return a section with a table; a head that begins with # is of numbers."""
    head = "".join(
        f'<th scope="col" class="number">{each[1:]}</th>' if each.startswith("#") else f'<th scope="col">{each}</th>'
        for each in heads
    )
    body = "".join(rows) or _nothing(empty, len(heads))
    return (
        f'<section id="{name}"><h2 id="{name}-name">{says}</h2>'
        f'<div class="scroll" tabindex="0" role="region" aria-labelledby="{name}-name"><table>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div></section>"
    )


def _pairs(pairs: Iterable[tuple[str, str]]) -> str:
    """Return a table of names and values, which are HTML already."""
    rows = "".join(f'<tr><th scope="row">{name}</th><td>{value}</td></tr>' for name, value in pairs)
    return f'<div class="scroll"><table><tbody>{rows}</tbody></table></div>'


def _number(says: object) -> str:
    """Return a cell with a number."""
    return f'<td class="number">{says}</td>'


def _files(report: Report) -> str:
    table = _table(
        "files",
        "Files",
        ("File", "#Read to", "#Behind", "#Generation"),
        map(_file, report.files),
        "No file is followed yet.",
    )
    unshown = report.followed_files - len(report.files)
    return table.replace("</section>", f"<p>{unshown} more files.</p></section>") if unshown > 0 else table


def _file(file: FileStatus) -> str:
    known = file.format or "format not known yet"
    rotated = ", rotated" if file.is_rotated else ""
    behind = wording.size(file.behind_bytes)
    if file.behind_bytes:
        behind += f" for {wording.age(file.behind_seconds)}"
    part = file.offset_bytes / file.size_bytes if file.size_bytes else 1.0
    return (
        f'<tr><th scope="row"><span class="name">{_path(file.path)}</span>'
        f"<small>{_text(known)}, changed {wording.age(file.quiet_seconds)} ago{rotated}</small></th>"
        f'<td class="number" title="{file.offset_bytes} of {file.size_bytes} bytes">'
        f"{wording.size(file.offset_bytes)}<small>{wording.share(min(part, 1.0))}</small></td>"
        f"{_number(behind)}{_number(file.generation)}</tr>"
    )


def _outcomes(report: Report) -> str:
    rows = (
        f'<tr><th scope="row">{_text(each.outcome.replace("_", " "))} <small>{_text(each.reason)}</small></th>'
        f"{_number(wording.count(each.lines))}"
        f"{_number(wording.share(each.lines / report.lines if report.lines else None))}</tr>"
        for each in report.outcomes
    )
    return _table("outcomes", "Lines by outcome", ("Outcome", "#Lines", "#Share"), rows, "No line yet.")


def _refused(report: Report) -> str:
    rows = (
        f'<tr><th scope="row">{_text(each.reason)}</th>'
        f'<td><span class="name">{_path(each.path)}</span><small>bytes {each.start} to {each.end}</small></td>'
        f"{_number(f'{wording.age(report.at - each.at)} ago')}</tr>"
        for each in report.refused
    )
    return _table("refused", "Recent rejects", ("Reason", "Place", "#Read"), rows, "None found since the start.")


def _state(report: Report) -> str:
    return f'<section id="state"><h2>State</h2>{_pairs(_state_rows(report))}</section>'


def _state_rows(report: Report) -> Iterator[tuple[str, str]]:
    state = report.state
    if state.path is None:
        yield "State file", "none: a restart counts from the beginning of the files again"
    else:
        yield (
            "State file",
            f'<span class="name">{_path(state.path)}</span><small>{wording.size(state.size_bytes)}</small>',
        )
        saved = "never" if report.saved_at is None else f"{wording.age(report.at - report.saved_at)} ago"
        yield "Everything saved", saved
        yield "Failed commits", wording.count(report.checkpoint_errors)
        yield "Last failure", _text(state.last_failure or "none")
    yield "Running for", wording.age(report.at - report.started_at)
    happenings = (f"{wording.count(times)} {_text(name)}" for name, times in sorted(report.happenings.items()))
    yield "Files", ", ".join(happenings) or "none yet"


def _configuration(report: Report) -> str:
    pairs = _pairs((_text(key), _text(value)) for key, value in report.configuration)
    summary = "<summary><h2>Configuration in force</h2></summary>"
    return f'<section id="configuration"><details>{summary}{pairs}</details></section>'
