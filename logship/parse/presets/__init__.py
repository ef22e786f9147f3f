"""The formats that logship knows, as data; by who writes them."""

from __future__ import annotations

from logship.parse.presets.node import NODE
from logship.parse.presets.own import OWN, UNDECIDED
from logship.parse.presets.proxies import PROXIES
from logship.parse.presets.python import PYTHON
from logship.parse.presets.runtimes import RUNTIMES
from logship.parse.presets.services import SERVICES
from logship.parse.presets.text import TEXT

__all__ = ["NODE", "OWN", "PROXIES", "PYTHON", "RUNTIMES", "SERVICES", "TEXT", "UNDECIDED"]
