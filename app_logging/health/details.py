"""What probes say and raise comes in, details that anybody may read go out: short, on one line, without secrets."""

from __future__ import annotations

import re
from collections.abc import Collection

from app_logging.exceptions import class_name, message_of
from app_logging.secret_names import SecretNames
from app_logging.secret_values import REDACTED

MAX_DETAIL_CHARACTERS = 250
"""Fifty of them, in characters of four bytes, still fit into one record."""

MAX_LOOKED_AT_CHARACTERS = 4096

_USER_INFO = re.compile(r"://\S*@")
_SETTING = re.compile(r"""(?<![\w.-])([\w.-]+)["']?\s*[=:]\s*""")
"""What stands before a value in connection strings, urls, headers and messages of drivers."""

_VALUE = re.compile(r"""'[^']*'|"[^"]*"|(?:(?:[Bb]earer|[Bb]asic)\s+)?[^\s,;&]+""")

_names = SecretNames()


def detail_of(error: BaseException, known: Collection[str] = ()) -> str:
    """Return class and message of an exception as a detail."""
    message = message_of(error)
    return as_detail(f"{class_name(error)}: {message}" if message else class_name(error), known)


def as_detail(text: str, known: Collection[str] = ()) -> str:
    """Return a text as a detail: secrets that are `known`, users in urls and values of secret settings are redacted."""
    text = text[:MAX_LOOKED_AT_CHARACTERS]
    for secret in sorted(filter(None, known), key=len, reverse=True):
        text = text.replace(secret, REDACTED)
    text = "".join(each if each.isprintable() else "?" for each in " ".join(text.split()))
    text = _without_settings(_USER_INFO.sub(f"://{REDACTED}@", text))
    return text if len(text) <= MAX_DETAIL_CHARACTERS else f"{text[: MAX_DETAIL_CHARACTERS - 1]}…"


def _without_settings(text: str) -> str:
    pieces, done = [], 0
    for setting in _SETTING.finditer(text):
        value = _VALUE.match(text, setting.end())
        if value is not None and setting.start() >= done and _names.is_secret(setting[1]):
            pieces += [text[done : setting.end()], REDACTED]
            done = value.end()
    return "".join((*pieces, text[done:]))
