"""What is read from a log line: one typed record per shape of line, with only the fields that are needed.

Records are decoded by msgspec straight from the bytes; absent and null fields are None.
"""

from __future__ import annotations

from msgspec import Struct

NO_STATUS = 0
"""Status of a request that nothing answered, as a client that left: what Envoy and Istio write for it."""


class Record(Struct, gc=False):
    """The fields of a request record, in the unit and the types of its format."""

    level: str | None = None
    message: str | None = None
    method: str | None = None
    url: str | None = None
    route: str | None = None
    status: int | None = None
    duration: float | None = None


class StructuredException(Struct, gc=False):
    """An exception as app_logging writes it; frames are not needed here."""

    type: str | None = None


class AppRecord(Record, gc=False):
    """A line written by app_logging."""

    exception: StructuredException | None = None
    sample_rate: float | None = None
    active: int | None = None
    seq: int | None = None
    boot_id: str | None = None


class WinstonMetadata(Record, gc=False):
    """The fields that winston's `metadata()` format gathers, when it stands before `json()`."""

    stack: str | None = None


class WinstonRecord(Record, gc=False):
    """A line written by winston's JSON format: flat, or with its fields under `metadata`."""

    stack: str | None = None
    metadata: WinstonMetadata | None = None


class MappedRecord(Record, gc=False):
    """A record read by a mapping.

    Attributes:
        exception_type: The type of the exception that it tells of.
    """

    exception_type: str | None = None


class UndecidedRecord(WinstonRecord, gc=False):
    """A line of a log that has not shown its format yet: what all formats read."""

    exception: StructuredException | None = None
    sample_rate: float | None = None
    active: int | None = None
    seq: int | None = None
    boot_id: str | None = None
