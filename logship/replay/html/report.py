"""Make the report: what was read comes in, one page that needs nothing else goes out."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from logship import __version__
from logship.errors import LogshipError
from logship.pipeline import Window
from logship.replay.compare import changes, in_total
from logship.replay.html import sections
from logship.replay.html.charts import chart_data
from logship.replay.html.elements import Markup, element
from logship.replay.html.page import Section, page
from logship.replay.html.reading import Reading
from logship.replay.html.timeline import Place
from logship.replay.summary import Choice, Summary, summed_up
from logship.replay.values import span, time
from logship.replay.work import Result

MOST_VIEWS = 20
"""Routes with charts of their own: the first of the table."""


@dataclass(frozen=True, slots=True)
class Report:
    """What is told.

    Attributes:
        reading: The numbers.
        before: What they are compared with, if anything.
        choice: What is shown of them.
        window: The times that were asked for.
        buckets: Upper bounds of the histogram in seconds.
        made_at: When it is made, in seconds since the epoch.
    """

    reading: Reading
    before: Result | None
    choice: Choice
    window: Window | None
    buckets: tuple[float, ...]
    made_at: float

    def as_page(self, library: str) -> str:
        """Return the page; `library` is the script that draws."""
        result = self.reading.result
        summary = summed_up(result.tally, self.choice)
        places = [Place(row.method, row.route) for row in summary.rows[:MOST_VIEWS]]
        data = chart_data(self.reading.timeline, places, result.gaps)
        return page("Requests in the logs", _head(summary, result), self._sections(summary, places), data, library)

    def _sections(self, summary: Summary, places: Sequence[Place]) -> Iterator[Section]:
        result, tally = self.reading.result, summary.tally
        yield sections.charts(self.reading.timeline.untimed)
        yield sections.routes(summary, places)
        if self.before is not None:
            sides = result.tally, self.before.tally, self.choice
            yield sections.compared(changes(*sides), in_total(*sides))
        yield sections.slowest(self.reading.slowest)
        yield sections.counted("exceptions", "Exceptions", "Type", tally.exceptions, "None.")
        yield sections.gaps(result.gaps)
        yield sections.lines(tally)
        yield sections.counted("messages", "Records by level", "Level", tally.messages, "None.")
        yield sections.inputs(result.formats)
        yield sections.settings(self._settings())

    def _settings(self) -> Iterator[tuple[str, str]]:
        window = self.window or Window()
        bounds = {"--since": window.since, "--until": window.until}
        yield from ((name, time(at)) for name, at in bounds.items() if math.isfinite(at))
        if self.choice.where:
            yield "--where", " ".join(map(str, self.choice.where))
        if self.before is not None:
            yield "--against", ", ".join(self.before.formats)
        yield "--sort", self.choice.order
        if self.choice.top is not None:
            yield "--top", str(self.choice.top)
        yield "slot of time in the charts", span(self.reading.timeline.width)
        yield "percentiles", "within 1 % of a duration that was there"
        yield "histogram buckets", ", ".join(f"{bound:g} s" for bound in self.buckets)
        yield "made", f"{time(self.made_at)} by logship {__version__}"


def write_report(text: str, path: Path) -> None:
    """Write the page to a file, whole or not at all, or to standard output for `-`; raise LogshipError."""
    if path == Path("-"):
        sys.stdout.write(text)
        return
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        if path.exists() and not path.is_file():  # a device or a pipe is written to: its name must stay what it is
            path.write_text(text, encoding="utf-8", newline="\n")
            return
        part.write_text(text, encoding="utf-8", newline="\n")
        part.replace(path)
    except OSError as error:
        with suppress(OSError):
            part.unlink()
        raise LogshipError(f"--to {path} cannot be written: {error.strerror or error}") from error


def _head(summary: Summary, result: Result) -> Markup:
    notices = list(result.damage)
    if result.is_interrupted:
        notices.insert(0, "Interrupted: these are the numbers of what was read until then.")
    return element(
        "div",
        element("p", sections.period_text(summary.tally), class_="soft", id="period"),
        *(element("p", each, class_="notice") for each in notices),
        sections.tiles(summary.total),
    )
