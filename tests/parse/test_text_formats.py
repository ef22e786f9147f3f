"""Text formats are searched for in whole chunks: no line may be a part of another's match."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logship.parse import FORMATS, Format

TEXT = [known for known in FORMATS if known.line is not None]
pieces = st.sampled_from(
    ["a b c d", "1 2 3 [", '"', "\\", "\n", "\n\n", " ", "[x] ", '"GET / HTTP/1.1" ', "200 1", "-"]
)


def test_there_are_text_formats() -> None:
    assert {known.name for known in TEXT} >= {"clf", "combined", "combined-s"}


@pytest.mark.parametrize("known", TEXT, ids=lambda known: known.name)
@given(st.lists(pieces, max_size=30))
def test_nothing_that_a_line_matches_holds_a_newline(known: Format, lines: list[str]) -> None:
    assert known.line is not None
    example = known.example.removesuffix("\n")
    for found in known.line.finditer(example + "".join(lines) + "\n" + example):
        assert "\n" not in found.group()


@pytest.mark.parametrize("known", TEXT, ids=lambda known: known.name)
def test_a_field_cannot_be_continued_on_the_next_line(known: Format) -> None:
    assert known.line is not None
    for place in (found.start() for found in re.finditer(r'(?<=[^ ])(?=[ \]"])', known.example)):
        assert known.line.match(f"{known.example[:place]}\n{known.example[place:]}") is None or known.line.match(
            known.example[:place]
        )
