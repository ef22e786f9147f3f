"""Whether an open file ends with a line or within one, left by a writer that died on a full disk.

Another process may be in the middle of its write(2): then the file seems torn for as long as that takes, which is
milliseconds if the process has to wait for a processor. A newline put there would be an empty line in the log.
"""

from __future__ import annotations

import os
from contextlib import suppress


def ends_whole(descriptor: int) -> bool:
    """Say whether the open file ends with a complete line; of one that may not be read, that is not claimed.

    By descriptor: the name may mean another file by now, as when another process has just rotated.
    """
    try:
        first = _torn_size(descriptor)
        if first == 0:
            return True
        _wait_for_writers(descriptor)
        return first != _torn_size(descriptor)
    except OSError:
        return False


def _wait_for_writers(descriptor: int) -> None:
    # Linux holds the inode's lock during a write, and takes it for this question as well (ext4, btrfs, tmpfs);
    # XFS takes it for the reads around it. Measured on ext4 and tmpfs: without it one look in four was wrong.
    with suppress(OSError):  # there are no data, or the file system does not know
        os.lseek(descriptor, 0, os.SEEK_DATA)


def _torn_size(descriptor: int) -> int:
    size = os.fstat(descriptor).st_size
    return size if size and os.pread(descriptor, 1, size - 1) != b"\n" else 0
