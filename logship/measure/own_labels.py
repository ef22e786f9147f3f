"""Make the value of a label from that of a field."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from logship.conditions import MAX_MATCHED_CHARACTERS, compiled_pattern, text_of
from logship.measure.own import OwnLabel
from logship.model import OTHER

MAX_VALUE_CHARACTERS = 512
"""A longer label value is counted under `__other__`: label values are kept for ever."""

_REPLACEMENT = "\ufffd"


def label_reader(label: OwnLabel) -> Callable[[Any], str]:
    """Return the function that makes the value of a label from that of its field."""
    pattern = compiled_pattern(label.pattern) if label.pattern is not None else None
    mapped, values = dict(label.map), frozenset(label.values)

    def read(value: Any) -> str:
        text = text_of(value)
        if text is not None and pattern is not None:
            text = _found(pattern, text)
        if text is None:
            return label.default
        text = text.lower() if label.lower else text
        text = mapped.get(text, text)
        if len(text) > MAX_VALUE_CHARACTERS or (values and text not in values):
            return OTHER
        return text if text.isascii() and "\0" not in text else _exposable(text)

    return read


def _found(pattern: re.Pattern[str], text: str) -> str | None:
    found = pattern.search(text[:MAX_MATCHED_CHARACTERS])
    return None if found is None else found[1 if pattern.groups else 0]


def _exposable(text: str) -> str:
    """Return `text` without what an exposition cannot hold: NUL, at which Prometheus refuses it, lone surrogates."""
    return text.replace("\0", _REPLACEMENT).encode("utf-8", "replace").decode()
