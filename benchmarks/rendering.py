"""Measure what rendering costs, beside `prometheus_client` on the same numbers: processor time of a thread.

    python benchmarks/rendering.py [--label-sets 1100 10000] [--rounds 7]

A label set is about nine series. Of a scrape nothing, a hundredth, or everything has changed since the last one. The
two take turns, and must write the same bytes; medians of the rounds.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from dataclasses import replace

from prometheus_client import generate_latest
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics

from logship.expose import Renderer, StandingCollector, TallyCollector, View, registry_of
from logship.measure import Series, Tally
from logship.model import LabelSet

NOW = 1_795_000_000.0


def numbers(count: int) -> View:
    """Return so many label sets with numbers."""
    series = {
        LabelSet("GET", f"/api/students/{10_000 + number}/lessons", "200"): Series(
            20, (3, 4, 4, 3, 3, 3), 123_456_789 * number, 1, {}
        )
        for number in range(count)
    }
    return View(Tally(series=series), created={((), labels): NOW for labels in series})


def after(view: View, every: int) -> View:
    """Return a view in which each so manieth label set has another request; 0 is none."""
    series = dict(view.tally.series)
    for labels in list(series)[::every] if every else ():
        series[labels] = series[labels]._replace(requests=series[labels].requests + 1)
    return replace(view, tally=replace(view.tally, series=series))


def milliseconds(render: Callable[[], bytes]) -> tuple[float, bytes]:
    """Return what it took to render, and what came out."""
    begin = time.thread_time()
    rendered = render()
    return (time.thread_time() - begin) * 1000, rendered


def of_the_client(view: View, *, openmetrics: bool) -> bytes:
    """Return what `prometheus_client` writes."""
    shown = view if openmetrics else replace(view, created={})
    tallied = TallyCollector(lambda: view.tally, view.buckets, shown.created_of, lambda: NOW)
    registry = registry_of(tallied, StandingCollector(lambda: view.standing))
    if openmetrics:
        return generate_openmetrics(registry)  # type: ignore[no-untyped-call, no-any-return]
    return generate_latest(registry)


def measure(count: int, every: int, rounds: int, *, openmetrics: bool) -> tuple[float, float, int]:
    """Return the milliseconds that both take, and the number of series."""
    view, times = numbers(count), list[tuple[float, float]]()
    shown = [view]
    renderer = Renderer(lambda: shown[0], now=lambda: NOW)
    renderer.render(openmetrics=openmetrics)
    for _ in range(rounds):
        shown[0] = after(shown[0], every)
        ours, said = milliseconds(lambda: renderer.render(openmetrics=openmetrics))
        theirs, expected = milliseconds(lambda: of_the_client(shown[0], openmetrics=openmetrics))
        if said != expected:
            raise SystemExit("they do not write the same")
        times.append((ours, theirs))
    ours, theirs = (statistics.median(each) for each in zip(*times, strict=True))
    return ours, theirs, sum(not line.startswith(b"#") for line in said.splitlines())


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--label-sets", type=int, nargs="+", default=[1_100, 10_000])
    parser.add_argument("--rounds", type=int, default=7)
    arguments = parser.parse_args()
    for count in arguments.label_sets:
        for openmetrics in (False, True):
            for what, every in (("nothing", 0), ("a hundredth", 100), ("everything", 1)):
                ours, theirs, series = measure(count, every, arguments.rounds, openmetrics=openmetrics)
                print(
                    f"{'OpenMetrics' if openmetrics else 'text':11} {count:6,} label sets, {series:7,} series, {what} "
                    f"changed: {ours:7.2f} ms, prometheus_client {theirs:8.1f} ms, {theirs / ours:6.1f} times as much",
                    flush=True,
                )


if __name__ == "__main__":
    main()
