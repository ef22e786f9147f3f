"""The formats with a record type of their own: app_logging's and winston's, and what reads a log before it is known."""

from __future__ import annotations

import re
from dataclasses import replace

from logship.parse.formats import Format
from logship.parse.mapping import Duration, Mapping, Raised, Signature, Telling, Time, Unit, equals
from logship.parse.records import AppRecord, Record, UndecidedRecord, WinstonRecord

_ERROR_NAME = re.compile(r"[A-Za-z_$][\w$.]*", re.ASCII)


def _lift_metadata(record: WinstonRecord) -> Record | None:
    inner = record.metadata
    if inner is not None:
        inner.message, inner.level = record.message, record.level
    return inner


def _structured_exception_type(record: AppRecord | UndecidedRecord) -> str | None:
    return record.exception.type if record.exception is not None else None


def _stack_exception_type(record: WinstonRecord) -> str | None:
    """Name before the first colon of a V8 stack: `TypeError: Cannot read …` gives `TypeError`."""
    stack = record.stack
    if stack is None and record.metadata is not None:
        stack = record.metadata.stack
    if stack is None:
        return None
    name = _ERROR_NAME.match(stack)
    return name.group() if name else "unknown"


def _either_exception_type(record: UndecidedRecord) -> str | None:
    structured = _structured_exception_type(record)
    if structured is not None or record.boot_id is not None:
        return structured
    return _stack_exception_type(record)


_APP = Mapping(
    request=(equals("message", "HTTP Request"),),
    method=("method",),
    url=("url",),
    route=("route",),
    status=("status",),
    duration=(Duration("duration", Unit.MS),),
    time=(Time("timestamp"),),
    level=("level",),
    message=("message",),
    trace_id=("trace_id",),
    exception=(Raised("exception.type"),),
)

_WINSTON = replace(
    _APP,
    method=("method", "metadata.method"),
    url=("url", "metadata.url"),
    route=("route", "metadata.route"),
    status=("status", "metadata.status"),
    duration=(Duration("duration", Unit.MS), Duration("metadata.duration", Unit.MS)),
    trace_id=("trace_id", "metadata.trace_id"),
    exception=(Raised("stack", Telling.FIRST), Raised("metadata.stack", Telling.FIRST)),
)

_WINSTON_FORMAT = Format(
    name="winston",
    summary="winston's JSON format, flat or with the fields under `metadata`",
    mapping=_WINSTON,
    example='{"duration":33,"level":"info","message":"HTTP Request","method":"GET","status":200,'
    '"timestamp":"2026-11-23T07:25:11.087Z","url":"/api/heroes/17"}',
    facts="lines written by winston 3.19 behind Express 5",
    signature=Signature(
        has=("message", "method|metadata.method"),
        texts=("HTTP Request",),
        lacks=("seq", "boot_id", "@timestamp", "@version", "ts", "time", "levelname", "severity", "msg"),
    ),
    fields_under=("metadata",),
    record=WinstonRecord,
    lift=_lift_metadata,
    exception_type=_stack_exception_type,
)

OWN: tuple[Format, ...] = (
    Format(
        name="app",
        summary="app_logging, the package beside logship",
        mapping=_APP,
        example='{"timestamp":"2026-11-23T07:00:00.123Z","level":"info","message":"HTTP Request",'
        '"service":"heroes-api","environment":"production","method":"GET","url":"/api/heroes/17",'
        '"route":"/api/heroes/{id}","status":200,"duration":12.6,"seq":18,"boot_id":"9f0a1d2e"}',
        facts="the table of fields in docs/app-logging.md",
        signature=Signature(has=("message", "seq|boot_id"), texts=("HTTP Request",)),
        record=AppRecord,
        exception_type=_structured_exception_type,
        is_numbered=True,
    ),
    _WINSTON_FORMAT,
    replace(
        _WINSTON_FORMAT,
        name="winston-metadata",
        summary="winston's JSON format behind metadata(); read as `winston` is, which takes both",
        example='{"level":"info","message":"HTTP Request","metadata":{"duration":33,"method":"GET","status":200,'
        '"url":"/api/heroes/17"},"timestamp":"2026-11-23T07:25:11.794Z"}',
        signature=None,
    ),
)

UNDECIDED = Format(
    name="undecided",
    summary="the lines before the first request",
    mapping=_APP,
    example="",
    facts="",
    record=UndecidedRecord,
    lift=_lift_metadata,
    exception_type=_either_exception_type,
    is_numbered=True,
)
"""Reads a log until its first request shows the format, each line as app_logging's or winston's."""
