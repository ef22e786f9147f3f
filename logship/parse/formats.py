"""What a format is: where things stand in its lines, what shows it, an example."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from logship.parse.mapped import REQUEST_MESSAGE
from logship.parse.mapping import NANOSECONDS, Mapping, Signature
from logship.parse.records import MappedRecord, Record
from logship.parse.unwrap import Unwrap


def _no_lift(_record: Record) -> Record | None:
    return None


@dataclass(frozen=True, slots=True)
class Format:
    """One way to write a request log.

    Attributes:
        name: What `--format` takes.
        summary: One line for `logship formats`.
        mapping: Where everything stands.
        example: A request line.
        facts: Where it is known from.
        signature: What shows the format in a log of which nothing was said; None for one that must be told.
        line: Takes a line of text apart; None for JSON and logfmt.
        is_logfmt: Whether lines are logfmt.
        expand: Makes several lines of one, before they are read.
        fields_under: Paths under which the application's own fields stand, where they are not found as such.
        record: The typed record that a line is decoded to; all but ours and winston's are read by the mapping.
        request_message: A record with this `message` is a request.
        lift: Finds the request fields when the record itself lacks them; None when there are none.
        exception_type: The type of the exception that the record tells of, if any.
        is_numbered: Whether records have `seq`, `boot_id` and what else only our own writer says.
    """

    name: str
    summary: str
    mapping: Mapping
    example: str
    facts: str
    signature: Signature | None = None
    line: re.Pattern[str] | None = None
    is_logfmt: bool = False
    expand: Unwrap | None = None
    fields_under: tuple[str, ...] = ()
    record: type[Record] = MappedRecord
    request_message: str = REQUEST_MESSAGE
    lift: Callable[[Any], Record | None] = _no_lift
    exception_type: Callable[[Any], str | None] = attrgetter("exception_type")
    is_numbered: bool = False

    @property
    def unit_nanoseconds(self) -> int:
        """How many nanoseconds one unit of `duration` in a record is."""
        return NANOSECONDS[self.mapping.unit]

    @property
    def is_mapped(self) -> bool:
        """Whether the mapping reads its lines, not a typed record of its own."""
        return self.record is MappedRecord
