"""Which names stand for secrets: the name of a field, a header or a query parameter comes in, a claim goes out.

A name is taken apart into words at separators and capitals, so `X-Api-Key`, `api_key` and `apiKey` are one name.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

SECRET_WORDS = frozenset(
    {"bearer", "cookie", "cookies", "cvc", "cvv", "jwt", "otp", "pin", "pwd", "sid", "ssn", "token", "totp"}
)
"""A name with one of these words among its words is secret: `auth_token`, `Set-Cookie`."""

SECRET_NAMES = frozenset({"auth", "pass", "dbpass", "userpass", "session", "tokens"})
"""Whole names, without separators, whose words are too common to be secret in any name."""

SECRET_PARTS = re.compile(
    "password|passwd|passphrase|passcode|secret(?!ar)|credential|authorization|csrf|xsrf|sessionid|sessionkey"
    "|apikey|privatekey|accesskey|encryptionkey|signingkey|cardnumber|creditcard|token$|(access|refresh|auth|id)tokens"
)
"""Found anywhere in a name without separators: `dbPassword`, `MYSECRETKEY`; but no secretary."""

HARMLESS_ENDINGS = frozenset(
    {
        *("age", "at", "count", "counts", "enabled", "expires", "expiry", "in", "len", "length", "limit", "max", "min"),
        *("ms", "seconds", "size", "total", "ttl", "type", "usage", "used", "valid"),
    }
)
"""A name that ends in one of these tells about a secret, not the secret: `token_count`, `password_length`."""

SECRET_PARAMETERS = frozenset(
    {
        *("access_token", "api_key", "auth", "client_secret", "code", "id_token", "jwt", "key", "password"),
        *("refresh_token", "secret", "session", "sig", "signature", "token"),
        *("x-amz-credential", "x-amz-security-token", "x-amz-signature"),
    }
)
"""Query parameters that are secret beyond what the names of fields are: there, `code` and `key` are too common."""

MAX_CACHED = 4096
"""Names decided about that are remembered: an application has some hundred, an attacker has any number."""

MAX_NAME_CHARACTERS = 256
"""Longer names are judged by their beginning and their end."""


class SecretNames:
    """Decide about names and remember the decisions; safe for threads.

    Args:
        more: Names that are secret besides; case and separators do not matter.
        fewer: Names that are not, whatever the rules say.
    """

    def __init__(self, more: Collection[str] = (), fewer: Collection[str] = ()) -> None:
        self._more = frozenset(map(_compact, more))
        self._fewer = frozenset(map(_compact, fewer))
        self._parameters = frozenset(map(_compact, SECRET_PARAMETERS))
        self.harmless: set[str] = set()
        """Names of fields that are known not to be secret; for a quick look at many at once."""
        self._secret: set[str] = set()

    def is_secret(self, name: str) -> bool:
        """Say whether a field or a header of that name holds a secret."""
        if name in self.harmless:
            return False
        if name in self._secret:
            return True
        verdict = self._judge(name)
        known = self._secret if verdict else self.harmless
        if len(known) >= MAX_CACHED:
            known.clear()
        if len(name) <= MAX_NAME_CHARACTERS:
            known.add(name)
        return verdict

    def is_secret_parameter(self, name: str) -> bool:
        """Say whether a query parameter of that name holds a secret."""
        compact = _compact(name)
        return (compact in self._parameters and compact not in self._fewer) or self.is_secret(name)

    def _judge(self, name: str) -> bool:
        words = _words(name)
        compact = "".join(words)
        if compact in self._more:
            return True
        if compact in self._fewer or not words or words[-1] in HARMLESS_ENDINGS:
            return False
        return compact in SECRET_NAMES or not SECRET_WORDS.isdisjoint(words) or bool(SECRET_PARTS.search(compact))


def _words(name: str) -> list[str]:
    if len(name) > MAX_NAME_CHARACTERS:
        name = f"{name[: MAX_NAME_CHARACTERS // 2]} {name[-MAX_NAME_CHARACTERS // 2 :]}"
    separated = re.sub("(?<=[a-z0-9])(?=[A-Z])", " ", name).lower()
    return re.findall(r"[^\W_]+", separated)


def _compact(name: str) -> str:
    return "".join(_words(name))
