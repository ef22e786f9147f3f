"""Prove which inputs hold the same bytes once they are decompressed: heads come in, which is a copy of which goes out.

Names say nothing here. Only files that begin alike are read for the proof, which is a digest of all that they hold.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import NamedTuple

from logship.errors import InputError
from logship.read import Archive

HEAD_BYTES = 1024
"""First bytes that tell most files apart: several records, each with a time of its own."""


class _Content(NamedTuple):
    """The decompressed bytes of a file, up to the first damage."""

    length: int
    digest: bytes
    is_whole: bool


def duplicates(heads: Mapping[str, bytes], sizes: Mapping[str, int | None]) -> dict[str, str]:
    """Return the paths whose content stands in another file, with the path of that file: the first one given.

    An archive that breaks off is a copy of the file that begins with what can be read of it, as while it is written.

    Args:
        heads: The first bytes of each file, decompressed; nothing is a copy of an empty one.
        sizes: How many bytes each holds, None where that is not known.
    """
    alike: defaultdict[bytes, list[str]] = defaultdict(list)
    for path, head in heads.items():
        if head:
            alike[head[:HEAD_BYTES]].append(path)
    copies: dict[str, str] = {}
    for group in alike.values():
        copies.update(_copies([path for path in group if _may_have_a_twin(path, group, sizes)]))
    return copies


def _may_have_a_twin(path: str, group: Sequence[str], sizes: Mapping[str, int | None]) -> bool:
    others = {sizes[other] for other in group if other != path}
    return bool(others) and (sizes[path] is None or None in others or sizes[path] in others)


def _copies(paths: Sequence[str]) -> dict[str, str]:
    contents = {path: _content(path) for path in paths}
    originals: dict[_Content, str] = {}
    copies: dict[str, str] = {}
    for path, content in contents.items():
        if content.is_whole and originals.setdefault(content, path) != path:
            copies[path] = originals[content]
    for path, content in contents.items():
        if not content.is_whole:
            longer = (original for whole, original in originals.items() if whole.length >= content.length)
            for original in longer:
                if _content(original, content.length).digest == content.digest:
                    copies[path] = original
                    break
    return copies


def _content(path: str, limit: int | None = None) -> _Content:
    """Return the content of a file; of its first `limit` bytes if that is given."""
    digest = blake2b(digest_size=16)
    length = 0
    archive = Archive(path)
    try:
        for block in archive.blocks():
            part = block if limit is None else block[: limit - length]
            digest.update(part)
            length += len(part)
            if length == limit:
                break
    except InputError:
        return _Content(length, digest.digest(), is_whole=False)
    finally:
        archive.close()
    return _Content(length, digest.digest(), is_whole=True)
