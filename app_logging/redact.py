"""A query string comes in, the same goes out with the values of secret parameters replaced; names and order stay."""

from __future__ import annotations

from urllib.parse import unquote_plus

REDACTED = "[REDACTED]"

SECRET_PARAMETERS = frozenset(
    {
        "access_token",
        "api_key",
        "auth",
        "client_secret",
        "code",
        "id_token",
        "jwt",
        "key",
        "password",
        "refresh_token",
        "secret",
        "session",
        "sig",
        "signature",
        "token",
        "x-amz-credential",
        "x-amz-security-token",
        "x-amz-signature",
    }
)
"""In lower case; whole names only, so that `token_count` or `keyboard` stay readable."""


def redact_query(query: str) -> str:
    """Replace the values of secret parameters, however the name is written (`%74oken`, `TOKEN`)."""
    return "&".join(_redact_pair(pair) for pair in query.split("&"))


def _redact_pair(pair: str) -> str:
    name, separator, _value = pair.partition("=")
    is_secret = separator and unquote_plus(name).strip().lower() in SECRET_PARAMETERS
    return f"{name}={REDACTED}" if is_secret else pair
