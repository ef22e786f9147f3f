"""Send files of days to a server by remote write, in batches, from where an earlier try ended."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from pathlib import Path
from typing import NamedTuple

from logship.errors import InputError, LogshipError
from logship.replay.backfill.directory import PROGRESS
from logship.replay.backfill.naming import read_key
from logship.replay.backfill.servers import Server
from logship.replay.backfill.wire import Points, compressor, write_request

BATCH_SAMPLES = 5000
_TIMEOUT_SECONDS = 60.0
_FIRST_PAUSE_SECONDS = 0.5
_LONGEST_PAUSE_SECONDS = 60.0
_TRIES = 10
"""About three minutes, if a server says nothing of when to come back."""

_TOO_OLD = (
    "the server takes no samples so old: out_of_order_time_window (in prometheus.yml under storage.tsdb, in Mimir "
    "under limits) must reach back to the first day of the files; or make blocks of them: logship backfill --into"
)
_OTHER_VALUES = (
    "the server has other values at the same times: were these logs backfilled before, or are they scraped with the "
    "same labels?"
)
_NO_RECEIVER = "start that Prometheus with --web.enable-remote-write-receiver"
_REMEDIES = {
    "out of bounds": _TOO_OLD,
    "out of order": _TOO_OLD,
    "too old": _TOO_OLD,
    "duplicate sample": _OTHER_VALUES,
    "remote write receiver": _NO_RECEIVER,
}
"""What to do about what servers say."""


class RemoteWriteError(LogshipError):
    """The server does not take the samples."""


class Batch(NamedTuple):
    """Samples that are sent at once, and how far they reach: the file, and the offset behind their lines."""

    series: Sequence[Points]
    file: Path
    end: int


@dataclass(slots=True)
class Sent:
    """How much was sent."""

    samples: int = 0
    requests: int = 0
    skipped_bytes: int = 0


def send(
    files: Sequence[Path],
    server: Server,
    *,
    wait: Callable[[float], None] = time.sleep,
    now: Callable[[], float] = time.time,
    advance: Callable[[int], None] = lambda _more: None,
) -> Sent:
    """Send all samples of `files`, which are in one directory; what a server took in an earlier try is left out.

    Raises:
        RemoteWriteError: The server refuses the samples, or cannot be reached for too long.
    """
    compress = compressor()
    progress = files[0].parent / PROGRESS
    done_file, done = _progress(progress, server)
    sent = Sent()
    for file in files:
        start = 0
        if file.name <= done_file:
            start = done if file.name == done_file else file.stat().st_size
            sent.skipped_bytes += start
            advance(start)
        for batch in _batches(file, start):
            _post(server, compress(write_request(batch.series)), wait, now)
            sent.requests += 1
            sent.samples += sum(len(each.samples) for each in batch.series)
            _save(progress, server, batch)
            advance(batch.end - start)
            start = batch.end
    return sent


def _batches(file: Path, start: int) -> Iterator[Batch]:
    """Yield the samples behind an offset, which is that of a line."""
    series: list[Points] = []
    text = b""
    count, end = 0, start
    with file.open("rb") as lines:
        lines.seek(start)
        for line in lines:
            end += len(line)
            if line.startswith(b"#"):
                continue
            try:
                each, value, at = line.rsplit(b" ", 2)
                sample = round(float(at) * 1000), float(value)
            except ValueError:
                raise InputError(f"{file} has a line that is no sample with a time: {line[:80]!r}") from None
            if each != text or not series:
                key = read_key(each.decode())
                series.append(Points(tuple(sorted((("__name__", key.name), *key.labels))), []))
                text = each
            series[-1].samples.append(sample)  # type: ignore[attr-defined]  # the list that was made above
            count += 1
            if count >= BATCH_SAMPLES:
                yield Batch(series, file, end)
                series, count = [], 0
    if series:
        yield Batch(series, file, end)


def _post(server: Server, body: bytes, wait: Callable[[float], None], now: Callable[[], float]) -> None:
    pause = _FIRST_PAUSE_SECONDS
    for left in reversed(range(_TRIES)):
        why, after = _try(server, body, now)
        if why is None:
            return
        if left:
            wait(pause if after is None else after)
            pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)
    raise RemoteWriteError(f"{server.url} {why}; the same command goes on where this one stopped")


def _try(server: Server, body: bytes, now: Callable[[], float]) -> tuple[str | None, float | None]:
    """Return why the server did not take it but may later, and in how many seconds if it says so."""
    headers = {
        "Content-Type": "application/x-protobuf",
        "Content-Encoding": "snappy",
        "X-Prometheus-Remote-Write-Version": "0.1.0",
        **server.headers,
    }
    request = urllib.request.Request(server.url, body, headers, method="POST")  # noqa: S310 - http or https, see above
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS):  # noqa: S310
            return None, None
    except urllib.error.HTTPError as error:
        with error:
            said = " ".join(error.read(500).decode("utf-8", "replace").split())
        if error.code != HTTPStatus.TOO_MANY_REQUESTS and error.code < HTTPStatus.INTERNAL_SERVER_ERROR:
            raise RemoteWriteError(f"{server.url} refuses the samples with {error.code}: {_explained(said)}") from None
        return f"answers {error.code}: {said}", _retry_after(error.headers.get("Retry-After"), now())
    except OSError as error:
        return f"cannot be reached: {getattr(error, 'reason', None) or error}", None


def _explained(said: str) -> str:
    remedies = {remedy: None for words, remedy in _REMEDIES.items() if words in said.lower()}
    return "; ".join([said or "it says nothing", *remedies])


def _retry_after(text: str | None, now: float) -> float | None:
    """Return the seconds that a server asks to wait: RFC 9110, section 10.2.3."""
    if text is None:
        return None
    with suppress(ValueError):
        return min(max(0.0, float(text)), _LONGEST_PAUSE_SECONDS)
    with suppress(ValueError, TypeError):
        return min(max(0.0, parsedate_to_datetime(text).timestamp() - now), _LONGEST_PAUSE_SECONDS)
    return None


def _progress(path: Path, server: Server) -> tuple[str, int]:
    """Return the last file of which that server took something, and up to which offset."""
    with suppress(OSError, ValueError, KeyError, TypeError):  # without it, all is sent: a server has the same twice
        said = json.loads(path.read_bytes())
        if said["url"] == server.url:
            return str(said["file"]), int(said["offset"])
    return "", 0


def _save(path: Path, server: Server, batch: Batch) -> None:
    part = path.with_name(f"{path.name}.part")
    part.write_text(json.dumps({"url": server.url, "file": batch.file.name, "offset": batch.end}), encoding="utf-8")
    part.replace(path)
