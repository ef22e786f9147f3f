"""Limits of the machine and of the process: inotify, descriptors, memory; each against what the files need."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from logship.config import Config
from logship.doctor.access import Identity
from logship.doctor.files import Survey, own_identity
from logship.doctor.finding import Finding, note, ok, warning
from logship.doctor.processes import Processes
from logship.read import directories

DESCRIPTORS_BESIDE = 128
"""For connections, the state file, and what Python has open."""

_PER_DIRECTORY = 3
"""Descriptors of watchdog for each watched directory: inotify and a pipe."""

BASE_BYTES = 50_000_000
SERIES_BYTES = 9_000
"""Measured, docs/operations.md#sizing: 48 MB for one label set, 129 MB for 10,000, with a little to spare."""

_TIGHT = 1.1
_LESS_MEMORY = "raise the memory limit, or lower limits.max_series"

_INOTIFY = Path("/proc/sys/fs/inotify")
_CGROUPS = Path("/sys/fs/cgroup")


def examine_machine(
    config: Config, found: Survey, processes: Processes, pid: int | None, series: int
) -> Iterator[Finding]:
    """Look at the limits of the tailer `pid`, or of this process; `series` is how many label sets there are."""
    who = (processes.identity(pid) if pid else None) or own_identity()
    folders = len(directories(config.paths))
    yield from _notification(folders, processes, who, is_running=pid is not None)
    yield from _descriptors(
        min(found.total, config.follow.max_open_files), folders, processes.open_files_limit(pid or None)
    )
    yield from examine_memory(memory_limit(processes, pid), series, config.limits.max_series)


def _notification(folders: int, processes: Processes, who: Identity, *, is_running: bool) -> Iterator[Finding]:
    instances, watches = number(_INOTIFY / "max_user_instances"), number(_INOTIFY / "max_user_watches")
    queue = number(_INOTIFY / "max_queued_events")
    if instances is None or watches is None or queue is None:
        yield note("limits.inotify", "there is no inotify here: the files are polled")
        return
    used = processes.inotify_instances(who.uid)
    needed = folders if not is_running else 0  # a running one has its own already
    says = f"{folders} directories to watch; user {who.uid} has {used} of {instances} instances, {watches:,} watches, "
    says += f"a queue of {queue:,}"
    if used + needed > instances or folders > watches:
        fix = f"sysctl fs.inotify.max_user_instances={2 * (used + needed)}"
        yield warning("limits.inotify", f"{says}: too few, the files are only polled", promises="P3", remedy=fix)
    else:
        yield ok("limits.inotify", says)


def _descriptors(open_files: int, folders: int, limit: int | None) -> Iterator[Finding]:
    if limit is None:
        return
    needed = open_files + _PER_DIRECTORY * folders + DESCRIPTORS_BESIDE
    says = f"{limit:,} descriptors may be open, up to {needed:,} are needed"
    if needed > limit:
        fix = f"ulimit -n {2 * needed} before its start, LimitNOFILE={2 * needed} in its unit of systemd"
        yield warning("limits.descriptors", says, promises="P1 P3", remedy=fix)
    else:
        yield ok("limits.descriptors", says)


def examine_memory(limit: int | None, series: int, max_series: int) -> Iterator[Finding]:
    """Compare a limit of memory in bytes with what the label sets need, those there are and those there may be."""
    now, most = (BASE_BYTES + SERIES_BYTES * each for each in (series, max_series))
    if limit is None:
        yield ok("limits.memory", f"no limit of a cgroup; {series:,} label sets take about {now >> 20:,} MiB")
    elif limit < now * _TIGHT:
        says = f"the limit of {limit >> 20:,} MiB is too little for {series:,} label sets, about {now >> 20:,} MiB"
        yield warning("limits.memory", says, promises="P1 P6", remedy=_LESS_MEMORY)
    elif limit < most:
        says = f"the limit of {limit >> 20:,} MiB is less than limits.max_series ({max_series:,}) may take"
        yield note("limits.memory", f"{says}, {most >> 20:,} MiB", remedy=_LESS_MEMORY)
    else:
        yield ok("limits.memory", f"a limit of {limit >> 20:,} MiB, {series:,} label sets take about {now >> 20:,} MiB")


def memory_limit(processes: Processes, pid: int | None, cgroups: Path = _CGROUPS) -> int | None:
    """Return the least limit of memory on the cgroups of a process in bytes, None without one (cgroups(7))."""
    limits = []
    with suppress(OSError):
        groups = (processes.proc / (str(pid) if pid else "self") / "cgroup").read_text(encoding="utf-8").splitlines()
        for line in groups:
            _, controllers, path = line.split(":", 2)
            is_second = not controllers
            if not is_second and "memory" not in controllers.split(","):
                continue
            top, name = (cgroups, "memory.max") if is_second else (cgroups / "memory", "memory.limit_in_bytes")
            own = top / path.lstrip("/")
            limits += [number(each / name) for each in (own, *own.parents) if each.is_relative_to(top)]
    total = _memory_of_machine(processes)
    return min((each for each in limits if each is not None and (total is None or each < total)), default=None)


def _memory_of_machine(processes: Processes) -> int | None:
    with suppress(OSError, ValueError, IndexError):
        text = (processes.proc / "meminfo").read_text(encoding="ascii")
        return int(text.partition("MemTotal:")[2].split()[0]) * 1024
    return None


def number(path: Path) -> int | None:
    """Return the number that a file of the kernel holds; None when there is none, or it says `max`."""
    try:
        return int(path.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None
