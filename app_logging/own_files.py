"""Files of one process alone, for file systems without locks or atomic appends such as NFS.

The name bears the host and the process: `combined.web1-4711.log`. Files of dead processes of this host are removed
beyond the number of backups; those of other hosts, whose processes cannot be known, are left alone.
"""

from __future__ import annotations

import os
import re
import socket
from pathlib import Path
from typing import TYPE_CHECKING

from app_logging.files import RotatingFile

if TYPE_CHECKING:
    from collections.abc import Callable


def own_path(path: Path, host: str, process_id: int) -> Path:
    """Return the name of the process's own file: its host and number before the extension."""
    return path.with_name(f"{path.stem}.{host}-{process_id}{path.suffix}")


def host_name() -> str:
    """Return the name of this host, fit for a file name."""
    return re.sub(r"[^A-Za-z0-9-]", "_", socket.gethostname()) or "host"


class OwnFile(RotatingFile):
    """A rotating file that no other process writes to; needs no lock.

    Args:
        path: The name that is made the process's own.
        args: As for `RotatingFile`.
    """

    def __init__(self, path: Path, *args: object, **options: object) -> None:
        self._shared_path = path
        super().__init__(own_path(path, host_name(), os.getpid()), *args, **options)  # type: ignore[arg-type] # passed on

    def open(self) -> None:
        """Open or create the file, and remove what dead processes have left too much of."""
        super().open()
        for path in surplus_orphans(self._shared_path, host_name(), self._bounds.backups, is_alive):
            path.unlink(missing_ok=True)

    def after_fork_in_child(self) -> None:
        """Leave the parent its file; the child's is opened at the first record."""
        super().after_fork_in_child()
        self._let_go()
        self._open_again_at = 0.0
        self.path = own_path(self._shared_path, host_name(), os.getpid())

    def _try_alone(self) -> bool:
        return True


def surplus_orphans(path: Path, host: str, keep: int, is_alive: Callable[[int], bool]) -> list[Path]:
    """List the files of dead processes of the host but for the newest so many."""
    name = re.compile(rf"{re.escape(path.stem)}\.{re.escape(host)}-([0-9]+){re.escape(path.suffix)}(?:\.[0-9]+)?")
    found = []
    for entry in path.parent.iterdir():
        match = name.fullmatch(entry.name)
        if match and not is_alive(int(match[1])):
            found.append(entry)
    return sorted(found, key=_modified, reverse=True)[keep:]


def is_alive(process_id: int) -> bool:
    """Say whether there is a process of that number on this host."""
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _modified(path: Path) -> float:
    try:
        return path.lstat().st_mtime
    except OSError:
        return 0.0
