"""What procfs tells of processes: who holds a lock, who listens on a port, as whom a process runs (proc(5)).

Nothing here fails: what cannot be seen, of other users or in another container, is None or left out.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from logship.doctor.access import Identity

_CAP_DAC_OVERRIDE, _CAP_DAC_READ_SEARCH = 1 << 1, 1 << 2
"""By their numbers in capabilities(7)."""

_LISTENING = "0A"
"""TCP_LISTEN in /proc/net/tcp."""


@dataclass(frozen=True, slots=True)
class Processes:
    """The processes below a mounted procfs."""

    proc: Path = Path("/proc")

    def identity(self, pid: int | None = None) -> Identity | None:
        """Return as whom a process runs, this one without a number; None when that cannot be seen."""
        found: dict[str, list[str]] = {}
        for line in self._text(self._of(pid) / "status").splitlines():
            key, _, rest = line.partition(":")
            found[key] = rest.split()
        try:
            groups = frozenset(map(int, [found["Gid"][1], *found["Groups"]]))
            able = int(found["CapEff"][0], 16)
            return Identity(
                int(found["Uid"][1]), groups, bool(able & _CAP_DAC_READ_SEARCH), bool(able & _CAP_DAC_OVERRIDE)
            )
        except (KeyError, ValueError, IndexError):
            return None

    def name(self, pid: int) -> str:
        """Return what a process is called."""
        return self._text(self.proc / str(pid) / "comm").strip() or "?"

    def arguments(self, pid: int) -> list[str]:
        """Return the command line of a process."""
        return self._text(self.proc / str(pid) / "cmdline").removesuffix("\0").split("\0")

    def open_files_limit(self, pid: int | None = None) -> int | None:
        """Return how many descriptors a process may have."""
        for line in self._text(self._of(pid) / "limits").splitlines():
            if line.startswith("Max open files") and (soft := line.split()[3]).isdigit():
                return int(soft)
        return None

    def lock_holder(self, path: str) -> int | None:
        """Return who holds an flock(2) on a file, without touching the lock; 0 is somebody that cannot be seen."""
        try:
            inode = os.stat(path).st_ino  # noqa: PTH116 - links are followed, as the lock does
        except OSError:
            return None
        for line in self._text(self.proc / "locks").splitlines():
            fields = line.split()
            if fields[1:2] == ["FLOCK"] and fields[5].rpartition(":")[2] == str(inode):
                return max(0, int(fields[4]))
        return None

    def listener(self, port: int) -> int | None:
        """Return who listens on a TCP port; 0 is somebody whose descriptors cannot be seen, None is nobody."""
        sockets = {f"socket:[{inode}]" for inode in self._listening(port)}
        if not sockets:
            return None
        return next((pid for pid in self.all() if not sockets.isdisjoint(self.descriptors(pid))), 0)

    def tailers(self) -> Iterator[int]:
        """Yield the processes that are a `logship tail`; not those that wait for one, such as sudo, tini, timeout."""
        for pid in self.all():
            names = [Path(each).name for each in self.arguments(pid)[:4]]
            is_itself = names[0].startswith(("logship", "python", "pypy"))
            if is_itself and "logship" in names and names[names.index("logship") + 1 :][:1] == ["tail"]:
                yield pid

    def is_named(self, path: str, pid: int) -> bool:
        """Return whether an argument of a process is the file at a path, seen from its own directory and root."""
        for each in self.arguments(pid):
            value = each.removeprefix("--state=")
            seen_from = self._of(pid) / ("root" if value.startswith("/") else "cwd")
            with suppress(OSError):
                if os.path.samefile(f"{seen_from}/{value}", path):  # noqa: PTH121 - a name that need not be UTF-8
                    return True
        return False

    def inotify_instances(self, uid: int) -> int:
        """Return how many instances of inotify the processes of a user have, as far as they can be seen."""
        return sum(
            link == "anon_inode:inotify"
            for pid in self.all()
            if (who := self.identity(pid)) is not None and who.uid == uid
            for link in self.descriptors(pid)
        )

    def all(self) -> Iterator[int]:
        """Yield the numbers of all processes."""
        with suppress(OSError):
            yield from (int(each.name) for each in self.proc.iterdir() if each.name.isdigit())

    def _of(self, pid: int | None) -> Path:
        return self.proc / ("self" if pid is None else str(pid))

    def _text(self, path: Path) -> str:
        try:
            return path.read_text(encoding="utf-8", errors="replace")
        except OSError:
            return ""

    def _listening(self, port: int) -> Iterator[str]:
        for table in ("tcp", "tcp6"):
            for line in self._text(self.proc / "net" / table).splitlines()[1:]:
                fields = line.split()
                if fields[3] == _LISTENING and int(fields[1].rpartition(":")[2], 16) == port:
                    yield fields[9]

    def descriptors(self, pid: int) -> Iterator[str]:
        """Yield what the descriptors of a process lead to, as far as they can be seen."""
        with suppress(OSError):
            for each in (self.proc / str(pid) / "fd").iterdir():
                with suppress(OSError):
                    yield str(each.readlink())
