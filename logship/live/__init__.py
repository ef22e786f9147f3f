"""The sidecar: its turn, its wiring, its signals, its vitals."""

from __future__ import annotations

from logship.live.build import Tailer, build
from logship.live.signals import stopped_by_signals

__all__ = ["Tailer", "build", "stopped_by_signals"]
