"""Any bytes as lines, whatever their format: an outcome for each line, the same from both readers.

The first byte chooses the format and the wrapping, the rest is lines.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from logship.measure import Admission, OwnMetrics
from logship.model import Batch
from logship.parse import FORMATS
from logship.pipeline import Explainer, MeasureOptions, Outcome, Pipeline, SourceOptions

CHOICES = [
    *(SourceOptions(format=name) for name in (None, *(each.name for each in FORMATS))),
    *(SourceOptions(format=None, wrap=wrap) for wrap in ("docker", "cri")),
]

_SAMPLES = Path(__file__).parent.parent / "data" / "formats"
_SEED_BYTES = 4000


def seeds() -> list[bytes]:
    """Return the samples of every format, each by its name and without one."""
    numbers = {choice.format or choice.wrap or "": number for number, choice in enumerate(CHOICES)}
    return [
        bytes([number]) + log.read_bytes()[:_SEED_BYTES]
        for log in sorted(_SAMPLES.glob("*.log"))
        for number in sorted({numbers.get(log.stem, 0), 0})
    ]


def check(text: bytes) -> None:
    """Feed lines to the pipeline, and to the explainer; raise where an outcome is missing."""
    source = {"": CHOICES[text[0] % len(CHOICES)]}
    lines = text[1:].rstrip(b"\n") + b"\n"
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
