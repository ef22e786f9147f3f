"""What can be fed with any bytes, by name: seeds to begin with, and a check that raises when a promise is broken.

`test_fuzz.py` feeds each in the fast tests, `make fuzz` for as long as it is told, guided by coverage.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from fuzzing import configuration, http, lines, state, wrappers


class Target(NamedTuple):
    """Something that takes bytes, at least one.

    Attributes:
        seeds: Returns inputs that get far.
        check: Takes an input; raises for what must not be.
    """

    seeds: Callable[[], list[bytes]]
    check: Callable[[bytes], None]


TARGETS = {
    "lines": Target(lines.seeds, lines.check),
    "wrappers": Target(wrappers.seeds, wrappers.check),
    "configuration": Target(configuration.seeds, configuration.check),
    "http": Target(http.seeds, http.check),
    "state": Target(state.seeds, state.check),
}
