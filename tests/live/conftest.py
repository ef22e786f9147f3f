"""Tailers that are stopped when their test ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from live.driven import end

from logship.config import Config
from logship.live import Tailer, build


@pytest.fixture
def said() -> list[tuple[str, dict[str, Any]]]:
    """Return what the tailers of `built` say: events with their fields."""
    return []


@pytest.fixture
def built(said: list[tuple[str, dict[str, Any]]]) -> Iterator[Callable[[Config], Tailer]]:
    """Return a function that builds a tailer; at the end each is stopped."""
    tailers: list[Tailer] = []

    def begin(config: Config) -> Tailer:
        tailers.append(build(config, lambda event, **fields: said.append((event, fields))))
        return tailers[-1]

    yield begin
    for tailer in tailers:
        end(tailer)
