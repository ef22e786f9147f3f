"""What is shown of a url holds no value of a query, no password."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logship.explain.masking import masked
from logship.explain.reasons import WHY
from logship.model import Reason


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("/a/b", "/a/b"),
        ("/a?x=1&y=2#z=3", "/a?x=***&y=***#z=***"),
        ("/a?secret", "/a?***"),
        ("/a?x=&y", "/a?x=&***"),
        ("/a?x=a=b;y=1", "/a?x=***;y=***"),
        ("https://me:secret@example.org/a?x=1", "https://***@example.org/a?x=***"),
        ("GET /a?x=1 HTTP/1.1", "GET /a?x=***"),
        ("no url", "no url"),
    ],
)
def test_values_are_masked_and_names_are_not(text: str, shown: str) -> None:
    assert masked(text) == shown


@given(
    st.text(alphabet="abc/?&;#= \n", max_size=10),
    st.sampled_from("?#"),
    st.sampled_from(["", "x=", "a=1&", "b&c=", "x=1 "]),
)
def test_no_value_behind_a_question_mark_survives(before: str, mark: str, name: str) -> None:
    assert "SECRET" not in masked(f"{before}{mark}{name}SECRET")


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_has_a_sentence(reason: Reason) -> None:
    assert WHY[reason]
