"""The sidecar: its turn, its wiring, its signals, its vitals."""

from __future__ import annotations

from logship.live.build import Tailer, build, nothing_there
from logship.live.signals import obeying_signals

__all__ = ["Tailer", "build", "nothing_there", "obeying_signals"]
