"""The formats that can be read, as a table: the record's shape, the marker of a request, the unit of its duration.

A format is data plus two small functions on its own record type; the decoder and the pipeline know no format by name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from logship.parse.records import AppRecord, Record, UndecidedRecord, WinstonRecord

NANOSECONDS_PER_MILLISECOND = 1_000_000

_ERROR_NAME = re.compile(r"[A-Za-z_$][\w$.]*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Format:
    """One way to write a request log.

    Attributes:
        name: What `--format` takes.
        summary: One line for `logship formats`.
        record: The typed record that a line is decoded to.
        request_message: A record with this `message` is a request.
        unit_nanoseconds: How many nanoseconds one unit of `duration` is.
        lift: Finds the request fields when the record itself lacks them; None when there are none.
        exception_type: The type of the exception that the record tells of, if any.
        recognises: Whether a request record, as plain JSON, was written in this format.
        example: A request line.
        is_numbered: Whether records have `seq`, `boot_id` and what else only our own writer says.
    """

    name: str
    summary: str
    record: type[Record]
    request_message: str
    unit_nanoseconds: int
    lift: Callable[[Any], Record | None]
    exception_type: Callable[[Any], str | None]
    recognises: Callable[[Mapping[str, Any]], bool]
    example: str
    is_numbered: bool = False


def _no_lift(_record: Record) -> Record | None:
    return None


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


def _never(_line: Mapping[str, Any]) -> bool:
    return False


def _written_by_app_logging(line: Mapping[str, Any]) -> bool:
    return "seq" in line or "boot_id" in line


def _written_by_winston(line: Mapping[str, Any]) -> bool:
    metadata = line.get("metadata")
    return "method" in line or (isinstance(metadata, dict) and "method" in metadata)


FORMATS: tuple[Format, ...] = (
    Format(
        name="app",
        summary="app_logging, the package beside logship",
        record=AppRecord,
        request_message="HTTP Request",
        unit_nanoseconds=NANOSECONDS_PER_MILLISECOND,
        lift=_no_lift,
        exception_type=_structured_exception_type,
        recognises=_written_by_app_logging,
        example='{"timestamp":"2026-11-23T07:00:00.123Z","level":"info","message":"HTTP Request",'
        '"service":"heroes-api","environment":"production","method":"GET","url":"/api/heroes/17",'
        '"route":"/api/heroes/{id}","status":200,"duration":12.6,"seq":18,"boot_id":"9f0a1d2e"}',
        is_numbered=True,
    ),
    Format(
        name="winston",
        summary="winston's JSON format, flat or with the fields under `metadata`",
        record=WinstonRecord,
        request_message="HTTP Request",
        unit_nanoseconds=NANOSECONDS_PER_MILLISECOND,
        lift=_lift_metadata,
        exception_type=_stack_exception_type,
        recognises=_written_by_winston,
        example='{"duration":33,"level":"info","message":"HTTP Request","method":"GET","status":200,'
        '"timestamp":"2026-11-23T07:25:11.087Z","url":"/api/heroes/17"}',
    ),
)
"""In order of specificity: the first that recognises a request line is its format."""

UNDECIDED = Format(
    name="undecided",
    summary="the lines before the first request",
    record=UndecidedRecord,
    request_message="HTTP Request",
    unit_nanoseconds=NANOSECONDS_PER_MILLISECOND,
    lift=_lift_metadata,
    exception_type=_either_exception_type,
    recognises=_never,
    example="",
    is_numbered=True,
)
"""Reads a log until its first request shows the format, each line as the format would that it turns out to have."""

FORMAT_NAMES: tuple[str, ...] = tuple(known.name for known in FORMATS)


def format_named(name: str) -> Format:
    """Return the format called `name`; raise KeyError when there is none."""
    return {known.name: known for known in FORMATS}[name]
