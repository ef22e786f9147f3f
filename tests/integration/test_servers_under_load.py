"""Four workers that rotate one file while `logship tail` follows: lost 0, torn 0, doubled 0, every request counted.

LOGSHIP_LOAD_REQUESTS=20000 makes each of the four workers write more than 100,000 records and rotate at 1 MB.
"""

from __future__ import annotations

import http.client
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from crash.tailing import get, wait_for
from hosting import DEADLINE_SECONDS, assert_gapless, gunicorn, records_in, served, uvicorn
from loopback import free_port
from prometheus_client.parser import text_string_to_metric_families

import app_logging

pytestmark = pytest.mark.integration

REQUESTS = int(os.environ.get("LOGSHIP_LOAD_REQUESTS", "600"))
MAX_BYTES = 1024 * 1024 if REQUESTS >= 20_000 else 65536
LINES = 20
CLIENTS = 4
STATUSES = {"/heroes/{}": 200, "/broken/{}": 503, "/nothing/{}": 404}

HEAD = f"""
import app_logging
app_logging.configure(service="heroes-api", max_bytes={MAX_BYTES}, backups=10_000)
log = app_logging.get_logger("work")

def work():
    for number in range({LINES}):
        log.info("step", number=number)
"""

WSGI = f"""{HEAD}
def bare(environ, start_response):
    work()
    kind = environ["PATH_INFO"].split("/")[1]
    status = {{"heroes": "200 OK", "broken": "503 Broken"}}.get(kind, "404 Not Found")
    if kind != "nothing":
        environ["app_logging.route"] = "/" + kind + "/<id>"
    start_response(status, [("Content-Length", "2")])
    return [b"ok"]

app = app_logging.WSGIRequestLogMiddleware(bare)
"""

ASGI = f"""{HEAD}
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

def answering(status):
    async def answer(request):
        work()
        return Response("ok", status)
    return answer

async def nothing(request, error):
    work()
    return Response("ok", 404)

routes = [Route("/heroes/{{id}}", answering(200)), Route("/broken/{{id}}", answering(503))]
app = app_logging.RequestLogMiddleware(Starlette(routes=routes, exception_handlers={{404: nothing}}))
"""


def command_of(server: str, port: int) -> list[str]:
    if server == "uvicorn":
        return uvicorn("app:app", "--port", str(port), "--workers", "4")
    return gunicorn("app:app", "-b", f"127.0.0.1:{port}", "-w", "4", "-k", "gthread", "--threads", "4")


@contextmanager
def tailed(directory: Path) -> Iterator[str]:
    """Run `logship tail` on the directory's logs; yield the url of its metrics."""
    talk = directory / "tail"
    arguments = [
        sys.executable,
        "-m",
        "logship",
        "tail",
        "--listen",
        "127.0.0.1:0",
        str(directory / "logs/combined.log"),
    ]
    with talk.open("wb") as output, subprocess.Popen(arguments, stdout=output, stderr=output) as tail:
        try:
            serving = re.compile(r"url=(?:\x1b\[\d*m)*(http://\S+?/metrics)")
            yield wait_for(lambda: serving.search(talk.read_text()))[1]
        finally:
            tail.terminate()
            tail.wait(DEADLINE_SECONDS)


def visit(port: int, client: int) -> Counter[int]:
    """Send this client's share of the requests; return how often each status came back."""
    statuses: Counter[int] = Counter()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=DEADLINE_SECONDS)
    kinds = list(STATUSES)
    for number in range(REQUESTS // CLIENTS):
        if number % 25 == 0:
            connection.close()  # another worker's turn
        connection.request("GET", kinds[number % len(kinds)].format(f"{client}-{number}"))
        response = connection.getresponse()
        response.read()
        statuses[response.status] += 1
    connection.close()
    return statuses


def totals(url: str, name: str) -> Counter[tuple[str, ...]]:
    found: Counter[tuple[str, ...]] = Counter()
    for family in text_string_to_metric_families(get(url).text):
        for sample in family.samples:
            if sample.name == name:
                found[tuple(sample.labels.values())] += int(sample.value)
    return found


@pytest.mark.parametrize("server", ["gunicorn", "uvicorn"])
def test_every_request_is_counted_once_while_four_workers_rotate(server: str, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(WSGI if server == "gunicorn" else ASGI)
    port = free_port()
    (tmp_path / "logs").mkdir()
    with tailed(tmp_path) as url:
        with served(command_of(server, port), port, tmp_path), ThreadPoolExecutor(CLIENTS) as clients:
            answers = sum(clients.map(lambda client: visit(port, client), range(CLIENTS)), Counter[int]())
        # The server has stopped: under WSGI a client has its answer before the record is written.
        by_status = Counter({int(labels[-1]): count for labels, count in totals(url, "http_requests_total").items()})
        lost = sum(totals(url, "logship_lost_lines_total").values())
        outcomes = totals(url, "logship_lines_total")
    records = records_in(tmp_path)
    assert_gapless(records)
    assert answers == by_status
    assert lost == 0
    assert sum(count for labels, count in outcomes.items() if "rejected" in labels) == 0
    assert sum(outcomes.values()) == len(records)
    requests = [record for record in records if record["message"] == app_logging.REQUEST_MESSAGE]
    assert Counter(record["status"] for record in requests) == answers
    assert len({record["boot_id"] for record in requests}) > 1, "one worker did it all"
    assert len(list((tmp_path / "logs").glob("combined.log.*"))) > CLIENTS, "nothing was rotated"
    assert sum(record["message"] == "step" for record in records) == sum(answers.values()) * LINES
