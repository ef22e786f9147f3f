"""Keep the lines of the series of a family from one scrape to the next, in pages of some neighbours each.

What never changes in the lines of a page, names and labels, is one template; its numbers are filled in at once, and
only when one of them changed. A published number is never changed in place: a series is as it was when its value is
the same object.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from operator import is_not
from typing import Any, Generic, Protocol, TypeVar

from logship.expose.lines import Form

Key = TypeVar("Key", bound=tuple[Any, ...])
Value = TypeVar("Value")

Key_contra = TypeVar("Key_contra", bound=tuple[Any, ...], contravariant=True)
Value_contra = TypeVar("Value_contra", contravariant=True)

_PAGE = 8
"""Series in a page, on average."""

_MISSING = object()


class Writer(Protocol[Key_contra, Value_contra]):
    """Writes the lines of one series."""

    def form(self, key: Key_contra, value: Value_contra, /) -> Form | None:
        """Return how its numbers are written; None when it has no lines."""

    def template(self, key: Key_contra, form: Form, /) -> str:
        """Return the lines with a place for each number."""

    def numbers(self, key: Key_contra, value: Value_contra, form: Form, /) -> Sequence[float | bytes]:
        """Return the numbers."""


@dataclass(slots=True)
class _Page(Generic[Key, Value]):
    keys: tuple[Key, ...]
    values: Sequence[Value] = ()
    forms: Sequence[Form | None] = ()
    template: bytes = b""
    text: bytes = b""


class Pages(Generic[Key, Value]):
    """The lines of the series of a family, sorted by key."""

    def __init__(self, writer: Writer[Key, Value]) -> None:
        self._writer = writer
        self._pages: dict[tuple[Key, ...], _Page[Key, Value]] = {}
        self._keys: AbstractSet[Key] = frozenset()

    def lines(
        self,
        values: Mapping[Key, Value],
        renamed: AbstractSet[object] = frozenset(),
        touched: AbstractSet[object] = frozenset(),
    ) -> list[bytes]:
        """Return the lines.

        Args:
            values: The series.
            renamed: Those with another template than before.
            touched: Those with other numbers than before though their values are the same.
        """
        if values.keys() != self._keys:
            self._keys = frozenset(values)
            self._pages = {keys: self._pages.get(keys) or _Page(keys) for keys in _divided(sorted(values))}
        for page in self._pages.values():
            now = list(map(values.__getitem__, page.keys))
            is_renamed = bool(renamed) and not renamed.isdisjoint(page.keys)
            is_touched = bool(touched) and not touched.isdisjoint(page.keys)
            if is_renamed or is_touched or len(page.values) != len(now) or any(map(is_not, now, page.values)):
                self._write(page, now, is_renamed=is_renamed)
        return [page.text for page in self._pages.values()]

    def _write(self, page: _Page[Key, Value], values: Sequence[Value], *, is_renamed: bool) -> None:
        forms = list(map(self._writer.form, page.keys, values))
        if is_renamed or forms != page.forms:
            page.forms = forms
            shown = ((key, form) for key, form in zip(page.keys, forms, strict=True) if form)
            page.template = "".join(self._writer.template(key, form) for key, form in shown).encode()
        numbers: list[float | bytes] = []
        for key, value, form in zip(page.keys, values, forms, strict=True):
            if form:
                numbers += self._writer.numbers(key, value, form)
        page.values = values
        page.text = page.template % tuple(numbers)


def _divided(keys: Sequence[Key]) -> Iterator[tuple[Key, ...]]:
    """Yield the keys page by page; where a page begins its first key says, so that a new series changes one page."""
    begin = 0
    for place in range(1, len(keys) + 1):
        if place == len(keys) or hash(keys[place]) % _PAGE == 0:
            yield tuple(keys[begin:place])
            begin = place


def changed(before: Mapping[Key, object], now: Mapping[Key, object]) -> set[Key]:
    """Return the keys that have another value now, have come or have gone."""
    if now is before:
        return set()
    found = {key for key, value in now.items() if before.get(key, _MISSING) is not value}
    return found | (before.keys() - now.keys())
