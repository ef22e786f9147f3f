"""What Docker Compose itself does not find in a compose file: each rule yields a sentence for each fault."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

import yaml

Service = dict[str, Any]

RELEASE = re.compile(r"([a-z0-9_-]+/)?[a-z0-9_-]+:v?\d+(\.\d+)+(-[a-z0-9.]+)*")
"""An image of Docker Hub by a full version; the name of another registry has a dot or a colon before the slash."""

NAMED_PATH = re.compile(r"(?<![\w.:/])/(?:etc|run/secrets|examples|docker-entrypoint-initdb\.d)/[\w./-]+")
SECRET_VARIABLE = re.compile(r"(PASS|PASSWORD|SECRET|TOKEN|ACCESS_?KEY)$")
PASSWORD_IN_URL = re.compile(r"://[^/@:]+:(?!\$)[^/@]+@")
SEES_THE_HOST = "node-exporter"


@dataclass(frozen=True)
class Stack:
    """A compose file as Docker Compose understands it: paths absolute, everything in its long form."""

    services: dict[str, Service]
    declared: dict[str, dict[str, Any]]

    @classmethod
    def read(cls, program: str, file: Path, directory: Path) -> Stack:
        """Let Docker Compose read the file, with paths in it relative to the directory; raise what it says."""
        where = ["--file", str(file), "--project-directory", str(directory)]
        command = [program, *where, "config", "--format", "json"]
        ran = subprocess.run(command, capture_output=True, text=True, check=False)
        if ran.returncode != 0:
            raise ValueError(ran.stderr.strip())
        model, written = json.loads(ran.stdout), yaml.safe_load(file.read_text(encoding="utf-8"))
        kinds = ("networks", "volumes", "secrets")
        # Docker Compose leaves out what no service uses
        return cls(model["services"], {kind: written[kind] | model.get(kind, {}) for kind in kinds})

    def mounts(self, name: str) -> dict[PurePosixPath, Path | None]:
        """Return what is mounted where in a service: a file or directory of the host, or None for a volume."""
        service = self.services.get(name, {})
        found: dict[PurePosixPath, Path | None] = {}
        for mount in service.get("volumes", []):
            found[PurePosixPath(mount["target"])] = Path(mount["source"]) if mount["type"] == "bind" else None
        for secret in service.get("secrets", []):
            found[PurePosixPath(secret["target"])] = Path(self.declared["secrets"][secret["source"]]["file"])
        return found

    def on_the_host(self, name: str, path: str) -> Path | None:
        """Return where a path in a service is on the host, if it is mounted from there."""
        wanted = PurePosixPath(path)
        for target, source in sorted(self.mounts(name).items(), reverse=True):
            if wanted.is_relative_to(target):
                return source / wanted.relative_to(target) if source is not None else None
        return None

    def load(self, name: str, path: str) -> Any:
        """Return the YAML file that a service finds at a path; an empty mapping when there is none."""
        found = self.on_the_host(name, path)
        return yaml.safe_load(found.read_text(encoding="utf-8")) if found is not None and found.is_file() else {}

    def answers(self, asking: str, address: str) -> bool:
        """Return whether there is a service with that name and port in a network of the one that asks."""
        host, _, port = address.rpartition(":")
        service = self.services.get(asking if host == "localhost" else host)
        if service is None or not service["networks"].keys() & self.services[asking]["networks"].keys():
            return False
        open_ports = {*service.get("expose", []), *(str(each["target"]) for each in service.get("ports", []))}
        return port in open_ports


def unpinned_images(stack: Stack) -> Iterator[str]:
    for name, service in stack.services.items():
        if not RELEASE.fullmatch(service["image"]):
            yield f"{name}: the image {service['image']} is not pinned to a release"


def missing_health_checks(stack: Stack) -> Iterator[str]:
    for name, service in stack.services.items():
        if service.get("healthcheck", {}).get("test", ["NONE"]) == ["NONE"]:
            yield f"{name}: there is no health check"


def missing_limits(stack: Stack) -> Iterator[str]:
    for name, service in stack.services.items():
        limits = service.get("deploy", {}).get("resources", {}).get("limits", {})
        for wanted in ("cpus", "memory", "pids"):
            if wanted not in limits:
                yield f"{name}: there is no limit on {wanted}"


def missing_restarts(stack: Stack) -> Iterator[str]:
    for name, service in stack.services.items():
        if "restart" not in service:
            yield f"{name}: nothing restarts it"


def open_ports(stack: Stack) -> Iterator[str]:
    for name, service in stack.services.items():
        for port in service.get("ports", []):
            if port.get("host_ip") != "127.0.0.1":
                yield f"{name}: port {port['published']} is open to other machines"


def privileges(stack: Stack) -> Iterator[str]:
    for name, service in stack.services.items():
        if service.get("privileged") or service.get("cap_add") or service.get("cap_drop") != ["ALL"]:
            yield f"{name}: it has privileges"
        if "no-new-privileges:true" not in service.get("security_opt", []):
            yield f"{name}: it may gain privileges"
        if service.get("user", "").split(":")[0] in {"root", "0"}:
            yield f"{name}: it runs as root"
        if not service.get("read_only"):
            yield f"{name}: its root file system can be written to"
        if name != SEES_THE_HOST and {service.get(key) for key in ("pid", "ipc", "network_mode")} & {"host"}:
            yield f"{name}: it shares a namespace of the host"


def bad_mounts(stack: Stack) -> Iterator[str]:
    for name, service in stack.services.items():
        for mount in service.get("volumes", []):
            source = mount["source"]
            if mount["type"] != "bind":
                continue
            if not Path(source).exists():
                yield f"{name}: {source} is not there to be mounted"
            if not mount.get("read_only"):
                yield f"{name}: {source} can be written to"
            if name != SEES_THE_HOST and (source == "/" or source.endswith(".sock")):
                yield f"{name}: {source} gives it the host"


def unused_declarations(stack: Stack) -> Iterator[str]:
    services = stack.services.values()
    used = {
        "networks": {network for service in services for network in service["networks"]},
        "volumes": {m["source"] for service in services for m in service.get("volumes", []) if m["type"] == "volume"},
        "secrets": {secret["source"] for service in services for secret in service.get("secrets", [])},
    }
    for kind, declared in stack.declared.items():
        for name in declared.keys() - used[kind]:
            yield f"{kind}: {name} is declared and not used"


def passwords(stack: Stack) -> Iterator[str]:
    for name, service in stack.services.items():
        for key, value in (service.get("environment") or {}).items():
            if SECRET_VARIABLE.search(key) or PASSWORD_IN_URL.search(value or ""):
                yield f"{name}: {key} holds a secret, which belongs in a file"
        if PASSWORD_IN_URL.search(" ".join(words(service))):
            yield f"{name}: its command holds a secret, which belongs in a file"


def missing_files(stack: Stack) -> Iterator[str]:
    """Follow each path that a command or a variable names into what is mounted there."""
    for name, service in stack.services.items():
        for path in NAMED_PATH.findall(" ".join([*words(service), *(service.get("environment") or {}).values()])):
            source = stack.on_the_host(name, path)
            if PurePosixPath(path) not in stack.mounts(name) and (source is None or not source.exists()):
                yield f"{name}: {path} is not mounted"


def words(service: Service) -> list[str]:
    return [*(service.get("entrypoint") or []), *(service.get("command") or [])]


def unreachable_targets(stack: Stack) -> Iterator[str]:
    config = stack.load("prometheus", "/etc/prometheus/prometheus.yml")
    asked = [*config.get("scrape_configs", []), *config.get("alerting", {}).get("alertmanagers", [])]
    for job in asked:
        for target in job["static_configs"][0]["targets"]:
            if not stack.answers("prometheus", target):
                yield f"prometheus: no service answers at {target} (job {job.get('job_name', 'alertmanager')})"


def missing_rules(stack: Stack) -> Iterator[str]:
    config = stack.load("prometheus", "/etc/prometheus/prometheus.yml")
    for pattern in config.get("rule_files", ["(none)"]):
        path = PurePosixPath("/etc/prometheus") / pattern
        directory = stack.on_the_host("prometheus", str(path.parent))
        if directory is None or not any(directory.glob(path.name)):
            yield f"prometheus: no rules are mounted at {path}"


def missing_alertmanager_secrets(stack: Stack) -> Iterator[str]:
    config = json.dumps(stack.load("alertmanager", "/etc/alertmanager/alertmanager.yml"))
    for path in NAMED_PATH.findall(config):
        if PurePosixPath(path) not in stack.mounts("alertmanager"):
            yield f"alertmanager: {path} is not mounted"


def lost_dashboards(stack: Stack) -> Iterator[str]:
    """Follow Grafana's provisioning: each provider has dashboards, each data source is a service."""
    for provider in provisioned(stack, "dashboards", "providers"):
        directory = stack.on_the_host("grafana", provider["options"]["path"])
        if directory is None or not any(directory.glob("**/*.json")):
            yield f"grafana: no dashboard is mounted at {provider['options']['path']}"
    for source in provisioned(stack, "datasources", "datasources"):
        if not stack.answers("grafana", urlsplit(source["url"]).netloc):
            yield f"grafana: no service answers at {source['url']}"


def provisioned(stack: Stack, kind: str, key: str) -> Iterator[dict[str, Any]]:
    directory = stack.on_the_host("grafana", f"/etc/grafana/provisioning/{kind}")
    for path in directory.glob("*.y*ml") if directory is not None else ():
        yield from yaml.safe_load(path.read_text(encoding="utf-8"))[key]


RULES: tuple[Callable[[Stack], Iterator[str]], ...] = (
    unpinned_images,
    missing_health_checks,
    missing_limits,
    missing_restarts,
    open_ports,
    privileges,
    bad_mounts,
    unused_declarations,
    passwords,
    missing_files,
    unreachable_targets,
    missing_rules,
    missing_alertmanager_secrets,
    lost_dashboards,
)


def faults(stack: Stack) -> list[str]:
    """Return every fault that is found."""
    return [fault for rule in RULES for fault in rule(stack)]
