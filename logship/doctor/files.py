"""Which files are meant, and whether they can be read: by who asks, and by the tailer that runs as somebody else."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from typing import TypeVar

from logship.config import Config, followed
from logship.doctor.access import Identity, Node, described, obstacle, remedy
from logship.doctor.finding import Finding, critical, note, ok, some, warning
from logship.doctor.processes import Processes
from logship.read import Sources, directories, without_repeats

MAX_FILES = 10_000
"""Files that are looked at one by one."""

_COMPRESSED = (b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"BZh", b"\xfd7zXZ")
_SHOWN = 5
"""Files of the same trouble that are named; the others are counted."""

CHECK = "files"

_Each = TypeVar("_Each")


@dataclass(frozen=True, slots=True)
class Seen:
    """A file that is meant.

    Attributes:
        path: Where it is.
        size: In bytes.
        modified: In seconds since the epoch.
        trouble: Why it cannot be followed, empty when it can.
        head: Its first bytes.
    """

    path: str
    size: int = 0
    modified: float = 0.0
    trouble: str = ""
    head: bytes = b""

    @property
    def is_compressed(self) -> bool:
        """Whether it is an archive, which a tailer does not follow."""
        return self.head.startswith(_COMPRESSED)


@dataclass(frozen=True, slots=True)
class Survey:
    """The files that are meant now.

    Attributes:
        sources: Know which source each belongs to.
        files: The first `MAX_FILES` of them.
        total: How many there are, without error logs that repeat what stands in a combined log beside them.
        looked_at: When their sizes were looked at, in seconds of a clock that nobody sets.
    """

    sources: Sources
    files: tuple[Seen, ...]
    total: int
    looked_at: float

    @property
    def readable(self) -> list[Seen]:
        """Those that can be followed."""
        return [each for each in self.files if not each.trouble and not each.is_compressed]


def survey(config: Config, monotonic: Callable[[], float] = time.monotonic) -> Survey:
    """Look at the files that `config` means: at all sizes first, so that who waits for them to grow loses no time."""
    sources = followed(config.sources)
    paths, _ = without_repeats(sources.expand())
    files = [sized(path) for path in paths[:MAX_FILES]]
    looked_at = monotonic()
    return Survey(sources, tuple(map(_opened, files)), len(paths), looked_at)


def seen(path: str) -> Seen:
    """Look at one file; never waits for a pipe."""
    return _opened(sized(path))


def sized(path: str) -> Seen:
    """Look at one file without opening it."""
    try:
        status = os.stat(path)  # noqa: PTH116 - as for each of ten thousand
    except OSError as error:
        return Seen(path, trouble=error.strerror or str(error))
    if not stat.S_ISREG(status.st_mode):
        return Seen(path, trouble="no regular file (a pipe, a socket, a device)")
    return Seen(path, status.st_size, status.st_mtime)


def _opened(file: Seen) -> Seen:
    """Look into a file."""
    if file.trouble:
        return file
    try:
        descriptor = os.open(file.path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
        try:
            return Seen(file.path, file.size, file.modified, head=os.pread(descriptor, 8, 0))
        finally:
            os.close(descriptor)
    except OSError as error:
        return Seen(file.path, trouble=error.strerror or str(error))


def examine_files(config: Config, found: Survey, tailer: Identity | None) -> Iterator[Finding]:
    """Say whether the files can be read; `tailer` is as whom a running one does, None when that is not known."""
    if not found.total:
        says = f"no file matches {', '.join(config.paths)} (seen from {Path.cwd()}): nothing is counted"
        yield critical(f"{CHECK}.found", says, promises="P1", remedy="ls -l " + " ".join(config.paths))
    me = own_identity()
    troubled = [each for each in found.files if each.trouble]
    yield from _listed(troubled, lambda each: _unreadable(each, me, tailer))
    yield from _unlistable(config, me)
    if tailer is not None and tailer != me:
        yield from _closed_to(found, tailer)
    compressed = [each for each in found.files if each.is_compressed]
    if compressed:
        says = f"{len(compressed)} compressed files are meant, such as {compressed[0].path}; a tailer follows none"
        yield note(f"{CHECK}.compressed", says, remedy=f"logship replay {quote(compressed[0].path)}")
    if found.readable and not troubled:
        size = sum(each.size for each in found.readable)
        more = f"; looked at the first {MAX_FILES:,} of {found.total:,}" if found.total > MAX_FILES else ""
        yield ok(f"{CHECK}.readable", f"{some(len(found.readable), 'file')} can be read, {some(size, 'byte')}{more}")


def own_identity() -> Identity:
    """Return as whom this process asks."""
    found = Processes().identity()
    if found is not None:
        return found  # a root without capabilities is bound as others are
    is_root = os.geteuid() == 0
    return Identity(os.geteuid(), frozenset([os.getegid(), *os.getgroups()]), is_root, is_root)


def above(path: str) -> list[Node]:
    """Return the directories above a path, the outermost first, as far as they can be seen."""
    return [node for each in reversed(Path(os.path.abspath(path)).parents) if (node := node_of(str(each)))]  # noqa: PTH100


def node_of(path: str) -> Node | None:
    """Return what stands at a path, None when that cannot be seen."""
    with suppress(OSError):
        status = os.stat(path)  # noqa: PTH116 - links are followed
        return Node(path, status.st_mode, status.st_uid, status.st_gid)
    return None


def _unreadable(each: Seen, me: Identity, tailer: Identity | None) -> Finding:
    node = node_of(each.path) or Node(each.path, 0, -1, -1)
    closed = obstacle(above(each.path), node, me, "read")
    if each.trouble == os.strerror(2):
        says = "is a link that leads nowhere" if os.path.islink(each.path) else "went away"  # noqa: PTH114
        return warning(f"{CHECK}.readable", says, each.path, promises="P1")
    if each.trouble != os.strerror(13):
        return warning(f"{CHECK}.readable", f"cannot be followed: {each.trouble}", each.path, promises="P1")
    if closed is not None and tailer is not None and obstacle(above(each.path), node, tailer, "read") is None:
        says = f"is looked at no further: {described(closed, me)}; the tailer, user {tailer.uid}, may read it"
        return note(f"{CHECK}.readable", says, each.path, remedy="ask as the user of the tailer, or with sudo")
    if closed is not None:
        says = f"may not be read: {described(closed, me)}"
        return critical(
            f"{CHECK}.readable", says, each.path, promises="P1", remedy=remedy(closed, me, "read", each.path)
        )
    says = f"may not be read, though its mode allows it: a security module{_confinement()}?"
    return critical(
        f"{CHECK}.readable", says, each.path, promises="P1", remedy="journalctl -k | grep -i -e denied -e avc"
    )


def _confinement() -> str:
    """Return the profile that AppArmor or SELinux put on this process, if there is one."""
    with suppress(OSError):
        label = Path("/proc/self/attr/current").read_text(encoding="utf-8").strip("\0\n ")
        return f" ({label})" if label and label != "unconfined" else ""
    return ""


def _closed_to(found: Survey, tailer: Identity) -> Iterator[Finding]:
    """Files that who asks can read, and the tailer cannot."""
    nodes = [node for each in found.readable if (node := node_of(each.path))]
    blocked = {node.path: closed for node in nodes if (closed := obstacle(above(node.path), node, tailer, "read"))}
    yield from _listed(
        list(blocked.items()),
        lambda item: critical(
            f"{CHECK}.tailer",
            f"may not be read by the tailer: {described(item[1], tailer)}",
            item[0],
            promises="P1",
            remedy=remedy(item[1], tailer, "read", item[0]),
        ),
    )


def _unlistable(config: Config, me: Identity) -> Iterator[Finding]:
    for directory in directories(config.paths):
        node = node_of(directory)
        if node is not None and not os.access(directory, os.R_OK | os.X_OK, effective_ids=True):
            says = f"may not be listed: {described(node, me)}; files in it are not found"
            fix = f"setfacl -m u:{me.uid}:rx {quote(directory)}"
            yield critical(f"{CHECK}.listed", says, directory, promises="P1", remedy=fix)


def _listed(items: Sequence[_Each], finding: Callable[[_Each], Finding]) -> Iterator[Finding]:
    """Yield a finding for the first few of `items`, and one that counts the others."""
    yield from map(finding, items[:_SHOWN])
    if len(items) > _SHOWN:
        last = finding(items[_SHOWN])
        yield Finding(
            last.check, last.severity, f"and {len(items) - _SHOWN:,} more files like these", "", last.promises
        )
