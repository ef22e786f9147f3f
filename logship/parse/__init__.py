"""lines → records: the table of formats, typed decoding by chunk, the reading of damaged lines."""

from __future__ import annotations

from logship.parse.account import (
    DROPPED_MESSAGE,
    HEARTBEAT_MESSAGE,
    OWN_MESSAGES,
    is_in_flight,
    line_of,
    said,
    weight_of,
)
from logship.parse.decoder import Decoded, Decoder
from logship.parse.detect import FirstRequest, first_request
from logship.parse.formats import FORMAT_NAMES, FORMATS, UNDECIDED, Format, format_named
from logship.parse.records import AppRecord, Record
from logship.parse.times import event_times

__all__ = [
    "DROPPED_MESSAGE",
    "FORMATS",
    "FORMAT_NAMES",
    "HEARTBEAT_MESSAGE",
    "OWN_MESSAGES",
    "UNDECIDED",
    "AppRecord",
    "Decoded",
    "Decoder",
    "FirstRequest",
    "Format",
    "Record",
    "event_times",
    "first_request",
    "format_named",
    "is_in_flight",
    "line_of",
    "said",
    "weight_of",
]
