"""The answer's format and coding are those that RFC 9110 gives, whatever the headers hold."""

from __future__ import annotations

from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logship.expose.negotiation import DEFAULT, OPENMETRICS, TEXT, choose_format, wants_gzip

PROMETHEUS = (
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,"
    "application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,"
    "text/plain;version=0.0.4;q=0.2,*/*;q=0.1"
)


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (PROMETHEUS, "application/openmetrics-text; version=1.0.0"),
        ("", "text/plain; version=0.0.4"),
        ("*/*", "text/plain; version=0.0.4"),
        ("text/html,application/xhtml+xml,*/*;q=0.8", "text/plain; version=0.0.4"),
        ("application/*", "application/openmetrics-text; version=1.0.0"),
        ("APPLICATION/OpenMetrics-Text", "application/openmetrics-text; version=1.0.0"),
        ('application/openmetrics-text; version="0.0.1"; charset=utf-8', "application/openmetrics-text; version=0.0.1"),
        ("application/openmetrics-text;q=0.2, text/plain;q=0.3", "text/plain; version=0.0.4"),
        ("application/openmetrics-text;q=0, */*", "text/plain; version=0.0.4"),
        ("application/openmetrics-text;q=0", "text/plain; version=0.0.4"),
        ("text/plain;q=0, */*;q=0.1", "application/openmetrics-text; version=1.0.0"),
        ("*/*, application/openmetrics-text", "application/openmetrics-text; version=1.0.0"),
        ("text/plain, application/openmetrics-text", "text/plain; version=0.0.4"),
        ("application/openmetrics-text, text/plain", "application/openmetrics-text; version=1.0.0"),
        ("application/openmetrics-text; version=abc", "text/plain; version=0.0.4"),
        ("application/openmetrics-text; version=9.9.9", "text/plain; version=0.0.4"),
        ("application/openmetrics-text; q=2", "text/plain; version=0.0.4"),
        ("application/openmetrics-text; q=0.1234", "text/plain; version=0.0.4"),
        ("application/vnd.google.protobuf", "text/plain; version=0.0.4"),
        ("application/openmetrics-text; x", "text/plain; version=0.0.4"),
        ('"application/openmetrics-text"', "text/plain; version=0.0.4"),
    ],
)
def test_the_format_is_the_one_that_is_wanted_most(accept: str, expected: str) -> None:
    assert choose_format(accept).content_type == f"{expected}; charset=utf-8"


class Range(NamedTuple):
    """A media range as it is meant; a reference decides on these, the subject on their text."""

    kind: str
    subtype: str
    version: str | None
    thousandths: int

    @property
    def text(self) -> str:
        version = "" if self.version is None else f";version={self.version}"
        return f"{self.kind}/{self.subtype}{version};q={self.thousandths / 1000}"

    @property
    def closeness(self) -> tuple[bool, bool, bool]:
        return self.kind != "*", self.subtype != "*", self.version is not None


KINDS = [("*", "*"), ("text", "*"), ("application", "*"), ("text", "plain"), ("application", "openmetrics-text")]
VERSIONS = st.sampled_from([None, None, "0.0.1", "0.0.4", "1.0.0", "2.0.0"])
RANGES = st.builds(
    lambda kind, version, weight: Range(kind[0], kind[1], version, weight),
    st.sampled_from([*KINDS, ("image", "png")]),
    VERSIONS,
    st.integers(0, 10).map(lambda tenths: tenths * 100),
)


def weight_of(ranges: list[Range], media_type: str, version: str) -> int:
    """Return what RFC 9110, 12.5.1 gives a type: the weight of the range that means it most closely."""
    kind, subtype = media_type.split("/")
    matching = [
        each
        for each in ranges
        if each.kind in ("*", kind) and each.subtype in ("*", subtype) and each.version in (None, version)
    ]
    return max(matching, key=lambda each: each.closeness).thousandths if matching else 0


@given(st.lists(RANGES, max_size=6, unique_by=lambda each: (each.kind, each.subtype, each.version)))
def test_no_format_is_wanted_more_than_the_one_that_is_chosen(ranges: list[Range]) -> None:
    wanted = {
        (offer, version): weight_of(ranges, offer.media_type, version)
        for offer in (TEXT, OPENMETRICS)
        for version in offer.versions
    }
    found = choose_format(", ".join(each.text for each in ranges))
    if any(wanted.values()):
        assert wanted[found.format, found.version] == max(wanted.values())
    else:
        assert found == DEFAULT


@given(st.text(max_size=200) | st.text(alphabet='*/;=,"\\q. 01xtexplain', max_size=200))
def test_any_text_has_an_answer(header: str) -> None:
    assert choose_format(header).format in (TEXT, OPENMETRICS)
    assert wants_gzip(header) in (True, False)


@pytest.mark.parametrize(
    ("accept_encoding", "expected"),
    [
        ("", False),
        ("gzip", True),
        ("GZIP", True),
        ("x-gzip", True),
        ("br, gzip;q=0.2", True),
        ("gzip;q=0", False),
        ("gzip;q=0.000", False),
        ("*", True),
        ("*;q=0", False),
        ("*, gzip;q=0", False),
        ("gzip;q=0.5, identity", False),
        ("gzip;q=0.5, identity;q=0.5", True),
        ("identity;q=0, gzip;q=0.1", True),
        ("gzip;q=x", False),
        ("br", False),
        ("gzipped", False),
    ],
)
def test_gzip_is_for_who_wants_it(accept_encoding: str, *, expected: bool) -> None:
    assert wants_gzip(accept_encoding) is expected
