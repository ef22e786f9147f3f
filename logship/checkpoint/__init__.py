"""tally and positions → one commit → publish."""

from __future__ import annotations

from logship.checkpoint.ledger import Ledger, Snapshot

__all__ = ["Ledger", "Snapshot"]
