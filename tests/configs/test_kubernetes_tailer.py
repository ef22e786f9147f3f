"""The tailer in a pod fits this version, its configuration, and the application beside it."""

from __future__ import annotations

import asyncio
import importlib
import subprocess
from pathlib import Path

import httpx
import pytest
from configs.kubernetes_manifests import KUBERNETES, VARIANTS, configuration, containers, rendered, tailers
from crash.tailing import command
from starlette.applications import Starlette

import logship
from app_logging import health
from app_logging.health.checks import DEFAULT_TIMEOUT_SECONDS
from app_logging.settings import DEFAULT_BACKUPS, DEFAULT_MAX_BYTES

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("variant", ["sidecar", "daemonset"])
def test_the_tailer_can_obey_its_configuration(variant: str) -> None:
    checked = [*command(), "check", str(KUBERNETES / variant / "logship.yml")]
    ran = subprocess.run(checked, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_tailer_is_of_this_version(variant: str) -> None:
    assert [each["image"] for _, each in tailers(rendered(variant))] == [f"logship:{logship.__version__}"]


def test_the_volume_holds_twice_what_the_application_may_write() -> None:
    """app_logging keeps two logs, each a file and its backups; a pod over the limit is evicted."""
    (pod,) = rendered("sidecar").pods
    (limit,) = (each["emptyDir"]["sizeLimit"] for each in pod["spec"]["volumes"] if each["name"] == "logs")
    assert int(limit.removesuffix("Mi")) * 2**20 >= 2 * (2 * (1 + DEFAULT_BACKUPS) * DEFAULT_MAX_BYTES)


def test_the_last_requests_of_a_pod_are_scraped_before_it_goes() -> None:
    (pod,), (monitor,) = rendered("sidecar").pods, rendered("sidecar").of_kind("PodMonitor")
    (api,) = pod["spec"]["containers"]
    pause = api["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert pause > int(monitor["spec"]["podMetricsEndpoints"][0]["interval"].removesuffix("s"))
    assert pod["spec"]["terminationGracePeriodSeconds"] >= pause + 30


def test_the_application_writes_where_the_tailer_reads() -> None:
    (pod,) = rendered("sidecar").pods
    (api,) = pod["spec"]["containers"]
    (log_dir,) = (each["value"] for each in api["env"] if each["name"] == "LOG_DIR")
    assert configuration(rendered("sidecar"))["sources"][0]["paths"] == [f"{log_dir}/combined*.log"]
    (mount,) = api["volumeMounts"]
    assert log_dir.startswith(f"{mount['mountPath']}/"), "app_logging warns of a directory that everybody may write to"
    assert not mount.get("readOnly")


def test_the_tailer_has_the_group_of_the_logs() -> None:
    """app_logging writes with mode 0640, and Kubernetes gives `fsGroup` to volumes and to all containers of a pod."""
    (pod,) = rendered("sidecar").pods
    users = {container["name"]: container["securityContext"]["runAsUser"] for container in containers(pod)}
    assert len(set(users.values())) == 2
    assert pod["spec"]["securityContext"]["fsGroup"] > 0


def test_a_failing_check_takes_the_application_out_of_service_and_does_not_restart_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A database that is down would have every pod restarted, again and again."""
    (pod,) = rendered("sidecar").pods
    (api,) = pod["spec"]["containers"]
    monkeypatch.syspath_prepend(ROOT / "examples")
    sample = importlib.import_module("heroes_api")
    checks = health.HealthChecks(health.Check("database", lambda: False))
    transport = httpx.ASGITransport(Starlette(routes=sample.HeroesApi(checks).routes()))

    async def answer(kind: str) -> int:
        async with httpx.AsyncClient(transport=transport, base_url="http://api") as client:
            return (await client.get(api[kind]["httpGet"]["path"])).status_code

    assert asyncio.run(answer("readinessProbe")) == 503
    assert 200 <= asyncio.run(answer("livenessProbe")) < 400
    assert api["readinessProbe"]["timeoutSeconds"] > DEFAULT_TIMEOUT_SECONDS


def test_the_tailer_of_a_node_reads_the_pods_of_the_application() -> None:
    """The kubelet puts logs at /var/log/pods/NAMESPACE_POD_UID/CONTAINER/RESTARTS.log."""
    (deployment,) = rendered("sidecar").of_kind("Deployment")
    namespace, name = (deployment["metadata"][key] for key in ("namespace", "name"))
    container = containers(deployment["spec"]["template"])[-1]["name"]
    (source,) = configuration(rendered("daemonset"))["sources"]
    assert source["paths"] == [f"/var/log/pods/{namespace}_{name}-*/{container}/*.log"]
    assert source["wrap"] == "cri"
