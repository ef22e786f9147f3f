from __future__ import annotations

from app_logging.record import FIELDS, FIXED_KEYS, REQUEST_MESSAGE


def test_each_field_stands_in_the_table_once() -> None:
    names = [field.name for field in FIELDS]
    assert len(names) == len(set(names))


def test_the_seeds_names_are_kept() -> None:
    seed = {"timestamp", "level", "message", "service", "environment"}
    seed |= {"method", "url", "status", "duration", "userAgent", "ip", "userId"}
    assert seed <= {field.name for field in FIELDS}
    assert REQUEST_MESSAGE == "HTTP Request"


def test_what_is_in_every_record_is_what_events_cannot_overwrite() -> None:
    assert {field.name for field in FIELDS if field.presence == "always"} == FIXED_KEYS
