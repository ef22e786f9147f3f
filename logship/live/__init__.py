"""The sidecar: its turn, its wiring, its signals, its vitals."""

from __future__ import annotations

from logship.live.build import Tailer, build, nothing_there
from logship.live.signals import stopped_by_signals

__all__ = ["Tailer", "build", "nothing_there", "stopped_by_signals"]
