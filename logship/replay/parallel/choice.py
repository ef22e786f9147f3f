"""Decide who counts: this process alone, several processes, or a cluster."""

from __future__ import annotations

import os
from itertools import chain, islice
from typing import Any

from logship.config import Config
from logship.measure import Tally
from logship.pipeline import Window
from logship.read import STDIN
from logship.replay.batches import Advance
from logship.replay.interrupt import Interrupt
from logship.replay.parallel.coordinator import replay_by
from logship.replay.parallel.units import divided, is_work_over, unit_bytes
from logship.replay.plan import Plan
from logship.replay.work import Begin, Result, replay

SMALL_BYTES = 32 << 20
"""Inputs of less work together are counted by this process before others are ready."""


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0))


def replay_divided(
    plan: Plan,
    config: Config,
    advance: Advance,
    *,
    jobs: int | None = None,
    cluster: str | None = None,
    begin: Begin = lambda _path: None,
    window: Window | None = None,
    known: Tally | None = None,
    interrupt: Interrupt | None = None,
) -> Result:
    """Count the inputs of `plan` as `replay` does, and with its result, by as many workers as are of use.

    Args:
        plan: What is read.
        config: How it is counted.
        advance: Told of the progress.
        jobs: How many processes count, None for one on each core.
        cluster: Address of a Dask scheduler whose workers count.
        begin: Told of each input.
        window: Lines outside of it are left out.
        known: Numbers whose routes are known from the start.
        interrupt: Ends it early.
    """
    told: Any = {"begin": begin, "window": window, "known": known, "interrupt": interrupt}
    if cluster is not None:
        from logship.replay.parallel.cluster import Cluster

        with Cluster(cluster) as crew:
            units = divided(plan, config, window, unit_bytes(plan.total_bytes, crew.workers))
            return replay_by(crew, units, plan, config, advance, **told)
    jobs = jobs or cores()
    units = divided(plan, config, window, unit_bytes(plan.total_bytes, jobs))
    first = list(islice(units, 2)) if jobs > 1 and not _is_small(plan) else []
    if len(first) <= 1:
        return replay(plan, config, advance, **told)
    from logship.replay.parallel.processes import Processes

    with Processes(jobs) as processes:
        return replay_by(processes, chain(first, units), plan, config, advance, **told)


def _is_small(plan: Plan) -> bool:
    """Return whether more processes would cost more than they bring."""
    if plan.total_bytes is None:
        return set(plan.paths) == {STDIN}
    return plan.total_bytes < SMALL_BYTES and not is_work_over(plan.paths, SMALL_BYTES)
