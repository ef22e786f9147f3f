"""What the autoscalers ask is answered by a real Prometheus that scrapes real tailers, with the shipped files.

Two pods run on loopback; Prometheus sees them with the labels that its operator would give them.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from configs.kubernetes_manifests import KUBERNETES, rendered, run_here, tailers
from crash.tailing import DEADLINE, wait_for
from loopback import free_port

pytestmark = pytest.mark.integration

NAMESPACE = "heroes"
EVERY = "250ms"
VALUES = KUBERNETES / "hpa/prometheus-adapter-values.yml"
Result = list[dict[str, Any]]


@dataclass(frozen=True)
class Pod:
    """A tailer on loopback, and the log that the application beside it would write."""

    name: str
    directory: Path
    port: int

    @property
    def labels(self) -> dict[str, str]:
        """The labels that the operator gives the target."""
        return {"namespace": NAMESPACE, "pod": self.name, "container": "logship", "endpoint": "metrics"}

    def serve(self, requests: int) -> None:
        """Log so many requests, as the application does."""
        record = {"level": "info", "message": "HTTP Request", "method": "GET", "url": "/api/heroes"}
        answered = {"timestamp": "2026-01-01T00:00:00.000Z", "status": 200, "duration": 12.0, "route": "/api/heroes"}
        with (self.directory / "logs/api/combined.log").open("a") as log:
            log.write((json.dumps(record | answered) + "\n") * requests)

    def answers(self, path: str) -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{self.port}{path}", timeout=DEADLINE).is_success
        except httpx.TransportError:
            return False


@dataclass(frozen=True)
class Prometheus:
    """A running Prometheus."""

    address: str

    def ask(self, path: str, **parameters: str) -> Any:
        answer = httpx.get(f"http://{self.address}/api/v1/{path}", params=parameters, timeout=DEADLINE).json()
        assert answer["status"] == "success", answer
        return answer["data"]

    def query(self, expression: str, **parameters: str) -> Result:
        """Return the result of an instant query, which has to be a vector."""
        data = self.ask("query", query=expression, **parameters)
        assert data["resultType"] == "vector"
        result: Result = data["result"]
        return result

    def now(self) -> str:
        """Return a time at which everything asked for has been scraped."""
        return str(self.query("vector(time())")[0]["value"][1])

    def is_ready(self) -> bool:
        try:
            return httpx.get(f"http://{self.address}/-/ready", timeout=DEADLINE).is_success
        except httpx.TransportError:
            return False


@contextmanager
def running(talk: Path, *arguments: str) -> Iterator[None]:
    with talk.open("wb") as said, subprocess.Popen(arguments, stdout=said, stderr=said) as process:
        try:
            yield
        finally:
            process.terminate()


@pytest.fixture
def pods(tmp_path: Path) -> Iterator[list[Pod]]:
    with ExitStack() as started:
        found = []
        for name in ("heroes-api-1", "heroes-api-2"):
            pod = Pod(name, tmp_path / name, free_port())
            command = run_here(rendered("sidecar"), pod.directory, pod.port)
            (pod.directory / "logs/api").mkdir()
            started.enter_context(running(pod.directory / "talk", *command))
            found.append(pod)
        wait_for(lambda: all(pod.answers("/healthz") for pod in found))
        yield found


@pytest.fixture
def prometheus(server_program: Callable[[str], str], tmp_path: Path, pods: list[Pod]) -> Iterator[Prometheus]:
    (monitor,) = rendered("sidecar").of_kind("PodMonitor")
    (endpoint,) = monitor["spec"]["podMetricsEndpoints"]
    targets = [{"targets": [f"127.0.0.1:{pod.port}"], "labels": pod.labels} for pod in pods]
    # an application that exports metrics of the same names itself
    targets.append({"targets": [f"127.0.0.1:{pods[0].port}"], "labels": pods[0].labels | {"container": "api"}})
    job = {
        "job_name": "heroes-api",
        "sample_limit": monitor["spec"]["sampleLimit"],
        "static_configs": targets,
        "metric_relabel_configs": [
            {"source_labels": each["sourceLabels"], "regex": each["regex"], "action": each["action"]}
            for each in endpoint["metricRelabelings"]
        ],
    }
    config = {"global": {"scrape_interval": EVERY, "scrape_timeout": EVERY}, "scrape_configs": [job]}
    (tmp_path / "prometheus.yml").write_text(yaml.safe_dump(config))
    served = Prometheus(f"127.0.0.1:{free_port()}")
    with running(
        tmp_path / "prometheus.talk",
        server_program("prometheus"),
        f"--config.file={tmp_path / 'prometheus.yml'}",
        f"--storage.tsdb.path={tmp_path / 'tsdb'}",
        f"--web.listen-address={served.address}",
    ):
        wait_for(served.is_ready)
        yield served


def adapter_query(rule: dict[str, Any], series: str, *pods: str) -> str:
    """Return what the prometheus-adapter asks for the metric of these pods.

    It has one matcher for each resource: = for one object, =~ for several (pkg/naming/metrics_query.go of the adapter).
    """
    labels = {each["resource"]: label for label, each in rule["resources"]["overrides"].items()}
    sign = "=~" if len(pods) > 1 else "="
    matchers = f'{labels["namespace"]}="{NAMESPACE}",{labels["pod"]}{sign}"{"|".join(pods)}"'
    query: str = rule["metricsQuery"]
    for field, value in (("Series", series), ("LabelMatchers", matchers), ("GroupBy", labels["pod"])):
        query = query.replace(f"<<.{field}>>", value)
    assert "<<" not in query
    return query


def test_the_autoscalers_find_the_requests_of_each_pod(pods: list[Pod], prometheus: Prometheus) -> None:
    (rule,) = yaml.safe_load(VALUES.read_text(encoding="utf-8"))["rules"]["custom"]
    (scaler,), (scaled,) = (
        rendered("hpa").of_kind("HorizontalPodAutoscaler"),
        rendered("keda").of_kind("ScaledObject"),
    )
    (metric,), (trigger,) = scaler["spec"]["metrics"], scaled["spec"]["triggers"]
    one, two = pods
    keda_query = trigger["metadata"]["query"]
    wait_for(lambda: len(prometheus.query("up == 1")) == 3)
    assert prometheus.query(keda_query) == [], "no requests are no answer, which KEDA takes for an error"

    def both_are_asked() -> bool:
        one.serve(1)
        two.serve(3)
        return len(prometheus.query("rate(http_requests_total[2m]) > 0")) == 3

    wait_for(both_are_asked)

    found = prometheus.ask("series", **{"match[]": rule["seriesQuery"]})
    assert {(each["pod"], each["container"]) for each in found} == {(pod.name, "logship") for pod in pods}
    (series,) = {each["__name__"] for each in found}
    assert re.sub(rule["name"]["matches"], rule["name"]["as"], series) == metric["pods"]["metric"]["name"]

    now = prometheus.now()
    rates = {
        each["metric"]["pod"]: float(each["value"][1])
        for each in prometheus.query(adapter_query(rule, series, one.name, two.name), time=now)
    }
    assert 0 < rates[one.name] < rates[two.name]
    (alone,) = prometheus.query(adapter_query(rule, series, one.name), time=now)
    assert alone["metric"] == {"pod": one.name}
    assert float(alone["value"][1]) == pytest.approx(rates[one.name])
    (total,) = prometheus.query(keda_query, time=now)
    assert float(total["value"][1]) == pytest.approx(sum(rates.values()))


def test_the_probes_of_the_tailer_are_answered_before_there_is_a_log(pods: list[Pod]) -> None:
    """The application starts only after the startupProbe: what waits for its logs would wait for ever."""
    ((_, container),) = tailers(rendered("sidecar"))
    for kind in ("startupProbe", "livenessProbe"):
        assert all(pod.answers(container[kind]["httpGet"]["path"]) for pod in pods)
