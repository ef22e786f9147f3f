"""Why somebody may not read a file: decided by mode, owner and group of it and of the directories above it.

Pure: what stands on the disk comes in as nodes. Access control lists may allow more than the mode says.
"""

from __future__ import annotations

import stat
from collections.abc import Sequence
from shlex import quote
from typing import NamedTuple

_READ, _WRITE, _SEARCH = 4, 2, 1
NEEDS = {"read": _READ, "change": _WRITE, "make files": _WRITE | _SEARCH}
"""Bits of a mode."""


class Identity(NamedTuple):
    """Who asks, and what permissions do not bind it for.

    Attributes:
        uid: The user.
        groups: All of its groups.
        reads_all: Whether it may read and search everything (CAP_DAC_READ_SEARCH).
        writes_all: Whether it may do everything (CAP_DAC_OVERRIDE).
    """

    uid: int
    groups: frozenset[int]
    reads_all: bool = False
    writes_all: bool = False


class Node(NamedTuple):
    """A file or directory: where it is, its mode, its owner."""

    path: str
    mode: int
    uid: int
    gid: int


def allows(node: Node, who: Identity, needed: int) -> bool:
    """Return whether the mode of `node` gives `who` the bits that are `needed`."""
    if who.writes_all:
        return True
    if who.reads_all:
        needed &= ~(_READ | _SEARCH)
    if who.uid == node.uid:
        given = node.mode >> 6
    elif node.gid in who.groups:
        given = node.mode >> 3
    else:
        given = node.mode
    return given & needed == needed


def obstacle(above: Sequence[Node], node: Node, who: Identity, need: str) -> Node | None:
    """Return what keeps `who` from `node`: a directory above it that may not be searched, or itself; None if nothing.

    `need` is one of `NEEDS`.
    """
    closed = next((each for each in above if not allows(each, who, _SEARCH)), None)
    if closed is not None:
        return closed
    return None if allows(node, who, NEEDS[need]) else node


def described(node: Node, who: Identity) -> str:
    """Return in words why a node is closed to `who`."""
    mode = f"mode {stat.S_IMODE(node.mode):04o} and belongs to {node.uid}:{node.gid}"
    return f"{node.path} has {mode}, who asks is user {who.uid}"


def remedy(node: Node, who: Identity, need: str, wanted: str) -> str:
    """Return a command that opens a node to `who` alone; `wanted` is what is needed, or stands below the node."""
    letters = {"read": "r", "change": "rw"}.get(need, "rwx") if node.path == wanted else "x"
    return f"setfacl -m u:{who.uid}:{letters} {quote(node.path)}"
