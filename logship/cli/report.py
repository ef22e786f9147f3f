"""`logship replay --output html --to FILE`: archives → one page for people."""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from logship.errors import UsageError

if TYPE_CHECKING:
    from logship.config import Config
    from logship.pipeline import Window
    from logship.replay import Choice, Plan, Result


class HtmlReport:
    """Read for a report, and write it; what cannot work is said before anything is read."""

    def __init__(self, config: Config, choice: Choice, options: dict[str, Any]) -> None:
        from logship.replay.html import Timeline, drawing_script, width_seconds

        self._library = drawing_script()
        step = options["step"]
        self._timeline = Timeline(where=choice.where) if step is None else Timeline(width_seconds(step), choice.where)
        self._config = replace(config, measure=replace(config.measure, quantiles=True))
        self._choice = choice
        self._options = options

    def read(self, planned: Plan, window: Window | None) -> Result:
        """Count what is planned; raise UsageError when the page would take the place of an input."""
        from logship.replay import interruptible, progress
        from logship.replay.html import read_for_report

        self._spare(planned)
        told = progress(planned.total_bytes, sys.stderr, self._options["progress"])
        with told as meter, interruptible() as interrupt:
            self._window = window
            self._reading = read_for_report(
                planned,
                self._config,
                meter.advance,
                timeline=self._timeline,
                begin=meter.begin,
                window=window,
                where=self._choice.where,
                interrupt=interrupt,
            )
        return self._reading.result

    def write(self, before: Result | None) -> None:
        """Write what was read, beside what it is compared with."""
        from logship.replay.html import Report, write_report

        buckets = self._config.measure.buckets
        told = Report(self._reading, before, self._choice, self._window, buckets, time.time())
        write_report(told.as_page(self._library), self._options["to"])

    def _spare(self, planned: Plan) -> None:
        target: Path = self._options["to"]
        if target.is_file() and any(
            target.samefile(path) for path in (*planned.paths, *planned.copies) if Path(path).is_file()
        ):
            raise UsageError(f"--to {target} is one of the logs that are read: name another file")
