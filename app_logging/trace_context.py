"""A `traceparent` header comes in, the ids of the trace go out; the current OpenTelemetry span wins over it.

Source: W3C Trace Context, https://www.w3.org/TR/trace-context/, and OpenTelemetry's API for the current span.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

TRACEPARENT = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-[0-9a-f]{2}(?:-.*)?")
"""Lower case only, no zeros, no version ff; later versions may have more behind the flags."""

TraceIds = tuple[str, str]
"""Trace and span, 32 and 16 hexadecimal digits."""


def ids_of_header(traceparent: str) -> TraceIds | None:
    """Return trace and span of a header that is valid, else None."""
    found = TRACEPARENT.fullmatch(traceparent)
    return (found[1], found[2]) if found else None


def current_span_finder() -> Callable[[], TraceIds | None]:
    """Return a function that finds the ids of the current span; where OpenTelemetry is missing, it finds none."""
    try:
        from opentelemetry.context import get_current
        from opentelemetry.trace import get_current_span
    except ImportError:
        return _no_span
    # An empty context is told at once; most requests come with one.
    return lambda: _ids_of_span(get_current_span()) if get_current() else None


def _ids_of_span(span: Any) -> TraceIds | None:
    context = span.get_span_context()
    return (f"{context.trace_id:032x}", f"{context.span_id:016x}") if context.is_valid else None


def _no_span() -> TraceIds | None:
    return None
