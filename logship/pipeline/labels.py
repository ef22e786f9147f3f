"""Decide what can be labels: the fields that a request must have, and how long a value may be."""

from __future__ import annotations

from logship.model import OTHER, Reason
from logship.parse import NO_STATUS, MappedRecord, Record

MAX_LABEL_CHARACTERS = 512
"""A longer method, route or exception type is folded into `__other__`: label values are kept for ever."""

_REPLACEMENT = "\ufffd"


def unfit(record: Record) -> Reason | None:
    """Return why the record cannot be counted as a request, None when it can."""
    if not record.method:
        return Reason.MISSING_METHOD
    if record.status is None:
        return Reason.MISSING_STATUS
    if record.status == NO_STATUS and isinstance(record, MappedRecord):  # let pass only where the format has such
        return None
    if not 100 <= record.status <= 599:  # noqa: PLR2004 - RFC 9110, section 15
        return Reason.INVALID_STATUS
    return None


def short(label: str | None) -> str:
    """Return `label` bounded in length, and without NUL, at which Prometheus would refuse the whole scrape."""
    if label is None or len(label) > MAX_LABEL_CHARACTERS:
        return OTHER
    return label.replace("\0", _REPLACEMENT)


def short_level(level: str | None) -> str | None:
    """Return the name of a level bounded in length."""
    return level if level is None or len(level) <= MAX_LABEL_CHARACTERS else OTHER
