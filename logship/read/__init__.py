"""bytes → lines: find the files, prove which is which, follow them, open archives, cut at newlines."""

from __future__ import annotations

from logship.read.archive import STDIN, Archive
from logship.read.discovery import directories, expand, without_repeats
from logship.read.follower import Follower
from logship.read.framing import FRAMINGS, Cutter, RunCutter, cutter_for
from logship.read.generation import Generation
from logship.read.happenings import Happenings
from logship.read.lines import LineCutter, Lines
from logship.read.options import FollowOptions
from logship.read.sources import Meant, Sources
from logship.read.wakeup import DirectoryWatch, TimedWaker, Waker

__all__ = [
    "FRAMINGS",
    "STDIN",
    "Archive",
    "Cutter",
    "DirectoryWatch",
    "FollowOptions",
    "Follower",
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
    "without_repeats",
]
