"""Limits against needs: memory by cgroup (version 1 and 2), descriptors, inotify."""

from __future__ import annotations

from pathlib import Path

import pytest

from logship.config import Config, Source
from logship.doctor.files import survey
from logship.doctor.finding import Severity
from logship.doctor.machine import BASE_BYTES, SERIES_BYTES, examine_machine, examine_memory, memory_limit
from logship.doctor.processes import Processes

MIB = 1 << 20


def machine(proc: Path, cgroup: str) -> Processes:
    (proc / "self").mkdir(parents=True)
    (proc / "self" / "cgroup").write_text(cgroup)
    (proc / "meminfo").write_text("MemTotal: 8000000 kB\nMemFree: 1 kB\n")
    return Processes(proc)


@pytest.mark.parametrize(
    ("line", "name"),
    [("0::/pod/sidecar\n", "memory.max"), ("4:cpu,memory:/pod/sidecar\n", "memory/LIMIT")],
    ids=["version 2", "version 1"],
)
def test_the_least_limit_of_the_groups_above_counts(tmp_path: Path, line: str, name: str) -> None:
    processes = machine(tmp_path / "proc", line)
    top = tmp_path / "groups" / ("memory" if "LIMIT" in name else "")
    file = "memory.limit_in_bytes" if "LIMIT" in name else "memory.max"
    inner = top / "pod" / "sidecar"
    inner.mkdir(parents=True)
    (inner / file).write_text("max\n")
    assert memory_limit(processes, None, tmp_path / "groups") is None
    (top / "pod" / file).write_text(f"{128 * MIB}\n")
    assert memory_limit(processes, None, tmp_path / "groups") == 128 * MIB
    (inner / file).write_text(f"{2**63 - 4096}\n")
    assert memory_limit(processes, None, tmp_path / "groups") == 128 * MIB


@pytest.mark.parametrize(
    ("limit", "series", "severity"),
    [
        (None, 10, Severity.OK),
        (BASE_BYTES, 0, Severity.WARNING),
        (2 * BASE_BYTES, 10_000, Severity.WARNING),
        (BASE_BYTES + 800 * SERIES_BYTES, 1, Severity.NOTE),
        (3 * BASE_BYTES, 1000, Severity.OK),
    ],
)
def test_memory_is_held_against_the_label_sets(limit: int | None, series: int, severity: Severity) -> None:
    (found,) = examine_memory(limit, series, 1000)
    assert found.severity is severity


def test_this_machine_is_looked_at_without_fault(tmp_path: Path) -> None:
    config = Config(sources=(Source(paths=(str(tmp_path),)),))
    checks = [each.check for each in examine_machine(config, survey(config), Processes(), None, 0)]
    assert checks == ["limits.inotify", "limits.descriptors", "limits.memory"]


@pytest.mark.parametrize(("limit", "severity"), [("100", Severity.WARNING), ("20000", Severity.OK)])
def test_too_few_descriptors_are_told_with_the_number_that_would_do(
    tmp_path: Path, limit: str, severity: Severity
) -> None:
    config = Config(sources=(Source(paths=(str(tmp_path),)),))
    processes = machine(tmp_path / "proc", "0::/\n")
    (processes.proc / "self" / "limits").write_text(
        f"Limit  Soft Limit\nMax open files            {limit} 20000 files\n"
    )
    found = {each.check: each for each in examine_machine(config, survey(config), processes, None, 0)}
    assert found["limits.descriptors"].severity is severity
