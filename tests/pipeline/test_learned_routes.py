"""Routes are learned in the order of the lines, whatever the division into batches, whatever restarts in between."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from logship.measure import MAX_VALUES, Admission, OwnLabel, OwnMetric, OwnMetrics, Tally, merge
from logship.model import Batch
from logship.pipeline import MeasureOptions, Pipeline, SourceOptions

OWN = OwnMetrics((OwnMetric("asked_total", "counter", labels=(OwnLabel("route", "@route"),)),))
SOURCES = {"": SourceOptions("winston"), "other": SourceOptions("winston", (("service", "other"),))}
LETTERS = "abcdefghijklmnopqrstuvwxyz"
NAMES = [one + two for one in LETTERS[:5] for two in LETTERS]
"""More than a segment may have values, none of which looks like an identifier."""

positions = st.lists(st.integers(90, len(NAMES) - 1), min_size=5, max_size=40)
kinds = st.sampled_from(["url", "url", "url", "route"])


def line(name: str, kind: str = "url") -> bytes:
    return (
        f'{{"message":"HTTP Request","method":"GET","{kind}":"/users/{name}","status":200,"duration":1}}\n'
    ).encode()


def count(batches: Sequence[bytes], restarts: Sequence[int] = (), *, source: str = "") -> Tally:
    """Return the numbers of `batches`; before each of `restarts` all is forgotten but the numbers."""
    held, admission = Tally(), Admission(max_label_values=500)
    pipeline = Pipeline(MeasureOptions(), SOURCES, OWN)
    for number, lines in enumerate(batches):
        if number in restarts:
            held = merge(held, admission.admit(held, pipeline.take()))
            pipeline = Pipeline(MeasureOptions(), SOURCES, OWN, before=held)
        pipeline.feed(Batch(0, 0, len(lines), lines, source=source))
    return merge(held, admission.admit(held, pipeline.take()))


@given(positions, st.lists(kinds, min_size=60, max_size=60), st.sets(st.integers(95, 130)), st.sets(st.integers(1, 6)))
def test_neither_batches_nor_restarts_change_what_is_learned(
    picked: list[int], kinds: list[str], cuts: set[int], restarts: set[int]
) -> None:
    lines = [line(name) for name in NAMES[:98]]
    lines += [line(NAMES[position], kind) for position, kind in zip(picked, kinds, strict=False)]
    ends = [*sorted(cut for cut in cuts if cut < len(lines)), len(lines)]
    batches = [b"".join(lines[start:end]) for start, end in zip([0, *ends], ends, strict=False)]
    assert count(batches, sorted(restarts), source="other") == count([b"".join(lines)], source="other")


def test_own_metrics_have_the_routes_that_requests_are_counted_under() -> None:
    tally = count([b"".join(line(name) for name in NAMES)])
    assert {labels.route for labels in tally.series} == {key.values[0] for key in tally.own}
    assert len(tally.series) == MAX_VALUES + 1
    assert sum(series.requests for labels, series in tally.series.items() if labels.route == "/users/:param") == 30


def test_sources_with_labels_of_their_own_learn_for_themselves() -> None:
    lines = b"".join(map(line, NAMES[:100]))
    pipeline = Pipeline(MeasureOptions(), SOURCES)
    pipeline.feed(Batch(0, 0, len(lines), lines))
    pipeline.feed(Batch(1, 0, 1, line(NAMES[-1]), source="other"))
    tally = pipeline.take()
    assert {labels.route for labels in tally.part(SOURCES["other"].labels).series} == {f"/users/{NAMES[-1]}"}
