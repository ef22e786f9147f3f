"""The same replay by several processes, or on a cluster: units, assumptions about what came before, outcomes, crews."""

from __future__ import annotations

from typing import TYPE_CHECKING

from logship.on_demand import exports

if TYPE_CHECKING:
    from logship.replay.parallel.choice import cores, replay_divided
    from logship.replay.parallel.coordinator import Crew, replay_by
    from logship.replay.parallel.outcomes import Outcome, Task, Unit, count, joined
    from logship.replay.parallel.processes import Processes
    from logship.replay.parallel.units import divided, unit_bytes
else:
    __getattr__ = exports(
        __name__,
        {
            "choice": (
                "cores",
                "replay_divided",
            ),
            "coordinator": (
                "Crew",
                "replay_by",
            ),
            "outcomes": (
                "Outcome",
                "Task",
                "Unit",
                "count",
                "joined",
            ),
            "processes": ("Processes",),
            "units": (
                "divided",
                "unit_bytes",
            ),
        },
    )

__all__ = [
    "Crew",
    "Outcome",
    "Processes",
    "Task",
    "Unit",
    "cores",
    "count",
    "divided",
    "joined",
    "replay_by",
    "replay_divided",
    "unit_bytes",
]
