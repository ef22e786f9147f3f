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
from logship.parse.checks import HEALTH_MESSAGE, checked
from logship.parse.decoder import Decoded, Decoder
from logship.parse.describe import description, durations
from logship.parse.detect import Detected, claims, detect
from logship.parse.formats import Format
from logship.parse.presets import UNDECIDED
from logship.parse.records import NO_STATUS, AppRecord, MappedRecord, Record
from logship.parse.slots import LineTimes, Run, runs_by_time
from logship.parse.table import FORMAT_NAMES, FORMATS, format_named, named
from logship.parse.times import event_times
from logship.parse.unwrap import UNWRAPS

__all__ = [
    "DROPPED_MESSAGE",
    "FORMATS",
    "FORMAT_NAMES",
    "HEALTH_MESSAGE",
    "HEARTBEAT_MESSAGE",
    "NO_STATUS",
    "OWN_MESSAGES",
    "UNDECIDED",
    "UNWRAPS",
    "AppRecord",
    "Decoded",
    "Decoder",
    "Detected",
    "Format",
    "LineTimes",
    "MappedRecord",
    "Record",
    "Run",
    "checked",
    "claims",
    "description",
    "detect",
    "durations",
    "event_times",
    "format_named",
    "is_in_flight",
    "line_of",
    "named",
    "runs_by_time",
    "said",
    "weight_of",
]
