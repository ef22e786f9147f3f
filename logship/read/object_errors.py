"""Say in one line what a file system of fsspec could not do, and whether another attempt may help."""

from __future__ import annotations

import errno

from logship.errors import InputError
from logship.read.attempts import LostError, why
from logship.read.urls import scheme_of, shown

_REMEDIES = {
    "s3": "set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; FSSPEC_S3_ANON=true reads public buckets",
    "gs": "set GOOGLE_APPLICATION_CREDENTIALS; FSSPEC_GS_TOKEN=anon reads public buckets",
}

_TRIES_ITSELF = {"gs"}
"""Schemes whose library cannot be told to leave further attempts to us."""

# Told by name, as the packages that have them need not be there: botocore, aiohttp, gcsfs, google.auth.
_LOST = {"HTTPClientError", "ClientError", "ConnectionError", "TimeoutError", "IncompleteRead"}
_NOT_SIGNED_IN = {"NoCredentialsError", "PartialCredentialsError", "DefaultCredentialsError"}
_CHANGED = {"FileExpired"}
_BUSY = (errno.EBUSY, errno.EIO, getattr(errno, "EREMOTEIO", errno.EIO), errno.ECONNRESET, errno.EPIPE)


def translated(url: str, error: Exception) -> Exception | None:
    """Return InputError or LostError for the error of a file system, None for one that is not its own."""
    kinds = {each.__name__ for each in type(error).__mro__}
    scheme = scheme_of(url) or ""
    remedy = _REMEDIES.get(scheme, "check the credentials")
    is_changed = bool(kinds & _CHANGED)
    is_lost = bool(kinds & _LOST) or (isinstance(error, OSError) and error.errno in _BUSY)
    if is_lost and not is_changed and scheme not in _TRIES_ITSELF:
        return LostError(why(error))
    if kinds & _NOT_SIGNED_IN:
        what = f"cannot be read without credentials: {remedy}"
    elif isinstance(error, FileNotFoundError):
        what = "is not there"
    elif isinstance(error, PermissionError):
        what = f"may not be read ({why(error)}): {remedy}"
    elif is_changed:
        what = "was changed while it was read; everything before that was counted"
    elif isinstance(error, OSError | ValueError | NotImplementedError) or _is_foreign(error):
        what = f"cannot be read: {why(error)}"
    else:
        return None
    return InputError(f"{shown(url)} {what}")


def _is_foreign(error: Exception) -> bool:
    """Return whether a package of somebody else raises it, and so means it."""
    return type(error).__module__.partition(".")[0] not in {"builtins", "logship"}
