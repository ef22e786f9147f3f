"""Render a view in the text format 0.0.4 or in OpenMetrics 1.0, byte for byte as `prometheus_client` would.

The families of series, which are many, are written here and kept from scrape to scrape; the others, which are few, go
through the encoders of `prometheus_client`.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace

from prometheus_client import generate_latest
from prometheus_client.core import Metric
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics
from prometheus_client.registry import Collector

from logship.expose.collectors import StandingCollector, TallyCollector
from logship.expose.kept import KeptLines
from logship.expose.view import View
from logship.measure import OwnMetric, Tally

_EOF = b"# EOF\n"
_COMMENT_OR_SAMPLE = re.compile(rb"(?:#|([^{ ]+)).*\n")


class Renderer:
    """Render views; used by any number of threads.

    Args:
        view: Returns what is shown; asked once in each rendering.
        others: Collectors of what is shown beside it.
        now: Seconds since the epoch; None leaves out what only a present has, the standing of the tailer included.
    """

    def __init__(
        self,
        view: Callable[[], View],
        others: Sequence[Collector] = (),
        now: Callable[[], float] | None = time.time,
    ) -> None:
        self._view = view
        self._others = others
        self._now = now
        self._lock = threading.Lock()
        self._kept = {True: KeptLines(is_openmetrics=True), False: KeptLines(is_openmetrics=False)}

    def render(self, *, openmetrics: bool, names: Collection[str] = ()) -> bytes:
        """Return the metrics, of some `names` of samples or families if they are given."""
        with self._lock:
            view = self._view()
            series = self._kept[openmetrics].lines(view)
            pieces: list[bytes] = []
            for family in self._families(view):
                lines = [_encoded(family, openmetrics=openmetrics), *series.get(family.name, ())]
                pieces += lines if not names or family.name in names else _only(names, lines)
        if openmetrics:
            pieces.append(_EOF)
        return b"".join(pieces)

    def _families(self, view: View) -> Iterator[Metric]:
        """Yield all families, those of series without their samples."""
        few = _without_series(view.tally)
        yield from TallyCollector(lambda: few, view.buckets, now=self._now, metrics=view.metrics).collect()
        if self._now is not None:
            yield from StandingCollector(lambda: view.standing).collect()
        for each in self._others:
            yield from each.collect()


def exposition(tally: Tally, buckets: Sequence[float], metrics: Sequence[OwnMetric] = ()) -> str:
    """Return the metrics of `tally`, the own ones among them, in the text format 0.0.4."""
    view = View(tally, tuple(buckets), metrics=tuple(metrics))
    return Renderer(lambda: view, now=None).render(openmetrics=False).decode()


class _One(Collector):
    def __init__(self, family: Metric) -> None:
        self._family = family

    def collect(self) -> Iterator[Metric]:
        yield self._family


def _encoded(family: Metric, *, openmetrics: bool) -> bytes:
    """Return a family as `prometheus_client` writes it, without the end of the text."""
    if openmetrics:
        return generate_openmetrics(_One(family)).removesuffix(_EOF)  # type: ignore[no-untyped-call, no-any-return]
    return generate_latest(_One(family))


def _without_series(tally: Tally) -> Tally:
    """Return everything but the series; the lines that are requests stay as many."""
    parts = {constant: _without_series(part) for constant, part in tally.parts.items()}
    return replace(tally, series={}, own={}, parts=parts, unlogged=-tally.request_lines)


def _only(names: Collection[str], lines: Iterable[bytes]) -> list[bytes]:
    """Return the lines of samples that are asked for, and the head of their family if there are any."""
    text = b"".join(lines)
    wanted = {name.encode() for name in names}
    found = [each[0] for each in _COMMENT_OR_SAMPLE.finditer(text) if each[1] is None or each[1] in wanted]
    return found if any(not line.startswith(b"#") for line in found) else []
