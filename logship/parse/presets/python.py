"""What Python's servers and loggers write: uvicorn, gunicorn, django-structlog, loguru."""

from __future__ import annotations

import re

from logship.parse.formats import Format
from logship.parse.mapping import (
    Clock,
    Duration,
    Mapping,
    Raised,
    Signature,
    Telling,
    Text,
    Time,
    Unit,
    equals,
    present,
)

PYTHON: tuple[Format, ...] = (
    Format(
        name="uvicorn-json",
        summary="uvicorn through python-json-logger; it logs no durations",
        mapping=Mapping(
            request=(equals("name", "uvicorn.access"),),
            texts=(
                Text(
                    "message",
                    re.compile(r'[^"]*"(?P<method>[^\s"]+) (?P<url>\S+) HTTP/[\d.]+" (?P<status>\d{3})', re.ASCII),
                ),
            ),
            time=(Time("asctime"), Time("timestamp")),
            level=("levelname", "level"),
            message=("message",),
            exception=(Raised("exc_info", Telling.LAST),),
        ),
        example='{"asctime": "2026-11-23 07:49:08,138", "levelname": "INFO", "name": "uvicorn.access", '
        '"message": "127.0.0.1:36038 - \\"GET /api/heroes/17 HTTP/1.1\\" 200"}',
        facts="lines written by uvicorn 0.54 with python-json-logger 4.2",
        signature=Signature(has=("levelname|level", "name", "message"), texts=("uvicorn.access",)),
    ),
    Format(
        name="gunicorn-json",
        summary="gunicorn with a JSON access_log_format: method, path, status, duration_us %(D)s",
        mapping=Mapping(
            request=(present("status"), present("method")),
            method=("method",),
            url=("path", "url"),
            status=("status",),
            duration=(
                Duration("duration_us", Unit.US),
                Duration("duration_ms", Unit.MS),
                Duration("duration_s", Unit.S),
            ),
            time=(Time("time"),),
            ignored=("", "-", "None"),
        ),
        example='{"time":"[23/Nov/2026:07:49:09 +0000]","remote_addr":"127.0.0.1","method":"GET",'
        '"path":"/api/heroes/17","query":"","status":200,"bytes":"2","duration_us":360,"user_agent":"curl/7.88.1"}',
        facts="lines written by gunicorn 27: %(D)s is in microseconds, %(M)s in milliseconds, %(L)s in seconds; "
        "it does not escape backslashes and control characters, such lines are rejected",
        signature=Signature(
            has=("duration_us|duration_ms|duration_s", "remote_addr", "method", "path|url"),
            lacks=("message", "msg", "event"),
        ),
    ),
    Format(
        name="django-structlog",
        summary="django-structlog's request_finished and request_failed; it logs no durations",
        mapping=Mapping(
            request=(equals("event", "request_finished", "request_failed"),),
            status=("code",),
            texts=(Text("request", re.compile(r"(?P<method>\S+) (?P<url>\S+)")),),
            time=(Time("timestamp"),),
            level=("level",),
            message=("event",),
            exception=(Raised("exception", Telling.LAST),),
        ),
        example='{"code": 200, "request": "GET /api/heroes/17", "event": "request_finished", '
        '"request_id": "510dbd72-4c43-42c6-84c2-ed62fd6e8d91", "timestamp": "2026-11-23T07:49:10.392480Z", '
        '"logger": "django_structlog.middlewares.request", "level": "info"}',
        facts="lines written by django-structlog 9",
        signature=Signature(has=("code", "event", "request"), texts=("request_finished", "request_failed")),
    ),
    Format(
        name="loguru",
        summary="loguru with serialize=True; the request's fields bound as `extra`, the duration as duration_ms or _s",
        mapping=Mapping(
            request=(present("@method"), present("@status")),
            method=("record.extra.method",),
            url=("record.extra.path", "record.extra.url"),
            route=("record.extra.route",),
            status=("record.extra.status", "record.extra.status_code"),
            duration=(
                Duration("record.extra.duration_ms", Unit.MS),
                Duration("record.extra.duration_s", Unit.S),
            ),
            time=(Time("record.time.timestamp", Clock.S),),
            level=("record.level.name",),
            message=("record.message",),
            trace_id=("record.extra.trace_id",),
            exception=(Raised("record.exception.type"),),
        ),
        example='{"text": "HTTP Request\\n", "record": {"exception": null, "extra": {"method": "GET", '
        '"path": "/api/heroes/17", "status": 200, "duration_ms": 12.6}, "level": {"name": "INFO", "no": 20}, '
        '"message": "HTTP Request", "time": {"repr": "2026-11-23 07:49:07.061793+00:00", '
        '"timestamp": 1795420147.061793}}}',
        facts="lines written by loguru 0.7",
        signature=Signature(has=("record.extra.method", "record.level.name")),
        fields_under=("record.extra",),
    ),
)
