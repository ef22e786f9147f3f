"""Names of events in the tailer's own log; the class of a name is its level, so that each stands where it is told."""

from __future__ import annotations

from typing import ClassVar, Literal

Level = Literal["debug", "info", "warning", "error"]


class Event(str):
    """Something that happened as it should."""

    __slots__ = ()
    level: ClassVar[Level] = "info"


class Detail(Event):
    """Something that is only of interest to who looks for a fault."""

    __slots__ = ()
    level = "debug"


class Doubt(Event):
    """Something that somebody should look at when there is time; numbers may be missing."""

    __slots__ = ()
    level = "warning"


class Failure(Event):
    """Something that breaks a promise until somebody acts."""

    __slots__ = ()
    level = "error"


def level_of(event: str) -> Level:
    """Return the level of an event; a plain text is information."""
    return event.level if isinstance(event, Event) else "info"
