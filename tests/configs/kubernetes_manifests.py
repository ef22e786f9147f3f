"""The manifests of configs/kubernetes as kubectl renders them, for tests to read and to break."""

from __future__ import annotations

import copy
import functools
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from crash.tailing import command

KUBERNETES = Path(__file__).parents[2] / "configs/kubernetes"
VARIANTS = ("sidecar", "hpa", "keda", "daemonset")

Manifest = dict[str, Any]
Place = tuple[str | int, ...]
"""A kind, and the keys and indices that lead into its first manifest."""


@dataclass(frozen=True)
class Rendered:
    """What one kustomization makes."""

    manifests: list[Manifest]

    def of_kind(self, *kinds: str) -> list[Manifest]:
        return [manifest for manifest in self.manifests if manifest["kind"] in kinds]

    @property
    def workloads(self) -> list[Manifest]:
        """What makes pods."""
        return self.of_kind("Deployment", "DaemonSet")

    @property
    def pods(self) -> list[Manifest]:
        """The templates of the pods."""
        return [workload["spec"]["template"] for workload in self.workloads]

    def selected_by(self, selector: dict[str, str]) -> list[Manifest]:
        """Return the templates of the pods that have all these labels."""
        return [pod for pod in self.pods if selector.items() <= pod["metadata"]["labels"].items()]

    def put(self, place: Place, value: Any) -> Manifest:
        """Set a value in a manifest, or remove it with None; return the manifest."""
        manifest = self.of_kind(str(place[0]))[0]
        node: Any = manifest
        for key in place[1:-1]:
            node = node[key]
        if value is None:
            del node[place[-1]]
        else:
            node[place[-1]] = value
        return manifest


def rendered(variant: str) -> Rendered:
    """Return what a variant makes, for the test alone."""
    return copy.deepcopy(_rendered(variant))


def containers(pod: Manifest) -> list[Manifest]:
    """Return the containers of a pod, sidecars first."""
    return [*pod["spec"].get("initContainers", []), *pod["spec"]["containers"]]


def tailers(rendered: Rendered) -> Iterator[tuple[Manifest, Manifest]]:
    """Yield each container that is a tailer, after its pod."""
    return ((pod, each) for pod in rendered.pods for each in containers(pod) if each["name"] == "logship")


def configuration(rendered: Rendered) -> Manifest:
    """Return the configuration of the tailer."""
    (text,) = (each["data"]["logship.yml"] for each in rendered.of_kind("ConfigMap"))
    loaded: Manifest = yaml.safe_load(text)
    return loaded


def run_here(rendered: Rendered, directory: Path, port: int) -> list[str]:
    """Return the command of the tailer with each volume as a directory of its name, and another port on loopback."""
    ((_, container),) = tailers(rendered)
    (text,) = (each["data"]["logship.yml"] for each in rendered.of_kind("ConfigMap"))
    (listening,) = (each["containerPort"] for each in container["ports"])
    here = text.replace(f"0.0.0.0:{listening}", f"127.0.0.1:{port}")
    arguments = container["args"]
    for mount in container["volumeMounts"]:
        volume = directory / mount["name"]
        volume.mkdir(parents=True)
        here = here.replace(f"{mount['mountPath']}/", f"{volume}/")
        arguments = [argument.replace(f"{mount['mountPath']}/", f"{volume}/") for argument in arguments]
    (directory / "config/logship.yml").write_text(here)
    return [*command(), *arguments]


@functools.cache
def _rendered(variant: str) -> Rendered:
    beside = shutil.which("kubectl", path=str(Path(sys.executable).parent))
    kustomize = [beside or "kubectl", "kustomize", str(KUBERNETES / variant)]
    ran = subprocess.run(kustomize, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return Rendered(list(yaml.safe_load_all(ran.stdout)))
