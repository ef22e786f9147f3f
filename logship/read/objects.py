"""Find and read the objects of `s3://`, `gs://` and whatever else fsspec knows; the only module that imports it.

Options come from the environment and the files of the libraries: `AWS_PROFILE`, `AWS_ENDPOINT_URL`, `FSSPEC_S3_…`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any, Protocol, TypeVar, cast

from logship.errors import InputError, UsageError
from logship.read.attempts import LostError, again_and_again, why
from logship.read.object_errors import translated
from logship.read.urls import Found, scheme_of, shown

_FIRST_BYTES = 1 << 16
_MOST_BYTES = 1 << 21
"""A request each; they grow, as often only the beginning is wanted."""

_EXTRAS = {"s3": "s3", "gs": "gcs"}
_GLOB_SIGNS = "*?["

_S3_CONFIG: Mapping[str, Any] = {"connect_timeout": 10, "read_timeout": 30, "retries": {"total_max_attempts": 1}}
"""Without attempts of botocore's own: `RemoteFile` has its own, and they would multiply."""

_LOGGERS = ("asyncio", "fsspec", "gcsfs")
"""What logs on its own what is said in one line here."""

_T = TypeVar("_T")


class _File(Protocol):
    def seek(self, offset: int, /) -> int: ...
    def read(self, length: int, /) -> bytes: ...
    def close(self) -> None: ...


class _FileSystem(Protocol):
    """What is used of fsspec's file systems."""

    def info(self, path: str) -> Mapping[str, Any]: ...
    def ls(self, path: str, *, detail: bool) -> list[Mapping[str, Any]]: ...
    def glob(self, path: str, *, detail: bool) -> Mapping[str, Mapping[str, Any]]: ...
    def open(self, path: str, mode: str, *, cache_type: str) -> _File: ...
    def unstrip_protocol(self, name: str) -> str: ...


def found(pattern: str, names_in_directory: Iterable[str]) -> list[Found]:
    """Return the objects that a URL, a glob or a directory means; of a directory those with names like these."""
    files, path = _file_system(pattern)
    info = _asked(pattern, lambda: _info(files, path))
    if info is not None and info["type"] != "directory":  # also an object that is called like a glob
        return [Found(pattern, info.get("size"))]
    infos: Iterable[Mapping[str, Any]] = ()
    if info is not None:
        names = tuple(names_in_directory)
        inside = _asked(pattern, lambda: files.ls(path, detail=True))
        infos = [each for each in inside if _is_named(str(each["name"]), names)]
    elif any(each in path for each in _GLOB_SIGNS):
        infos = _asked(pattern, lambda: files.glob(path, detail=True)).values()
    return [
        Found(_url_of(str(each["name"]), pattern, files, path), each.get("size")) for each in infos if _is_file(each)
    ]


def _url_of(name: str, pattern: str, files: _FileSystem, path: str) -> str:
    """Return the URL of what was found: with the host and the user of the pattern, which are in no name."""
    before, path, _ = pattern.rstrip("/").rpartition(path.strip("/"))
    return before + name.lstrip("/") if path else files.unstrip_protocol(name)


class ObjectFile:
    """An object; each read is a request, of more and more bytes."""

    def __init__(self, url: str) -> None:
        self._url = url
        files, path = _file_system(url)
        self._file = _asked(url, lambda: files.open(path, "rb", cache_type="none"))
        self.size = cast("int | None", getattr(self._file, "size", None))
        self._block = b""
        self._starts = 0
        self._wanted = _FIRST_BYTES

    def read(self, offset: int, length: int) -> bytes:
        """Return up to `length` bytes from `offset` on, none at the end; raise LostError or InputError."""
        start = offset - self._starts
        if not 0 <= start < len(self._block):
            self._fetch(offset)
            start = 0
        return self._block[start : start + length]

    def close(self) -> None:
        """Forget what was read ahead; the connections belong to the library."""
        self._block = b""

    def _fetch(self, offset: int) -> None:
        self._block = b""  # only one at a time is in memory
        try:
            self._file.seek(offset)
            self._block = self._file.read(self._wanted)
        except Exception as error:
            if (said := translated(self._url, error)) is None:
                raise
            raise said from error
        self._starts = offset
        self._wanted = min(2 * self._wanted, _MOST_BYTES)


def _file_system(url: str) -> tuple[_FileSystem, str]:
    """Return the file system of a URL, and the path in it; raise UsageError if there is none for it."""
    scheme = scheme_of(url) or ""
    try:
        import fsspec
        from fsspec.config import conf
    except ImportError:
        raise UsageError(_what_is_missing(url, scheme)) from None
    for name in _LOGGERS:
        _silence(logging.getLogger(name))
    if scheme not in fsspec.available_protocols():
        raise UsageError(f"{shown(url)} cannot be read: there are s3://, gs://, http://, https://, file:// and more")
    options: dict[str, Any] = {}
    if scheme == "s3":
        theirs = conf.get("s3", {}).get("config_kwargs")
        options["config_kwargs"] = {**_S3_CONFIG, **theirs} if isinstance(theirs, dict) else dict(_S3_CONFIG)
    try:
        files, path = fsspec.url_to_fs(url, **options)
    except ImportError:
        raise UsageError(_what_is_missing(url, scheme)) from None
    except Exception as error:
        raise UsageError(f"{shown(url)} cannot be read: {why(error)}") from error
    if scheme == "s3":
        files.retries = 1  # as above
    return files, path


def _silence(logger: logging.Logger) -> None:
    """Keep a library from writing to stderr where nobody has said what is to become of its records."""
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())


def _what_is_missing(url: str, scheme: str) -> str:
    extra = _EXTRAS.get(scheme)
    remedy = (
        f"in the clone of logship, pip install '.[{extra}]'" if extra else f"install what fsspec needs for {scheme}"
    )
    return f"{shown(url)} cannot be read without more packages: {remedy}"


def _info(files: _FileSystem, path: str) -> Mapping[str, Any] | None:
    try:
        return files.info(path)
    except FileNotFoundError:
        return None


def _is_file(info: Mapping[str, Any]) -> bool:
    return info["type"] != "directory" and not str(info["name"]).endswith("/")


def _is_named(path: str, names: tuple[str, ...]) -> bool:
    return any(fnmatchcase(path.rpartition("/")[2], name) for name in names)


def _asked(url: str, ask: Callable[[], _T]) -> _T:
    """Return what a file system answers; raise InputError."""

    def attempt() -> _T:
        try:
            return ask()
        except Exception as error:
            if (said := translated(url, error)) is None:
                raise
            raise said from error

    try:
        return again_and_again(attempt)
    except LostError as error:
        raise InputError(f"{shown(url)} cannot be read: {error}") from error
