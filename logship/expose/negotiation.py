"""An `Accept` and an `Accept-Encoding` header come in, what to answer with goes out (RFC 9110, 12.4 and 12.5).

Whatever the headers hold there is an answer: who accepts nothing that is offered, or makes no sense, gets the text
format 0.0.4 as it is, as every Prometheus reads that.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # noqa: S105 - a token of HTTP
_QUOTED = r'"(?:[^"\\]|\\.)*"'
_ELEMENT = re.compile(rf"(?:{_QUOTED}|[^,\"])+")
_PARAMETER = re.compile(rf"\s*;\s*(?:({_TOKEN})=({_TOKEN}|{_QUOTED})?)?")
_RANGE = re.compile(rf"\s*({_TOKEN})(?:/({_TOKEN}))?")
_WEIGHT = re.compile(r"0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?")

_OF_NO_INFLUENCE = frozenset({"charset", "escaping"})
"""Everything is UTF-8, and names need no escaping whatever the scheme (Prometheus sends `escaping=allow-utf-8`)."""

MOST_ELEMENTS = 64
"""Of a header; Prometheus sends five."""


@dataclass(frozen=True, slots=True)
class Format:
    """A format that is offered.

    Attributes:
        media_type: Its type without parameters.
        versions: Versions of it that one and the same answer is right for, the newest first.
    """

    media_type: str
    versions: tuple[str, ...]


TEXT = Format("text/plain", ("0.0.4", "1.0.0"))
"""1.0.0 is 0.0.4 with quotes around names that ours never are."""

OPENMETRICS = Format("application/openmetrics-text", ("1.0.0", "0.0.1"))

_OFFERS = (TEXT, OPENMETRICS)


@dataclass(frozen=True, slots=True)
class Choice:
    """What to answer with."""

    format: Format
    version: str

    @property
    def is_openmetrics(self) -> bool:
        """Whether it is OpenMetrics."""
        return self.format is OPENMETRICS

    @property
    def content_type(self) -> str:
        """The header `Content-Type`."""
        return f"{self.format.media_type}; version={self.version}; charset=utf-8"


DEFAULT = Choice(TEXT, TEXT.versions[0])


@dataclass(frozen=True, slots=True)
class _Element:
    """An element of a header: a media range or a coding, how much it is wanted, where it stands."""

    name: str
    subtype: str
    parameters: Mapping[str, str]
    weight: float
    place: int

    def match(self, offer: Format) -> tuple[int, str] | None:
        """Return how closely it means an offer, and in which version; None when it does not."""
        version = self.parameters.get("version", offer.versions[0])
        if version not in offer.versions or self.parameters.keys() - {"version"} - _OF_NO_INFLUENCE:
            return None
        kind, _, subtype = offer.media_type.partition("/")
        if (self.name, self.subtype) == (kind, subtype):
            return 4 + ("version" in self.parameters), version
        if self.subtype == "*" and self.name in ("*", kind):
            return 2 * (self.name == kind) + ("version" in self.parameters), version
        return None


def choose_format(accept: str) -> Choice:
    """Return the format that an `Accept` header wants most.

    For each version on offer the range that means it most closely decides its weight. Between equals the closer one
    goes first, then the one that stands first, then text.
    """
    elements = list(_elements(accept))
    best, rank = DEFAULT, (0.0, -1, 0)
    for offer in _OFFERS:
        for version in offer.versions:
            found = _rank(elements, Format(offer.media_type, (version,)))
            if found is not None and found[0] > 0 and found > rank:
                best, rank = Choice(offer, version), found
    return best


def _rank(elements: list[_Element], offer: Format) -> tuple[float, int, int] | None:
    """Return the weight of an offer, how closely it is meant, and minus its place; None when it is not meant."""
    matches = [(match[0], -each.place, each.weight) for each in elements if (match := each.match(offer)) is not None]
    if not matches:
        return None
    closeness, place, weight = max(matches)
    return weight, closeness, place


def wants_gzip(accept_encoding: str) -> bool:
    """Return whether an `Accept-Encoding` header wants gzip at least as much as an answer as it is."""
    weights: dict[str, float] = {}
    for each in _elements(accept_encoding):
        weights.setdefault(each.name.removeprefix("x-"), each.weight)
    gzip = weights.get("gzip", weights.get("*", 0.0))
    return gzip > 0 and gzip >= weights.get("identity", 0.0)


def _elements(header: str) -> Iterator[_Element]:
    """Yield the elements of a header that make sense."""
    for place, found in enumerate(_ELEMENT.finditer(header)):
        if place == MOST_ELEMENTS:
            return
        element = _element(found[0], place)
        if element is not None:
            yield element


def _element(text: str, place: int) -> _Element | None:
    start = _RANGE.match(text)
    if start is None:
        return None
    parameters, end = {}, start.end()
    while (found := _PARAMETER.match(text, end)) is not None:
        end = found.end()
        if found[1]:
            parameters[found[1].lower()] = _unquoted(found[2] or "")
    weight = parameters.pop("q", "1")
    if text[end:].strip() or not _WEIGHT.fullmatch(weight):
        return None
    return _Element(start[1].lower(), (start[2] or "").lower(), MappingProxyType(parameters), float(weight), place)


def _unquoted(value: str) -> str:
    return re.sub(r"\\(.)", r"\1", value[1:-1]) if value.startswith('"') else value
