"""Ask a running tailer over HTTP how it is, and judge what it says of itself."""

from __future__ import annotations

import http.client
import re
import urllib.error
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

from logship import __version__
from logship.client import Asker, lacks_certificate, without_user
from logship.doctor.finding import Finding, note, ok, warning
from logship.doctor.growth import spoken

MAX_BYTES = 64 << 20
"""Of an answer; a page of 10,000 label sets has 10 MB."""

BEHIND_BYTES = 10 << 20
"""As in the alert TailerBehind."""

_SAMPLE = re.compile(r"^((?:logship|process)_\w+)(?:\{(.*)\})? ([^ \n]+)", re.MULTILINE)
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
_CHECK = "tailer"
_SAVED = "logship_checkpoint_last_success_timestamp_seconds"
_LOCKED = (http.client.UNAUTHORIZED, http.client.FORBIDDEN)


@dataclass(frozen=True, slots=True)
class Said:
    """What a tailer says of itself.

    Attributes:
        url: Where it was asked, without a password.
        refusal: Why there is no answer, empty when there is one.
        is_refused: Whether nobody listens there at all.
        is_locked: Whether a password or a certificate is asked for.
        samples: Its own metrics: value by labels, by name.
        missing: What /readyz says is missing.
        series: How many samples of requests it shows.
    """

    url: str
    refusal: str = ""
    is_refused: bool = False
    is_locked: bool = False
    samples: Mapping[str, Mapping[tuple[tuple[str, str], ...], float]] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    series: int = 0

    @property
    def is_logship(self) -> bool:
        """Whether a tailer answered."""
        return "logship_build_info" in self.samples

    @property
    def has_state(self) -> bool:
        """Whether the tailer that answered keeps a state file."""
        return _SAVED in self.samples

    def total(self, name: str, **labels: str) -> float:
        """Return the sum of the samples of a metric that have these labels."""
        wanted = set(labels.items())
        return sum(value for has, value in self.samples.get(name, {}).items() if wanted <= set(has))


def ask(url: str, seconds: float, asker: Asker) -> Said:
    """Ask the tailer at `url`, for at most so many seconds for each answer."""
    get = partial(_get, seconds=seconds, asker=asker)
    base, shown = url.rstrip("/"), without_user(url.rstrip("/"))
    try:
        page = get(f"{base}/metrics")[1]
    except urllib.error.HTTPError as error:
        return Said(shown, f"it answers {error.code} {error.reason}", is_locked=error.code in _LOCKED)
    except (urllib.error.URLError, http.client.HTTPException, OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        is_locked = lacks_certificate(error, base)
        is_refused = isinstance(reason, ConnectionRefusedError)
        return Said(shown, str(reason) or type(error).__name__, is_refused=is_refused, is_locked=is_locked)
    samples: dict[str, dict[tuple[tuple[str, str], ...], float]] = {}
    for name, labels, value in _SAMPLE.findall(page):
        with suppress(ValueError):
            samples.setdefault(name, {})[tuple(_LABEL.findall(labels))] = float(value)
    series = len(re.findall(r"^http_request_duration_seconds_count[{ ]", page, re.MULTILINE))
    return Said(shown, samples=samples, missing=tuple(_missing(base, get)), series=series)


def examine_tailer(said: Said, now: float) -> Iterator[Finding]:
    """Judge what a tailer says; it must have answered."""
    for look in (_ready, _behind, _saved, _lost, _rejected, _limits, _about):
        yield from look(said, now)


def _ready(said: Said, _now: float) -> Iterator[Finding]:
    for reason in said.missing:
        yield warning(f"{_CHECK}.ready", f"/readyz says: {reason}", said.url, promises="P1 P2")
    if not said.missing:
        version = next((dict(labels).get("version", "?") for labels in said.samples["logship_build_info"]), "?")
        yield ok(f"{_CHECK}.ready", f"a tailer answers and is ready, version {version}", said.url)
        if version != __version__:
            yield note(f"{_CHECK}.version", f"it is version {version}, this is {__version__}", said.url)


def _behind(said: Said, now: float) -> Iterator[Finding]:
    behind = said.total("logship_behind_bytes")
    if behind > BEHIND_BYTES:
        says = f"{behind:,.0f} bytes are not counted yet; it catches up, or has too little processor"
        fix = f"watch -n5 'curl -s {said.url}/metrics | grep behind_bytes'; docs/runbooks/TailerBehind.md"
        yield warning(f"{_CHECK}.behind", says, said.url, promises="P3", remedy=fix)
    else:
        newest = said.total("logship_last_event_timestamp_seconds")
        age = f"; its newest record is {spoken(max(0.0, now - newest))} old" if newest else ""
        yield ok(f"{_CHECK}.behind", f"{behind:,.0f} bytes behind{age}", said.url)


def _saved(said: Said, now: float) -> Iterator[Finding]:
    errors = said.total("logship_checkpoint_errors_total")
    saved = said.total(_SAVED)
    if errors:
        says = (
            f"{errors:,.0f} commits failed since it started; the last good one is {spoken(max(0.0, now - saved))} ago"
        )
        fix = "do not restart it; docs/runbooks/CheckpointFailing.md"
        yield warning(f"{_CHECK}.saved", says, said.url, promises="P1 P2", remedy=fix)
    if not said.has_state:
        says = "it runs without a state file: a restart counts from the beginning of the files again"
        yield warning(f"{_CHECK}.saved", says, said.url, promises="P1 P2", remedy="logship tail … --state FILE")
    if said.samples.get("logship_config_last_reload_successful") and not said.total(
        "logship_config_last_reload_successful"
    ):
        says = "its configuration file was refused at the last reload: the old one is obeyed"
        yield warning(f"{_CHECK}.reload", says, said.url, remedy="logship check CONFIG")


def _lost(said: Said, _now: float) -> Iterator[Finding]:
    for name, what in (("logship_lost_bytes_total", "bytes"), ("logship_lost_lines_total", "records")):
        if lost := said.total(name):
            says = f"{lost:,.0f} {what} were lost: files were deleted before they were read, or the writer dropped them"
            fix = "keep more rotated files; docs/runbooks/LogLinesLost.md"
            yield warning(f"{_CHECK}.lost", says, said.url, promises="P1 P7", remedy=fix)
    for event, means in (("unreadable", "files could not be read"), ("unwatched", "file notification failed")):
        if times := said.total("logship_file_events_total", event=event):
            yield note(f"{_CHECK}.{event}", f"{means}, {times:,.0f} times since it started", said.url)


def _rejected(said: Said, _now: float) -> Iterator[Finding]:
    lines = said.total("logship_lines_total")
    rejected = said.total("logship_lines_total", outcome="rejected")
    if rejected:
        reasons = sorted(
            ((value, dict(labels).get("reason", "?")) for labels, value in said.samples["logship_lines_total"].items()
             if dict(labels).get("outcome") == "rejected" and value),
            reverse=True,
        )  # fmt: skip
        named = ", ".join(f"{reason} {value:,.0f}" for value, reason in reasons)
        says = f"{rejected:,.0f} of {lines:,.0f} lines were rejected: {named}"
        kind: Callable[..., Finding] = note if rejected <= lines / 100 else warning
        yield kind(f"{_CHECK}.rejected", says, said.url, remedy="logship explain PATH --only rejected")


def _limits(said: Said, _now: float) -> Iterator[Finding]:
    if folded := said.total("logship_series_folded_total"):
        says = f"{folded:,.0f} requests are counted under __other__: a limit is reached at {said.series:,} label sets"
        yield warning(f"{_CHECK}.folded", says, said.url, promises="P6", remedy="docs/runbooks/SeriesFolded.md")


def _about(said: Said, _now: float) -> Iterator[Finding]:
    files = said.total("logship_followed_files")
    if not files:
        yield warning(f"{_CHECK}.files", "it follows no file", said.url, promises="P1", remedy="its log says why")


def _missing(base: str, get: Callable[[str], tuple[int, str]]) -> list[str]:
    try:
        code, text = get(f"{base}/readyz")
    except urllib.error.HTTPError as error:
        with error:
            return [line for line in error.read(4096).decode("utf-8", "replace").splitlines() if line]
    except (urllib.error.URLError, http.client.HTTPException, OSError) as error:
        return [f"no answer: {getattr(error, 'reason', error)}"]
    return [] if code == http.client.OK else [text]


def _get(url: str, seconds: float, asker: Asker) -> tuple[int, str]:
    """Return status and text; the scrape is told that its time is short."""
    headers = {"X-Prometheus-Scrape-Timeout-Seconds": f"{seconds:g}", "Accept": "text/plain"}
    with asker.get(url, seconds, headers) as answer:
        return answer.status, answer.read(MAX_BYTES).decode("utf-8", "replace")
