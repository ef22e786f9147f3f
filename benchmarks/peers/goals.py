"""What must be shown against each peer, and whether it was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from peers.contest import Row
from peers.field import LIMIT

MOST_MEMORY = 60e6
"""Bytes of our largest process."""


class Goal(NamedTuple):
    """How many times as long as we a peer must take at least, or at most of its time we may take."""

    log: str
    peer: str
    at_least: float


GOALS = (
    Goal("with routes", "mtail", 10),
    Goal("with routes", "jq, mawk", 10),
    Goal("plain", "prometheus-client, per line", 5),
    Goal("plain", "Polars, 1 thread", 1.5),
    Goal("plain, 2 cores", "Polars, 2 threads", 1.5),
    Goal("plain", "DuckDB, 1 thread", 1.0),
    Goal("plain, 2 cores", "DuckDB, 2 threads", 1.0),
    Goal(".gz", "DuckDB, 1 thread", 1.0),
    Goal(".gz, 2 cores", "DuckDB, 2 threads", 1.0),
    Goal("plain", LIMIT, 1 / 1.8),
)


def verdicts(contests: Mapping[str, Sequence[Row]]) -> str:
    """Return a table in Markdown of the goals whose peers took part."""
    lines = ["| log | against | wall, times ours, at least | found | met |", "|---|---|---|---|---|"]
    for goal in GOALS:
        for row in contests.get(goal.log, ()):
            if row.name == goal.peer:
                met = "yes" if row.wall_ratio >= goal.at_least else "no"
                lines.append(f"| {goal.log} | {goal.peer} | {goal.at_least:.2f} | {row.wall_ratio:.2f} | {met} |")
    ours = max(row.run.memory for rows in contests.values() for row in rows if row.name.startswith("logship"))
    met = "yes" if ours < MOST_MEMORY else "no"
    lines.append(f"| all | our largest process | below {MOST_MEMORY / 1e6:.0f} MB | {ours / 1e6:.0f} MB | {met} |")
    return "\n".join(lines)
