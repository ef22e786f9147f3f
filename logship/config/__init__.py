"""The options of all rooms as one value, and the file it is read from."""

from __future__ import annotations

from logship.config.load import load
from logship.config.schema import AUTO, DEFAULT_PATHS, Config, LimitOptions, check

__all__ = ["AUTO", "DEFAULT_PATHS", "Config", "LimitOptions", "check", "load"]
