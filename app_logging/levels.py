"""The five levels: their names in the record and their numbers in the standard library."""

from __future__ import annotations

from typing import Final

DEBUG: Final = 10
INFO: Final = 20
WARNING: Final = 30
ERROR: Final = 40
CRITICAL: Final = 50

NUMBERS = {"debug": DEBUG, "info": INFO, "warning": WARNING, "error": ERROR, "critical": CRITICAL}


def name_of(number: object) -> str:
    """Return the name of the highest level that is not above the number; custom levels fold into the five.

    A name is its own level. What is neither counts as info: a record is not lost for its level.
    """
    if not isinstance(number, int | float):
        name = str(number).lower() if isinstance(number, str) else ""
        return name if name in NUMBERS else "info"
    if number >= ERROR:
        return "critical" if number >= CRITICAL else "error"
    if number >= INFO:
        return "warning" if number >= WARNING else "info"
    return "debug"
