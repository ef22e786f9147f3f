"""Secrets that are known by their looks, wherever they stand: a text comes in, the same without them goes out.

Off by default: looking at every text costs as much as the rest of a log call. The quick look at the rendered record
keeps that for the records in which something looks like a secret.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

REDACTED: Final = "[REDACTED]"

LUHN_DIGITS = range(13, 20)
"""How many digits a card number has (ISO/IEC 7812)."""

EVEN_DIGIT_MAX = 9

Replace = Callable[[re.Match[str]], str]


@dataclass(frozen=True, slots=True)
class ValuePattern:
    """What a secret looks like.

    Attributes:
        quick: Finds no less in the rendered record than `pattern` in its texts; None: look at every text.
        pattern: What is replaced.
        replace: By what.
    """

    quick: re.Pattern[bytes] | None
    pattern: re.Pattern[str]
    replace: Replace


def _all(_match: re.Match[str]) -> str:
    return REDACTED


def _card(match: re.Match[str]) -> str:
    digits = [int(character) for character in match[0] if character.isdecimal()]
    return REDACTED if len(digits) in LUHN_DIGITS and _passes_luhn(digits) else match[0]


def _passes_luhn(digits: list[int]) -> bool:
    doubled = [digit * 2 for digit in digits[-2::-2]]
    return (sum(digits[-1::-2]) + sum(d - EVEN_DIGIT_MAX if d > EVEN_DIGIT_MAX else d for d in doubled)) % 10 == 0


NAMED_PATTERNS = {
    "bearer": ValuePattern(
        re.compile(rb"(?i)(?:bearer|basic)"),
        re.compile(r"(?i)\b(bearer|basic)\s+[a-z0-9._~+/-]{8,}=*"),
        lambda match: f"{match[1]} {REDACTED}",
    ),
    "jwt": ValuePattern(
        re.compile(rb"eyJ"),
        # One attempt per run of letters, and no way back in it: linear, whatever the text.
        re.compile(r"(?<![\w-])((?>[\w-]*?\b(?=eyJ)))eyJ[\w-]{5,}+\.[\w-]{5,}+(?:\.[\w-]*+)*+"),
        lambda match: f"{match[1]}{REDACTED}",
    ),
    "card": ValuePattern(
        re.compile(rb"[2-6](?:[ -]?\d){12}"),
        re.compile(r"(?<![\w.-])[2-6](?:[ -]?[0-9]){12,18}(?![.-]?\w)"),
        _card,
    ),
}
"""The patterns that go by a name; card numbers must have a right check digit (Luhn) and a card's first digit."""


class SecretValues:
    """Replace what matches one of the patterns."""

    def __init__(self, patterns: tuple[ValuePattern, ...]) -> None:
        self._patterns = patterns

    def may_be_in(self, encoded: bytes) -> bool:
        """Say whether a rendered record is worth a closer look."""
        return any(pattern.quick is None or pattern.quick.search(encoded) for pattern in self._patterns)

    def without(self, value: object) -> object:
        """Return a tree of plain values without the secrets in its texts; a number that is one becomes text."""
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, dict):
            return {self._text(key): self.without(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.without(item) for item in value]
        if isinstance(value, int) and self._text(str(value)) == REDACTED:
            return REDACTED
        return value

    def _text(self, text: str) -> str:
        for pattern in self._patterns:
            text = pattern.pattern.sub(pattern.replace, text)
        return text


def value_patterns(names: tuple[str | re.Pattern[str], ...]) -> tuple[ValuePattern, ...]:
    """Return the patterns of those names; a pattern of the caller's own is replaced as a whole. KeyError if unknown."""
    return tuple(NAMED_PATTERNS[each] if isinstance(each, str) else ValuePattern(None, each, _all) for each in names)
