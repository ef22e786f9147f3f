"""Formats that are text: the common and combined log formats, logfmt."""

from __future__ import annotations

import re

from logship.parse.formats import Format
from logship.parse.mapping import Duration, Mapping, Signature, Time, Unit, present

_QUOTED = r'"(?:[^"\\\n]++|\\.)*+"'
_COMMON = (
    r"(?P<host>\S++) (?P<ident>\S++) (?P<user>[^\[\n]*?) \[(?P<time>[^\]\n]*+)\] "
    r'"(?:(?P<method>[A-Z][A-Z_-]*+) (?P<url>(?:[^\s"\\]++|\\.)++)[^"\n]*+|(?:[^"\\\n]++|\\.)*+)" '
    r"(?P<status>\d{3}|-) (?P<bytes>\d++|-)"
)
"""What is no request line, as the first bytes of a TLS handshake, leaves method and url empty.

Nothing in it matches a newline: it is searched for in whole chunks, and each line must end its own attempt. Quoted text
is taken run by run, as an alternative for each character takes a sixth longer for the whole line.
"""

_COMBINED = rf'{_COMMON} "(?P<referer>(?:[^"\\\n]++|\\.)*+)" "(?P<user_agent>(?:[^"\\\n]++|\\.)*+)"'
_TIMED = rf'{_COMBINED}(?: {_QUOTED})* (?:\w++=)?"?(?P<duration>\d++(?:\.\d++)?|-)"?'


def _common(name: str, summary: str, line: str, *, facts: str, duration: Unit | None = None, tail: str = "") -> Format:
    return Format(
        name=name,
        summary=summary,
        mapping=Mapping(
            method=("method",),
            url=("url",),
            status=("status",),
            duration=(Duration("duration", duration),) if duration is not None else (),
            time=(Time("time"),),
            unanswered=(0, None),
        ),
        example=f'127.0.0.1 - - [23/Nov/2026:07:00:00 +0000] "GET /api/heroes/17 HTTP/1.1" 200 11{tail}',
        facts=facts,
        signature=Signature(),
        line=re.compile(line),
    )


_AGENT = ' "-" "curl/8.5.0"'
_NAMED = Unit.NAMED

TEXT: tuple[Format, ...] = (
    _common(
        "clf",
        "the common log format; it has no durations",
        _COMMON,
        facts="the documentation of Apache's mod_log_config",
    ),
    _common(
        "combined",
        "the combined log format of nginx and Apache; what stands behind it is not read",
        rf"{_COMBINED}(?: .*)?",
        facts="the documentation of nginx and of Apache",
        tail=_AGENT,
    ),
    _common(
        "combined-s",
        "combined with the duration in seconds at its end: nginx's $request_time, Apache's %{s}T or %T",
        _TIMED,
        facts="nginx documents $request_time in seconds with milliseconds",
        duration=Unit.S,
        tail=f"{_AGENT} 0.013",
    ),
    _common(
        "combined-ms",
        "combined with the duration in milliseconds at its end: Apache's %{ms}T",
        _TIMED,
        facts="Apache documents %{ms}T in milliseconds",
        duration=Unit.MS,
        tail=f"{_AGENT} 13",
    ),
    _common(
        "combined-us",
        "combined with the duration in microseconds at its end: Apache's %D",
        _TIMED,
        facts="Apache documents %D in microseconds",
        duration=Unit.US,
        tail=f"{_AGENT} 12600",
    ),
    Format(
        name="logfmt",
        summary="logfmt: key=value pairs; a duration names its unit (12.3ms), or its key does (duration_ms)",
        mapping=Mapping(
            request=(present("@method"), present("@status")),
            method=("method", "http.method"),
            url=("path", "url", "uri", "http.path"),
            route=("route",),
            status=("status", "status_code", "code"),
            duration=(
                Duration("duration", _NAMED),
                Duration("latency", _NAMED),
                Duration("elapsed", _NAMED),
                Duration("took", _NAMED),
                Duration("service", _NAMED),
                Duration("duration_ms", Unit.MS),
                Duration("duration_s", Unit.S),
            ),
            time=(Time("time"), Time("ts"), Time("timestamp")),
            level=("level", "lvl"),
            message=("msg", "message"),
            trace_id=("trace_id", "traceID"),
        ),
        example='time=2026-11-23T07:00:00.123Z level=info msg="HTTP Request" method=GET path=/api/heroes/17 status=200 '
        "duration=12.6ms",
        facts="Go's slog.TextHandler, go-kit/log, and Heroku's router, whose service=12ms is the time to answer",
        is_logfmt=True,
    ),
)
