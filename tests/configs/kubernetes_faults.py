"""What Kubernetes accepts in silence although it cannot work: each rule yields a sentence for each fault."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath
from typing import Any

from configs.kubernetes_manifests import Manifest, Rendered, configuration, containers, tailers

PINNED = re.compile(r"[a-z0-9_/-]+:\d+\.\d+\.\d+")
OF_THE_TAILER = {"startupProbe": "/healthz", "livenessProbe": "/healthz", "readinessProbe": "/readyz"}
PROBES = tuple(OF_THE_TAILER)


def name_of(manifest: Manifest) -> str:
    return f"{manifest['kind']} {manifest['metadata']['name']}"


def selector_of(manifest: Manifest) -> dict[str, str]:
    """Return the labels that a manifest selects pods by."""
    spec = manifest["spec"]
    selector = spec.get("podSelector") or spec["selector"]
    labels: dict[str, str] = selector.get("matchLabels", selector)
    return labels


def selectors(rendered: Rendered) -> Iterator[str]:
    for manifest in rendered.of_kind("Service", "PodDisruptionBudget", "NetworkPolicy", "PodMonitor"):
        if not rendered.selected_by(selector_of(manifest)):
            yield f"{name_of(manifest)} selects no pod"
    for workload in rendered.workloads:
        pod = workload["spec"]["template"]
        spreads = [spread["labelSelector"] for spread in pod["spec"].get("topologySpreadConstraints", [])]
        for selector in [workload["spec"]["selector"], *spreads]:
            if not selector["matchLabels"].items() <= pod["metadata"]["labels"].items():
                yield f"{name_of(workload)} does not select its own pods"


def ports_of_services(rendered: Rendered) -> Iterator[str]:
    for service in rendered.of_kind("Service"):
        for pod in rendered.selected_by(selector_of(service)):
            # in older releases a Service does not find the names of ports in sidecars (kubernetes/kubernetes#128850)
            found = {port["name"] for container in pod["spec"]["containers"] for port in container["ports"]}
            for wanted in service["spec"]["ports"]:
                if wanted["targetPort"] not in found:
                    yield f"{name_of(service)} leads to port {wanted['targetPort']}, which no container has"


def ports_of_policies(rendered: Rendered) -> Iterator[str]:
    for policy in rendered.of_kind("NetworkPolicy"):
        for pod in rendered.selected_by(selector_of(policy)):
            numbers = {port["containerPort"] for container in containers(pod) for port in container["ports"]}
            opened = {port["port"] for rule in policy["spec"]["ingress"] for port in rule["ports"]}
            for number in sorted(numbers ^ opened):
                yield f"{name_of(policy)} and the pod disagree on port {number}"


def ports_of_monitors(rendered: Rendered) -> Iterator[str]:
    for monitor in rendered.of_kind("PodMonitor"):
        for pod in rendered.selected_by(selector_of(monitor)):
            named = {port["name"] for container in containers(pod) for port in container["ports"]}
            for endpoint in monitor["spec"]["podMetricsEndpoints"]:
                if endpoint["port"] not in named:
                    yield f"{name_of(monitor)} scrapes port {endpoint['port']}, which no container has"


def probes(rendered: Rendered) -> Iterator[str]:
    for pod in rendered.pods:
        for container in containers(pod):
            named = {port["name"] for port in container["ports"]}
            asked = {kind: container[kind]["httpGet"] for kind in PROBES if kind in container}
            yield from (
                f"{kind} of {container['name']} asks port {get['port']}, which it does not have"
                for kind, get in asked.items()
                if get["port"] not in named
            )
            if "livenessProbe" not in asked:
                yield f"{container['name']} has no livenessProbe"


def sidecars(rendered: Rendered) -> Iterator[str]:
    for pod in rendered.pods:
        for sidecar in pod["spec"].get("initContainers", []):
            if sidecar.get("restartPolicy") != "Always":
                yield f"{sidecar['name']} is no sidecar: the pod would wait for its end"
            if "readinessProbe" in sidecar:
                yield f"{sidecar['name']} could take its pod out of service: it has a readinessProbe"


def probes_of_tailers(rendered: Rendered) -> Iterator[str]:
    for _, tailer in tailers(rendered):
        for kind, path in OF_THE_TAILER.items():
            if kind in tailer and tailer[kind]["httpGet"]["path"] != path:
                yield f"{kind} of the tailer asks {tailer[kind]['httpGet']['path']} in place of {path}"


def volumes(rendered: Rendered) -> Iterator[str]:
    data = {each["metadata"]["name"]: each["data"] for each in rendered.of_kind("ConfigMap")}
    for pod in rendered.pods:
        declared = {volume["name"]: volume for volume in pod["spec"]["volumes"]}
        mounted = {mount["name"] for container in containers(pod) for mount in container["volumeMounts"]}
        yield from (f"volume {name} is mounted, but not declared" for name in sorted(mounted - declared.keys()))
        yield from (f"volume {name} is declared, but not mounted" for name in sorted(declared.keys() - mounted))
        for name, volume in declared.items():
            if "configMap" in volume and volume["configMap"]["name"] not in data:
                yield f"volume {name} is of ConfigMap {volume['configMap']['name']}, which is not there"
            if "emptyDir" in volume and "sizeLimit" not in volume["emptyDir"]:
                yield f"volume {name} may fill the disk of the node"


def configurations(rendered: Rendered) -> Iterator[str]:
    data = {each["metadata"]["name"]: each["data"] for each in rendered.of_kind("ConfigMap")}
    for pod, tailer in tailers(rendered):
        config = PurePosixPath(tailer["args"][tailer["args"].index("--config") + 1])
        source = _volume_of(pod, tailer, config).get("configMap", {})
        if config.name not in data.get(source.get("name"), {}):
            yield f"the tailer is to read {config}, which no ConfigMap has"


def files_and_listening(rendered: Rendered) -> Iterator[str]:
    config = configuration(rendered)
    for pod, container in tailers(rendered):
        for source in config["sources"]:
            yield from (f"no volume has {path}" for path in source["paths"] if not _volume_of(pod, container, path))
        if not _volume_of(pod, container, config["state"]["file"], is_written=True):
            yield f"no volume that may be written has {config['state']['file']}"
        numbers = [port["containerPort"] for port in container["ports"]]
        if config["serve"]["listen"] not in {f"0.0.0.0:{number}" for number in numbers}:
            yield f"the tailer listens at {config['serve']['listen']}, its pod says {numbers}"
        if container.get("securityContext", {}).get("readOnlyRootFilesystem") is not True:
            yield "the tailer may write outside its volumes"


def accounts(rendered: Rendered) -> Iterator[str]:
    known = {each["metadata"]["name"]: each for each in rendered.of_kind("ServiceAccount")}
    for pod in rendered.pods:
        name = pod["spec"].get("serviceAccountName")
        if name not in known:
            yield f"ServiceAccount {name} is not there"
        elif known[name].get("automountServiceAccountToken") is not False:
            yield f"ServiceAccount {name} gives its token away"
        if pod["spec"].get("automountServiceAccountToken") is not False:
            yield f"a pod of ServiceAccount {name} gets a token that it does not need"


def namespaces(rendered: Rendered) -> Iterator[str]:
    declared = {each["metadata"]["name"] for each in rendered.of_kind("Namespace")}
    for manifest in rendered.manifests:
        if manifest["kind"] != "Namespace" and manifest["metadata"].get("namespace") not in declared:
            yield f"{name_of(manifest)} is in a namespace that nobody declares"


def images_and_resources(rendered: Rendered) -> Iterator[str]:
    for container in (each for pod in rendered.pods for each in containers(pod)):
        name, resources = container["name"], container.get("resources", {})
        if not PINNED.fullmatch(container["image"]):
            yield f"{name} has an image without a full version: {container['image']}"
        if not resources.get("requests", {}).keys() >= {"cpu", "memory"}:
            yield f"{name} does not request CPU and memory"
        if "memory" not in resources.get("limits", {}):
            yield f"{name} has no limit of its memory"


def autoscalers(rendered: Rendered) -> Iterator[str]:
    workloads = {each["metadata"]["name"]: each for each in rendered.workloads}
    scalers = rendered.of_kind("HorizontalPodAutoscaler", "ScaledObject")
    if len(scalers) > 1:
        yield "two autoscalers fight"
    for scaler in scalers:
        spec = scaler["spec"]
        target = workloads.get(spec["scaleTargetRef"]["name"])
        if target is None:
            yield f"{name_of(scaler)} scales {spec['scaleTargetRef']['name']}, which is not there"
        elif "replicas" in target["spec"]:
            yield f"each apply of {name_of(target)} undoes what {name_of(scaler)} decided"
        least, most = (spec.get(f"{word}Replicas", spec.get(f"{word}ReplicaCount")) for word in ("min", "max"))
        if not 1 < least < most:
            yield f"{name_of(scaler)} goes from {least} to {most} pods"


RULES: tuple[Callable[[Rendered], Iterator[str]], ...] = (
    *(selectors, ports_of_services, ports_of_policies, ports_of_monitors, probes, sidecars, probes_of_tailers),
    *(volumes, configurations, files_and_listening, accounts, namespaces, images_and_resources, autoscalers),
)


def faults(rendered: Rendered) -> list[str]:
    """Return a sentence for each fault."""
    return [sentence for rule in RULES for sentence in rule(rendered)]


def _volume_of(
    pod: Manifest, container: Manifest, path: str | PurePosixPath, *, is_written: bool = False
) -> dict[str, Any]:
    """Return the volume in which a container finds a path, and may write to it if it has to; {} if there is none."""
    declared = {volume["name"]: volume for volume in pod["spec"]["volumes"]}
    for mount in container["volumeMounts"]:
        is_fit = not (is_written and mount.get("readOnly"))
        if is_fit and PurePosixPath(path).is_relative_to(mount["mountPath"]):
            found: dict[str, Any] = declared.get(mount["name"], {})
            return found
    return {}
