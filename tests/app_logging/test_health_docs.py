"""docs/health.md names what there is, with the limits that hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from app_logging import health
from app_logging.health.checks import DEFAULT_CACHE_SECONDS, DEFAULT_TIMEOUT_SECONDS
from app_logging.health.command import DATABASE_VARIABLE
from app_logging.health.disk import DEFAULT_MIN_FREE_BYTES, DEFAULT_MIN_FREE_SHARE
from app_logging.health.memory import DEFAULT_MAX_USED

TEXT = (Path(__file__).parents[2] / "docs/health.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", health.__all__)
def test_every_public_name_is_documented(name: str) -> None:
    assert name in TEXT


@pytest.mark.parametrize(
    "words",
    [
        f"`max_used={DEFAULT_MAX_USED}`",
        f"`min_free_share={DEFAULT_MIN_FREE_SHARE}`",
        f"`min_free_bytes={DEFAULT_MIN_FREE_BYTES}`",
        f"`timeout_seconds` ({DEFAULT_TIMEOUT_SECONDS:g})",
        f"{DEFAULT_CACHE_SECONDS:g} seconds old (`cache_seconds`)",
        DATABASE_VARIABLE,
    ],
)
def test_the_documented_defaults_are_those_of_the_code(words: str) -> None:
    assert words in TEXT
