from __future__ import annotations

import io
import json
import logging
import logging.config
from collections.abc import Callable
from typing import Any

import pytest

import app_logging

Log = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def logged() -> Any:
    stream, logger = io.StringIO(), logging.getLogger("plain")
    handler = logging.StreamHandler(stream)
    logger.addHandler(handler)
    logger.propagate = False

    def log(*args: Any, formatter: logging.Formatter | None = None, **options: Any) -> dict[str, Any]:
        handler.setFormatter(formatter or app_logging.JsonFormatter(service="svc", environment="test"))
        logger.warning(*args, **options)
        record: dict[str, Any] = json.loads(stream.getvalue())
        return record

    yield log
    logger.removeHandler(handler)
    logger.propagate = True


def test_the_record_has_the_names_and_the_order_of_ours(logged: Any) -> None:
    app_logging.bind_context(request_id="r")
    record = logged("m %s", "arg", extra={"a": 1})
    assert list(record) == [
        *("timestamp", "level", "message", "service", "environment", "logger", "a", "request_id"),
    ]
    assert {**record, "timestamp": ""} == {
        "timestamp": "",
        "level": "warning",
        "message": "m arg",
        "service": "svc",
        "environment": "test",
        "logger": "plain",
        "a": 1,
        "request_id": "r",
    }
    assert record["timestamp"].endswith("Z")


def test_an_exception_is_described_as_by_the_pipeline(logged: Any) -> None:
    try:
        _ = 1 // 0
    except ZeroDivisionError:
        record = logged("m", exc_info=True, stack_info=True)
    assert record["exception"]["type"] == "ZeroDivisionError"
    assert record["stack"].startswith("Stack")
    assert not {"exc_info", "stack_info"} & record.keys()


@pytest.mark.parametrize("value", [float("nan"), 2**70, "\ud800", object()])
def test_a_hostile_value_costs_no_record(logged: Any, value: object) -> None:
    assert logged("m", extra={"value": value})["message"] == "m"


def test_arguments_that_do_not_fit_cost_no_record() -> None:
    record = logging.makeLogRecord({"name": "x", "levelno": 20, "msg": "%d", "args": ("x",)})
    assert json.loads(app_logging.JsonFormatter().format(record))["message"] == "%d ('x',)"


def test_a_dict_as_message_becomes_fields(logged: Any) -> None:
    assert logged({"a": 1})["a"] == 1


def test_options_of_python_json_logger_work_on_own_fields(logged: Any) -> None:
    formatter = app_logging.JsonFormatter(service="svc", rename_fields={"a": "b"}, static_fields={"zone": "eu"})
    record = logged("m", extra={"a": 1}, formatter=formatter)
    assert (record["b"], record["zone"]) == (1, "eu")


def test_it_can_be_named_in_a_dict_config(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERVICE_NAME", "from-env")
    formatter = {"()": "app_logging.JsonFormatter", "environment": "test"}
    handler = {"class": "logging.StreamHandler", "formatter": "json"}
    configurator = logging.config.DictConfigurator(
        {"version": 1, "formatters": {"json": formatter}, "handlers": {"h": handler}}
    )
    made = configurator.configure_formatter(formatter)
    assert (
        json.loads(made.format(logging.makeLogRecord({"name": "x", "levelno": 20, "msg": "m"})))["service"]
        == "from-env"
    )


def test_secrets_are_gone_wherever_they_stand(logged: Any) -> None:
    line = json.dumps(logged({"password": "s3cr3t"}, extra={"user": {"token": "s3cr3t"}}))
    assert "s3cr3t" not in line


def test_secrets_among_the_arguments_are_gone(logged: Any) -> None:
    record = logged("%s at %s", {"password": "s3cr3t"}, "https://user:s3cr3t@host/?token=s3cr3t")
    assert record["message"] == "{'password': '[REDACTED]'} at https://[REDACTED]@host/?token=[REDACTED]"
