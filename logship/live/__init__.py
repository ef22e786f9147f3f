"""The sidecar: its turn, its wiring, its signals, its vitals."""

from __future__ import annotations

from logship.live.build import Tailer, build, nothing_there
from logship.live.events import Doubt, level_of
from logship.live.signals import obeying_signals

__all__ = ["Doubt", "Tailer", "build", "level_of", "nothing_there", "obeying_signals"]
