"""Secrets leave the record: fields by their names, query parameters by theirs, the user in a url, values on demand.

Values come in, the same come out with `[REDACTED]` in the place of secrets; names and order stay, nothing is changed
in place. Bounded: nothing deeper or longer is looked at than a record can hold.
"""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import operator
import re
import uuid
from collections import UserList, deque
from collections.abc import Collection, Mapping, ValuesView
from collections.abc import Set as AbstractSet
from types import SimpleNamespace
from typing import Any
from urllib.parse import unquote_plus

import orjson

from app_logging.cleaning import CUT, key_text, to_text, unprintable
from app_logging.secret_names import SECRET_PARAMETERS, SecretNames
from app_logging.secret_values import REDACTED, SecretValues, value_patterns

__all__ = ["REDACTED", "SECRET_PARAMETERS", "Redactor", "redact_query", "redact_url"]

PLAIN = frozenset(
    {
        *(str, int, float, bool, type(None), bytes),
        *(dt.datetime, dt.date, dt.time, dt.timedelta, decimal.Decimal, uuid.UUID),
    }
)
"""Types that hold no other values."""

CONTAINERS = frozenset({dict, list, tuple})
"""Other objects print themselves in their own way as arguments of a message, unless there is a secret in them."""

REDACTED_BYTES = REDACTED.encode()
AT_SIGN, EQUALS_SIGN = b"@="
"""As numbers: to look for bytes of length one in a record, Python raises and forgets a TypeError first."""

MAX_DEPTH = 12
MAX_ITEMS = 32 * 1024
"""More values do not fit into a record of 64 KiB: each takes two bytes at the least."""

MAX_URL_NAMES = 1024
"""Names of query parameters whose decisions are remembered."""

USER_INFO = re.compile(rb'://[^/\s"\\?#<>]*@')
MARKS_BEFORE_NAME = bytes.maketrans(b"?;#", b"&&&")
"""What stands before the name of a parameter, made one."""

PARAMETER_NAME = re.compile(rb'[^=&;#?\s"\\]+')
MAX_PARAMETER_CHARACTERS = 64
PARAMETER_VALUE = re.compile(rb'[^&#\s"\\<>]*')
"""In JSON as rendered: a quotation mark or a backslash ends a text or begins an escape, a url has neither."""

DECLARED = ("__dataclass_fields__", "__pydantic_fields__", "__struct_fields__", "__attrs_attrs__", "_fields")
"""Where the classes of dataclasses, pydantic, msgspec, attrs and named tuples list their fields."""


class Redactor:
    """Take secrets out of what is logged; safe for threads.

    Args:
        names: Decides about the names of fields and parameters.
        values: Patterns that are looked for in all texts, by name ("bearer", "jwt", "card") or compiled.
    """

    def __init__(self, names: SecretNames | None = None, values: Collection[str | re.Pattern[str]] = ()) -> None:
        self._names = names or SecretNames()
        self._harmless = self._names.harmless
        self._values = SecretValues(value_patterns(tuple(values))) if values else None
        self._parameters: dict[bytes, bool] = {}

    def fields(self, fields: dict[str, Any]) -> dict[str, Any]:
        """Return the fields of a record without secrets: the same dict, if there are none."""
        # Two looks at all keys and all types at once, in C: what most records get away with.
        try:
            is_plain = self._harmless.issuperset(fields) and PLAIN.issuperset(map(type, fields.values()))
        except TypeError:  # a class that cannot be hashed
            is_plain = False
        return fields if is_plain else self._mapping(fields, (), [MAX_ITEMS])

    def value(self, value: object) -> Any:
        """Return a value that has no name, such as the argument of a message, without secrets."""
        return self._walk(value, (), [MAX_ITEMS])

    def arguments(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """Return the arguments of a message without secrets: the same tuple, if all are plain."""
        try:
            is_plain = PLAIN.issuperset(map(type, args))
        except TypeError:  # a class that cannot be hashed
            is_plain = False
        if is_plain:
            return args
        redacted = tuple(map(self._argument, args))
        return redacted if any(map(operator.is_not, redacted, args)) else args

    def _argument(self, value: object) -> Any:
        redacted = self.value(value)
        has_secret = redacted is not value and REDACTED in to_text(redacted)
        return redacted if has_secret or type(value) in CONTAINERS else value

    def encoded(self, record: bytes) -> bytes:
        """Return a rendered record without secrets in its texts: urls, and values that match the patterns."""
        if AT_SIGN in record:
            record = USER_INFO.sub(b"://" + REDACTED_BYTES + b"@", record)
        if EQUALS_SIGN in record:
            record = self._without_parameters(record)
        if self._values is not None and self._values.may_be_in(record):
            record = orjson.dumps(self._values.without(orjson.loads(record)))
        return record

    def query(self, query: str) -> str:
        """Return a query string without the values of secret parameters, however the names are written."""
        return "&".join(self._pair(pair) for pair in query.split("&"))

    def url(self, url: str) -> str:
        """Return a url without user info and without the values of secret parameters."""
        scheme, separator, rest = url.partition("://")
        authority, slash, path = rest.partition("/")
        if separator and "@" in authority:
            url = f"{scheme}://{REDACTED}@{authority.rpartition('@')[2]}{slash}{path}"
        before, hash_sign, fragment = url.partition("#")
        path, mark, query = before.partition("?")
        return f"{path}{mark}{self.query(query)}{hash_sign}{self.query(fragment)}"

    def _pair(self, pair: str) -> str:
        name, separator, _value = pair.partition("=")
        return f"{name}={REDACTED}" if separator and self._is_secret_parameter(name.encode()) else pair

    def _is_secret_parameter(self, name: bytes) -> bool:
        known = self._parameters.get(name)
        if known is None:
            known = self._names.is_secret_parameter(unquote_plus(name.decode(errors="replace")).strip())
            if len(self._parameters) >= MAX_URL_NAMES:
                self._parameters.clear()
            if len(name) <= MAX_PARAMETER_CHARACTERS and PARAMETER_NAME.fullmatch(name):
                self._parameters[name] = known
        return known

    def _without_parameters(self, record: bytes) -> bytes:
        pieces, done = [], 0
        end = record.find(b"=") + 1
        while end:
            # From the sign back to the name; one that is known needs no pattern, the dearest part of this.
            before = record[max(end - 1 - MAX_PARAMETER_CHARACTERS, 0) : end - 1].translate(MARKS_BEFORE_NAME)
            _rest, mark, name = before.rpartition(b"&")
            is_secret = self._parameters.get(name) if mark else False
            if is_secret is None:
                is_secret = PARAMETER_NAME.fullmatch(name) and self._is_secret_parameter(name)
            if is_secret:
                pieces += [record[done:end], REDACTED_BYTES]
                end = done = _end_of_value(record, end)
            end = record.find(b"=", end) + 1
        return b"".join((*pieces, record[done:])) if pieces else record

    def _walk(self, value: Any, seen: tuple[int, ...], budget: list[int]) -> Any:
        try:
            if type(value) in PLAIN:
                return value
            if len(seen) >= MAX_DEPTH or id(value) in seen:
                return CUT
            return self._container(value, (*seen, id(value)), budget)
        except Exception:  # noqa: BLE001 - a container may change under our hands or be a hostile subclass
            return unprintable(value)

    def _container(self, value: Any, seen: tuple[int, ...], budget: list[int]) -> Any:
        if isinstance(value, dict):
            return self._mapping(value, seen, budget)
        if isinstance(value, enum.Enum | orjson.Fragment):
            inner = value.value if isinstance(value, enum.Enum) else orjson.loads(orjson.dumps(value))
            return self._walk(inner, seen, budget)
        declared = _declared(value)
        if declared is not None:
            return self._mapping(declared, seen, budget)
        if isinstance(value, Mapping) or _is_headers(value):
            return self._mapping(dict(value.items()), seen, budget)
        if isinstance(value, list | tuple | AbstractSet | deque | UserList | ValuesView):
            return self._sequence(value, seen, budget)
        return value

    def _mapping(self, mapping: dict[Any, Any], seen: tuple[int, ...], budget: list[int]) -> dict[str, Any]:
        redacted = {}
        for key, value in dict.items(mapping):
            budget[0] -= 1
            if budget[0] < 0:
                break
            name = key if type(key) is str else key_text(key)
            if value is None or value is True or value is False or not self._names.is_secret(name):
                redacted[name] = self._walk(value, seen, budget)
            else:
                redacted[name] = REDACTED
        return redacted

    def _sequence(self, values: Any, seen: tuple[int, ...], budget: list[int]) -> Any:
        if _is_pair(values) and self._names.is_secret(key_text(values[0])):
            return [key_text(values[0]), REDACTED]  # a header
        if PLAIN.issuperset(map(type, values)):
            return values
        budget[0] -= len(values)
        kept = list(values)[: max(budget[0] + len(values), 0)]
        walked = [self._walk(each, seen, budget) for each in kept]
        return sorted(walked, key=repr) if isinstance(values, AbstractSet) else walked


class NoRedactor(Redactor):
    """Leave everything as it is."""

    def fields(self, fields: dict[str, Any]) -> dict[str, Any]:
        """Return the fields."""
        return fields

    def value(self, value: object) -> Any:
        """Return the value."""
        return value

    def encoded(self, record: bytes) -> bytes:
        """Return the record."""
        return record


def redact_query(query: str) -> str:
    """Return a query string without the values of secret parameters, however the names are written."""
    return _BY_DEFAULT.query(query)


def redact_url(url: str) -> str:
    """Return a url without user info and without the values of secret parameters."""
    return _BY_DEFAULT.url(url)


_BY_DEFAULT = Redactor()


def _end_of_value(record: bytes, start: int) -> int:
    value = PARAMETER_VALUE.match(record, start)
    return value.end() if value else start


def _is_pair(values: Any) -> bool:
    return isinstance(values, list | tuple) and len(values) == 2 and isinstance(values[0], str | bytes)  # noqa: PLR2004 - name and value


def _is_headers(value: object) -> bool:
    """Say whether it is like the headers of email, wsgiref and werkzeug, which are no mappings."""
    return hasattr(type(value), "get_all") and hasattr(type(value), "items")


def _declared(value: object) -> dict[str, Any] | None:
    """Return the fields of an object whose class declares them, None for other objects."""
    if isinstance(value, SimpleNamespace) or hasattr(type(value), "_get_kwargs"):  # argparse's namespace
        return dict(vars(value))
    for attribute in DECLARED:
        declared = getattr(type(value), attribute, None)
        if isinstance(declared, Mapping | tuple):
            names = [str(getattr(each, "name", each)) for each in declared]
            return {name: getattr(value, name, None) for name in names}
    return None
