"""logfmt lines become pairs, or nothing at all."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logship.parse.logfmt import pairs_of


@pytest.mark.parametrize(
    ("line", "pairs"),
    [
        ("a=1 b=two", {"a": "1", "b": "two"}),
        ("  a=1\t b=  ", {"a": "1", "b": ""}),
        ('a="two words" b="say \\"hi\\"\\n\\u00e9\\\\"', {"a": "two words", "b": 'say "hi"\n\u00e9\\'}),
        ("flag a=1", {"flag": True, "a": "1"}),
        ("a=1 a=2", {"a": "2"}),
        ("a=b=c", {"a": "b=c"}),
        ('a=""', {"a": ""}),
    ],
)
def test_a_line_is_taken_apart(line: str, pairs: dict[str, str | bool]) -> None:
    assert pairs_of(line) == pairs


@pytest.mark.parametrize("line", ["", "   ", "just some words", 'a="open', '"quoted" a=1', 'a="x"y', '{"a":"b"}', "=1"])
def test_what_is_no_logfmt_is_none(line: str) -> None:
    assert pairs_of(line) is None


keys = st.from_regex(r"[a-z][a-z0-9_.@-]{0,8}", fullmatch=True)


@given(
    st.dictionaries(
        keys, st.text(st.characters(max_codepoint=0xFFFF, exclude_categories=["Cs", "Cc"]), max_size=20), min_size=1
    )
)
def test_what_is_quoted_comes_out_again(pairs: dict[str, str]) -> None:
    assert pairs_of(" ".join(f"{key}={json.dumps(value)}" for key, value in pairs.items())) == pairs


@given(st.text('a="\\ \u00e9', max_size=40))
def test_no_text_breaks_it(line: str) -> None:
    found = pairs_of(line)
    assert found is None or found
