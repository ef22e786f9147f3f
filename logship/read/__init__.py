"""bytes → lines: find the files, prove which is which, follow them, open archives, cut at newlines."""

from __future__ import annotations

from logship.read.archive import STDIN, Archive
from logship.read.discovery import directories, expand, without_repeats
from logship.read.follower import Follower
from logship.read.generation import Generation
from logship.read.happenings import Happenings
from logship.read.lines import LineCutter, Lines
from logship.read.options import FollowOptions
from logship.read.wakeup import DirectoryWatch, TimedWaker, Waker

__all__ = [
    "STDIN",
    "Archive",
    "DirectoryWatch",
    "FollowOptions",
    "Follower",
    "Generation",
    "Happenings",
    "LineCutter",
    "Lines",
    "TimedWaker",
    "Waker",
    "directories",
    "expand",
    "without_repeats",
]
