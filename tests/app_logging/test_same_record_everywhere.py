"""The same request through every middleware gives the same record: the golden cases, in every framework."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import web_applications as web
import yaml

import app_logging
from app_logging.record import FIELDS

ReadRecords = Callable[[Path], list[dict[str, Any]]]
Ask = Callable[..., web.Answer]

GOLDEN = yaml.safe_load((Path(__file__).parent / "golden" / "requests.yml").read_text())
FRAMEWORKS = ["starlette", "fastapi", "litestar", "quart", "flask", "django", "django-async"]
HOSTILE_IDS = ["", "has space", "x" * 129, "a\x1bb", "\xfc", 'a"b', "a\\b", "<script>", "a;b", "%0d%0a"]
PLACEHOLDER = re.compile(r"<(?:\w+:)?(\w+)>|\{(\w+)(?::\w+)?\}")


def client_of(framework: str, clock: web.Clock, **options: Any) -> Ask:
    """Return what asks the application of that framework, wrapped in our middleware."""
    options["clock"] = clock
    if framework.startswith("django"):
        is_async = framework == "django-async"
        app = web.django_application(clock.wait, options, is_async=is_async)
        ask: Ask = web.ask_asgi if is_async else web.ask_wsgi
    elif framework == "flask":
        app = app_logging.WSGIRequestLogMiddleware(web.flask_application(clock.wait), **options)
        ask = web.ask_wsgi
    else:
        make: Callable[[web.Wait], web.AsgiApp] = getattr(web, f"{framework}_application")
        app = app_logging.RequestLogMiddleware(make(clock.wait), **options)
        ask = web.ask_asgi
    return lambda *arguments, **more: ask(app, *arguments, **more)


@pytest.fixture(params=FRAMEWORKS)
def framework(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def log(tmp_path: Path, read_records: ReadRecords) -> Callable[[], list[dict[str, Any]]]:
    app_logging.configure(service="heroes-api", environment="test", log_dir=tmp_path, console=False)

    def requests() -> list[dict[str, Any]]:
        records = read_records(tmp_path / "combined.log")
        return [record for record in records if record["message"] == app_logging.REQUEST_MESSAGE]

    return requests


def without_syntax(record: dict[str, Any]) -> dict[str, Any]:
    """Return the record with `{id}` for the framework's own way to write it."""
    if "route" in record:
        record["route"] = PLACEHOLDER.sub(lambda found: f"{{{found[1] or found[2]}}}", record["route"])
    return record


@pytest.mark.parametrize("case", GOLDEN, ids=lambda case: case["ask"])
def test_the_golden_cases(framework: str, case: dict[str, Any], log: Callable[[], list[dict[str, Any]]]) -> None:
    method, target = case["ask"].split(" ")
    client_of(framework, web.Clock())(method, target, list(case.get("headers", {}).items()))
    (record,) = log()
    record = without_syntax(record)
    assert {name: record.get(name) for name in case["record"]} == case["record"]


def test_the_fields_stand_in_the_same_order(framework: str, log: Callable[[], list[dict[str, Any]]]) -> None:
    ask = client_of(framework, web.Clock(), extra=lambda _request, status: {"kind": status // 100})
    ask("GET", "/heroes/17", [("traceparent", GOLDEN[0]["headers"]["traceparent"])])
    (record,) = log()
    known = [field.name for field in FIELDS if field.name in record]
    assert record["kind"] == 2
    assert set(record) == {*known, "kind"}
    assert [name for name in record if name != "kind"] == [
        *["timestamp", "level", "message", "service", "environment", "logger", "method", "url", "route", "status"],
        *["duration", "userAgent", "ip", "userId", "bytes", "active", "request_id", "trace_id", "span_id"],
        *["seq", "boot_id"],
    ]


@pytest.mark.parametrize("sent", HOSTILE_IDS)
def test_a_hostile_request_id_is_replaced_and_the_new_one_is_told(
    framework: str, sent: str, log: Callable[[], list[dict[str, Any]]]
) -> None:
    answer = client_of(framework, web.Clock())("GET", "/heroes/17", [("X-Request-ID", sent)])
    (record,) = log()
    assert re.fullmatch("[0-9a-f]{32}", record["request_id"])
    assert answer.headers["x-request-id"] == record["request_id"]


def test_a_good_request_id_is_kept_and_told(framework: str, log: Callable[[], list[dict[str, Any]]]) -> None:
    answer = client_of(framework, web.Clock())("GET", "/heroes/17", [("X-Request-ID", "a.B_c:1/2+3=4-5")])
    (record,) = log()
    assert answer.headers["x-request-id"] == record["request_id"] == "a.B_c:1/2+3=4-5"


def test_a_client_that_leaves_within_the_body_is_told(framework: str, log: Callable[[], list[dict[str, Any]]]) -> None:
    client_of(framework, web.Clock())("GET", "/stream", leaves_after=2)
    (record,) = log()
    assert (record["status"], record["aborted"], record["level"]) == (200, True, "info")
    assert 0 < record["bytes"] < 9


def test_excluded_sampled_and_failing_requests_are_treated_alike(
    framework: str, log: Callable[[], list[dict[str, Any]]]
) -> None:
    clock = web.Clock()
    sample = {"/wait/1": 0.5, "/boom": 0.01, "/wait/2000": 0.01}
    ask = client_of(framework, clock, exclude=["/stream"], sample=sample)
    for target in ["/stream", "/wait/1", "/wait/1", "/wait/1", "/boom", "/wait/2000", "/healthz"]:
        ask("GET", target)
    assert [(record["url"], record.get("sample_rate"), record["active"]) for record in log()] == [
        ("/wait/1", 0.5, 1),
        ("/wait/1", 0.5, 1),
        ("/boom", None, 1),
        ("/wait/2000", None, 1),
        ("/healthz", None, 1),
    ]


def test_hooks_see_the_request_and_a_failing_one_breaks_nothing(
    framework: str, log: Callable[[], list[dict[str, Any]]]
) -> None:
    ask = client_of(framework, web.Clock(), user=lambda _request: 42)
    assert ask("GET", "/heroes/17").body == b"Wonder Woman"

    def failing(*_arguments: Any) -> Any:
        raise LookupError

    ask = client_of(framework, web.Clock(), user=failing, extra=failing)
    assert ask("GET", "/heroes/17").body == b"Wonder Woman"
    assert [record["userId"] for record in log()] == ["42", "anonymous"]


def test_trusted_proxies_name_the_client(framework: str, log: Callable[[], list[dict[str, Any]]]) -> None:
    ask = client_of(framework, web.Clock(), trusted_proxies=["203.0.113.0/24"])
    ask("GET", "/heroes/17", [("X-Forwarded-For", "6.6.6.6, 198.51.100.7, 203.0.113.1")])
    (record,) = log()
    assert record["ip"] == "198.51.100.7"
