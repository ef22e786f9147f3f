"""Measure what own metrics add to the counting of lines: the same lines with and without, interleaved, medians.

    python benchmarks/own_metrics.py [--lines 200000] [--rounds 9]

`rare` are three metrics that few records count in: a counter by message, a histogram by message, errors by route.
`mixed` are three as one writes them: sizes of all responses by route, all requests by a field, a counter by message.
`every request` are three that each request counts in, too: by agent, by duration alone, by route and method.
`drop` is one rule that no line meets.
`none` runs twice: how far its second time is from the first says what the other ratios are worth.
"""

from __future__ import annotations

import argparse
import gc
import statistics
import tempfile
import time
from pathlib import Path

import requests_log

from logship.conditions import Condition
from logship.measure import OwnLabel, OwnMetric, OwnMetrics, OwnValue
from logship.model import Batch
from logship.pipeline import MeasureOptions, Pipeline, SourceOptions

BLOCK_BYTES = 1 << 16  # as a replay reads

_JOBS = (Condition("message", one_of=("Job finished",)),)
_REQUESTS = (Condition("message", one_of=("HTTP Request",)),)
_SECONDS = OwnValue("duration", 0.001)
_SIZES = (100, 1_000, 10_000, 100_000)

VARIANTS = {
    "none": OwnMetrics(),
    "none again": OwnMetrics(),
    "rare": OwnMetrics(
        metrics=(
            OwnMetric("jobs_total", "counter", match=_JOBS, labels=(OwnLabel("service", "service"),)),
            OwnMetric("job_seconds", "histogram", match=_JOBS, value=_SECONDS),
            OwnMetric(
                "errors_total", "counter", match=(Condition("status", at_least=500),), labels=(OwnLabel("r", "@route"),)
            ),
        )
    ),
    "mixed": OwnMetrics(
        metrics=(
            OwnMetric(
                "response_bytes",
                "histogram",
                match=_REQUESTS,
                labels=(OwnLabel("r", "@route"),),
                value=OwnValue("bytes"),
                buckets=_SIZES,
            ),
            OwnMetric("requests_by_service_total", "counter", match=_REQUESTS, labels=(OwnLabel("s", "service"),)),
            OwnMetric("jobs_total", "counter", match=_JOBS),
        )
    ),
    "every request": OwnMetrics(
        metrics=(
            OwnMetric("agents_total", "counter", match=_REQUESTS, labels=(OwnLabel("agent", "userAgent"),)),
            OwnMetric("latency_seconds", "histogram", match=_REQUESTS, value=_SECONDS),
            OwnMetric(
                "routes_total", "counter", match=_REQUESTS, labels=(OwnLabel("r", "@route"), OwnLabel("m", "@method"))
            ),
        )
    ),
    "drop": OwnMetrics(drop=((Condition("message", one_of=("Probe",)),),)),
}


def blocks_of(log: Path) -> list[bytes]:
    """Return the log in blocks of whole lines; each is given a size of its response."""
    lines = log.read_bytes().splitlines()
    data = b"".join(b'%b,"bytes":%d}\n' % (line[:-1], number * 7919 % 20_011) for number, line in enumerate(lines))
    blocks, start = [], 0
    while start < len(data):
        end = data.rfind(b"\n", start, start + BLOCK_BYTES) + 1
        blocks.append(data[start:end])
        start = end
    return blocks


def measure(blocks: list[bytes], own: OwnMetrics) -> float:
    """Return the seconds of processor time that counting `blocks` takes."""
    pipeline = Pipeline(MeasureOptions(), {"": SourceOptions("app")}, own)
    started = time.process_time()
    for block in blocks:
        pipeline.feed(Batch(0, 0, len(block), block))
    pipeline.take()
    return time.process_time() - started


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=9)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        log = Path(directory) / "requests.log"
        requests_log.write(log, arguments.lines)
        blocks = blocks_of(log)
    runs: dict[str, list[float]] = {name: [] for name in VARIANTS}
    names = list(VARIANTS)
    for number in range(arguments.rounds):
        for place in range(len(names)):
            name = names[(place + number) % len(names)]  # none always comes first, or last
            gc.collect()
            runs[name].append(measure(blocks, VARIANTS[name]))
    print(f"{'':14}{'us/line':>9}{'x none':>9}")
    for name, seconds in runs.items():
        ratio = statistics.median(mine / none for mine, none in zip(seconds, runs["none"], strict=True))
        print(f"{name:14}{statistics.median(seconds) / arguments.lines * 1e6:9.3f}{ratio:9.2f}")


if __name__ == "__main__":
    main()
