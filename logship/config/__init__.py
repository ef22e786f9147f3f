"""The options of all rooms as one value, and the file it is read from."""

from __future__ import annotations

from logship.config.load import load
from logship.config.schema import Config, LimitOptions, check
from logship.config.sources import AUTO, DEFAULT_PATHS, Source, counted, followed

__all__ = [
    "AUTO",
    "DEFAULT_PATHS",
    "Config",
    "LimitOptions",
    "Source",
    "check",
    "counted",
    "followed",
    "load",
]
