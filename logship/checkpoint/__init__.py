"""tally and positions → one commit → publish."""

from __future__ import annotations

from logship.checkpoint.ledger import Ledger, Snapshot
from logship.checkpoint.place import PlacedStore, files_of, move_aside
from logship.checkpoint.repair import Contents, Place, Salvage, salvage, show, verify
from logship.checkpoint.store import NoStore, SqliteStore, Store

__all__ = [
    "Contents",
    "Ledger",
    "NoStore",
    "Place",
    "PlacedStore",
    "Salvage",
    "Snapshot",
    "SqliteStore",
    "Store",
    "files_of",
    "move_aside",
    "salvage",
    "show",
    "verify",
]
