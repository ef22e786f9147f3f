"""Measure what a log call costs, beside other libraries: the same record with all that app_logging does by default.

    python benchmarks/logging_calls.py [--calls 20000] [--rounds 9]

Each library writes the same event (8 fields of a request, service, environment, level, time; request_id, trace_id and
span_id from a context variable) as JSON to a file that is rotated at 5 MiB, in its documented way. app_logging adds
redaction, `seq`, `boot_id` and safety with several processes, which the others do not have. One thread; the libraries
take turns within a round; the figure is the median of the rounds. winston and pino are measured if node finds them
(`npm install winston pino`, NODE_PATH for another place).
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import logging
import logging.handlers
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import orjson
import structlog
from pythonjsonlogger.orjson import OrjsonFormatter

import app_logging

FIELDS: dict[str, Any] = {
    "method": "GET",
    "url": "/api/v1/classes/4711/heroes?page=2",
    "route": "/api/v1/classes/{class_id}/heroes",
    "status": 200,
    "duration": 12.345,
    "userAgent": "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/143.0",
    "ip": "10.1.2.3",
    "userId": "u-17",
}
CONTEXT = {
    "request_id": "4bf92f3577b34da6a3ce929d0e0e4736",
    "trace_id": "0af7651916cd43dd8448eb211c80319c",
    "span_id": "b7ad6b7169203331",
}
SERVICE = {"service": "heroes-api", "environment": "production"}
BOUND: ContextVar[dict[str, str]] = ContextVar("bound", default=CONTEXT)
MAX_BYTES, BACKUPS = 5 * 1024 * 1024, 5

Call = Callable[[], object]


@contextmanager
def app_logging_structlog(directory: Path) -> Iterator[Call]:
    configure(directory)
    log = app_logging.get_logger("bench")
    yield lambda: log.info("HTTP Request", **FIELDS)
    app_logging.reset()


@contextmanager
def app_logging_stdlib(directory: Path) -> Iterator[Call]:
    configure(directory)
    log = logging.getLogger("bench")
    yield lambda: log.info("HTTP Request", extra=FIELDS)
    app_logging.reset()


def configure(directory: Path) -> None:
    app_logging.configure(log_dir=directory, console=False, service="heroes-api", environment="production")
    app_logging.bind_context(**CONTEXT)


@contextmanager
def orjson_and_write(directory: Path) -> Iterator[Call]:
    """Show the floor: what any logger in Python that writes JSON at once has to pay."""
    record = {"timestamp": "2026-11-23T07:00:00.123Z", "level": "info", "message": "HTTP Request"}
    with (directory / "floor.log").open("ab", buffering=0) as file:
        yield lambda: file.write(
            orjson.dumps({**record, **SERVICE, **FIELDS, **CONTEXT}, option=orjson.OPT_APPEND_NEWLINE)
        )


def rotating(directory: Path, formatter: logging.Formatter) -> logging.Handler:
    path = directory / "log"
    handler = logging.handlers.RotatingFileHandler(path, maxBytes=MAX_BYTES, backupCount=BACKUPS)
    handler.setFormatter(formatter)
    return handler


@contextmanager
def python_json_logger(directory: Path) -> Iterator[Call]:
    formatter = OrjsonFormatter("%(asctime)s %(levelname)s %(name)s %(message)s", static_fields=SERVICE)
    handler = rotating(directory, formatter)
    log = logging.getLogger("bench_pjl")
    log.propagate = False
    log.setLevel(logging.INFO)
    log.addHandler(handler)
    yield lambda: log.info("HTTP Request", extra={**FIELDS, **BOUND.get()})
    log.removeHandler(handler)
    handler.close()


@contextmanager
def structlog_documented(directory: Path) -> Iterator[Call]:
    """structlog's own advice for use with the standard library: ProcessorFormatter, here with orjson."""  # noqa: D403
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso"),
        structlog.processors.format_exc_info,
    ]
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.JSONRenderer(serializer=lambda event, **_: orjson.dumps(event).decode()),
        ],
    )
    handler = rotating(directory, formatter)
    target = logging.getLogger("bench_structlog")
    target.propagate = False
    target.setLevel(logging.INFO)
    target.addHandler(handler)
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(**CONTEXT)
    log = structlog.get_logger("bench_structlog").bind(**SERVICE)
    yield lambda: log.info("HTTP Request", **FIELDS)
    structlog.contextvars.clear_contextvars()
    structlog.reset_defaults()
    target.removeHandler(handler)
    handler.close()


@contextmanager
def loguru(directory: Path) -> Iterator[Call]:
    logger = importlib.import_module("loguru").logger
    logger.remove()
    sink = logger.add(directory / "log", serialize=True, rotation=MAX_BYTES, retention=BACKUPS)
    log = logger.bind(**SERVICE)
    with logger.contextualize(**CONTEXT):
        yield lambda: log.bind(**FIELDS).info("HTTP Request")
    logger.remove(sink)


PEERS = {
    "app_logging, structlog event": app_logging_structlog,
    "app_logging, stdlib record": app_logging_stdlib,
    "python-json-logger (orjson)": python_json_logger,
    "structlog as documented (orjson)": structlog_documented,
    "loguru serialize": loguru,
    "orjson + write only": orjson_and_write,
}

NODE = """
const [name, directory, calls] = [process.argv[1], process.argv[2], +process.argv[3]];
const fields = JSON.parse(process.argv[4]);
const message = "HTTP Request";
const call = () => name === "winston" ? log.info(message, fields) : log.info(fields, message);
let log, done;
if (name === "winston") {
  const { createLogger, format, transports } = require("winston");
  const file = new transports.File({ filename: directory + "/w.log", maxsize: 5242880, maxFiles: 5 });
  let written = 0;
  file.on("logged", () => written++);
  log = createLogger({ format: format.combine(format.timestamp(), format.json()), transports: [file] });
  done = async () => { while (written < calls) await new Promise(setImmediate); };
} else {
  const pino = require("pino");
  log = pino(pino.destination({ dest: directory + "/p.log", sync: true }));
  done = async () => {};
}
(async () => {
  for (let n = 0; n < 2000; n++) call();
  const started = process.hrtime.bigint();
  for (let n = 0; n < calls; n++) {
    call();
    if (n % 500 === 499) await new Promise(setImmediate);
  }
  await done();
  console.log(Number(process.hrtime.bigint() - started) / 1000 / calls);
})();
"""


def node_libraries() -> list[str]:
    node = shutil.which("node")
    if node is None:
        return []
    return [
        name
        for name in ("winston", "pino")
        if subprocess.run([node, "-e", f"require('{name}')"], capture_output=True, check=False).returncode == 0
    ]


def in_node(name: str, directory: str, calls: int) -> float:
    arguments = [name, directory, str(calls), json.dumps({**SERVICE, **FIELDS, **CONTEXT})]
    answer = subprocess.run(["node", "-e", NODE, *arguments], capture_output=True, check=True, text=True)
    return float(answer.stdout)


def in_python(peer: Any, directory: str, calls: int) -> tuple[float, list[float]]:
    """Return the microseconds of a call on average, and of each of some more that are timed one by one."""
    now = time.perf_counter
    with peer(Path(directory)) as call:
        for _ in range(500):
            call()
        started = now()
        for _ in range(calls):
            call()
        average = (now() - started) / calls * 1e6
        each = []
        for _ in range(calls // 4):
            started = now()
            call()
            each.append((now() - started) * 1e6)
        return average, each


def measure(calls: int, rounds: int) -> tuple[dict[str, list[float]], dict[str, list[float]]]:
    """Return the averages of all rounds, and of libraries in Python the single calls."""
    peers = dict(PEERS)
    if importlib.util.find_spec("loguru") is None:
        del peers["loguru serialize"]
    libraries = node_libraries()
    taken: dict[str, list[float]] = {name: [] for name in (*peers, *libraries)}
    single: dict[str, list[float]] = {name: [] for name in peers}
    for _ in range(rounds):
        for name, peer in peers.items():
            with tempfile.TemporaryDirectory() as directory:
                average, each = in_python(peer, directory, calls)
            taken[name].append(average)
            single[name] += each
        for name in libraries:
            with tempfile.TemporaryDirectory() as directory:
                taken[name].append(in_node(name, directory, calls))
    return taken, single


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=9)
    arguments = parser.parse_args()
    taken, single = measure(arguments.calls, arguments.rounds)
    medians = {name: statistics.median(each) for name, each in taken.items()}
    ours = medians["app_logging, structlog event"]
    head = f"{'us/call':>8} {'to ours':>8} {'calls/s':>9} {'p50 us':>7} {'p99 us':>7}"
    print(f"{'a call with 8 fields, one thread':34} {head}")
    for name, median in sorted(medians.items(), key=lambda pair: pair[1]):
        cuts = statistics.quantiles(single[name], n=100) if name in single else None
        parts = f"{cuts[49]:7.1f} {cuts[98]:7.1f}" if cuts is not None else ""
        print(f"{name:34} {median:8.1f} {median / ours:7.1f}x {1e6 / median:9,.0f} {parts}")


if __name__ == "__main__":
    main()
