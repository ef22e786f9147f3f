from __future__ import annotations

import asyncio
import io
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import structlog

import app_logging
from app_logging.stdlib_door import PipelineHandler

ReadRecords = Callable[[Path], list[dict[str, Any]]]

LEVELS = ("debug", "info", "warning", "error", "critical")


class Unprintable:
    def __str__(self) -> str:
        raise RuntimeError

    __repr__ = __str__


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    app_logging.configure(service="svc", environment="test", log_dir=tmp_path, level="debug", console=False)
    return tmp_path


def without_time(record: dict[str, Any]) -> list[tuple[str, Any]]:
    return [(key, value) for key, value in record.items() if key not in {"timestamp", "seq"}]


@pytest.mark.parametrize("level", LEVELS)
def test_both_doors_give_the_same_line(directory: Path, read_records: ReadRecords, level: str) -> None:
    app_logging.bind_context(request_id="r")
    getattr(app_logging.get_logger("x"), level)("m %s", "arg", a=1, b=[None, 2.5])
    getattr(logging.getLogger("x"), level)("m %s", "arg", extra={"a": 1, "b": [None, 2.5]})
    one, other = read_records(directory / "combined.log")
    assert without_time(one) == without_time(other)
    assert (one["level"], one["message"], one["logger"], one["a"]) == (level, "m arg", "x", 1)
    assert [one["seq"], other["seq"]] == [1, 2]
    assert len(read_records(directory / "error.log")) == (2 if level in {"error", "critical"} else 0)


class RecordOfOnesOwn(logging.LogRecord):
    def __init__(self, *args: Any, **options: Any) -> None:
        self.tenant = "t"
        super().__init__(*args, **options)


def test_fields_count_wherever_a_record_class_of_ones_own_puts_them(directory: Path, read_records: ReadRecords) -> None:
    logging.setLogRecordFactory(RecordOfOnesOwn)
    try:
        logging.getLogger("x").info("m", extra={"a": 1})
    finally:
        logging.setLogRecordFactory(logging.LogRecord)
    (record,) = read_records(directory / "combined.log")
    assert (record["tenant"], record["a"]) == ("t", 1)
    assert "threadName" not in record


def test_what_another_handler_left_in_the_record_is_no_field(directory: Path, read_records: ReadRecords) -> None:
    earlier = logging.StreamHandler(io.StringIO())
    earlier.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    logger = logging.getLogger("x")
    logger.addHandler(earlier)
    try:
        logger.info("m", extra={"a": 1})
    finally:
        logger.removeHandler(earlier)
    (record,) = read_records(directory / "combined.log")
    assert record["a"] == 1
    assert record.keys().isdisjoint({"asctime", "message_", "threadName"})


def test_both_doors_describe_an_exception_alike(directory: Path, read_records: ReadRecords) -> None:
    try:
        _ = 1 // 0
    except ZeroDivisionError:
        app_logging.get_logger("x").exception("m")
        logging.getLogger("x").exception("m")
    one, other = read_records(directory / "error.log")
    assert without_time(one) == without_time(other)
    assert one["exception"]["type"] == "ZeroDivisionError"


def test_both_doors_tell_the_stack_if_asked(directory: Path, read_records: ReadRecords) -> None:
    app_logging.get_logger("x").info("m", stack_info=True)
    logging.getLogger("x").info("m", stack_info=True)
    for record in read_records(directory / "combined.log"):
        assert record["stack"].startswith("Stack (most recent call last):")
        assert "test_both_doors_tell_the_stack_if_asked" in record["stack"].split("\n")[-2]
        assert "stack_info" not in record


def test_both_doors_call_the_logger_without_a_name_root(directory: Path, read_records: ReadRecords) -> None:
    app_logging.get_logger().info("m")
    structlog.get_logger().info("m")
    logging.getLogger().info("m")
    assert [record["logger"] for record in read_records(directory / "combined.log")] == ["root"] * 3


def test_structlogs_own_get_logger_leads_to_the_same_door(directory: Path, read_records: ReadRecords) -> None:
    structlog.get_logger("x", a=1).bind(b=2).info("m", c=3)
    (record,) = read_records(directory / "combined.log")
    assert (record["logger"], record["a"], record["b"], record["c"]) == ("x", 1, 2, 3)


@pytest.mark.parametrize("args", [("%d", "x"), ("%s %s", 1), ("%s", Unprintable())])
def test_arguments_that_do_not_fit_the_message_lose_nothing(
    directory: Path, read_records: ReadRecords, args: tuple[Any, ...]
) -> None:
    app_logging.get_logger("x").info(*args)
    # Past the root logger, where pytest's own handler makes an error of it.
    PipelineHandler().handle(logging.getLogger("x").makeRecord("x", 20, "f", 1, args[0], args[1:], None))
    one, other = read_records(directory / "combined.log")
    assert without_time(one) == without_time(other)
    assert one["message"].startswith(args[0])


def test_a_mapping_as_the_only_argument_is_interpolated_by_name(directory: Path, read_records: ReadRecords) -> None:
    app_logging.get_logger("x").info("%(n)d heroes", {"n": 3})
    logging.getLogger("x").info("%(n)d heroes", {"n": 3})
    assert [record["message"] for record in read_records(directory / "combined.log")] == ["3 heroes"] * 2


def test_no_field_name_makes_a_call_fail(directory: Path, read_records: ReadRecords) -> None:
    fields = {"event": 1, "method_name": 2, "self": 3, "level": 4, "logger": 5}
    app_logging.get_logger("x").info("m", **fields)
    (record,) = read_records(directory / "combined.log")
    assert (record["message"], record["event"], record["method_name"], record["self"]) == ("m", 1, 2, 3)
    assert (record["level_"], record["logger_"]) == (4, 5)


def test_levels_of_others_fold_into_the_five(directory: Path, read_records: ReadRecords) -> None:
    logging.getLogger("x").log(25, "m")
    app_logging.get_logger("x").log(25, "m")
    app_logging.get_logger("x").log(60, "m")
    assert [record["level"] for record in read_records(directory / "combined.log")] == ["info", "info", "critical"]


def test_a_level_that_is_no_number_costs_no_record(directory: Path, read_records: ReadRecords) -> None:
    mistakes: list[Any] = ["ERROR", None, [], 25.5]
    for level in mistakes:
        PipelineHandler().handle(logging.makeLogRecord({"levelno": level, "msg": "m"}))
        app_logging.get_logger("x").log(level, "m")
    levels = [record["level"] for record in read_records(directory / "combined.log")]
    assert levels == ["error", "error", "info", "info", "info", "info", "info", "info"]


def test_the_message_may_be_given_by_the_name_that_structlog_has_for_it(
    directory: Path, read_records: ReadRecords
) -> None:
    log: Any = app_logging.get_logger("x")
    log.info(event="m", a=1)
    log.info("m", event="e")
    with structlog.testing.capture_logs() as captured:
        log.info(event="m")
    one, other = read_records(directory / "combined.log")
    assert (one["message"], one["a"], "event" in one) == ("m", 1, False)
    assert (other["message"], other["event"]) == ("m", "e")
    assert captured == [{"event": "m", "log_level": "info"}]


def test_a_level_below_the_threshold_is_not_written(tmp_path: Path, read_records: ReadRecords) -> None:
    app_logging.configure(log_dir=tmp_path, level="warning", console=False)
    log = app_logging.get_logger("x")
    log.info("no")
    logging.getLogger("x").info("no")
    log.warning("yes")
    assert [record["message"] for record in read_records(tmp_path / "combined.log")] == ["yes"]
    assert not log.is_enabled_for(logging.INFO)
    assert log.get_effective_level() == logging.WARNING


def test_asynchronous_methods_write_too(directory: Path, read_records: ReadRecords) -> None:
    async def write() -> None:
        app_logging.bind_context(request_id="r")
        await app_logging.get_logger("x").ainfo("m %s", "arg", a=1)

    asyncio.run(write())
    record = read_records(directory / "combined.log")[-1]  # asyncio has a word to say before
    assert (record["message"], record["a"], record["request_id"]) == ("m arg", 1, "r")


def test_asynchronous_methods_do_what_the_others_do(directory: Path, read_records: ReadRecords) -> None:
    async def write(log: Any) -> None:
        await log.alog(15, "custom", self=1, level=2)
        await log.awarning("%d heroes", "no number")
        await log.ainfo(event="by name", stack_info=True)
        try:
            raise KeyError("hero")  # noqa: TRY301 - it is what the log call is about
        except KeyError:
            await log.aexception("failed")
            await log.aerror("failed", exc_info=True)

    asyncio.run(write(app_logging.get_logger("x")))
    records = [record for record in read_records(directory / "combined.log") if record["logger"] == "x"]
    assert [(record["level"], record["message"]) for record in records] == [
        ("debug", "custom"),
        ("warning", "%d heroes ('no number',)"),
        ("info", "by name"),
        ("error", "failed"),
        ("error", "failed"),
    ]
    assert "in write" in records[2]["stack"]
    assert [record["exception"]["type"] for record in records[3:]] == ["KeyError", "KeyError"]


@pytest.mark.usefixtures("directory")
def test_structlogs_capture_logs_works() -> None:
    log = app_logging.get_logger("x")
    with structlog.testing.capture_logs() as captured:
        log.info("m", a=1)
    assert captured == [{"event": "m", "a": 1, "log_level": "info"}]


def test_before_configure_records_go_to_standard_logging(caplog: pytest.LogCaptureFixture) -> None:
    app_logging.get_logger("x").warning("before %d", 1, a=1)
    app_logging.get_logger("x").warning("100 %")
    assert [(record.name, record.getMessage()) for record in caplog.records] == [
        ("x", "before 1 {'a': 1}"),
        ("x", "100 %"),
    ]


def test_a_record_that_has_travelled_as_text_keeps_its_traceback(directory: Path, read_records: ReadRecords) -> None:
    record = logging.makeLogRecord({"name": "x", "levelno": 40, "msg": "m", "exc_text": "Traceback ..."})
    logging.getLogger().handle(record)
    assert read_records(directory / "error.log")[0]["stack"] == "Traceback ..."


class Monster(type):
    """A metaclass whose classes cannot be looked at in any way."""

    __hash__ = None  # type: ignore[assignment] # that is the point

    def __getattribute__(cls, name: str) -> Any:
        raise RuntimeError(name)


def test_no_class_is_so_hostile_that_a_call_raises_or_goes_unseen(directory: Path, read_records: ReadRecords) -> None:
    monster = Monster("Hostile", (), {})()
    app_logging.get_logger("x").info("m", value=monster, nested=[monster])
    PipelineHandler().handle(logging.getLogger("x").makeRecord("x", 20, "f", 1, monster, (), None))
    PipelineHandler().handle(logging.getLogger("x").makeRecord("x", 20, "f", 1, "m", (), None, extra={"a": monster}))
    assert [record["logger"] for record in read_records(directory / "combined.log")] == ["x"] * 3


class LazyUser:
    """Like Django's lazy objects: any question loads it, and the database is gone."""

    @property  # type: ignore[misc] # read-only
    def __class__(self) -> type:
        raise ConnectionError("no database")

    def __str__(self) -> str:
        raise ConnectionError("no database")


def test_an_argument_that_cannot_be_loaded_does_not_raise(tmp_path: Path, read_records: ReadRecords) -> None:
    app_logging.configure(log_dir=tmp_path)
    app_logging.get_logger().info("hello %s", LazyUser())
    assert read_records(tmp_path / "combined.log")[0]["message"].startswith("hello %s (")
