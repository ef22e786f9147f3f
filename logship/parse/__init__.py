"""lines → records: the table of formats, typed decoding by chunk, the reading of damaged lines."""

from __future__ import annotations

from logship.parse.decoder import Decoded, Decoder
from logship.parse.detect import FirstRequest, detect, first_request
from logship.parse.formats import FORMAT_NAMES, FORMATS, UNDECIDED, Format, format_named
from logship.parse.records import Record
from logship.parse.times import event_times

__all__ = [
    "FORMATS",
    "FORMAT_NAMES",
    "UNDECIDED",
    "Decoded",
    "Decoder",
    "FirstRequest",
    "Format",
    "Record",
    "detect",
    "event_times",
    "first_request",
    "format_named",
]
