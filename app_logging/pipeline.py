"""The one pipeline behind both doors: an event comes in, one line is in the files when the call returns.

The one global of the package is here: which pipeline is active. structlog's configuration and the root logger are
global to the process as well, and loggers that were made before a second `configure` must find the new pipeline.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app_logging import levels
from app_logging.clock import Timestamps
from app_logging.console import is_terminal, should_colour, write_stderr
from app_logging.files import Missing, RotatingFile
from app_logging.record import DROPPED_MESSAGE
from app_logging.render import Renderer
from app_logging.sink import Sink

if TYPE_CHECKING:
    from app_logging.settings import Settings

OWN_LOGGER = "app_logging"
"""Name of the logger of our own records."""


class Pipeline:
    """Render events and hand them to the sink; what the settings say is fixed for its life."""

    def __init__(self, settings: Settings) -> None:
        self.threshold = settings.level
        self._renderer = Renderer(settings.service, settings.environment, Timestamps())
        self.render = self._renderer.render
        self.sink = Sink(
            _file(settings, "combined.log"),
            _file(settings, "error.log"),
            render_missing=self._render_missing,
            console=write_stderr if _wants_console(settings) else None,
            colour=should_colour(),
        )

    def open(self, on_error: str) -> None:
        """Open the files; if that fails, raise or warn, as `on_error` says."""
        failures = self.sink.open()
        if not failures:
            return
        if on_error == "raise":
            self.sink.close()
            raise failures[0]
        reasons = "; ".join(str(failure) for failure in failures)
        self.log(OWN_LOGGER, "warning", "log files cannot be opened, will retry", {"error": reasons})

    def log(
        self, logger: str, level: str, message: object, fields: dict[str, Any], seconds: float | None = None
    ) -> None:
        """Write one event, whatever its level; the dict of fields is used up."""
        record = self.render(logger, level, message, fields, seconds)
        self.sink.write(record, is_error=levels.NUMBERS[level] >= levels.ERROR)

    def close(self) -> None:
        """Close the files."""
        self.sink.close()

    def _render_missing(self, file: str, missing: Missing) -> bytes:
        fields = {"dropped": missing.records, "error": missing.error, "file": file}
        return self.render(OWN_LOGGER, "warning", DROPPED_MESSAGE, fields)


def _file(settings: Settings, name: str) -> RotatingFile:
    return RotatingFile(Path(settings.log_dir, name), max_bytes=settings.max_bytes, backups=settings.backups)


def _wants_console(settings: Settings) -> bool:
    if settings.console is not None:
        return settings.console
    return settings.environment == "development" and is_terminal(sys.stderr)


class _Active:
    """The reference to the active pipeline, and its part in a fork."""

    def __init__(self) -> None:
        self.pipeline: Pipeline | None = None
        self._forking: Pipeline | None = None
        self._knows_forks = False

    def swap(self, pipeline: Pipeline | None) -> Pipeline | None:
        """Make the pipeline the active one, return the one before."""
        if not self._knows_forks:
            # Not at import, which must have no effect; and only once, because it cannot be undone.
            self._knows_forks = True
            os.register_at_fork(
                before=self._before_fork,
                after_in_parent=self._after_fork_in_parent,
                after_in_child=self._after_fork_in_child,
            )
        previous, self.pipeline = self.pipeline, pipeline
        return previous

    def _before_fork(self) -> None:
        self._forking = self.pipeline
        if self._forking is not None:
            self._forking.sink.before_fork()

    def _after_fork_in_parent(self) -> None:
        if self._forking is not None:
            self._forking.sink.after_fork_in_parent()

    def _after_fork_in_child(self) -> None:
        if self._forking is not None:
            self._forking.sink.after_fork_in_child()


active = _Active()
"""Where both doors find the pipeline at each call."""
