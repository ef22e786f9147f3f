"""Look at the memory that is left before the kernel kills: of the cgroup where that has a limit, else of the machine.

A limit may be set on any cgroup above the own one, and the fullest one decides. What counts is the working set, as
Kubernetes counts it before it evicts (cAdvisor, `container_memory_working_set_bytes`): the usage without
`inactive_file`, the page cache that the kernel takes back first. A process that writes logs fills a cgroup with page
cache: the bare usage would be near the limit all the time.

How full the heap of a process is says nothing: a heap grows when it needs to.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from app_logging.health.check import Check, Unhealthy
from app_logging.settings import SettingsError

DEFAULT_MAX_USED = 0.9

_MEBIBYTE = 1 << 20
_UNLIMITED = "max"


@dataclass(frozen=True, slots=True)
class Hierarchy:
    """Where a version of cgroups keeps its numbers.

    Attributes:
        directory: Below the mount point.
        limit: File with the limit in bytes.
        usage: File with the bytes in use, page cache included.
        reclaimable: Key in `memory.stat` of the page cache that goes first.
    """

    directory: str
    limit: str
    usage: str
    reclaimable: str


VERSION_1 = Hierarchy("memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
VERSION_2 = Hierarchy("", "memory.max", "memory.current", "inactive_file")


@dataclass(frozen=True, slots=True)
class Usage:
    """How much of how much is in use, in bytes, and whose limit that is."""

    used: int
    limit: int
    of: str

    @property
    def share(self) -> float:
        """From 0 to 1."""
        return self.used / self.limit if self.limit else 1.0


def memory(
    max_used: float = DEFAULT_MAX_USED,
    *,
    name: str = "memory",
    essential: bool = True,
    proc: Path = Path("/proc"),
    cgroups: Path = Path("/sys/fs/cgroup"),
) -> Check:
    """Return a check that fails when more than this share of the memory is in use.

    Args:
        max_used: Share from 0 to 1.
        name: Of the check.
        essential: Whether the application cannot do its work without it.
        proc: Where procfs is mounted.
        cgroups: Where the cgroups are mounted.

    Raises:
        SettingsError: The share is none.
    """
    if not 0 < max_used <= 1:
        raise SettingsError("max_used", max_used, "argument", "a share over 0 and up to 1")

    def probe() -> str:
        usage = fullest(proc, cgroups)
        text = f"{usage.share:.1%} of {usage.limit / _MEBIBYTE:.0f} MiB in use ({usage.of})"
        if usage.share > max_used:
            raise Unhealthy(f"{text}, more than {max_used:.1%}")
        return text

    return Check(name, probe, essential=essential)


def fullest(proc: Path, cgroups: Path) -> Usage:
    """Return the usage of the fullest cgroup with a limit, of the machine if there is none; OSError if unknown."""
    machine = _machine(proc)
    limited = [usage for usage in _cgroups(proc, cgroups) if usage.limit < machine.limit]
    return max(limited, key=lambda usage: usage.share, default=machine)


def _machine(proc: Path) -> Usage:
    """Read /proc/meminfo (proc(5)); MemAvailable is the kernel's own estimate of what can be had without swapping."""
    lines = (proc / "meminfo").read_text(encoding="ascii").splitlines()
    kibibytes = {key: int(rest.split()[0]) for key, _, rest in (line.partition(":") for line in lines) if rest}
    total = kibibytes["MemTotal"]
    return Usage((total - kibibytes.get("MemAvailable", kibibytes["MemFree"])) * 1024, total * 1024, "machine")


def _cgroups(proc: Path, mounted: Path) -> Iterator[Usage]:
    """Yield the usage of each cgroup of this process that has a limit; see cgroups(7) for /proc/self/cgroup."""
    try:
        lines = (proc / "self" / "cgroup").read_text(encoding="utf-8").splitlines()
    except OSError:
        return
    for line in lines:
        number, controllers, path = line.split(":", 2)
        if number == "0":
            hierarchy = VERSION_2
        elif "memory" in controllers.split(","):
            hierarchy = VERSION_1
        else:
            continue
        own = PurePosixPath(path.lstrip("/"))
        for each in (own, *own.parents):  # in a container only the mount point may be visible: it is the own one then
            usage = _usage(mounted / hierarchy.directory / each, hierarchy)
            if usage is not None:
                yield usage


def _usage(directory: Path, hierarchy: Hierarchy) -> Usage | None:
    try:
        limit = (directory / hierarchy.limit).read_text(encoding="ascii").strip()
        if limit == _UNLIMITED:
            return None
        used = int((directory / hierarchy.usage).read_text(encoding="ascii"))
        counts = dict(line.split() for line in (directory / "memory.stat").read_text(encoding="ascii").splitlines())
    except OSError:
        return None
    return Usage(max(0, used - int(counts.get(hierarchy.reclaimable, 0))), int(limit), "cgroup")
