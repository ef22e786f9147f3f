"""Every expression of the dashboards has an answer in a real Prometheus, whatever is chosen in the variables.

It scrapes a tailer that follows the log of the sample API under traffic, and what real exporters once said.
"""

from __future__ import annotations

import math
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from http.server import BaseHTTPRequestHandler
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest
from configs.dashboards import PATHS, ROOT, Json, Query, chosen, label_values, load, queries, substitute, variables
from configs.test_end_to_end import is_ready, running, write_prometheus
from crash.tailing import DEADLINE, Tail, came_true, wait_for
from loopback import Quiet, answering, free_port

pytestmark = pytest.mark.integration

RECORDED = Path(__file__).parent / "data/exporters"
EXPORTERS = {"postgres": "postgres", "pgbouncer": "pgbouncer", "redis": "redis", "node-exporter": "node"}
"""Job to recorded file."""

SECONDS = {"__rate_interval": "3s", "__interval": "1s", "__range": "10s"}
"""Windows of many scrapes, as they come every quarter of a second here."""

SHOWN_SECONDS = 5


class Prometheus:
    """A Prometheus that answers as Grafana asks."""

    def __init__(self, address: str) -> None:
        self._api = httpx.Client(base_url=f"http://{address}/api/v1", timeout=DEADLINE)

    def values(self, selector: str, label: str) -> list[str]:
        """Return the values of a label of the series of a selector."""
        values: list[str] = self._answer(f"/label/{label}/values", {"match[]": selector})
        return values

    def series(self, query: Query) -> list[Json]:
        """Return what a panel would draw: each series with its labels in `metric`.

        Raises:
            ValueError: It is no answer to draw from, for the reason given.
        """
        now = time.time()
        if query.is_instant:
            found = self._answer("/query", {"query": query.expression, "time": now})["result"]
        else:
            span = {"start": now - SHOWN_SECONDS, "end": now, "step": 1}
            found = self._answer("/query_range", {"query": query.expression, **span})["result"]
        values = [float(value) for each in found for _, value in each.get("values") or [each["value"]]]
        if all(math.isnan(value) for value in values):
            raise ValueError("no data")
        named = set(re.findall(r"\{\{(\w+)\}\}", query.legend))
        if missing := {label for each in found for label in named - set(each["metric"])}:
            raise ValueError(f"the legend names {sorted(missing)}, which no series has")
        result: list[Json] = found
        return result

    def close(self) -> None:
        self._api.close()

    def _answer(self, path: str, parameters: Mapping[str, Any]) -> Any:
        answer = self._api.get(path, params=parameters).json()
        if answer["status"] != "success":
            raise ValueError(answer["error"])
        return answer["data"]


@pytest.fixture
def prometheus(tmp_path: Path, server_program: Callable[[str], str]) -> Iterator[Prometheus]:
    logs = tmp_path / "logs"
    logs.mkdir()
    tail = Tail(tmp_path, [logs / "combined.log*", logs / "spoilt.log"])
    api, address = free_port(), f"127.0.0.1:{free_port()}"
    examples = ROOT / "examples"
    with ExitStack() as started:
        addresses = {job: started.enter_context(saying(RECORDED / f"{name}.prom")) for job, name in EXPORTERS.items()}
        # nobody answers there, which makes an alert fire
        addresses |= {"alertmanager": f"127.0.0.1:{free_port()}", "heroes-api": tail.url.removeprefix("http://")}
        arguments = (f"--port={api}", f"--log-dir={logs}", "--seed=7")
        started.enter_context(running(tmp_path / "api.talk", sys.executable, examples / "heroes_api.py", *arguments))
        check = [sys.executable, "-m", "app_logging.health", "--disk", str(tmp_path)]
        subprocess.run(check, env=os.environ | {"LOG_DIR": str(logs)}, stdout=subprocess.DEVNULL, check=True)
        started.callback(tail.kill)
        tail.start()
        config = write_prometheus(tmp_path, addresses)
        evaluate_at_once(tmp_path / "rules")
        started.enter_context(
            running(
                tmp_path / "prometheus.talk",
                server_program("prometheus"),
                f"--config.file={config}",
                f"--storage.tsdb.path={tmp_path / 'tsdb'}",
                f"--web.listen-address={address}",
            )
        )
        wait_for(lambda: is_up(f"http://127.0.0.1:{api}/health") and is_ready(address) and tail.serves())
        traffic = (f"http://127.0.0.1:{api}", "--seconds=60", "--rate=60", "--seed=7")
        started.enter_context(running(tmp_path / "traffic.talk", sys.executable, examples / "traffic.py", *traffic))
        prometheus = Prometheus(address)
        started.callback(prometheus.close)
        yield prometheus


def test_every_expression_has_an_answer(prometheus: Prometheus, tmp_path: Path) -> None:
    dashboards = [load(path) for path in PATHS]
    answered: set[str] = set()
    complaints: dict[str, str] = {}

    def all_are_answered() -> bool:
        with (tmp_path / "logs/spoilt.log").open("a") as log:
            log.write("no JSON\n")
        complaints.clear()
        for query in (query for dashboard in dashboards for query in asked(prometheus, dashboard)):
            if query.place not in answered:
                try:
                    prometheus.series(query)
                    answered.add(query.place)
                except ValueError as error:
                    complaints[query.place] = f"{error}: {query.expression}"
        return not complaints

    assert came_true(all_are_answered, seconds=2 * DEADLINE, every=0.5), complaints
    for expression, complaint in (
        ('sum(rate(http_request_total{job=~"heroes-api"}[3s]))', "no data"),
        ("sum(rate(http_requests_total[3s])", "unclosed left parenthesis"),
        ("sum by (route) (rate(http_requests_total[3s]))", "the legend names"),
    ):
        with pytest.raises(ValueError, match=complaint):
            prometheus.series(Query("broken", expression, legend="{{method}}"))


def asked(prometheus: Prometheus, dashboard: Json) -> Iterator[Query]:
    """Yield the queries of a dashboard as Prometheus gets them: for all values of variables, and for chosen ones."""
    every = {name: each["allValue"] for name, each in variables(dashboard, "query").items()}
    for choice, values in (("all", every), ("chosen", choose(prometheus, dashboard))):
        for fixed in fixed_values(dashboard):
            for query in queries(dashboard):
                expression = substitute(query.expression, SECONDS | values | fixed)
                yield query._replace(place=f"{query.place} ({choice}, {fixed})", expression=expression)


def choose(prometheus: Prometheus, dashboard: Json) -> dict[str, str]:
    """Return the variables with every value chosen by hand, as Grafana would put them into an expression."""
    values: dict[str, str] = {}
    for name, variable in variables(dashboard, "query").items():
        asked = label_values(variable)
        assert asked is not None
        found = prometheus.values(substitute(asked.selector, values), asked.label)
        values[name] = f"({'|'.join(map(chosen, found))})"
    return values


def fixed_values(dashboard: Json) -> Iterator[dict[str, str]]:
    """Yield the values that variables with a fixed list can have; at most one such variable is expected."""
    custom = variables(dashboard, "custom")
    assert len(custom) <= 1
    for name, variable in custom.items():
        yield from ({name: value} for value in variable["query"].split(","))
    if not custom:
        yield {}


@contextmanager
def saying(path: Path) -> Iterator[str]:
    """Serve a recorded exposition at the address that is yielded; with each scrape its counters have grown."""
    text, scrapes = path.read_text(encoding="utf-8"), count()

    class Exposition(Quiet, BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = grown(text, next(scrapes)).encode()
            self.send_response(200)
            self.send_header("content-type", "text/plain; version=0.0.4")
            self.end_headers()
            with suppress(BrokenPipeError):  # Prometheus was stopped, or lost its patience
                self.wfile.write(body)

    with answering(Exposition) as url:
        yield url.removeprefix("http://")


def grown(exposition: str, by: int) -> str:
    """Return an exposition with that much more in each counter."""
    counters = set(re.findall(r"^# TYPE (\S+) counter$", exposition, re.MULTILINE))

    def grow(line: str) -> str:
        name, _, _ = line.partition("{")
        sample, _, value = line.rpartition(" ")
        return f"{sample} {float(value) + by}" if name.split(" ")[0] in counters else line

    return "".join(f"{grow(line)}\n" for line in exposition.splitlines())


def evaluate_at_once(rules: Path) -> None:
    """Take away from the groups of rules that some are evaluated more rarely than others."""
    for path in rules.iterdir():
        path.write_text(re.sub(r"^    interval: \w+\n", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE))


def is_up(url: str) -> bool:
    try:
        return httpx.get(url, timeout=DEADLINE).is_success
    except httpx.TransportError:
        return False
