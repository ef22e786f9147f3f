"""Schemas of clouds and standards: ECS, OpenTelemetry, Google Cloud Logging, Amazon API Gateway."""

from __future__ import annotations

import re

from logship.parse.formats import Format
from logship.parse.mapping import (
    Clock,
    Duration,
    Levels,
    Mapping,
    Paths,
    Raised,
    Signature,
    Text,
    Time,
    Unit,
    present,
)
from logship.parse.unwrap import expand_otlp


def _attributes(*paths: str) -> Paths:
    """Return paths of the semantic conventions, flat and as exporters put them under `attributes`."""
    return (*paths, *(f"attributes.{path}" for path in paths))


_OTEL = Mapping(
    request=(present("@method"), present("@status")),
    method=_attributes("http.request.method", "http.method"),
    url=_attributes("url.path", "http.target", "url.full", "http.url"),
    route=_attributes("http.route"),
    status=_attributes("http.response.status_code", "http.status_code"),
    duration=(
        Duration("http.server.request.duration", Unit.S),
        Duration("attributes.http.server.request.duration", Unit.S),
        Duration("http.server.duration", Unit.MS),
        Duration("attributes.http.server.duration", Unit.MS),
        Duration("duration_ms", Unit.MS),
        Duration("attributes.duration_ms", Unit.MS),
    ),
    time=(
        Time("timestamp"),
        Time("@timestamp"),
        Time("time"),
        Time("timeUnixNano", Clock.NS),
        Time("observedTimeUnixNano", Clock.NS),
    ),
    level=("level", "severityText", "severity_text", "severityNumber", "severity_number"),
    levels=Levels.OTEL,
    message=("message", "body"),
    trace_id=("trace_id", "traceId"),
    exception=tuple(Raised(path) for path in _attributes("exception.type")),
)

SERVICES: tuple[Format, ...] = (
    Format(
        name="ecs",
        summary="Elastic Common Schema",
        mapping=Mapping(
            request=(present("@method"), present("@status")),
            method=("http.request.method",),
            url=("url.path", "url.original", "url.full"),
            route=("http.route",),
            status=("http.response.status_code",),
            duration=(Duration("event.duration", Unit.NS),),
            time=(Time("@timestamp"),),
            level=("log.level",),
            message=("message",),
            trace_id=("trace.id",),
            exception=(Raised("error.type"),),
        ),
        example='{"@timestamp":"2026-11-23T07:00:00.123Z","log.level":"info","message":"HTTP Request",'
        '"ecs":{"version":"8.10.0"},"http":{"request":{"method":"GET"},"response":{"status_code":200}},'
        '"url":{"path":"/api/heroes/17"},"event":{"duration":12600000}}',
        facts="its field reference: event.duration is in nanoseconds",
        signature=Signature(has=("http.response.status_code", "ecs.version")),
    ),
    Format(
        name="otel",
        summary="OpenTelemetry's semantic conventions as keys, stable and old names",
        mapping=_OTEL,
        example='{"timestamp":"2026-11-23T07:00:00.123Z","level":"info","message":"HTTP Request",'
        '"http.request.method":"GET","url.path":"/api/heroes/17","http.route":"/api/heroes/{id}",'
        '"http.response.status_code":200,"http.server.request.duration":0.0126}',
        facts="the semantic conventions for HTTP: http.server.request.duration is in seconds, "
        "the older http.server.duration in milliseconds",
        signature=Signature(
            has=("http.response.status_code|http.status_code|attributes.http.response.status_code",),
            lacks=("ecs.version", "event.duration", "resourceLogs"),
        ),
        fields_under=("attributes",),
    ),
    Format(
        name="otlp-json",
        summary="OTLP's JSON, many log records a line; each counts as a line, and is read as `otel` is",
        mapping=_OTEL,
        example='{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"timeUnixNano":"1795417200123000000",'
        '"severityNumber":9,"severityText":"INFO","body":{"stringValue":"HTTP Request"},"attributes":['
        '{"key":"http.request.method","value":{"stringValue":"GET"}},'
        '{"key":"url.path","value":{"stringValue":"/api/heroes/17"}},'
        '{"key":"http.response.status_code","value":{"intValue":"200"}},'
        '{"key":"http.server.request.duration","value":{"doubleValue":0.0126}}]}]}]}]}',
        facts="the JSON encoding of OTLP, in which 64-bit integers are text",
        signature=Signature(has=("resourceLogs",)),
        expand=expand_otlp,
        fields_under=("attributes",),
    ),
    Format(
        name="gcp",
        summary="Google Cloud Logging: `httpRequest` of a structured or exported entry",
        mapping=Mapping(
            request=(present("httpRequest.requestMethod"),),
            method=("httpRequest.requestMethod",),
            url=("httpRequest.requestUrl",),
            status=("httpRequest.status",),
            duration=(Duration("httpRequest.latency", Unit.NAMED),),
            time=(
                Time("time"),
                Time("timestamp"),
                Time("timestamp.seconds", Clock.S),
                Time("timestampSeconds", Clock.S),
            ),
            level=("severity",),
            message=("message", "jsonPayload.message", "textPayload"),
            trace_id=("logging.googleapis.com/trace", "trace"),
            unanswered=(0, None),
        ),
        example='{"severity":"INFO","time":"2026-11-23T07:00:00.123456789Z","message":"HTTP Request",'
        '"httpRequest":{"requestMethod":"GET","requestUrl":"/api/heroes/17","status":200,"latency":"0.012600s"}}',
        facts="its reference of HttpRequest: latency is a duration in seconds that ends in s",
        signature=Signature(has=("httpRequest.requestMethod",)),
        fields_under=("jsonPayload",),
    ),
    Format(
        name="aws-apigw",
        summary="Amazon API Gateway's access log with the names of $context as keys",
        mapping=Mapping(
            request=(present("requestId"), present("status")),
            method=("httpMethod",),
            url=("path",),
            route=("resourcePath",),
            status=("status",),
            duration=(Duration("responseLatency", Unit.MS),),
            time=(Time("requestTimeEpoch", Clock.MS), Time("requestTime")),
            trace_id=("xrayTraceId",),
            texts=(Text("routeKey", re.compile(r"(?:(?P<method>[A-Z]+) )?(?P<route>/\S*)")),),
            unanswered=(None,),
        ),
        example='{"requestId":"id-1","ip":"127.0.0.1","requestTime":"23/Nov/2026:07:00:00 +0000","httpMethod":"GET",'
        '"path":"/api/heroes/17","routeKey":"GET /api/heroes/{id}","status":"200","responseLatency":"12"}',
        facts="its reference of $context variables: responseLatency is in milliseconds, - stands for no value",
        signature=Signature(has=("requestId", "httpMethod|routeKey", "status")),
    ),
)
