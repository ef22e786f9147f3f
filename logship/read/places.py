"""Know the directories of the logs, and whether what stands in one is the past or was written since.

What is there at the first look is the past, and so is what a file system brings that is mounted later, or a link that
leads elsewhere. A directory that is made later is new, with everything in it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

from logship.read.discovery import directories

_GONE = -1
_MANY = 1000
"""Directories, above which those that went are forgotten."""


class Places:
    """The directories that are known.

    Args:
        patterns: Paths, globs, directories of the logs.
        known: Directories that were known before a restart, links resolved; what came into them since is new.
    """

    def __init__(self, patterns: Sequence[str], known: Iterable[str]) -> None:
        self._patterns = patterns
        self._devices: dict[str, int | None] = dict.fromkeys(known)
        self.has_met_any = False
        """Whether there was a first look."""

    def meet(self, found: Iterable[str]) -> set[str]:
        """Return which directories begin with a past, of those where files were `found`, and at first those meant."""
        strange = {each for each in found if not self._is_known(each)}
        if self.has_met_any and not strange:
            return set()
        meant = set(map(os.path.realpath, directories(self._patterns)))
        if self.has_met_any:
            past = {each for each in strange if each in self._devices or each not in meant or _is_mounted(each)}
        else:
            past = strange = strange | {each for each in meant if not self._is_known(each)}
        self.has_met_any = True
        self._devices.update((each, _device(each)) for each in strange)
        if len(self._devices) > _MANY:
            self._devices = {each: device for each, device in self._devices.items() if _device(each) != _GONE}
        return past

    def _is_known(self, directory: str) -> bool:
        if directory not in self._devices:
            return False
        device = self._devices[directory]
        return device is None or device == _device(directory)


def _is_mounted(directory: str) -> bool:
    return _device(directory) != _device(os.path.dirname(directory))  # noqa: PTH120 - paths are strings in this room


def _device(directory: str) -> int:
    try:
        return os.stat(directory).st_dev  # noqa: PTH116
    except OSError:
        return _GONE
