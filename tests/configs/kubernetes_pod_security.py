"""The Pod Security Standard "restricted" as a table: what a pod may say in each field.

Source: https://kubernetes.io/docs/concepts/security/pod-security-standards/ as of Kubernetes 1.34, for pods on Linux;
its annotations, which fields have replaced, are left out.
None stands for a field that is not there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from configs.kubernetes_manifests import Manifest, containers

Allowed = Callable[[Any], bool]

VOLUMES = {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"}
SAFE_SYSCTLS = {
    *("kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.ip_unprivileged_port_start"),
    *("net.ipv4.tcp_syncookies", "net.ipv4.ping_group_range", "net.ipv4.ip_local_reserved_ports"),
    *("net.ipv4.tcp_keepalive_time", "net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_keepalive_intvl"),
    *("net.ipv4.tcp_keepalive_probes", "net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem"),
}
SELINUX_TYPES = (None, "", "container_t", "container_init_t", "container_kvm_t", "container_engine_t")


def one_of(*values: str | None) -> Allowed:
    return lambda value: value in values


def is_unset(value: Any) -> bool:
    return value in (None, "")


def is_off(value: Any) -> bool:
    return value is None or value is False


OF_THE_POD: dict[str, Allowed] = {
    "hostNetwork": is_off,
    "hostPID": is_off,
    "hostIPC": is_off,
    "volumes": lambda volumes: all(each.keys() - {"name"} <= VOLUMES for each in volumes or []),
    "securityContext.sysctls": lambda sysctls: {each["name"] for each in sysctls or []} <= SAFE_SYSCTLS,
}
"""Fields below `spec`."""

OF_BOTH: dict[str, Allowed] = {
    "windowsOptions.hostProcess": is_off,
    "seLinuxOptions.type": one_of(*SELINUX_TYPES),
    "seLinuxOptions.user": is_unset,
    "seLinuxOptions.role": is_unset,
    "appArmorProfile.type": one_of(None, "RuntimeDefault", "Localhost"),
    "seccompProfile.type": one_of(None, "RuntimeDefault", "Localhost"),
    "runAsUser": lambda user: user != 0,
}
"""Fields below `securityContext`, of the pod and of each container."""

OF_A_CONTAINER: dict[str, Allowed] = {
    "securityContext.privileged": is_off,
    "securityContext.allowPrivilegeEscalation": lambda value: value is False,
    "securityContext.procMount": one_of(None, "Default"),
    "securityContext.capabilities.drop": lambda dropped: "ALL" in (dropped or []),
    "securityContext.capabilities.add": lambda added: set(added or []) <= {"NET_BIND_SERVICE"},
    "ports": lambda ports: all(not each.get("hostPort") for each in ports or []),
    **{
        f"{hook}.{action}.host": is_unset
        for hook in ("livenessProbe", "readinessProbe", "startupProbe", "lifecycle.postStart", "lifecycle.preStop")
        for action in ("httpGet", "tcpSocket")
    },
}
"""Fields of each container, sidecars included."""

IN_EFFECT: dict[str, Allowed] = {
    "runAsNonRoot": lambda value: value is True,
    "seccompProfile.type": one_of("RuntimeDefault", "Localhost"),
}
"""Fields below `securityContext` that a container takes from the pod when it has none of its own."""


def violations(pod: Manifest) -> list[str]:
    """Return what the standard forbids in the template of a pod, as the place and the field."""
    return list(_violations(pod["spec"], containers(pod)))


def _violations(spec: Manifest, all_containers: list[Manifest]) -> Iterator[str]:
    of_the_pod = spec.get("securityContext", {})
    yield from _broken("pod", spec, OF_THE_POD)
    yield from _broken("pod", of_the_pod, OF_BOTH)
    for container in all_containers:
        own = container.get("securityContext", {})
        yield from _broken(container["name"], container, OF_A_CONTAINER)
        yield from _broken(container["name"], own, OF_BOTH)
        yield from _broken(container["name"], of_the_pod | own, IN_EFFECT)


def _broken(place: str, node: Manifest, rules: dict[str, Allowed]) -> Iterator[str]:
    for path, is_allowed in rules.items():
        if not is_allowed(_value(node, path)):
            yield f"{place}: {path}"


def _value(node: Any, path: str) -> Any:
    for key in path.split("."):
        node = (node or {}).get(key)
    return node
