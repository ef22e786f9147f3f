"""A detail is for anybody's eyes: no secret is in it, whoever put it into a message."""

from __future__ import annotations

import pytest

from app_logging.health.details import MAX_DETAIL_CHARACTERS, as_detail, detail_of


@pytest.mark.parametrize(
    "text",
    [
        "cannot reach postgresql://heroes:hunter2@db/heroes",
        "cannot reach postgresql://heroes:hun/hunter2@db/heroes",
        "cannot reach https://hunter2@sentry.example.com/1",
        "host=db user=heroes password=hunter2 dbname=heroes",
        "host=db user=heroes password = 'hun hunter2' dbname=heroes",
        'connection string: {"password": "hun hunter2", "user": "heroes"}',
        "connection string: {'user': 'heroes', 'passwd': 'hunter2'}",
        "GET https://db/heroes?sslmode=verify-full&password=hunter2",
        "PWD=hunter2;DATABASE=heroes;UID=heroes",
        "refused: Authorization: Bearer hunter2",
        "refused: X-Api-Key: hunter2",
    ],
)
def test_no_secret_passes(text: str) -> None:
    assert "hunter2" not in as_detail(text)
    assert "[REDACTED]" in as_detail(text)
    assert "hunter2" not in detail_of(OSError(text))


@pytest.mark.parametrize(
    "text",
    [
        'connection to server at "db" (10.0.0.7), port 5432 failed: Connection refused',
        'FATAL: password authentication failed for user "heroes"',
        "91.0% of 512 MiB in use (cgroup), more than 90.0%",
        "ORA-12541: cannot connect; no listener at host db port 1521",
        "https://sqlalche.me/e/20/e3q8",
    ],
)
def test_what_helps_stays(text: str) -> None:
    assert as_detail(text) == text


def test_a_secret_that_is_known_is_found_in_any_place() -> None:
    assert as_detail("no user hunter2, no hunter", ["hunter", "hunter2", ""]) == "no user [REDACTED], no [REDACTED]"


def test_a_detail_is_one_short_line_of_printable_characters() -> None:
    detail = as_detail("one\ntwo\x1b[31m\u2028three " + "x" * 5000)
    assert detail.startswith("one two?[31m three xxx")
    assert detail.endswith("…")
    assert len(detail) == MAX_DETAIL_CHARACTERS
    assert detail.isprintable()


def test_an_exception_is_told_by_its_class_and_its_message() -> None:
    assert detail_of(TimeoutError()) == "TimeoutError"
    assert detail_of(ConnectionRefusedError(111, "Connection refused")) == (
        "ConnectionRefusedError: [Errno 111] Connection refused"
    )
