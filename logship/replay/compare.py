"""Compare two replays route by route: rows of both come in, what changed goes out, the most worsened first."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any, cast

from logship.measure import Tally
from logship.replay.report import numbers_json, write_csv
from logship.replay.selection import selected
from logship.replay.summary import EVERYTHING, ORDERS, Choice, RouteSummary, by_route, total
from logship.replay.table import console_on, new_table
from logship.replay.values import SAID, count, printable, time

if TYPE_CHECKING:
    from rich.text import Text

_WORSE_ERROR_SHARE = 0.01
"""A rise of the error share by so much is worse than any change in latency."""

_WORSE_GROWTH = 0.1
"""A duration that grew by so much is shown in red: five times what two sketches may differ by."""

_SHOWN = {"rate": "RATE", "error_share": "ERRORS", "p50": "P50", "p99": "P99"}
_KEPT = ("requests", "rate", "errors", "error_share", "p50", "p90", "p95", "p99", "max")
"""What a CSV file has of each side."""


@dataclass(frozen=True, slots=True)
class Change:
    """One method and route in both replays; None where it had no request."""

    method: str
    route: str
    now: RouteSummary | None
    before: RouteSummary | None

    def relative(self, column: str) -> float | None:
        """Return by which part a value grew: 0.25 for a quarter; None where there is nothing to compare."""
        now, before = getattr(self.now, column, None), getattr(self.before, column, None)
        return now / before - 1 if now is not None and before else None

    @property
    def error_share(self) -> float | None:
        """By how much the error share rose."""
        return None if self.now is None or self.before is None else self.now.error_share - self.before.error_share


def changes(now: Tally, before: Tally, choice: Choice = EVERYTHING) -> list[Change]:
    """Return what changed, the most worsened first, or in the order that was chosen.

    First come the routes whose error share rose by a percentage point or more, by the rise; then the others by the
    growth of their 99th percentile; then new ones, and those that are gone.
    """
    sides = [{(row.method, row.route): row for row in by_route(_chosen(tally, choice))} for tally in (now, before)]
    found = [Change(*key, sides[0].get(key), sides[1].get(key)) for key in {**sides[0], **sides[1]}]
    return sorted(found, key=_order if choice.order == EVERYTHING.order else _chosen_order(choice))[: choice.top]


def in_total(now: Tally, before: Tally, choice: Choice = EVERYTHING) -> Change:
    """Return what changed of all requests together."""
    return Change("", "", total(_chosen(now, choice)), total(_chosen(before, choice)))


def changes_json(found: Iterable[Change]) -> list[dict[str, Any]]:
    """Return changes as JSON-ready values."""
    return [
        {
            "method": change.method,
            "route": change.route,
            "before": None if change.before is None else numbers_json(change.before),
            "now": None if change.now is None else numbers_json(change.now),
            "change": _differences(change),
        }
        for change in found
    ]


def print_changes(now: Tally, before: Tally, choice: Choice, out: IO[str]) -> None:
    """Print one row for each route to `out`: what is now, and by how much it changed."""
    from rich.text import Text

    headings = [heading for shown in _SHOWN.values() for heading in (shown, "CHANGE")]
    table = new_table(("METHOD", "ROUTE", *headings))
    for change in changes(now, before, choice):
        table.add_row(Text(printable(change.method)), Text(printable(change.route)), *_cells(change))
    table.add_section()
    table.add_row(Text("total", "bold"), "", *_cells(in_total(now, before, choice)))
    console = console_on(out)
    console.print(table)
    console.print(
        Text("\n" + "\n".join(f"{name:12}{_period(side)}" for name, side in (("now", now), ("before", before))))
    )


def print_changes_csv(now: Tally, before: Tally, choice: Choice, out: IO[str]) -> None:
    """Print a line of headings and one for each route; `_before` and `_change` stand behind the names."""
    headings = (*_KEPT, *(f"{column}_before" for column in _KEPT), *(f"{column}_change" for column in _SHOWN))
    rows = [[change.method, change.route, *_flat(change)] for change in changes(now, before, choice)]
    write_csv([("method", "route", *headings), *rows], out)


def _period(tally: Tally) -> str:
    whole = tally.whole()
    if whole.first_event is None or whole.last_event is None:
        return f"{count(whole.requests)} requests"
    return f"{count(whole.requests)} requests, {time(whole.first_event)} to {time(whole.last_event)}"


def _chosen(tally: Tally, choice: Choice) -> Tally:
    return selected(tally.whole(), choice.where)


def _chosen_order(choice: Choice) -> Callable[[Change], tuple[object, ...]]:
    """Return a key that sorts by what is now; what is gone comes last."""
    order = ORDERS[choice.order]
    return lambda change: (change.now is None, order(change.now or cast("RouteSummary", change.before)))


def _order(change: Change) -> tuple[object, ...]:
    rise, growth = change.error_share, change.relative("p99")
    place = (change.route, change.method)
    if rise is None:
        return (2 if change.before is None else 3, 0.0, *place)
    return (0, -rise, *place) if rise >= _WORSE_ERROR_SHARE else (1, -(growth or 0.0), *place)


def _differences(change: Change) -> dict[str, float | None]:
    return {column: change.error_share if column == "error_share" else change.relative(column) for column in _SHOWN}


def _flat(change: Change) -> list[Any]:
    sides = [getattr(side, column, None) for side in (change.now, change.before) for column in _KEPT]
    return [*sides, *_differences(change).values()]


def _cells(change: Change) -> list[Text]:
    from rich.text import Text

    cells = []
    for column in _SHOWN:
        value = getattr(change.now, column, None)
        cells += [Text("-" if value is None else SAID[column](value)), Text(*_difference(change, column))]
    return cells


def _difference(change: Change, column: str) -> tuple[str, str]:
    """Return what is said of the change in a column, and its style."""
    if change.before is None or change.now is None:
        return ("new" if change.before is None else "gone") if column == "rate" else "-", ""
    difference = _differences(change)[column]
    if difference is None:
        return "-", ""
    is_worse = column != "rate" and difference >= (_WORSE_ERROR_SHARE if column == "error_share" else _WORSE_GROWTH)
    text = f"{difference * 100:+.2f} pp" if column == "error_share" else f"{difference:+.1%}"
    return text, "red" if is_worse else ""
