from __future__ import annotations

import sys

import pytest
from opentelemetry.sdk.trace import TracerProvider

from app_logging.trace_context import current_span_finder, ids_of_header

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


@pytest.mark.parametrize("header", [f"00-{TRACE}-{SPAN}-01", f"01-{TRACE}-{SPAN}-00-more", f"fe-{TRACE}-{SPAN}-ff"])
def test_a_valid_header_gives_trace_and_span(header: str) -> None:
    assert ids_of_header(header) == (TRACE, SPAN)


@pytest.mark.parametrize(
    "header",
    [
        "",
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE.upper()}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}",
        f"00-{TRACE}-{SPAN}-01more",
        f" 00-{TRACE}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-01\n",
        "x" * 100_000,
    ],
)
def test_a_header_that_is_not_valid_gives_nothing(header: str) -> None:
    assert ids_of_header(header) is None


def test_the_current_span_of_opentelemetry_is_found() -> None:
    find = current_span_finder()
    assert find() is None
    with TracerProvider().get_tracer("test").start_as_current_span("request") as span:
        context = span.get_span_context()
        assert find() == (f"{context.trace_id:032x}", f"{context.span_id:016x}")
    assert find() is None


def test_without_opentelemetry_there_is_no_span(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.trace", None)
    assert current_span_finder()() is None
