"""What any bytes must come to, whatever their format: an outcome for each line, the same from both readers."""

from __future__ import annotations

from collections import Counter

from logship.measure import Admission, OwnMetrics
from logship.model import Batch
from logship.parse import FORMATS
from logship.pipeline import Explainer, MeasureOptions, Outcome, Pipeline, SourceOptions

CHOICES = [
    *(SourceOptions(format=name) for name in (None, *(each.name for each in FORMATS))),
    *(SourceOptions(format=None, wrap=wrap) for wrap in ("docker", "cri")),
]


def check(number: int, text: bytes) -> None:
    """Feed `text` as lines to the pipeline of one choice of format and wrapping; raise where an outcome is missing."""
    source = {"": CHOICES[number % len(CHOICES)]}
    lines = text.rstrip(b"\n") + b"\n"
    batch = Batch(0, 0, len(lines), lines)
    pipeline = Pipeline(MeasureOptions(), source)
    pipeline.feed(batch)
    tally = pipeline.take().whole()
    explainer = Explainer(MeasureOptions(), source, OwnMetrics(), Admission())
    explained = Counter(each.outcome for each in explainer.explain(batch))
    assert tally.lines == explained.total(), (tally, explained)
    assert tally.request_lines == explained[Outcome.REQUEST], (tally, explained)
    assert tally.rejected.total() == explained[Outcome.REJECTED], (tally, explained)
    assert tally.read_bytes == len(lines)
