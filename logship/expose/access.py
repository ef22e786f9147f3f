"""Who is let in, and how: TLS, users and headers of the answers, from a web configuration that may change meanwhile.

The options are those of Prometheus' exporter-toolkit. Files are looked at when a connection or a request comes: what
has changed is read again. What cannot be obeyed changes nothing; it is told once, and tried again.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from logship.errors import UsageError
from logship.expose.tls import TlsOptions, WebOptionError, server_context

_HASH = re.compile(r"\$2[abxy]\$(?:0[4-9]|[12][0-9]|3[01])\$[./A-Za-z0-9]{53}")
_HEADER_TEXT = re.compile(r"[\t\x20-\x7e]*")

_ALLOWED_HEADERS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "Content-Security-Policy": (),
        "Strict-Transport-Security": (),
        "X-Content-Type-Options": ("nosniff",),
        "X-Frame-Options": ("deny", "sameorigin"),
        "X-XSS-Protection": (),
    }
)
"""Headers that may be set, with their values where not any will do."""

RETRY_SECONDS = 1.0
"""How soon what could not be obeyed is tried again, though no file has changed: two may be written one after another
within one tick of the file system's clock."""


@dataclass(frozen=True, slots=True)
class HttpOptions:
    """How to answer.

    Attributes:
        http2: Taken, as other exporters have it; HTTP/1.1 is spoken in any case.
        headers: Headers of all answers, in the place of ours.
    """

    http2: bool = True
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class WebOptions:
    """A web configuration.

    Attributes:
        tls_server_config: How to encrypt; None answers in the clear.
        http_server_config: How to answer.
        basic_auth_users: Bcrypt hashes of passwords by the names of users; everybody is let in when there are none.
    """

    tls_server_config: TlsOptions | None = None
    http_server_config: HttpOptions = field(default_factory=HttpOptions)
    basic_auth_users: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Access:
    """What is obeyed now.

    Attributes:
        context: For the handshakes of new connections; None answers in the clear.
        allowed_sans: Names, one of which the certificate of a client must have.
        users: Bcrypt hashes by name.
        headers: Headers of all answers.
    """

    context: ssl.SSLContext | None = None
    allowed_sans: frozenset[str] = frozenset()
    users: Mapping[str, str] = field(default_factory=dict, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)


def access_of(options: WebOptions) -> Access:
    """Return what the options ask for; raise WebOptionError when it cannot be had."""
    _check_users(options.basic_auth_users)
    headers = _checked_headers(options.http_server_config.headers)
    tls = options.tls_server_config
    if tls is None:
        return Access(users=options.basic_auth_users, headers=headers)
    try:
        context = server_context(tls)
    except WebOptionError as error:
        raise WebOptionError(f"tls_server_config.{error.key}", str(error)) from None
    return Access(context, frozenset(tls.client_allowed_sans), options.basic_auth_users, headers)


def has_password(password: bytes, hashed: bytes) -> bool:
    """Return whether a password has a bcrypt hash; they are compared in constant time."""
    import bcrypt  # here, as few need it

    try:
        return bcrypt.checkpw(password, hashed)
    except ValueError:  # a NUL in the password, for some versions
        return False


def open_to_all() -> Access:
    """Return what is obeyed without a web configuration."""
    return Access()


class AccessFile:
    """A web configuration that is followed; called in the thread of the server.

    Args:
        path: Its file.
        read: Reads it; raises a UsageError, with file and line, when it cannot be obeyed.
        told: Told of each change: why it is not obeyed, or None when it is.
        monotonic: The clock.
    """

    def __init__(
        self,
        path: str,
        read: Callable[[], tuple[WebOptions, Access]],
        told: Callable[[str | None], None],
        monotonic: Callable[[], float],
    ) -> None:
        self._path = path
        self._read = read
        self._told = told
        self._monotonic = monotonic
        self._files = _files_of(path, read()[0])
        self._seen = _signature(self._files)
        self._access = read()[1]  # again, as it is by now: from here on no change is overlooked
        self._refused: str | None = None
        self._tried_at = monotonic()

    def __call__(self) -> Access:
        """Return what is obeyed now."""
        seen = _signature(self._files)
        is_due = self._refused is not None and self._monotonic() - self._tried_at >= RETRY_SECONDS
        if seen != self._seen or is_due:
            self._seen, self._tried_at = seen, self._monotonic()
            self._reread()
        return self._access

    def _reread(self) -> None:
        try:
            options, wanted = self._read()
            _refuse_opening(self._path, self._access, wanted)
        except UsageError as error:
            if str(error) != self._refused:
                self._refused = str(error)
                self._told(self._refused)
            return
        self._access, self._refused = wanted, None
        files = _files_of(self._path, options)
        if files != self._files:
            self._files, self._seen = files, _signature(files)
        self._told(None)


def _refuse_opening(path: str, now: Access, wanted: Access) -> None:
    """Raise UsageError when protection would end: a file that is just being written is empty for a moment."""
    if (now.context is None) != (wanted.context is None):
        raise UsageError(f"{path}: whether tls_server_config is there changes at a restart alone")
    if now.users and not wanted.users:
        raise UsageError(f"{path}: basic_auth_users is no longer there; to let everybody in, restart")


def _files_of(path: str, options: WebOptions) -> tuple[str, ...]:
    return (path, *(options.tls_server_config.files if options.tls_server_config is not None else ()))


def _signature(files: tuple[str, ...]) -> tuple[tuple[int, ...] | None, ...]:
    """Return what changes when one of the files is written or replaced."""
    return tuple(map(_stat, files))


def _stat(path: str) -> tuple[int, ...] | None:
    try:
        found = Path(path).stat()
    except (OSError, ValueError):
        return None
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def _check_users(users: Mapping[str, str]) -> None:
    for name, hashed in users.items():
        key = f"basic_auth_users.{name}"
        if ":" in name or not name:
            raise WebOptionError("basic_auth_users", f"the name {name!r} cannot be sent; leave the colon out")
        if not _HASH.fullmatch(hashed):  # the value is not shown: it may be the password itself
            raise WebOptionError(key, "this is no bcrypt hash; make one with: htpasswd -nBC 10 NAME")
    if users:
        try:
            import bcrypt  # noqa: F401 - whether it is there
        except ImportError:
            raise WebOptionError(
                "basic_auth_users", "the package bcrypt is not installed; pip install 'logship[basic-auth]'"
            ) from None


def _checked_headers(headers: Mapping[str, str]) -> Mapping[str, str]:
    for name, value in headers.items():
        key = f"http_server_config.headers.{name}"
        if name not in _ALLOWED_HEADERS:
            raise WebOptionError(key, f"{name} cannot be set here; known are {', '.join(_ALLOWED_HEADERS)}")
        allowed = _ALLOWED_HEADERS[name]
        if value and allowed and value.lower() not in allowed:
            raise WebOptionError(key, f"{value!r} is no value of {name}; give {' or '.join(allowed)}")
        if not _HEADER_TEXT.fullmatch(value):
            raise WebOptionError(key, f"{value!r} cannot be sent; give plain characters in one line")
    return {name: value for name, value in headers.items() if value}
