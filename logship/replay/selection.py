"""Select series by their labels: `status=5xx`, `route="/api/heroes/:slug"`, `method!=GET`, `route=~/api/.*`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from logship.errors import UsageError
from logship.measure import Tally
from logship.model import LabelSet

LABELS = ("method", "route", "status")

_CONDITION = re.compile(rf"({'|'.join(LABELS)})(=~|!~|!=|=)(.*)", re.DOTALL)
_CLASS = re.compile(r"[1-5]xx", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class LabelCondition:
    """What one label must be like.

    Attributes:
        label: Its name.
        operator: As in PromQL: equal, not equal, matches all of a regular expression, does not.
        value: What it is compared with; `5xx` stands for all statuses from 500 to 599.
    """

    label: str
    operator: Literal["=", "!=", "=~", "!~"]
    value: str

    def holds(self, labels: LabelSet) -> bool:
        """Return whether it holds for a label set."""
        value: str = getattr(labels, self.label)
        if self.operator in {"=~", "!~"}:
            found = re.fullmatch(self.value, value) is not None
        elif self.label == "status" and _CLASS.fullmatch(self.value):
            found = value[:1] == self.value[:1]
        else:
            found = value == self.value
        return found is (self.operator[0] == "=")

    def __str__(self) -> str:
        return f"{self.label}{self.operator}{self.value}"


def is_condition(text: str) -> bool:
    """Return whether `text` looks like a condition."""
    return _CONDITION.fullmatch(text) is not None


def condition(text: str) -> LabelCondition:
    """Return the condition that `text` states; raise UsageError when it states none."""
    found = _CONDITION.fullmatch(text)
    if found is None:
        raise UsageError(
            f"--where {text!r} is no condition; one is a label ({', '.join(LABELS)}), =, !=, =~ or !~, and a value: "
            "status=5xx"
        )
    return stated(found[1], found[2], found[3])


def stated(label: str, operator: str, value: str) -> LabelCondition:
    """Return the condition that these parts make; raise UsageError for a regular expression that is none."""
    if "~" in operator:
        try:
            re.compile(value)
        except re.error as error:
            raise UsageError(f"{label}{operator}{value} has a broken regular expression: {error}") from None
    return LabelCondition(label, operator, value)  # type: ignore[arg-type]  # the expression lets no other pass


def selected(tally: Tally, conditions: Sequence[LabelCondition]) -> Tally:
    """Return `tally` with those series of requests only for which all conditions hold; all else is as it was."""
    series = {labels: each for labels, each in tally.series.items() if fits(labels, conditions)}
    parts = {constant: selected(part, conditions) for constant, part in tally.parts.items()}
    return replace(tally.copy(), series=series, parts=parts)


def fits(labels: LabelSet, conditions: Iterable[LabelCondition]) -> bool:
    """Return whether all conditions hold."""
    return all(each.holds(labels) for each in conditions)
