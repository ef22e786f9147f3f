"""Levels are those that libraries have, in lower case."""

from __future__ import annotations

import pytest

from logship.measure import level_label


@pytest.mark.parametrize(
    ("level", "label"),
    [
        ("info", "info"),
        ("INFO", "info"),
        ("Info", "info"),
        ("warn", "warn"),
        ("WARNING", "warning"),
        ("crit", "crit"),
        ("http", "http"),
        (None, "unknown"),
        ("", "other"),
        ("iNfO", "other"),
        ("30", "other"),
        ("__other__", "other"),
        ("x" * 10_000, "other"),
    ],
)
def test_a_level_has_one_of_few_labels(level: str | None, label: str) -> None:
    assert level_label(level) == label
