"""What a scrape shows, as one value behind one reference: numbers and standing of the same instant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from logship.expose.collectors import Created, Standing
from logship.measure import DEFAULT_BUCKETS, Exemplars, OwnMetric, Tally
from logship.model import SeriesKey


@dataclass(frozen=True, slots=True)
class View:
    """What is shown between two commits; nothing in it changes any more.

    Attributes:
        tally: The committed numbers.
        buckets: Upper bounds of the buckets in them, in seconds.
        created: When each series was first counted, in seconds since the epoch.
        durations_since: When counting into these buckets began; what is older than that began anew then.
        standing: How the tailer stands beside the numbers.
        metrics: The own metrics among the numbers.
        exemplars: Requests with a trace id, by series and bucket.
    """

    tally: Tally = field(default_factory=Tally)
    buckets: tuple[float, ...] = DEFAULT_BUCKETS
    created: Mapping[SeriesKey, float] = field(default_factory=dict)
    durations_since: float = 0.0
    standing: Standing = field(default_factory=Standing)
    metrics: tuple[OwnMetric, ...] = ()
    exemplars: Exemplars = field(default_factory=dict)

    def created_of(self, series: SeriesKey) -> Created:
        """Return when the metrics of a series began."""
        at = self.created.get(series)
        return Created(None, None) if at is None else Created(at, max(at, self.durations_since))
