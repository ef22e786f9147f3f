"""Know which source a file belongs to: files are read, and counted, as their source says."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from logship.read.discovery import expand
from logship.read.rotation import bare_name, names_of_originals
from logship.read.urls import is_url, matches


@dataclass(frozen=True, slots=True)
class Meant:
    """The files of a source.

    Attributes:
        paths: Paths, globs, directories; URLs for archives, which nobody follows.
        exclude: The same, for those of them that are left out.
        wrap: Name of what wraps their lines, None for nothing.
    """

    paths: tuple[str, ...]
    exclude: tuple[str, ...] = ()
    wrap: str | None = None

    def expand(self) -> list[str]:
        """Return the existing paths that are meant."""
        left_out = set(expand(self.exclude))
        return [path for path in expand(self.paths) if path not in left_out]

    def means(self, url: str) -> bool:
        """Return whether a URL is meant; nobody is asked whether it exists."""
        paths, left_out = (any(matches(url, each) for each in side) for side in (self.paths, self.exclude))
        return paths and not left_out


class Sources:
    """What is followed, by the names of the sources; a file that several mean belongs to the first of them."""

    def __init__(self, meant: Mapping[str, Meant]) -> None:
        self._meant = dict(meant)
        self.patterns = tuple(path for each in meant.values() for path in each.paths)
        """Paths, globs, directories of all sources."""
        self._source_of: dict[str, str] = {}

    @classmethod
    def single(cls, patterns: Sequence[str]) -> Sources:
        """Return one source without a name."""
        return cls({"": Meant(tuple(patterns))})

    def expand(self) -> list[str]:
        """Return the existing paths that are meant, each once."""
        found: dict[str, str] = {}
        for name, meant in self._meant.items():
            for path in meant.expand():
                found.setdefault(path, name)
        self._source_of = found
        return list(found)

    def wrap_of(self, source: str) -> str | None:
        """Return what wraps the lines of a source."""
        return self._meant[source].wrap if source in self._meant else None

    def of(self, path: str, known: str | None = None) -> str:
        """Return the source that a file is read as one of: `known`, that means it, or the one that comes nearest."""
        if known in self._meant:
            return known
        meaning = self._meaning(path)
        if meaning is not None:
            return meaning
        beside = (source for each, source in self._source_of.items() if _directory(each) == _directory(path))
        return next(beside, next(iter(self._meant)))

    def means(self, path: str) -> bool:
        """Return whether a source means a file, or meant it before it was rotated."""
        return self._meaning(path) is not None

    def _meaning(self, path: str) -> str | None:
        if path in self._source_of:
            return self._source_of[path]
        if is_url(path):
            return next((name for name, each in self._meant.items() if each.means(path)), None)
        really = {os.path.realpath(each): source for each, source in self._source_of.items()}
        bare = bare_name(os.path.realpath(path))
        return next((really[name] for name in (bare, *names_of_originals(bare)) if name in really), None)


def _directory(path: str) -> str:
    return os.path.dirname(os.path.realpath(path))  # noqa: PTH120 - of many files
