"""The record: every field that a log line of this package can have on its own account, in one table.

Nothing here does anything. Readers in other packages are held to this table by tests, not by imports.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

REQUEST_MESSAGE = "HTTP Request"
"""The message that makes a record a request record."""

WEBSOCKET_MESSAGE = "WebSocket"
"""The message of the record of a WebSocket: it lasts as long as a visit, so it is no request."""

DROPPED_MESSAGE = "log records dropped"
"""The message of the record that owns up to records missing in a file."""

HEARTBEAT_MESSAGE = "heartbeat"
"""The message of the record that says: I live, and so many requests are in flight."""

HEALTH_MESSAGE = "health check"
"""The message of the record of one run of all health checks."""

SUPPRESSED_MESSAGE = "log records suppressed"
"""The message of the record that counts what a rate limit has kept out."""

JsonType = Literal["string", "integer", "number", "boolean", "object", "array"]
Presence = Literal["always", "request", "sometimes"]


@dataclass(frozen=True, slots=True)
class Field:
    """One key of the record.

    Attributes:
        name: The key as it stands in the line.
        type: What kind of JSON value it has.
        presence: In every record, in every request record, or only where the meaning says so.
        meaning: What the value says, with its unit.
    """

    name: str
    type: JsonType
    presence: Presence
    meaning: str


FIELDS = (
    Field("timestamp", "string", "always", "When the event happened: RFC 3339, UTC, milliseconds, ends in Z."),
    Field("level", "string", "always", "debug, info, warning, error or critical."),
    Field("message", "string", "always", f'What happened; "{REQUEST_MESSAGE}" marks a request record.'),
    Field("service", "string", "always", "Which application wrote it."),
    Field("environment", "string", "always", "Where the application runs: development, production ..."),
    Field("logger", "string", "always", 'Name of the logger; "root" for the one without a name.'),
    Field("method", "string", "request", "HTTP method as the client sent it."),
    Field("url", "string", "request", "Path with all prefixes, and the query with secret values redacted."),
    Field("route", "string", "sometimes", "Template of the route that answered; absent when none did."),
    Field("status", "integer", "request", "HTTP status; 500 if the application raised, 499 if the client left first."),
    Field("duration", "number", "request", "Milliseconds from the start to the last byte of the body."),
    Field("userAgent", "string", "request", 'The User-Agent header; "" without one.'),
    Field("ip", "string", "request", 'Address of the peer, or whom trusted proxies name; "unix" on a Unix socket.'),
    Field("userId", "string", "request", 'Who asked; "anonymous" if nobody logged in.'),
    Field("bytes", "integer", "request", "Bytes of the body handed to the server; 0 for HEAD."),
    Field("active", "integer", "request", "Requests in flight in this process at the end, this one included."),
    Field("error", "string", "sometimes", "Class of the exception that the application raised; why a file failed."),
    Field("aborted", "boolean", "sometimes", "True if the body did not get to its end because the client left."),
    Field("sample_rate", "number", "sometimes", "Share of such requests that is recorded, if not all are: 1/N."),
    Field("close_code", "integer", "sometimes", f'In "{WEBSOCKET_MESSAGE}": the code of RFC 6455 it was closed with.'),
    Field("dropped", "integer", "sometimes", f'In "{DROPPED_MESSAGE}": how many records are missing in the file.'),
    Field("file", "string", "sometimes", f'In "{DROPPED_MESSAGE}": the name of that file.'),
    Field("suppressed", "integer", "sometimes", f'In "{SUPPRESSED_MESSAGE}": how many of that logger, in a second.'),
    Field("heartbeat_seconds", "number", "sometimes", f'In "{HEARTBEAT_MESSAGE}": time until the next one.'),
    Field("health", "string", "sometimes", f'In "{HEALTH_MESSAGE}": healthy, degraded or unhealthy.'),
    Field("checks", "array", "sometimes", f'In "{HEALTH_MESSAGE}": what each check found, as objects.'),
    Field("threshold", "string", "sometimes", 'In "log level changed": the lowest level that is written now.'),
    Field("stack", "string", "sometimes", "Where the call was made, if the caller asked for it (stack_info)."),
    Field(
        "exception",
        "object",
        "sometimes",
        "The exception: type, message, frames (file, line, function), cause, exceptions of a group.",
    ),
    Field("truncated", "boolean", "sometimes", "True if values were cut to keep the record within its size limit."),
    Field("request_id", "string", "sometimes", "Ties together all records of one request."),
    Field("trace_id", "string", "sometimes", "The current OpenTelemetry trace, or that of a valid traceparent header."),
    Field(
        "span_id",
        "string",
        "sometimes",
        "The current OpenTelemetry span, or the caller's of a valid traceparent header.",
    ),
    Field("seq", "integer", "always", "Number of the record in its process, from 1, one by one; a gap is a loss."),
    Field("boot_id", "string", "always", "Random name of the writing process; seq counts within it."),
)


class OwnFields(dict[str, Any]):
    """Fields of `FIELDS` alone, plain values, and what is bound to the context is among them: nothing to look for."""

    __slots__ = ()


FIXED_KEYS = frozenset({"timestamp", "level", "message", "service", "environment", "logger", "seq", "boot_id"})
"""Keys that the pipeline alone may set: an event's own field of that name gets an underscore behind it."""
