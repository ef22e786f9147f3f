"""The one pipeline behind both doors: an event comes in, one line is in the files when the call returns.

The one global of the package is here: which pipeline is active. structlog's configuration and the root logger are
global to the process as well, and loggers that were made before a second `configure` must find the new pipeline.
"""

from __future__ import annotations

import atexit
import os
import stat
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app_logging.beat import Beat
from app_logging.clock import Timestamps
from app_logging.compression import Compressor
from app_logging.console import is_terminal, should_colour, write_stderr
from app_logging.exceptions import class_name
from app_logging.files import Bounds, Missing, RotatingFile
from app_logging.in_flight import InFlight
from app_logging.own_files import OwnFile
from app_logging.rate_limit import RateLimit
from app_logging.record import DROPPED_MESSAGE, HEARTBEAT_MESSAGE, SUPPRESSED_MESSAGE
from app_logging.record_queue import RecordQueue
from app_logging.redact import NoRedactor, Redactor
from app_logging.render import Renderer
from app_logging.secret_names import SecretNames
from app_logging.sink import Sink
from app_logging.strict_file import StrictFile
from app_logging.thresholds import Thresholds

if TYPE_CHECKING:
    from app_logging.settings import Settings

OWN_LOGGER = "app_logging"
"""Name of the logger of our own records."""

ERRORS = frozenset({"error", "critical"})
"""Levels of the records that go to error.log as well."""


class Pipeline:
    """Render events and hand them to the sink; what the settings say is fixed for its life, but for the levels."""

    def __init__(self, settings: Settings, in_flight: InFlight) -> None:
        self._settings = settings
        self._in_flight = in_flight
        self.thresholds = Thresholds(settings.level, settings.levels)
        self.redactor = _redactor(settings)
        self._renderer = Renderer(settings.service, settings.environment, Timestamps(), self.redactor)
        self.render = self._renderer.render
        self._limit = RateLimit(settings.rate_limits) if settings.rate_limits else None
        self._compressors: list[Compressor] = []
        self.sink = Sink(
            self._file("combined.log"),
            self._file("error.log"),
            render_missing=self._render_missing,
            console=write_stderr if _wants_console(settings) else None,
            colour=should_colour(),
        )
        self._queue = self._make_queue()
        self.write = self.sink.write if self._queue is None else self._queue.put
        """Takes a rendered record, and whether it goes to error.log as well."""
        self._heartbeat = Beat(settings.heartbeat_seconds, self._beat, "app_logging heartbeat")

    def open(self) -> None:
        """Open the files and start the threads; if a file fails, raise or warn, as `on_error` says."""
        failures = self.sink.open()
        if failures and self._settings.on_error == "raise":
            self.sink.close()
            raise failures[0]
        if self._queue is not None:
            self._queue.start()
        if self._limit is not None:
            atexit.register(self._tell_all_suppressed)
        self._heartbeat.start()
        if failures:
            reasons = "; ".join(str(failure) for failure in failures)
            self._warn("log files cannot be opened, will retry", reasons)
        elif _is_open_to_everybody(self._settings.log_dir):
            self._warn("log directory can be written to by every user", str(self._settings.log_dir))
        if self._queue is not None:
            risk = f"a killed process loses up to {self._settings.queue_bytes} bytes of records"
            self._warn("log records wait in a queue", risk)

    def log(
        self, logger: str, level: str, message: object, fields: dict[str, Any], seconds: float | None = None
    ) -> None:
        """Write one event, whatever its level, if its logger's rate allows it; the dict of fields is used up."""
        if self._limit is not None:
            self._tell_suppressed(self._limit.take_suppressed())
            if not self._limit.admits(logger):
                return
        try:
            record = self.render(logger, level, message, fields, seconds)
        except Exception as error:  # noqa: BLE001 - a class so hostile that no net caught it; the call must return
            record = self.render(logger, level, "log record cannot be rendered", {"error": class_name(error)})
        self.write(record, level in ERRORS)

    def close(self) -> None:
        """Write what waits, end the threads, close the files."""
        self._heartbeat.close()
        atexit.unregister(self._tell_all_suppressed)
        self._tell_all_suppressed()
        if self._queue is not None:
            self._queue.close()
        for compressor in self._compressors:
            compressor.close()
        self.sink.close()

    def before_fork(self) -> None:
        """Wait until no thread holds what the child inherits."""
        if self._queue is not None:
            self._queue.before_fork()
        self.sink.before_fork()

    def after_fork_in_parent(self) -> None:
        """Go on."""
        self.sink.after_fork_in_parent()
        if self._queue is not None:
            self._queue.after_fork_in_parent()

    def after_fork_in_child(self) -> None:
        """Start a life of its own: no thread of the parent's is here, and its locks may be held for ever."""
        self.sink.after_fork_in_child()
        for compressor in self._compressors:
            compressor.after_fork_in_child()
        if self._limit is not None:
            self._limit.after_fork_in_child()
        if self._queue is not None:
            self._queue.after_fork_in_child()
        self._heartbeat.start()

    def _file(self, name: str) -> RotatingFile:
        settings = self._settings
        path = Path(settings.log_dir, name)
        bounds = Bounds(settings.max_bytes, settings.backups, settings.total_bytes)
        if settings.per_process:
            return OwnFile(path, bounds)
        if settings.compress:
            compressor = Compressor(path)
            self._compressors.append(compressor)
            return StrictFile(path, bounds, after_roll=compressor.wake)
        return StrictFile(path, bounds) if settings.strict else RotatingFile(path, bounds)

    def _make_queue(self) -> RecordQueue | None:
        if self._settings.queue is None:
            return None
        return RecordQueue(
            self.sink.write,
            lambda missing: self.sink.write(self._render_missing("combined.log", missing), False),  # noqa: FBT003 - no error
            policy=self._settings.queue,
            max_bytes=self._settings.queue_bytes,
        )

    def _beat(self) -> None:
        fields = {"active": self._in_flight.count, "heartbeat_seconds": self._settings.heartbeat_seconds}
        self.log(OWN_LOGGER, "info", HEARTBEAT_MESSAGE, fields)

    def _warn(self, message: str, reason: str) -> None:
        self.log(OWN_LOGGER, "warning", message, {"error": reason})

    def _tell_all_suppressed(self) -> None:
        if self._limit is not None:
            self._tell_suppressed(self._limit.take_suppressed(at_once=True))

    def _tell_suppressed(self, counts: dict[str, int]) -> None:
        for logger, count in counts.items():
            fields = {"suppressed": count}
            self.write(self.render(logger, "warning", SUPPRESSED_MESSAGE, fields), False)  # noqa: FBT003 - no error

    def _render_missing(self, file: str, missing: Missing) -> bytes:
        fields = {"dropped": missing.records, "error": missing.error, "file": file}
        return self.render(OWN_LOGGER, "warning", DROPPED_MESSAGE, fields)


def _redactor(settings: Settings) -> Redactor:
    if not settings.redact:
        return NoRedactor()
    return Redactor(SecretNames(settings.redact_keys, settings.redact_except), settings.redact_patterns)


def _is_open_to_everybody(directory: Path) -> bool:
    with suppress(OSError):
        return bool(directory.stat().st_mode & stat.S_IWOTH)
    return False


def _wants_console(settings: Settings) -> bool:
    if settings.console is not None:
        return settings.console
    return settings.environment == "development" and is_terminal(sys.stderr)


class _Active:
    """The reference to the active pipeline, the requests in flight, and their part in a fork."""

    def __init__(self) -> None:
        self.pipeline: Pipeline | None = None
        self.in_flight = InFlight()
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
            self._forking.before_fork()

    def _after_fork_in_parent(self) -> None:
        if self._forking is not None:
            self._forking.after_fork_in_parent()

    def _after_fork_in_child(self) -> None:
        self.in_flight.after_fork_in_child()
        if self._forking is not None:
            self._forking.after_fork_in_child()


active = _Active()
"""Where both doors find the pipeline at each call."""
