"""A name and a password come in; whether they are those of a user goes out.

Passwords are stored as bcrypt hashes, each check of which takes some 50 ms of a processor on purpose. A scraper comes
again and again with the same one, so what was found is remembered under a keyed digest, which tells nothing about
the password. What is new is checked one after the other: a flood of guesses keeps one processor busy, not the
scrapes. An unknown name costs as much as a wrong password, and both get the same answer.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import hmac
import secrets
from collections import OrderedDict
from collections.abc import Callable, Mapping

MOST_REMEMBERED = 128
"""Of each kind, right ones and wrong ones: guesses do not push out who is right."""

MOST_WAITING = 16
"""Checks that wait for their turn; more are told to come again."""

_MOST_PASSWORD_BYTES = 72
"""bcrypt looks at no more; some versions of the library refuse longer ones, htpasswd cuts them as well."""

_NOBODY = (b"", b"")


class BusyError(Exception):
    """There are too many checks under way."""


class Passwords:
    """Check names and passwords, in the thread of one event loop.

    Args:
        matches: Whether a password has a hash.
    """

    def __init__(self, matches: Callable[[bytes, bytes], bool]) -> None:
        self._matches = matches
        self._key = secrets.token_bytes(32)
        self._right: OrderedDict[bytes, bool] = OrderedDict()
        self._wrong: OrderedDict[bytes, bool] = OrderedDict()
        self._turn = asyncio.Lock()
        self._waiting = 0

    async def are_right(self, authorization: bytes, hashes: Mapping[str, str]) -> bool:
        """Return whether an `Authorization` header names a user of `hashes` and the password.

        Raises:
            BusyError: Too many others are to be checked before.
        """
        name, password = credentials(authorization)
        stored, is_user = self._stored(name, hashes), _text(name) in hashes
        digest = self._digest(b"user" if is_user else b"nobody", name, stored, password)
        if (known := self._remembered(digest)) is not None:
            return known
        if self._waiting >= MOST_WAITING:
            raise BusyError
        self._waiting += 1
        try:
            async with self._turn:
                if (known := self._remembered(digest)) is None:
                    has_matched = await asyncio.to_thread(self._matches, password[:_MOST_PASSWORD_BYTES], stored)
                    known = has_matched and is_user
                    self._remember(digest, is_right=known)
                return known
        finally:
            self._waiting -= 1

    def _stored(self, name: bytes, hashes: Mapping[str, str]) -> bytes:
        """Return the hash of a user; for nobody that of somebody, always the same, as costs may differ."""
        known = hashes.get(_text(name))
        if known is None:
            number = int.from_bytes(self._digest(name), "big") % len(hashes)
            known = hashes[sorted(hashes)[number]]
        return known.encode()

    def _digest(self, *parts: bytes) -> bytes:
        framed = b"".join(len(part).to_bytes(8, "big") + part for part in parts)
        return hmac.digest(self._key, framed, hashlib.sha256)

    def _remembered(self, digest: bytes) -> bool | None:
        for kept in (self._right, self._wrong):
            if digest in kept:
                kept.move_to_end(digest)
                return kept[digest]
        return None

    def _remember(self, digest: bytes, *, is_right: bool) -> None:
        kept = self._right if is_right else self._wrong
        kept[digest] = is_right
        if len(kept) > MOST_REMEMBERED:
            kept.popitem(last=False)


def credentials(authorization: bytes) -> tuple[bytes, bytes]:
    """Return name and password of an `Authorization` header of the scheme Basic (RFC 7617); empty ones without it."""
    scheme, _, encoded = authorization.strip().partition(b" ")
    if scheme.lower() != b"basic":
        return _NOBODY
    try:
        name, colon, password = base64.b64decode(encoded.strip(), validate=True).partition(b":")
    except binascii.Error:
        return _NOBODY
    return (name, password) if colon else _NOBODY


def _text(name: bytes) -> str:
    return name.decode("utf-8", "surrogateescape")
