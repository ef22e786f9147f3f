"""Write the lines of series as `prometheus_client` would: templates with a place for each number, and the numbers.

https://prometheus.io/docs/instrumenting/exposition_formats/ has the text format, and
https://prometheus.io/docs/specs/om/open_metrics_spec/ exemplars and times of creation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import NamedTuple

from prometheus_client.utils import floatToGoString

from logship.measure import Exemplar
from logship.model import Constant

_PLAIN = 1_000_000
"""Numbers from zero up to this are written without an exponent."""

_ONE_DIGIT = 10**10
"""Numbers up to this are written with an exponent of one digit, which a zero goes before."""

_LE = "le"


class Form(NamedTuple):
    """How the numbers of a series stand in a template of bytes.

    Attributes:
        whole: In place of a whole number.
        real: In place of any other.
    """

    whole: str
    real: str


DIGITS = Form("%d.0", "%a")
"""The numbers themselves are filled in: several times faster than texts, for numbers without an exponent."""

TEXTS = Form("%b", "%b")
"""Texts of any kind."""


def form_of(count: int, number: float = 0) -> Form:
    """Return how a series is written, by its largest count and its other number."""
    return DIGITS if count < _PLAIN and 0 <= number < _PLAIN else TEXTS


def escaped(text: str) -> str:
    """Return the value of a label as it stands between quotes."""
    return text.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")


def count_text(count: int) -> str:
    """Return a count as Go writes it."""
    digits = str(count)
    if count < _PLAIN:
        return f"{digits}.0"
    if count < _ONE_DIGIT:
        return f"{digits[0]}.{digits[1:]}".rstrip("0.") + f"e+0{len(digits) - 1}"
    return str(floatToGoString(count))  # type: ignore[no-untyped-call]


def number_text(number: float) -> str:
    """Return a number as Go writes it."""
    return repr(number) if 0 <= number < _PLAIN else str(floatToGoString(number))  # type: ignore[no-untyped-call]


class _Labels:
    """Write the labels of series with the same names of labels, sorted by name, into templates."""

    def __init__(self, names: Sequence[str], constant: Constant) -> None:
        places = {name: f"{{{place}}}" for place, name in enumerate(names)}
        texts = {name: _for_template(value).replace("{", "{{").replace("}", "}}") for name, value in constant}
        pairs = [(name, f'{name}="{value}"') for name, value in sorted({**places, **texts}.items())]
        self._all = f"{{{{{','.join(text for _, text in pairs)}}}}}" if pairs else ""
        self._before = "".join(f"{text}," for name, text in pairs if name < _LE)
        self._behind = "".join(f",{text}" for name, text in pairs if name > _LE)

    def all(self, values: Sequence[str]) -> str:
        """Return all labels of a series in braces; nothing for a series without labels."""
        return self._all.format(*map(_for_template, values))

    def around_le(self, values: Sequence[str]) -> tuple[str, str, str]:
        """Return all labels, and what stands before and behind the bound of a bucket."""
        texts = [_for_template(value) for value in values]
        return self._all.format(*texts), self._before.format(*texts), self._behind.format(*texts)


def _for_template(value: str) -> str:
    return escaped(value).replace("%", "%%")


class CounterLines:
    """Write series of a counter; `name` is that of the family, without `_total`."""

    def __init__(self, name: str, labels: Sequence[str], constant: Constant) -> None:
        self._name = name
        self._labels = _Labels(labels, constant)

    def template(self, values: Sequence[str], created: float | None, form: Form) -> str:
        """Return the lines of a series that was created at a time, with a place for its value."""
        labels = self._labels.all(values)
        return f"{self._name}_total{labels} {form.whole}\n{_created(self._name, labels, created)}"


class GaugeLines:
    """Write series of a gauge."""

    def __init__(self, name: str, labels: Sequence[str], constant: Constant) -> None:
        self._name = name
        self._labels = _Labels(labels, constant)

    def template(self, values: Sequence[str], form: Form) -> str:
        """Return the line of a series, with a place for its value."""
        return f"{self._name}{self._labels.all(values)} {form.real}\n"


class HistogramLines:
    """Write series of a histogram; `bounds` are the upper ones of its buckets, without infinity."""

    def __init__(self, name: str, labels: Sequence[str], constant: Constant, bounds: Sequence[float]) -> None:
        self._name = name
        self._labels = _Labels(labels, constant)
        self._bounds = [str(floatToGoString(bound)) for bound in (*bounds, float("inf"))]  # type: ignore[no-untyped-call]
        self._has_sum = not bounds or bounds[0] >= 0

    def template(self, values: Sequence[str], created: float | None, form: Form) -> str:
        """Return the lines of a series that was created at a time, with places for its numbers."""
        labels, before, behind = self._labels.around_le(values)
        begin, end = f'{self._name}_bucket{{{before}le="', f'"{behind}}} {form.whole}\n'
        lines = [f"{begin}{bound}{end}" for bound in self._bounds]
        if self._has_sum:
            lines.append(f"{self._name}_count{labels} {form.whole}\n{self._name}_sum{labels} {form.real}\n")
        return "".join(lines) + _created(self._name, labels, created)

    def numbers(self, buckets: Sequence[int], total: float) -> list[float]:
        """Return the numbers of a series.

        Args:
            buckets: How many fell into each, not cumulative.
            total: The sum; it is left out, with the count, where there are buckets below zero.
        """
        numbers: list[float] = [*accumulate(buckets)]
        if self._has_sum:
            numbers += numbers[-1], total
        return numbers

    def texts(self, buckets: Sequence[int], total: float, exemplars: Mapping[int, Exemplar]) -> list[bytes]:
        """Return the same as texts, with exemplars of buckets by their numbers."""
        texts = list(map(count_text, accumulate(buckets)))
        if self._has_sum:
            texts += texts[-1], number_text(total)
        for place, exemplar in exemplars.items():
            texts[place] += _exemplar(exemplar)
        return list(map(str.encode, texts))


def _created(name: str, labels: str, at: float | None) -> str:
    return "" if at is None else f"{name}_created{labels} {number_text(at)}\n"


def _exemplar(exemplar: Exemplar) -> str:
    at = f" {exemplar.at}" if exemplar.at else ""
    return f' # {{trace_id="{escaped(exemplar.trace_id)}"}} {number_text(exemplar.value)}{at}'
