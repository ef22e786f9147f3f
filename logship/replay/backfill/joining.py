"""Find the values that counters go on from: a Prometheus or an exposition comes in, last values by series go out."""

from __future__ import annotations

import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path

from logship.errors import InputError
from logship.expose import bucket_label
from logship.replay.backfill.naming import Key, Line, key_of, read_key, read_line
from logship.replay.backfill.servers import Server, server_of

LastValues = Callable[[float], Mapping[Key, float]]
"""Returns the last value of each series before a time, in seconds since the epoch."""

LOOKBACK = "15d"
"""As far back as Prometheus keeps anything by default."""

_CUMULATIVE = ("_total", "_bucket", "_count", "_sum")
_TIMEOUT_SECONDS = 60.0


def from_zero(_before: float) -> Mapping[Key, float]:
    """Let every counter begin at zero."""
    return {}


def last_values(place: str, labels: Mapping[str, str]) -> LastValues:
    """Return what gives the last values that are found at a place.

    Args:
        place: The address of a Prometheus, or the path of an exposition: what `/metrics` answered, or a file of days.
        labels: What all series of a backfill have: those of a Prometheus must have them, those of a file get them.

    Raises:
        InputError: What is there cannot be read, or holds no samples.
    """
    if place.startswith(("http://", "https://")):
        server = server_of(place, option="--continue-from")
        return lambda before: _in_prometheus(server, labels, before)
    found = _in_file(Path(place), labels)
    return lambda _before: found


def _in_prometheus(server: Server, labels: Mapping[str, str], before: float) -> Mapping[Key, float]:
    names = "|".join(_CUMULATIVE)
    selector = ",".join(
        [f'__name__=~".+({names})"', *(f"{name}={json.dumps(value)}" for name, value in labels.items())]
    )
    asked = {"query": f"last_over_time({{{selector}}}[{LOOKBACK}])", "time": f"{before:.3f}"}
    url = f"{server.url.rstrip('/')}/api/v1/query?{urllib.parse.urlencode(asked)}"
    request = urllib.request.Request(url, headers=dict(server.headers))  # noqa: S310 - http or https, see above
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS) as answer:  # noqa: S310
            found = json.load(answer)["data"]["result"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"--continue-from {server.url} does not answer as a Prometheus does: {error}") from error
    values: dict[Key, float] = {}
    for each in found:
        name = each["metric"].pop("__name__")
        values[_canonical(key_of(name, each["metric"]))] = float(each["value"][1])
    return values


def _in_file(path: Path, labels: Mapping[str, str]) -> Mapping[Key, float]:
    latest: dict[str, Line] = {}
    try:
        with path.open(encoding="utf-8", newline="\n") as file:
            for count, text in enumerate(file, 1):
                if text.strip() and not text.startswith("#"):
                    line = _sample(text.rstrip("\n"), f"{path}:{count}")
                    held = latest.get(line.series)
                    if held is None or (held.at or 0.0) <= (line.at or 0.0):
                        latest[line.series] = line
    except OSError as error:
        raise InputError(f"--continue-from {path} cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise InputError(f"--continue-from {path} is no text in UTF-8") from error
    if not latest:
        raise InputError(f"--continue-from {path} holds no samples")
    keys = {series: read_key(series) for series in latest}
    return {
        _canonical(key_of(key.name, {**dict(key.labels), **labels})): latest[series].value
        for series, key in keys.items()
        if key.name.endswith(_CUMULATIVE)
    }


def _sample(text: str, place: str) -> Line:
    try:
        line = read_line(text)
    except ValueError:
        line = None
    if line is None:
        raise InputError(f"--continue-from {place} is no sample of an exposition: {text[:80]!r}")
    return line


def _canonical(key: Key) -> Key:
    """Return the key with the bound of its bucket as we write it."""
    labels = dict(key.labels)
    if "le" in labels and labels["le"] != "+Inf":
        labels["le"] = bucket_label(float(labels["le"]))
    return key_of(key.name, labels)
