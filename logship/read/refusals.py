"""Remember the files that are meant but cannot be followed, so that each is told once."""

from __future__ import annotations

from collections.abc import Collection

from logship.model import FileKey
from logship.read.discovery import Sighting
from logship.read.happenings import Happenings

COMPRESSED = "compressed; replay reads it"


class Refusals:
    """What is refused, and why; out of reach is what is there but cannot be opened now."""

    def __init__(self, happenings: Happenings) -> None:
        self._tell = happenings
        self._refused: dict[FileKey, str] = {}
        self._out_of_reach: set[FileKey] = set()
        self._compressed: dict[FileKey, Sighting] = {}

    def __contains__(self, key: FileKey) -> bool:
        """Return whether a file was refused."""
        return key in self._refused

    def begin_look(self) -> None:
        """Forget what was out of reach at the last look."""
        self._out_of_reach.clear()

    def refuse(self, key: FileKey, path: str, why: str) -> None:
        """Tell that a file cannot be followed, unless that was told already."""
        if self._refused.get(key) != why:
            self._refused[key] = why
            self._tell.unreadable(path, why)

    def cannot_reach(self, key: FileKey, path: str, why: str) -> None:
        """Tell that a file cannot be opened now; it may be what is looked for."""
        self._out_of_reach.add(key)
        self.refuse(key, path, why)

    def is_out_of_reach(self, key: FileKey) -> bool:
        """Return whether a file could not be opened at this look."""
        return key in self._out_of_reach

    def note_compressed(self, sighting: Sighting) -> None:
        """Remember a compressed file, so that it is not opened again and again."""
        self._compressed[sighting.key] = sighting

    def is_compressed(self, sighting: Sighting) -> bool:
        """Return whether a file was found to be compressed, and has not changed since."""
        return self._compressed.get(sighting.key) == sighting

    def end_look(self, seen: Collection[FileKey]) -> None:
        """Forget the files that are not there any more."""
        self._refused = {key: why for key, why in self._refused.items() if key in seen or key in self._out_of_reach}
        self._compressed = {key: each for key, each in self._compressed.items() if key in seen}
