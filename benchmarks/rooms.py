"""Measure each room on its own: how much of a line's time is reading, decoding, routes, counting, folding.

    python benchmarks/rooms.py [--lines 100000] [--rounds 7]

In one process, in turns, on the same lines; processor time of the thread, medians. `decode` has `bare decode` in it,
which proves nothing; `requests` is the hot loop, with `route` in it, over records that have left the cache; `times` is
what a replay does to find gaps. `feed` is all that happens line by line to whole chunks: decoding, requests, messages,
letting go of the records. Commit and rendering are for all label sets, 280, of which each has changed.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import machine
import msgspec
import requests_log

from logship.checkpoint import Ledger, SqliteStore
from logship.expose import Renderer, View
from logship.measure import DEFAULT_BUCKETS, Admission, LearnedRoutes, LearnedSegments, Roll, Routes, Tally
from logship.model import Batch, Excerpt, FileKey, Position
from logship.parse import Decoder, format_named
from logship.parse.times import event_times
from logship.pipeline import MeasureOptions, Pipeline, SourceOptions
from logship.pipeline.counting import FormatCounter
from logship.read import Archive, cutter_for
from logship.replay.gaps import Coverage

FORMAT = "winston"
PER_LINE = ("read", "bare decode", "decode", "requests", "route", "times", "feed", "fold")
NOW = 1_795_000_000.0

Work = Callable[[], object]
"""One turn of a room, which can be taken again and again; what it needs is there before."""


class Rooms:
    """The turns of all rooms over one log; `directory` is for what they write."""

    def __init__(self, log: Path, directory: Path) -> None:
        self._log = log
        self._batches = list(self._cut())
        self._pipeline = self._new_pipeline()
        self._feed_all(self._pipeline)
        self._change = self._pipeline.take()
        self._store = SqliteStore(str(directory / "state.db"), buckets=DEFAULT_BUCKETS)
        self._store.open()
        self._ledger = Ledger(Admission(), self._store)
        self._position = Position("combined.log", FileKey(1, 2), 1, 1, Excerpt(1, b"x" * 16), Excerpt(1, b"y" * 16))

    def turns(self) -> dict[str, Callable[[], Work]]:
        """Return for each room what prepares a turn of it."""
        return {
            "read": lambda: lambda: sum(map(len, self._cut())),
            "bare decode": self._bare_decode,
            "decode": self._decode,
            "requests": self._requests,
            "route": self._route,
            "times": self._times,
            "feed": lambda: lambda: self._feed_all(self._new_pipeline()),
            "fold": self._fold,
            "commit": self._commit,
            "render": self._render,
        }

    def close(self) -> None:
        """Let go of the state."""
        self._store.close()

    def _cut(self) -> Iterator[bytes]:
        archive, cutter = Archive(str(self._log)), cutter_for(None, 1 << 20)
        for block in archive.blocks():
            lines = cutter.feed(block)
            if lines.data:
                yield lines.data
        archive.close()

    def _new_pipeline(self) -> Pipeline:
        return Pipeline(MeasureOptions(), {"": SourceOptions(format=FORMAT)})

    def _feed_all(self, pipeline: Pipeline) -> None:
        for lines in self._batches:
            pipeline.feed(Batch(1, 0, len(lines), lines))

    def _decode(self) -> Work:
        decode = Decoder(format_named(FORMAT)).decode

        def work() -> None:
            for lines in self._batches:
                decode(lines)

        return work

    def _bare_decode(self) -> Work:
        decode = msgspec.json.Decoder(format_named(FORMAT).record).decode_lines

        def work() -> None:
            for lines in self._batches:
                decode(lines)

        return work

    def _requests(self) -> Work:
        decode = Decoder(format_named(FORMAT)).decode
        options, segments = MeasureOptions(), LearnedSegments()
        routes, roll = LearnedRoutes(Routes([])), Roll(lambda _line: None)
        counter = FormatCounter(format_named(FORMAT), routes, segments, roll, options)
        decoded = [decode(lines).records for lines in self._batches]

        def work() -> None:
            for records in decoded:
                counter._count_requests(records)  # noqa: SLF001 - the hot loop, without what is around it

        return work

    def _times(self) -> Work:
        coverage = Coverage()

        def work() -> None:
            for lines in self._batches:
                coverage.see(lines, event_times(lines), event_times)

        return work

    def _route(self) -> Work:
        urls = msgspec.json.Decoder(list[tuple[str, int]]).decode(msgspec.json.encode(list(self._urls())))
        routes, segments = LearnedRoutes(Routes([])), LearnedSegments()

        def work() -> None:
            for url, status in urls:
                segments.label(routes.route(url, status))

        return work

    def _urls(self) -> Iterator[tuple[str, int]]:
        decode = Decoder(format_named(FORMAT)).decode
        for lines in self._batches:
            for (record,) in decode(lines).records:
                if record.url is not None and record.route is None and record.status is not None:
                    yield record.url, record.status

    def _fold(self) -> Work:
        pipeline = self._new_pipeline()
        self._feed_all(pipeline)
        return pipeline.take

    def _commit(self) -> Work:
        change = Tally()
        change.add(self._change)
        position = self._position._replace(offset=self._ledger.published.turns + 1)
        return lambda: self._ledger.commit(change, {1: position})

    def _render(self) -> Work:
        first = Tally()
        first.add(self._change)
        second = Tally()
        second.add(self._change)
        second.add(self._change)
        shown = [View(first)]
        renderer = Renderer(lambda: shown[0], now=lambda: NOW)
        renderer.render(openmetrics=False)
        shown[0] = View(second)
        return lambda: renderer.render(openmetrics=False)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=7)
    arguments = parser.parse_args()
    print(machine.description())
    with tempfile.TemporaryDirectory() as directory:
        log = Path(directory) / "requests.log"
        requests_log.write(log, arguments.lines)
        rooms = Rooms(log, Path(directory))
        taken: dict[str, list[float]] = {name: [] for name in rooms.turns()}
        for _ in range(arguments.rounds):
            for name, prepare in rooms.turns().items():
                work = prepare()
                began = time.thread_time()
                work()
                taken[name].append(time.thread_time() - began)
        rooms.close()
    print("\n| room | processor time |\n|---|---|")
    for name, times in taken.items():
        median = statistics.median(times)
        per = f"{median / arguments.lines * 1e9:,.0f} ns a line" if name in PER_LINE else f"{median * 1e3:.1f} ms"
        print(f"| {name} | {per} |")


if __name__ == "__main__":
    main()
