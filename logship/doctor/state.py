"""The state file: whether it can be written, who holds it, whether it is whole, how far the files are from it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from shlex import quote

from logship.checkpoint import Contents, show, verify
from logship.doctor.access import Identity, described, obstacle, remedy
from logship.doctor.files import Survey, above, node_of, own_identity
from logship.doctor.finding import Finding, critical, note, ok, some, warning
from logship.doctor.processes import Processes
from logship.errors import StateError

LOW_BYTES = 64 << 20
"""Free on the volume: below it is soon full. A state file of 10,000 label sets has 1 MB, its log as much."""

NEEDED_BYTES = 4 << 20

_NETWORK = frozenset({"nfs", "nfs4", "cifs", "smb3", "9p", "ceph", "fuse.sshfs", "fuse.glusterfs", "lustre"})
"""SQLite needs shared memory for its write-ahead log: https://www.sqlite.org/wal.html#overview"""

_CHECK = "state"


def examine_state(file: str | None, found: Survey, processes: Processes, tailer: Identity | None) -> Iterator[Finding]:
    """Look at the state file; nothing is written, and its lock is not touched."""
    if file is None:
        says = "no state file is named: a restart counts from the beginning of the files again"
        yield warning(f"{_CHECK}.file", says, promises="P1 P2", remedy="logship tail … --state FILE")
        return
    directory = os.path.dirname(os.path.realpath(file))  # noqa: PTH120 - as the tailer finds it
    if not os.path.isdir(directory):  # noqa: PTH112
        says = f"its directory {directory} is not there: the tailer does not start"
        yield critical(f"{_CHECK}.place", says, file, promises="P1 P2", remedy=f"mkdir -p {quote(directory)}")
        return
    yield from _writable(file, directory, tailer or own_identity())
    yield from _volume(file, directory)
    yield from _lock(file, processes)
    yield from _contents(file, found)


def _writable(file: str, directory: str, who: Identity) -> Iterator[Finding]:
    places = {directory: "make files"} | ({os.path.realpath(file): "change"} if os.path.exists(file) else {})  # noqa: PTH110
    for place, need in places.items():
        node = node_of(place)
        closed = None if node is None else obstacle(above(place), node, who, need)
        if closed is not None:
            says = f"cannot be written: {described(closed, who)}"
            fix = remedy(closed, who, need, place)
            yield critical(f"{_CHECK}.writable", says, file, promises="P1 P2", remedy=fix)
            return
    yield ok(f"{_CHECK}.writable", f"user {who.uid} may write it", file)


def _volume(file: str, directory: str) -> Iterator[Finding]:
    volume = os.statvfs(directory)
    free = volume.f_bavail * volume.f_frsize
    fix = f"df -h {quote(directory)}; df -i {quote(directory)}"
    if volume.f_flag & os.ST_RDONLY:
        says = "is on a volume that is mounted read-only"
        yield critical(
            f"{_CHECK}.room", says, file, promises="P1 P2", remedy=f"mount -o remount,rw {quote(mount(directory)[0])}"
        )
    elif free < NEEDED_BYTES or (volume.f_files and not volume.f_favail):
        says = f"its volume is full: {free:,} bytes and {volume.f_favail:,} inodes are free"
        yield critical(f"{_CHECK}.room", says, file, promises="P1 P2", remedy=fix)
    elif free < LOW_BYTES:
        yield warning(f"{_CHECK}.room", f"its volume has {free:,} bytes left", file, promises="P1 P2", remedy=fix)
    else:
        yield ok(f"{_CHECK}.room", f"its volume has {free >> 20:,} MiB left", file)
    where, kind = mount(directory)
    if kind in _NETWORK:
        says = f"is on a network file system ({kind} at {where}): SQLite's log is not safe there"
        yield warning(f"{_CHECK}.network", says, file, promises="P1 P2", remedy="keep it on a local volume")


def mount(path: str, table: Path = Path("/proc/self/mounts")) -> tuple[str, str]:
    """Return where the file system of `path` is mounted and what kind it is, as proc(5) tells."""
    found = ("/", "?")
    with suppress(OSError):
        for line in table.read_text(encoding="utf-8", errors="replace").splitlines():
            _, where, kind, *_ = line.split()
            where = where.encode().decode("unicode_escape") if "\\" in where else where
            is_above = path == where or path.startswith(where.rstrip("/") + "/")
            if is_above and len(where) >= len(found[0]):  # the last one covers those before it
                found = (where, kind)
    return found


def holder(file: str, processes: Processes) -> int | None:
    """Return who holds the lock of a state file: 0 is somebody that cannot be seen, None is nobody."""
    return processes.lock_holder(os.path.realpath(file) + ".lock")


def _lock(file: str, processes: Processes) -> Iterator[Finding]:
    pid = holder(file, processes)
    if pid:
        yield ok(f"{_CHECK}.lock", f"is held by process {pid} ({processes.name(pid)})", file)
    elif pid == 0:
        yield note(f"{_CHECK}.lock", "is held by a process of another container or user", file)
    else:
        yield note(f"{_CHECK}.lock", "no tailer holds it now", file)
    others = [each for each in processes.tailers() if each != pid and processes.is_named(file, each)]
    for each in others:
        says = f"is named by process {each} too, a tailer that does not hold it: two cannot share a state file"
        yield warning(f"{_CHECK}.shared", says, file, promises="P1", remedy="give each tailer a --state of its own")


def _contents(file: str, found: Survey) -> Iterator[Finding]:
    if not os.path.exists(file):  # noqa: PTH110
        yield note(f"{_CHECK}.whole", "is not there yet: the files are counted from their beginning", file)
        return
    try:
        wrong = verify(file)
        contents = None if wrong else show(file)
    except StateError as error:
        fix = f"logship state verify {quote(file)}"
        yield critical(f"{_CHECK}.whole", f"cannot be used: {error}", file, promises="P1 P2", remedy=fix)
        return
    if contents is None:
        fix = f"stop the tailer; logship state salvage {quote(file)} --to NEW"
        yield critical(f"{_CHECK}.whole", f"is damaged: {wrong[0]}", file, promises="P1 P2", remedy=fix)
        return
    says = f"is whole: schema {contents.schema}, {some(contents.requests, 'request')} in {contents.series:,} series"
    yield ok(f"{_CHECK}.whole", says, file)
    yield from _distance(file, contents, found)


def _distance(file: str, contents: Contents, found: Survey) -> Iterator[Finding]:
    """How far the files have grown beyond what is saved."""
    saved = {os.path.realpath(place.path): place for place in contents.positions}
    paths = {os.path.realpath(each.path): each for each in found.files}
    known = saved.keys() & paths.keys()
    if saved and paths and not known:
        says = "knows none of the files that are meant: is it that of other logs?"
        fix = f"logship state show {quote(file)}"
        yield warning(f"{_CHECK}.files", says, file, promises="P1", remedy=fix)
        return
    behind = sum(max(0, paths[path].size - saved[path].offset) for path in known)
    fresh = sum(each.size for path, each in paths.items() if path not in saved)
    says = f"the files hold {some(behind + fresh, 'byte')} beyond what it has counted"
    yield (note if behind + fresh else ok)(f"{_CHECK}.behind", says, file)
