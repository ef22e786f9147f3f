"""Objects of a store: globs and directories mean what they mean for files; what is missing is said with its remedy."""

from __future__ import annotations

import errno
import gzip
import subprocess
import sys
from collections.abc import Iterator

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem

from logship.errors import InputError, UsageError
from logship.read import Archive, Found, found, stored_span
from logship.read.attempts import LostError
from logship.read.object_errors import translated

TEXT = b"".join(b'{"message":"HTTP Request","duration":%d}\n' % number for number in range(60_000))


@pytest.fixture
def store() -> Iterator[MemoryFileSystem]:
    """An empty store in memory with some logs."""
    files: MemoryFileSystem = fsspec.filesystem("memory")
    files.store.clear()
    for name in ("combined.log", "combined2.log.gz", "combined10.log", "notes.txt", "old/combined.log", "old/a[1].log"):
        files.pipe_file(f"/bucket/logs/{name}", b"{}\n")
    yield files
    files.store.clear()


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("bucket/logs", ["combined.log", "combined2.log.gz", "combined10.log"]),
        ("bucket/logs/", ["combined.log", "combined2.log.gz", "combined10.log"]),
        ("bucket/logs/*.log", ["combined.log", "combined10.log"]),
        ("bucket/logs/combined?.log.gz", ["combined2.log.gz"]),
        ("bucket/**/combined.log", ["combined.log", "old/combined.log"]),
        ("bucket/*/o*/combined.log", ["old/combined.log"]),
        ("bucket/logs/old/a[1].log", ["old/a[1].log"]),
        ("bucket/logs/notes.txt", ["notes.txt"]),
        ("bucket/nothing", []),
        ("bucket/*.log", []),
        ("bucket", []),
    ],
)
@pytest.mark.usefixtures("store")
def test_a_pattern_means_what_it_means_for_files(pattern: str, names: list[str]) -> None:
    assert found(f"memory://{pattern}") == [Found(f"memory://bucket/logs/{name}", 3) for name in names]


@pytest.mark.parametrize("is_packed", [True, False])
def test_an_object_comes_out_as_a_file_does(store: MemoryFileSystem, *, is_packed: bool) -> None:
    stored = gzip.compress(TEXT) if is_packed else TEXT
    store.pipe_file("/bucket/a", stored)
    archive = Archive("memory://bucket/a")
    assert b"".join(archive.blocks()) == TEXT
    assert archive.stored_bytes == archive.stored_bytes_read == len(stored)
    assert archive.is_plain is not is_packed
    archive.close()
    assert stored_span("memory://bucket/a", len(stored) - 100, 1000) == stored[-100:]


def test_an_archive_that_ends_too_early_is_damage(store: MemoryFileSystem) -> None:
    store.pipe_file("/bucket/a.gz", gzip.compress(TEXT)[:-100])
    archive = Archive("memory://bucket/a.gz")
    with pytest.raises(InputError, match=r"^memory://bucket/a\.gz ends too early"):
        list(archive.blocks())
    archive.close()


@pytest.mark.usefixtures("store")
def test_an_object_that_is_gone_is_named() -> None:
    with pytest.raises(InputError, match=r"^memory://bucket/gone\.log is not there$"):
        Archive("memory://bucket/gone.log")


@pytest.mark.parametrize(
    ("url", "hidden", "remedy"),
    [
        ("s3://b/k", "fsspec", "in the clone of logship, pip install '.[s3]'"),
        ("s3://b/k", "s3fs", "in the clone of logship, pip install '.[s3]'"),
        ("gs://b/k", "gcsfs", "in the clone of logship, pip install '.[gcs]'"),
        ("ssh://u:secret@h/k", "paramiko", "install what fsspec needs for ssh"),
    ],
)
def test_a_missing_package_is_said_with_what_installs_it(url: str, hidden: str, remedy: str) -> None:
    without = (
        f"import sys; sys.modules[{hidden!r}] = None; from logship.cli.main import main; sys.exit(main(sys.argv[1:]))"
    )
    done = subprocess.run([sys.executable, "-c", without, "replay", url], capture_output=True, text=True, check=False)
    safe = url.replace("u:secret", "***")
    assert done.stderr == f"logship: {safe} cannot be read without more packages: {remedy}\n"
    assert done.returncode == 2


def test_an_unknown_scheme_is_said_with_known_ones() -> None:
    with pytest.raises(UsageError, match=r"^ftpp://\*\*\*@h/k cannot be read: there are s3://, gs://, http://"):
        found("ftpp://u:secret@h/k")


class HTTPClientError(Exception):
    """As botocore has one."""


class NoCredentialsError(Exception):
    """As botocore has one."""


@pytest.mark.parametrize("error", [HTTPClientError("reset"), TimeoutError(), OSError(errno.EBUSY, "Slow down")])
def test_a_lost_connection_is_tried_again(error: Exception) -> None:
    assert isinstance(translated("s3://b/k", error), LostError)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (FileNotFoundError("b/k"), "is not there"),
        (NoCredentialsError("x"), "cannot be read without credentials: set AWS_PROFILE, or AWS_ACCESS_KEY_ID"),
        (PermissionError("Access Denied"), r"may not be read \(Access Denied\): set AWS_PROFILE"),
        (ValueError("bad\nname"), "cannot be read: bad name"),
        (OSError(errno.EINVAL, "see https://h/k?X-Amz-Signature=1"), r"see https://h/k\?X-Amz-Signature=\*\*\*$"),
    ],
)
def test_what_will_not_change_is_said_at_once(error: Exception, said: str) -> None:
    result = translated("s3://b/k", error)
    assert isinstance(result, InputError)
    with pytest.raises(InputError, match=said):
        raise result


def test_a_bug_is_not_taken_for_an_answer() -> None:
    assert translated("s3://b/k", TypeError("a bug")) is None


class FileExpired(OSError):  # noqa: N818 - its name there
    """As s3fs has one."""


def test_an_object_that_was_replaced_is_not_tried_again() -> None:
    said = translated("s3://b/k", FileExpired(errno.EBUSY, "no longer exists"))
    assert str(said) == "s3://b/k was changed while it was read; everything before that was counted"
