"""What metrics and labels may be called: https://prometheus.io/docs/concepts/data_model/."""

from __future__ import annotations

import re

_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*", re.ASCII)
"""Colons are for recording rules."""

_RESERVED_LABELS = frozenset({"le", "quantile", "job", "instance"})
"""Labels that Prometheus gives a meaning; the last two come from the scrape."""


def is_name(text: str) -> bool:
    """Return whether a metric, or a label, can be called so."""
    return _NAME.fullmatch(text) is not None


def unfit_label(name: str) -> str | None:
    """Return why no label can be called so, None when one can."""
    if not is_name(name):
        return "letters, digits and _ make one, as in service"
    return "Prometheus keeps that name for itself" if name.startswith("__") or name in _RESERVED_LABELS else None
