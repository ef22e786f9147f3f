"""The options of following files."""

from __future__ import annotations

from dataclasses import dataclass

from logship.read.lines import DEFAULT_MAX_LINE_BYTES
from logship.read.parking import DEFAULT_MAX_OPEN_FILES


@dataclass(frozen=True, slots=True)
class FollowOptions:
    """How to follow files.

    Attributes:
        max_line_bytes: A longer line is rejected without being kept.
        linger_seconds: How long a rotated file is kept open after its last change, for writers that still hold it.
        max_open_files: Files that are open at once; more are followed all the same, but closed while they rest.
        from_end: Take files that are there at the very first start from their end.
    """

    max_line_bytes: int = DEFAULT_MAX_LINE_BYTES
    linger_seconds: float = 30.0
    max_open_files: int = DEFAULT_MAX_OPEN_FILES
    from_end: bool = False
