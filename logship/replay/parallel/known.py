"""What counting depends on beside the lines: the labels that have a place of their own. No numbers are in it.

Limits are first come, first served, so what a unit of lines comes to depends on the labels that came before it. A unit
is counted on an assumption about these; here is decided whether the truth would have come to the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, fields

from logship.config import Config
from logship.measure import Sample, Series, Tally, learns_alike
from logship.model import OTHER, Constant, LabelSet, OwnKey
from logship.pipeline import Pipeline


@dataclass(frozen=True, slots=True)
class Labels:
    """The labels that are known in the numbers of sources with the same constant labels.

    Attributes:
        series: Label sets of requests.
        exceptions: Types of exceptions.
        own: Series of own metrics.
        routes: The routes that segments are learned from.
    """

    series: frozenset[LabelSet] = frozenset()
    exceptions: frozenset[str] = frozenset()
    own: frozenset[OwnKey] = frozenset()
    routes: frozenset[str] = frozenset()

    def __or__(self, other: Labels) -> Labels:
        return Labels(*(getattr(self, each.name) | getattr(other, each.name) for each in fields(self)))

    def __sub__(self, other: Labels) -> Labels:
        return Labels(*(getattr(self, each.name) - getattr(other, each.name) for each in fields(self)))


Known = Mapping[Constant, Labels]
"""The labels that are known, by constant labels."""

_NONE = Labels()
_NO_REQUESTS = Series(0, (), 0, 0, {})
_NO_RECORDS = Sample(0, 0)


def known_in(tally: Tally, pipeline: Pipeline) -> Known:
    """Return the labels of `tally`, and the routes of the pipeline that counted it."""
    found = {
        constant: Labels(frozenset(part.series), frozenset(part.exceptions), frozenset(part.own))
        for constant, part in tally.by_labels()
    }
    return both(found, {constant: Labels(routes=kept) for constant, kept in pipeline.routes.items()})


def both(one: Known, other: Known) -> Known:
    """Return what is known in either; `one` itself if that is all."""
    more = without(other, one)
    return (
        {**one, **{constant: one.get(constant, _NONE) | labels for constant, labels in more.items()}} if more else one
    )


def without(some: Known, others: Known) -> Known:
    """Return what is known in `some` only."""
    left = {constant: labels - others.get(constant, _NONE) for constant, labels in some.items()}
    return {constant: labels for constant, labels in left.items() if labels != _NONE}


def held_in(known: Known) -> Tally:
    """Return a tally with these labels, whose numbers mean nothing, that changes can be admitted to."""
    held = Tally()
    for constant, labels in known.items():
        part = held.part(constant)
        part.series = dict.fromkeys(labels.series, _NO_REQUESTS)
        part.exceptions = Counter(labels.exceptions)
        part.own = dict.fromkeys(labels.own, _NO_RECORDS)
    return held


def learn(held: Tally, change: Tally) -> None:
    """Let `held`, whose numbers mean nothing, have the labels of `change`, too."""
    for constant, labels in change.by_labels():
        part = held.part(constant)
        part.series.update(labels.series)
        part.exceptions.update(labels.exceptions)
        part.own.update(labels.own)


def knows_routes(pipeline: Pipeline, known: Known) -> bool:
    """Return whether a pipeline has learned exactly the routes that are known."""
    learned = {constant: routes for constant, routes in pipeline.routes.items() if routes}
    return learned == {constant: labels.routes for constant, labels in known.items() if labels.routes}


def counted_before(known: Known) -> Tally:
    """Return a tally from which a pipeline learns the routes."""
    before = Tally()
    for constant, labels in known.items():
        before.part(constant).series = {LabelSet("", route, ""): _NO_REQUESTS for route in labels.routes}
    return before


def is_alike(assumed: Known, true: Known, grown: Known, config: Config) -> bool:
    """Return whether counting with what is `true` comes to the same as with what was `assumed`, which is a part of it.

    `grown` are the labels that counting has added. It is the same if nothing that is missing in the assumption can have
    come near a limit: all labels together have room. May say no when it is not sure.
    """
    return assumed is true or all(
        _is_alike(assumed.get(constant, _NONE), missing, grown.get(constant, _NONE), config)
        for constant, missing in without(true, assumed).items()
    )


def _is_alike(assumed: Labels, missing: Labels, grown: Labels, config: Config) -> bool:
    after = assumed | grown
    if not learns_alike(assumed.routes, after.routes, missing.routes, max_routes=config.limits.max_routes):
        return False
    metrics = {key.metric for key in missing.own}
    return config.admission.has_room(
        after.series | missing.series if any(labels.route != OTHER for labels in missing.series) else (),
        after.exceptions | missing.exceptions if missing.exceptions else (),
        [key for key in after.own | missing.own if key.metric in metrics],
    )
