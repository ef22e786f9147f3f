"""What loggers of the JVM and of Go write: logstash-logback-encoder, zap, zerolog, slog.

Go's have no request record of their own: a record with a method, a status and a duration is taken for one. They differ
in the unit of `duration`, so that a log is only theirs unasked when its other keys are.
"""

from __future__ import annotations

from logship.parse.formats import Format
from logship.parse.mapping import Clock, Duration, Mapping, Raised, Signature, Telling, Time, Unit, present

_OF_OTHERS = ("timestamp", "@timestamp", "@version", "severity", "levelname", "pid", "hostname", "seq", "boot_id")

RUNTIMES: tuple[Format, ...] = (
    Format(
        name="spring-logstash",
        summary="logstash-logback-encoder: its access events, or events with method, uri, status, duration",
        mapping=Mapping(
            request=(present("@method"), present("@status")),
            method=("method",),
            url=("requested_uri", "uri", "url", "path"),
            route=("route",),
            status=("status_code", "status"),
            duration=(Duration("elapsed_time", Unit.MS), Duration("duration", Unit.MS)),
            time=(Time("@timestamp"),),
            level=("level",),
            message=("message",),
            trace_id=("traceId",),
            exception=(Raised("stack_trace", Telling.FIRST),),
        ),
        example='{"@timestamp":"2026-11-23T07:00:00.123+00:00","@version":"1","message":"HTTP Request",'
        '"logger_name":"com.example.RequestLogFilter","level":"INFO","level_value":20000,"method":"GET",'
        '"uri":"/api/heroes/17","status":200,"duration":13}',
        facts="its documentation: elapsed_time is in milliseconds",
        signature=Signature(has=("method", "@version", "status_code|status")),
    ),
    Format(
        name="zap",
        summary="zap's production encoder: a duration is a number of seconds, or text such as 12.3ms",
        mapping=Mapping(
            request=(present("@method"), present("@status"), present("@url")),
            method=("method",),
            url=("path", "url", "uri"),
            route=("route",),
            status=("status", "status_code"),
            duration=(
                Duration("duration", Unit.S),
                Duration("latency", Unit.S),
                Duration("elapsed", Unit.S),
                Duration("duration_ms", Unit.MS),
            ),
            time=(Time("ts", Clock.S),),
            level=("level",),
            message=("msg",),
            trace_id=("trace_id", "traceID"),
        ),
        example='{"level":"info","ts":1795417200.123,"caller":"http/log.go:42","msg":"HTTP Request","method":"GET",'
        '"path":"/api/heroes/17","status":200,"duration":0.0126}',
        facts="the production defaults of its encoder: SecondsDurationEncoder and EpochTimeEncoder",
        signature=Signature(
            has=("duration|latency|elapsed", "method", "status"), lacks=("message", "time", "logger", *_OF_OTHERS)
        ),
    ),
    Format(
        name="zerolog",
        summary="zerolog with its hlog handlers: a duration is a number of milliseconds",
        mapping=Mapping(
            request=(present("@method"), present("@status"), present("@url")),
            method=("method",),
            url=("url", "path", "uri"),
            route=("route",),
            status=("status",),
            duration=(Duration("duration", Unit.MS), Duration("latency", Unit.MS), Duration("elapsed", Unit.MS)),
            time=(Time("time", Clock.S),),
            level=("level",),
            message=("message",),
            trace_id=("trace_id",),
        ),
        example='{"level":"info","req_id":"c0ffee","method":"GET","url":"/api/heroes/17","status":200,"size":11,'
        '"duration":12.6,"time":"2026-11-23T07:00:00Z","message":"HTTP Request"}',
        facts="its default DurationFieldUnit is the millisecond",
        signature=Signature(
            has=("duration|latency|elapsed", "method", "status", "time"), lacks=("msg", "ts", *_OF_OTHERS)
        ),
    ),
    Format(
        name="slog",
        summary="Go's log/slog: a duration is a number of nanoseconds",
        mapping=Mapping(
            request=(present("@method"), present("@status"), present("@url")),
            method=("method", "request.method"),
            url=("path", "url", "uri", "request.path", "request.url"),
            route=("route", "request.route"),
            status=("status", "response.status"),
            duration=(
                Duration("duration", Unit.NS),
                Duration("response.duration", Unit.NS),
                Duration("latency", Unit.NS),
                Duration("response.latency", Unit.NS),
                Duration("elapsed", Unit.NS),
            ),
            time=(Time("time"),),
            level=("level",),
            message=("msg",),
            trace_id=("trace_id",),
        ),
        example='{"time":"2026-11-23T07:00:00.123456789Z","level":"INFO","msg":"HTTP Request","method":"GET",'
        '"path":"/api/heroes/17","status":200,"duration":12600000}',
        facts="its JSONHandler writes a time.Duration as an integer number of nanoseconds",
        signature=Signature(
            has=(
                "duration|latency|elapsed|response.duration|response.latency",
                "method|request.method",
                "status|response.status",
            ),
            lacks=("message", "ts", "logger", *_OF_OTHERS),
        ),
    ),
)
