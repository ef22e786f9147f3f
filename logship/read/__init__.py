"""bytes → lines: find the files, prove which is which, follow them, open archives, cut at newlines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from logship.on_demand import exports

if TYPE_CHECKING:
    from logship.read.archive import STDIN, Archive, stored_span
    from logship.read.discovery import directories, expand, found, without_repeats
    from logship.read.follower import Follower
    from logship.read.framing import FRAMINGS, Cutter, RunCutter, cutter_for
    from logship.read.generation import Generation
    from logship.read.happenings import Happenings
    from logship.read.lines import LineCutter, Lines
    from logship.read.options import FollowOptions
    from logship.read.sources import Meant, Sources
    from logship.read.urls import Found, is_url, masked, shown
    from logship.read.wakeup import DirectoryWatch, TimedWaker, Waker
else:
    __getattr__ = exports(
        __name__,
        {
            "archive": (
                "STDIN",
                "Archive",
                "stored_span",
            ),
            "discovery": (
                "directories",
                "expand",
                "found",
                "without_repeats",
            ),
            "follower": ("Follower",),
            "framing": (
                "FRAMINGS",
                "Cutter",
                "RunCutter",
                "cutter_for",
            ),
            "generation": ("Generation",),
            "happenings": ("Happenings",),
            "lines": (
                "LineCutter",
                "Lines",
            ),
            "options": ("FollowOptions",),
            "sources": (
                "Meant",
                "Sources",
            ),
            "urls": (
                "Found",
                "is_url",
                "masked",
                "shown",
            ),
            "wakeup": (
                "DirectoryWatch",
                "TimedWaker",
                "Waker",
            ),
        },
    )

__all__ = [
    "FRAMINGS",
    "STDIN",
    "Archive",
    "Cutter",
    "DirectoryWatch",
    "FollowOptions",
    "Follower",
    "Found",
    "Generation",
    "Happenings",
    "LineCutter",
    "Lines",
    "Meant",
    "RunCutter",
    "Sources",
    "TimedWaker",
    "Waker",
    "cutter_for",
    "directories",
    "expand",
    "found",
    "is_url",
    "masked",
    "shown",
    "stored_span",
    "without_repeats",
]
