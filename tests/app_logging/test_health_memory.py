"""The limit that the kernel would kill for is the one that counts, without the page cache that it takes back first."""

from __future__ import annotations

from pathlib import Path

import pytest

from app_logging import health
from app_logging.health.memory import Usage, fullest

MIB = 1 << 20
GIB = 1 << 30


class Machine:
    """A procfs and a tree of cgroups, as far as they are read."""

    def __init__(self, root: Path) -> None:
        self.proc, self.cgroups = root / "proc", root / "cgroup"
        (self.proc / "self").mkdir(parents=True)
        self.cgroups.mkdir()
        self.has(total=8 * GIB, available=6 * GIB)

    def has(self, *, total: int, available: int) -> None:
        lines = [f"MemTotal: {total // 1024} kB", "MemFree: 1 kB", f"MemAvailable: {available // 1024} kB"]
        (self.proc / "meminfo").write_text("\n".join([*lines, "HugePages_Total: 0", ""]))

    def is_in(self, *lines: str) -> None:
        (self.proc / "self" / "cgroup").write_text("".join(f"{line}\n" for line in lines))

    def limit(self, path: str, limit: object, used: int, cache: int = 0, *, version: int = 2) -> None:
        directory = self.cgroups / path
        directory.mkdir(parents=True, exist_ok=True)
        names = ("memory.max", "memory.current") if version == 2 else ("memory.limit_in_bytes", "memory.usage_in_bytes")
        for name, value in zip(names, (limit, used), strict=True):
            (directory / name).write_text(f"{value}\n")
        key = "inactive_file" if version == 2 else "total_inactive_file"
        (directory / "memory.stat").write_text(f"anon {used - cache}\n{key} {cache}\nactive_file 0\n")

    def usage(self) -> Usage:
        return fullest(self.proc, self.cgroups)

    def check(self, max_used: float = 0.9) -> health.CheckResult:
        check = health.memory(max_used, proc=self.proc, cgroups=self.cgroups)
        (result,) = health.HealthChecks(check, timeout_seconds=30).run().results
        return result


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_without_a_limit_the_machine_counts(machine: Machine) -> None:
    assert machine.usage() == Usage(2 * GIB, 8 * GIB, "machine"), "without any cgroups"
    machine.is_in("4:memory:/", "0::/app")
    machine.limit("memory", 9223372036854771712, 100 * MIB, version=1)
    machine.limit("app", "max", 100 * MIB)
    assert machine.usage() == Usage(2 * GIB, 8 * GIB, "machine")


@pytest.mark.parametrize("version", [1, 2])
def test_the_limit_of_the_own_cgroup_counts_without_the_page_cache(machine: Machine, version: int) -> None:
    machine.is_in("0::/system.slice/app.service" if version == 2 else "4:cpu,memory:/system.slice/app.service")
    path = "system.slice/app.service" if version == 2 else "memory/system.slice/app.service"
    machine.limit(path, 512 * MIB, 500 * MIB, 400 * MIB, version=version)
    assert machine.usage() == Usage(100 * MIB, 512 * MIB, "cgroup")


@pytest.mark.parametrize("version", [1, 2])
def test_in_a_container_the_own_cgroup_may_be_the_mount_point(machine: Machine, version: int) -> None:
    machine.is_in("4:memory:/docker/9f0a1d2e" if version == 1 else "0::/../9f0a1d2e")
    machine.limit("memory" if version == 1 else "", 256 * MIB, 64 * MIB, version=version)
    assert machine.usage() == Usage(64 * MIB, 256 * MIB, "cgroup")


def test_a_fuller_cgroup_above_decides(machine: Machine) -> None:
    machine.is_in("0::/kubepods/pod/app")
    machine.limit("kubepods/pod/app", 512 * MIB, 100 * MIB)
    machine.limit("kubepods/pod", 1024 * MIB, 1000 * MIB)
    machine.limit("kubepods", 4 * GIB, 1 * GIB)
    assert machine.usage() == Usage(1000 * MIB, 1024 * MIB, "cgroup")


def test_a_limit_over_what_the_machine_has_is_none(machine: Machine) -> None:
    machine.is_in("0::/app")
    machine.limit("app", 64 * GIB, 1 * GIB)
    assert machine.usage().of == "machine"


def test_too_much_in_use_is_unhealthy(machine: Machine) -> None:
    machine.is_in("0::/app")
    machine.limit("app", 100 * MIB, 90 * MIB)
    assert (machine.check().status, machine.check().detail) == ("healthy", "90.0% of 100 MiB in use (cgroup)")
    machine.limit("app", 100 * MIB, 91 * MIB)
    assert machine.check().detail == "91.0% of 100 MiB in use (cgroup), more than 90.0%"
    assert machine.check().status == "unhealthy"
    assert machine.check(0.95).status == "healthy"


def test_a_limit_of_nothing_is_full(machine: Machine) -> None:
    machine.is_in("0::/app")
    machine.limit("app", 0, 0)
    assert machine.check().status == "unhealthy"


def test_memory_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    check = health.memory(proc=tmp_path, cgroups=tmp_path)
    (result,) = health.HealthChecks(check, timeout_seconds=30).run().results
    assert result.status == "unhealthy"
    assert result.detail.startswith("FileNotFoundError: ")


def test_this_machine_has_memory() -> None:
    usage = fullest(Path("/proc"), Path("/sys/fs/cgroup"))
    assert 0 < usage.share < 1
    assert usage.limit > 16 * MIB
