"""Unique log lines, and a plain count of them: what the metrics must be, without any of the code under test."""

from __future__ import annotations

import json
import random
from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import accumulate

BOUNDS_US = (100_000, 500_000, 1_000_000, 2_000_000, 5_000_000)
BOUND_LABELS = ("0.1", "0.5", "1.0", "2.0", "5.0", "+Inf")
LATENCY = "http_request_duration_seconds"

_BEGINNING = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
_ROUTES = ("/api/heroes", "/api/heroes/:id", "/api/students/:studentId", "/healthz")
_STATUSES = (200, 200, 200, 201, 404, 500)
_METHODS = ("GET", "GET", "POST")
_LEVELS = ("info", "info", "info", "warn", "error")

Key = tuple[str, tuple[tuple[str, str], ...]]
Samples = dict[Key, float]


@dataclass(slots=True)
class Written:
    """The count of the lines that were written; `samples` states the outcome as a scrape must show it."""

    lines: int = 0
    size: int = 0
    requests: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    sum_us: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    buckets: dict[tuple[str, str, str], list[int]] = field(default_factory=dict)
    levels: Counter[str] = field(default_factory=Counter)

    def request(self, labels: tuple[str, str, str], duration_us: int) -> None:
        self.requests[labels] += 1
        self.sum_us[labels] += duration_us
        counts = self.buckets.setdefault(labels, [0] * len(BOUND_LABELS))
        counts[bisect_left(BOUNDS_US, duration_us)] += 1

    def samples(self) -> Samples:
        """Return the samples that a scrape must hold; there is a line that is no request for each level at least."""
        expected: Samples = {("logship_read_bytes_total", ()): self.size}
        expected["logship_lost_bytes_total", ()] = 0
        for level, count in self.levels.items():
            expected["log_messages_total", (("level", level),)] = count
        for (method, route, status), count in self.requests.items():
            labels = (("method", method), ("route", route))
            expected["http_requests_total", (*labels, ("status", status))] = count
            timed = (*labels, ("status_code", status))
            expected[f"{LATENCY}_count", timed] = count
            expected[f"{LATENCY}_sum", timed] = self.sum_us[method, route, status] * 1000 / 1_000_000_000
            cumulated = accumulate(self.buckets[method, route, status])
            for bound, upto in zip(BOUND_LABELS, cumulated, strict=True):
                expected[f"{LATENCY}_bucket", tuple(sorted((*timed, ("le", bound))))] = upto
        return expected


class Lines:
    """Make lines that are all different, and count them as they are made; used by one thread."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - to be repeated, not to be secret
        self.written = Written()

    def line(self) -> bytes:
        """Return the next line, counted."""
        chance, number = self._random, self.written.lines
        record: dict[str, object] = {
            "level": chance.choice(_LEVELS),
            "message": "HTTP Request",
            "seq": number,
            "service": "heroes-api",
            "timestamp": (_BEGINNING + timedelta(milliseconds=number)).isoformat("T", "milliseconds")[:-6] + "Z",
        }
        if chance.random() < 0.1:
            record["message"] = "cache refreshed \u2028 twice"
        else:
            self._add_request(record)
        line = json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
        self.written.levels[str(record["level"])] += 1
        self.written.lines += 1
        self.written.size += len(line)
        return line

    def _add_request(self, record: dict[str, object]) -> None:
        chance = self._random
        duration_us = chance.choice(BOUNDS_US) if chance.random() < 0.05 else int(chance.lognormvariate(12, 2))
        labels = (chance.choice(_METHODS), chance.choice(_ROUTES), str(chance.choice(_STATUSES)))
        record.update(method=labels[0], route=labels[1], url=labels[1], status=int(labels[2]))
        record["duration"] = duration_us / 1000
        self.written.request(labels, duration_us)


def samples_of(exposition: str) -> Samples:
    """Return the samples of an exposition whose label values hold neither commas nor quotes."""
    samples: Samples = {}
    for line in exposition.split("\n"):
        if line and not line.startswith("#"):
            name, _, value = line.rpartition(" ")
            name, _, labels = name.partition("{")
            pairs = (pair.partition("=") for pair in labels.rstrip("}").split(",") if pair)
            samples[name, tuple(sorted((key, text.strip('"')) for key, _, text in pairs))] = float(value)
    return samples


def total(samples: Samples, name: str) -> float:
    return sum(value for (each, _), value in samples.items() if each == name)
