"""The rotated files beside those that are followed: after a restart the rest of a log is looked for in them.

What is packed in a way that cannot be read, may not be read, or is one too many is where lines are lost (P1).
"""

from __future__ import annotations

import os
import stat
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress

from logship.doctor.access import Identity, described, obstacle, remedy
from logship.doctor.files import MAX_FILES, Seen, Survey, above, node_of, own_identity, seen
from logship.doctor.finding import Finding, note, some, warning
from logship.read.rotation import names_of_originals
from logship.read.siblings import MAX_SIBLINGS

MAX_DIRECTORIES = 100
"""Directories that are listed."""

_CHECK = "files.siblings"

_UNREADABLE = {
    b"\x04\x22\x4d\x18": "lz4",
    b"PK\x03\x04": "zip",
    b"7z\xbc\xaf\x27\x1c": "7-Zip",
    b"\x1f\x9d": "compress (.Z)",
    b"LZIP": "lzip",
    b"\x89LZO": "lzop",
    b"\x5d\x00\x00": "lzma, the format before xz",
    b"\xff\x06\x00\x00sNaP": "snappy",
}
"""First bytes of archives that nothing here reads: https://en.wikipedia.org/wiki/List_of_file_signatures"""


def examine_siblings(found: Survey, tailer: Identity | None) -> Iterator[Finding]:
    """Say in which rotated files the rest of a log could not be found, by the tailer or by who asks."""
    followed = {os.path.abspath(each.path) for each in found.files}  # noqa: PTH100 - each of ten thousand
    listed = {each: _names(each) for each in sorted(set(map(os.path.dirname, followed)))[:MAX_DIRECTORIES]}
    for directory, names in listed.items():
        if len(names) > MAX_SIBLINGS:
            says = f"{len(names):,} files are there; after a restart the newest {MAX_SIBLINGS:,} are searched for a log"
            yield note(
                _CHECK, says, directory, remedy="rotate into fewer files, or follow from a directory of their own"
            )
    beside = [os.path.join(directory, name) for directory, names in listed.items() for name in names[:MAX_FILES]]  # noqa: PTH118
    rotated = [seen(path) for path in beside if path not in followed and _is_rotated(path, followed)]
    yield from _packed([*found.files, *rotated])
    yield from _closed([each.path for each in rotated], tailer or own_identity())


def _names(directory: str) -> list[str]:
    """Return the names in a directory, without hidden ones."""
    with suppress(OSError):
        return sorted(name for name in os.listdir(directory) if not name.startswith("."))  # noqa: PTH208
    return []  # told elsewhere


def _is_rotated(path: str, followed: Collection[str]) -> bool:
    """Return whether a file is named as a rotation of a followed one is, packed or not."""
    names = path, os.path.splitext(path)[0]  # noqa: PTH122
    return any(each in followed for name in names for each in (name, *names_of_originals(name)))


def _packed(files: Sequence[Seen]) -> Iterator[Finding]:
    for head, kind in _UNREADABLE.items():
        paths = [each.path for each in files if each.head.startswith(head)]
        if paths:
            says = f"{_such(paths)} packed as {kind}, which cannot be read: what was not counted before is lost"
            fix = "have the rotation pack with gzip, zstd, bzip2 or xz, or not at all"
            yield warning(_CHECK, says, promises="P1", remedy=fix)


def _closed(paths: Sequence[str], who: Identity) -> Iterator[Finding]:
    nodes = [node for path in paths if (node := node_of(path)) is not None and stat.S_ISREG(node.mode)]
    closed = [(node.path, by) for node in nodes if (by := obstacle(above(node.path), node, who, "read")) is not None]
    if closed:
        path, by = closed[0]
        says = f"{_such([path for path, _ in closed])} closed: {described(by, who)}; the rest of a log may be in there"
        yield warning(_CHECK, says, promises="P1", remedy=remedy(by, who, "read", path))


def _such(paths: Sequence[str]) -> str:
    return f"{some(len(paths), 'rotated file')}, such as {paths[0]}, {'is' if len(paths) == 1 else 'are'}"
