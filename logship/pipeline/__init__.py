"""Batches → change of the tally: parse and measure, joined on the hot path."""

from __future__ import annotations

from logship.pipeline.batches import Pipeline, Watch
from logship.pipeline.explain import Choice, Explained, Explainer, Outcome
from logship.pipeline.labels import MAX_LABEL_CHARACTERS
from logship.pipeline.options import MeasureOptions, SourceOptions
from logship.pipeline.refused import RefusalFinder, Refused
from logship.pipeline.slots import CountedLines, Share, SlotPipeline
from logship.pipeline.slow import SlowReader, SlowRequest
from logship.pipeline.window import Window

__all__ = [
    "MAX_LABEL_CHARACTERS",
    "Choice",
    "CountedLines",
    "Explained",
    "Explainer",
    "MeasureOptions",
    "Outcome",
    "Pipeline",
    "RefusalFinder",
    "Refused",
    "Share",
    "SlotPipeline",
    "SlowReader",
    "SlowRequest",
    "SourceOptions",
    "Watch",
    "Window",
]
