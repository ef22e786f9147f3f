"""The values that cross rooms: batches of lines, the reasons for a refusal, label sets.

Nothing here does anything; every room may import it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

OTHER = "__other__"
"""Label value that stands for everything folded away by a limit."""

UNMATCHED = "unmatched"
"""Route of requests that no route of the application answered."""


Constant = tuple[tuple[str, str], ...]
"""Labels that all numbers of a source have, as pairs of name and value, sorted."""


class Reason(StrEnum):
    """Why a line was rejected; each rejected line has exactly one."""

    TOO_LONG = "too_long"
    INVALID_UTF8 = "invalid_utf8"
    NUL_BYTES = "nul_bytes"
    INVALID_JSON = "invalid_json"
    TOO_DEEP = "too_deep"
    NOT_AN_OBJECT = "not_an_object"
    INVALID_LINE = "invalid_line"
    INVALID_WRAP = "invalid_wrap"
    WRAPPED = "wrapped"
    AMBIGUOUS_FORMAT = "ambiguous_format"
    MISSING_METHOD = "missing_method"
    MISSING_URL = "missing_url"
    MISSING_STATUS = "missing_status"
    INVALID_METHOD = "invalid_method"
    INVALID_URL = "invalid_url"
    INVALID_ROUTE = "invalid_route"
    INVALID_STATUS = "invalid_status"
    INVALID_DURATION = "invalid_duration"
    INVALID_SAMPLE_RATE = "invalid_sample_rate"


@dataclass(frozen=True, slots=True)
class Batch:
    r"""Complete lines of one generation of a file, as bytes, with the place they came from.

    Attributes:
        generation: Number of the generation within this process.
        start: Offset of the first byte, in bytes of the (decompressed) stream.
        end: Offset behind the last byte; behind a newline, except at the end of a generation that cannot grow.
        lines: Lines, each ended by `\n`; lines over the length limit are not in it.
        oversize: How many lines between `start` and `end` were over the length limit.
        source: Name of the source that the file belongs to.
    """

    generation: int
    start: int
    end: int
    lines: bytes
    oversize: int = 0
    source: str = ""


class LabelSet(NamedTuple):
    """The labels of one request series; `status` is text as Prometheus sees it."""

    method: str
    route: str
    status: str


class OwnKey(NamedTuple):
    """A series of a metric of one's own: the name of the metric, and the values of its labels in their order."""

    metric: str
    values: tuple[str, ...]


SeriesKey = tuple[Constant, LabelSet | OwnKey]
"""A series among those of all sources."""


class FileKey(NamedTuple):
    """Where the file system keeps a file: unique only while the file is open, as inodes are reused at once."""

    device: int
    inode: int


class Excerpt(NamedTuple):
    """Some bytes of a file, to be recognised without being kept: how many, and a digest of them."""

    length: int
    digest: bytes


class Position(NamedTuple):
    """Up to where a generation has been counted, and what proves that a file is that generation.

    Attributes:
        path: Where it was last seen, links resolved.
        key: Its identity while it is open; a hint only, as inodes are reused.
        offset: Behind the last counted byte, in bytes of the (decompressed) stream.
        size: Its size when it was last seen, for saying how much was lost when it vanished.
        head: The first bytes, as far as they were counted.
        marker: The bytes that end at the offset.
        source: Name of the source that it belongs to.
    """

    path: str
    key: FileKey
    offset: int
    size: int
    head: Excerpt
    marker: Excerpt
    source: str = ""
