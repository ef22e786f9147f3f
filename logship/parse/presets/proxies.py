"""What reverse proxies write as JSON: nginx, Caddy, Traefik, Envoy, HAProxy."""

from __future__ import annotations

import re

from logship.parse.formats import Format
from logship.parse.mapping import Clock, Duration, Mapping, Signature, Text, Time, Unit, matches, present

PROXIES: tuple[Format, ...] = (
    Format(
        name="nginx-json",
        summary="nginx, `log_format … escape=json` with nginx's own names of variables as keys",
        mapping=Mapping(
            request=(present("status"),),
            method=("request_method",),
            url=("request_uri", "uri"),
            status=("status",),
            duration=(Duration("request_time", Unit.S),),
            time=(Time("time_iso8601"), Time("time"), Time("msec", Clock.S), Time("time_local")),
            trace_id=("trace_id", "traceparent"),
            texts=(Text("request", re.compile(r"(?P<method>[A-Z_-]+) (?P<url>\S+)")),),
            unanswered=(0,),
        ),
        example='{"time":"2026-11-23T07:47:59+00:00","remote_addr":"127.0.0.1","request_method":"GET",'
        '"request_uri":"/api/heroes/17","status":200,"body_bytes_sent":2,"request_time":0.013}',
        facts="lines written by nginx 1.22; $request_time is documented in seconds with milliseconds",
        signature=Signature(has=("request_time", "request_method|request", "status")),
    ),
    Format(
        name="caddy",
        summary="Caddy 2's access log",
        mapping=Mapping(
            request=(matches("logger", r"^http\.log\.access"),),
            method=("request.method",),
            url=("request.uri",),
            status=("status",),
            duration=(Duration("duration", Unit.S),),
            time=(Time("ts", Clock.S),),
            level=("level",),
            message=("msg",),
            trace_id=("traceID",),
            unanswered=(0,),
        ),
        example='{"level":"info","ts":1795420079.117,"logger":"http.log.access.log0","msg":"handled request",'
        '"request":{"remote_ip":"127.0.0.1","proto":"HTTP/1.1","method":"GET","host":"localhost",'
        '"uri":"/api/heroes/17"},"bytes_read":0,"duration":0.0126,"size":11,"status":200}',
        facts="the default of its json encoder: duration_format seconds, time_format unix_seconds_float",
        signature=Signature(has=("request.uri", "logger", "status")),
    ),
    Format(
        name="traefik",
        summary="Traefik's access log with format json",
        mapping=Mapping(
            request=(present("DownstreamStatus"),),
            method=("RequestMethod",),
            url=("RequestPath",),
            status=("DownstreamStatus",),
            duration=(Duration("Duration", Unit.NS),),
            time=(Time("StartUTC"), Time("time")),
            level=("level",),
            message=("msg",),
            trace_id=("TraceId",),
            unanswered=(0,),
        ),
        example='{"ClientHost":"127.0.0.1","DownstreamStatus":200,"Duration":12600000,"OriginStatus":200,'
        '"RequestMethod":"GET","RequestPath":"/api/heroes/17","RouterName":"api@docker",'
        '"StartUTC":"2026-11-23T07:00:00.123456789Z","level":"info","msg":"","time":"2026-11-23T07:00:00Z"}',
        facts="its documentation: Duration is written as an integer number of nanoseconds",
        signature=Signature(has=("DownstreamStatus", "RequestMethod")),
    ),
    Format(
        name="envoy",
        summary="Envoy's and Istio's JSON access log; status 0 is a client that left",
        mapping=Mapping(
            request=(present("response_code"),),
            method=("method", ":method"),
            url=("path", "x-envoy-origin-path", "x-envoy-original-path", ":path"),
            status=("response_code",),
            duration=(Duration("duration", Unit.MS),),
            time=(Time("start_time"),),
            trace_id=("trace_id", "traceparent"),
            unanswered=(0,),
        ),
        example='{"start_time":"2026-11-23T07:00:00.123Z","method":"GET","path":"/api/heroes/17","protocol":"HTTP/1.1",'
        '"response_code":200,"response_flags":"-","duration":12,"request_id":"6f867212-d7cf-4c68-9468-6fbc5f927335"}',
        facts="public captures of Istio and Envoy Gateway; %DURATION% is documented in milliseconds",
        signature=Signature(has=("response_code", "response_flags|start_time")),
    ),
    Format(
        name="haproxy-json",
        summary="HAProxy with a JSON log-format: method %HM, path %HP or uri %HU, status %ST, Ta %Ta",
        mapping=Mapping(
            request=(present("status"), present("method")),
            method=("method",),
            url=("path", "uri"),
            status=("status",),
            duration=(Duration("Ta", Unit.MS),),
            time=(Time("time"), Time("timestamp")),
            unanswered=(-1,),
            untimed=(-1,),
            ignored=("", "-", "<BADREQ>"),
        ),
        example='{"time":"23/Nov/2026:07:00:00.123","client":"127.0.0.1","frontend":"web","backend":"api",'
        '"method":"GET","path":"/api/heroes/17","status":200,"Ta":12,"termination":"--"}',
        facts="its manual: timers are in milliseconds, -1 for a step that was not reached; status -1 likewise",
        signature=Signature(has=("Ta", "method", "status")),
    ),
)
