"""tally and positions → one commit → publish."""

from __future__ import annotations

from logship.checkpoint.ledger import Ledger, Snapshot
from logship.checkpoint.store import NoStore, SqliteStore, Store, move_aside

__all__ = ["Ledger", "NoStore", "Snapshot", "SqliteStore", "Store", "move_aside"]
