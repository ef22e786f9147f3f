"""tally and positions → one commit → publish."""

from __future__ import annotations

from logship.checkpoint.ledger import Ledger, Snapshot
from logship.checkpoint.repair import Contents, Salvage, salvage, show, verify
from logship.checkpoint.store import NoStore, SqliteStore, Store, move_aside

__all__ = [
    "Contents",
    "Ledger",
    "NoStore",
    "Salvage",
    "Snapshot",
    "SqliteStore",
    "Store",
    "move_aside",
    "salvage",
    "show",
    "verify",
]
