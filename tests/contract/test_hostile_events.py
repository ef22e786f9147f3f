"""Whatever an application logs, through either door, is one line that the reader takes, and the secrets are gone."""

from __future__ import annotations

import datetime as dt
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import app_logging
from app_logging.stdlib_door import PipelineHandler
from logship.parse import Decoder, format_named

SECRET = "s3cr3t-of-a-test"  # noqa: S105 - what is looked for
ANY_TEXT = st.text(alphabet=st.characters(codec=None), max_size=30)


class Unprintable:
    def __str__(self) -> str:
        raise RuntimeError(SECRET)

    __repr__ = __str__


class Loud:
    """Logs while it is being logged."""

    def __str__(self) -> str:
        app_logging.get_logger("loud").info("from within")
        return "loud"


def cycle() -> list[Any]:
    value: list[Any] = [{}]
    value[0]["again"] = value
    return value


SECRETS = st.one_of(
    st.builds(lambda name: {name: SECRET}, st.sampled_from(["password", "X-Api-Key", "authToken", "Set-Cookie"])),
    st.builds(
        lambda name, text: f"{text} https://user:{SECRET}@host/?a=1&{name}={SECRET}",
        st.sampled_from(["token", "SIG", "%63ode"]),
        ANY_TEXT,
    ),
)
ANYTHING = st.recursive(
    st.one_of(
        *(st.none(), st.booleans(), st.integers(), st.floats(), ANY_TEXT, st.binary(max_size=20), st.datetimes()),
        *(st.builds(object), st.builds(Unprintable), st.builds(Loud), st.builds(cycle), st.just(dt.UTC), SECRETS),
        *(st.builds(ValueError, ANY_TEXT), st.sampled_from(["\ud800", 2**70, float("nan"), "\u2028\n\x00"])),
    ),
    lambda children: st.one_of(
        st.lists(children, max_size=4),
        st.tuples(children, children),
        st.dictionaries(st.one_of(ANY_TEXT, st.integers(), st.none(), st.binary(max_size=5)), children, max_size=4),
    ),
    max_leaves=15,
)
NAMES = st.one_of(
    ANY_TEXT,
    st.sampled_from(
        ["timestamp", "level", "message", "seq", "boot_id", "status", "duration", "exc_info", "event", "self"]
    ),
)
FORBIDDEN_IN_EXTRA = logging.makeLogRecord({}).__dict__.keys() | {"message", "asctime"}


@pytest.fixture(scope="module")
def log_file(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    directory = tmp_path_factory.mktemp("logs")
    app_logging.configure(log_dir=directory, console=False, level="debug", max_bytes=0)
    yield directory / "combined.log"
    app_logging.reset()


def new_lines(path: Path, offset: int) -> bytes:
    with path.open("rb") as file:
        file.seek(offset)
        return file.read()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(message=ANYTHING, fields=st.dictionaries(NAMES, ANYTHING, max_size=6), password=ANYTHING)
def test_any_event_is_a_line_that_the_reader_takes_without_its_secrets(
    log_file: Path, message: Any, fields: dict[str, Any], password: Any
) -> None:
    offset = log_file.stat().st_size
    app_logging.get_logger("one").info(message, **{**fields, "user_password": [SECRET, password]})
    extra = {name: value for name, value in fields.items() if name not in FORBIDDEN_IN_EXTRA}
    record = logging.getLogger("two").makeRecord("two", 20, "f", 1, message, (), None, extra=extra)
    PipelineHandler().handle(record)  # past the root logger, where pytest's own handler raises what `__str__` raises
    lines = new_lines(log_file, offset)
    records = [json.loads(line, parse_constant=pytest.fail) for line in lines.split(b"\n")[:-1]]
    assert [record["logger"] for record in records if record["logger"] != "loud"] == ["one", "two"]
    assert len({record["seq"] for record in records}) == len(records)
    assert SECRET not in lines.decode()
    decoded = Decoder(format_named("app")).decode(lines)
    assert (len(decoded.records), decoded.blank, sum(decoded.rejected.values())) == (len(records), 0, 0)
