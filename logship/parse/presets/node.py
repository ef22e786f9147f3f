"""What Node's loggers write: express-winston, pino-http, bunyan, restify, morgan."""

from __future__ import annotations

from logship.parse.formats import Format
from logship.parse.mapping import (
    Clock,
    Duration,
    Levels,
    Mapping,
    Raised,
    Signature,
    Time,
    Unit,
    equals,
    present,
)

NODE: tuple[Format, ...] = (
    Format(
        name="express-winston",
        summary="the express-winston middleware, fields under `meta`",
        mapping=Mapping(
            request=(present("meta.res.statusCode"),),
            method=("meta.req.method",),
            url=("meta.req.originalUrl", "meta.req.url"),
            status=("meta.res.statusCode",),
            duration=(Duration("meta.responseTime", Unit.MS),),
            time=(Time("timestamp"),),
            level=("level",),
            message=("message",),
            trace_id=("trace_id", "meta.trace_id"),
        ),
        example='{"level":"info","message":"HTTP GET /api/heroes/17","meta":{"req":{"httpVersion":"1.1","method":"GET",'
        '"originalUrl":"/api/heroes/17","url":"/api/heroes/17"},"res":{"statusCode":200},"responseTime":12},'
        '"timestamp":"2026-11-23T07:54:47.578Z"}',
        facts="lines written by express-winston 4 behind Express 5",
        signature=Signature(has=("meta.res.statusCode", "meta.req.method")),
        fields_under=("meta",),
    ),
    Format(
        name="pino-http",
        summary="pino-http; a request that was aborted before an answer has no status",
        mapping=Mapping(
            request=(present("responseTime"), present("req.method")),
            method=("req.method",),
            url=("req.url",),
            status=("res.statusCode",),
            duration=(Duration("responseTime", Unit.MS),),
            time=(Time("time", Clock.MS),),
            level=("level",),
            levels=Levels.PINO,
            message=("msg",),
            trace_id=("trace_id", "req.headers.traceparent"),
            exception=(Raised("err.type"),),
            unanswered=(None,),
        ),
        example='{"level":30,"time":1795420487093,"pid":31807,"hostname":"vm","req":{"id":1,"method":"GET",'
        '"url":"/api/heroes/17"},"res":{"statusCode":200},"responseTime":33,"msg":"request completed"}',
        facts="lines written by pino-http 10; its serializers give a null status while no header was sent",
        signature=Signature(has=("responseTime", "req.method"), lacks=("v",)),
    ),
    Format(
        name="bunyan",
        summary="bunyan with its request serializers, and express-bunyan-logger",
        mapping=Mapping(
            request=(present("@status"), present("@method")),
            method=("req.method", "method"),
            url=("req.url", "url"),
            status=("res.statusCode", "status-code"),
            duration=(Duration("latency", Unit.MS), Duration("response-time", Unit.MS)),
            time=(Time("time"),),
            level=("level",),
            levels=Levels.PINO,
            message=("msg",),
            trace_id=("trace_id",),
            exception=(Raised("err.name"),),
        ),
        example='{"name":"heroes-api","hostname":"vm","pid":31821,"level":30,"req":{"method":"GET",'
        '"url":"/api/heroes/17"},"res":{"statusCode":200},"latency":13,"msg":"request handled",'
        '"time":"2026-11-23T07:54:48.351Z","v":0}',
        facts="lines written by bunyan 1.8 and express-bunyan-logger 1.3",
        signature=Signature(has=("res.statusCode|status-code", "v", "hostname"), lacks=("_audit", "audit")),
    ),
    Format(
        name="restify",
        summary="restify's audit logger, by pino or by bunyan",
        mapping=Mapping(
            request=(equals("_audit", True), present("req.method")),  # noqa: FBT003 - the value that is written
            method=("req.method",),
            url=("req.url",),
            status=("res.statusCode",),
            duration=(Duration("latency", Unit.MS),),
            time=(Time("time", Clock.MS),),
            level=("level",),
            levels=Levels.PINO,
            message=("msg",),
            exception=(Raised("err.type"), Raised("err.name"), Raised("err.code")),
        ),
        example='{"level":30,"time":1795420488154,"pid":31807,"hostname":"vm","name":"heroes-api","audit":true,'
        '"req":{"method":"GET","url":"/api/heroes/17"},"res":{"statusCode":200},"latency":2,"_audit":true,'
        '"event":"after","msg":"handled: 200"}',
        facts="lines written by restify 11",
        signature=Signature(has=("_audit", "req.method")),
    ),
    Format(
        name="morgan-json",
        summary="morgan with a JSON format function: method, url, status, response_time",
        mapping=Mapping(
            request=(present("method"), present("url")),
            method=("method",),
            url=("url",),
            status=("status",),
            duration=(Duration("response_time", Unit.MS), Duration("response-time", Unit.MS)),
            time=(Time("date"), Time("timestamp")),
            unanswered=(None,),
        ),
        example='{"method":"GET","url":"/api/heroes/17","status":200,"content_length":"11","response_time":12.733,'
        '"date":"2026-11-23T07:54:47.375Z","remote_addr":"127.0.0.1"}',
        facts="lines written by morgan 1.10; its tokens are undefined for a response that was never begun",
        signature=Signature(has=("response_time|response-time", "method", "url"), lacks=("level", "v")),
    ),
)
