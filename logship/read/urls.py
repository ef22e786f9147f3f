"""Tell URLs from paths, and show them without the secrets that they can carry."""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import unquote

MASK = "***"

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_ALIASES = {"s3a": "s3", "gcs": "gs"}
_IN_TEXT = re.compile(r"\b[A-Za-z][A-Za-z0-9+.-]*://[^\s'\"]*[^\s'\",:;()]")
_USER = re.compile(r"(?<=://)(?:[^/?#@]*@|(?![^/:@]*:\d+(?:[/?#]|$))[^/:@]*:[^@]*@)")
"""Who signs in: all up to the `@`, also where the password has a slash; `host:8080/` is none."""

_QUERY = re.compile(r"[?#].*", re.DOTALL)
_PARAMETER = re.compile(r"([?&;#])([^=&;#]*=)?+[^&;#]+")
_NAMED_PARAMETER = re.compile(r"([?&][^=&/]*=)[^&/]+")


class Found(NamedTuple):
    """An object that is there: where, and its length in bytes as stored, None where the server does not say."""

    url: str
    size: int | None


def scheme_of(path: str) -> str | None:
    """Return the scheme of a URL in lower case, the usual one of several names; None for a path."""
    found = _SCHEME.match(path)
    if found is None:
        return None
    scheme = found[1].lower()
    return _ALIASES.get(scheme, scheme)


def is_url(path: str) -> bool:
    """Return whether what a user names is behind a URL; `file://` only says in another way where a file is."""
    return scheme_of(path) not in {None, "file"}


def is_web(url: str) -> bool:
    """Return whether a web server is asked for it."""
    return scheme_of(url) in {"http", "https"}


def without_file_scheme(path: str) -> str:
    """Return the path that a `file://` URL means (RFC 8089), anything else as it is."""
    if scheme_of(path) != "file":
        return path
    return unquote(path[len("file://") :].removeprefix("localhost"))


def with_usual_scheme(url: str) -> str:
    """Return a URL with the usual name of its scheme, so that two spellings are one object."""
    return f"{scheme_of(url)}://{url.partition('://')[2]}"


def without_query(url: str) -> str:
    """Return an http URL up to its query, where a name ends; anything else as it is."""
    return re.split("[?#]", url, maxsplit=1)[0] if is_web(url) else url


def matches(url: str, pattern: str) -> bool:
    """Return whether a pattern, a URL or a directory of URLs means a URL; `*` ends at a slash, `**/` at none."""
    if not is_url(pattern):
        return False
    wanted, name = with_usual_scheme(pattern), with_usual_scheme(without_query(url))
    return with_usual_scheme(url) == wanted or any(
        re.fullmatch(_regex_of(each), name) for each in (wanted, wanted.rstrip("/") + "/*")
    )


def shown(path: str) -> str:
    """Return what a user named as it may be shown: of a URL without users, passwords, values of query parameters.

    In what follows the scheme of an object store a `?` is part of a glob unless a name and a value follow it.
    """
    if not is_url(path):
        return path
    url = _USER.sub(f"{MASK}@", path)
    if not is_web(path):
        return _NAMED_PARAMETER.sub(rf"\1{MASK}", url)
    return _QUERY.sub(lambda query: _PARAMETER.sub(_masked_parameter, query[0]), url)


def masked(text: str) -> str:
    """Return a message with the secrets in its URLs masked."""
    return _IN_TEXT.sub(lambda url: shown(url[0]), text)


def _regex_of(pattern: str) -> str:
    signs = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    pieces = re.split(r"(\*\*/|\*\*|\*|\?|\[[^]]+\])", pattern)
    return "".join(signs.get(piece, piece if piece[:1] == "[" else re.escape(piece)) for piece in pieces)


def _masked_parameter(parameter: re.Match[str]) -> str:
    return f"{parameter[1]}{parameter[2] or ''}{MASK}"
