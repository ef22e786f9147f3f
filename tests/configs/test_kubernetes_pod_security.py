"""The pods keep the Pod Security Standard "restricted", except where it cannot be."""

from __future__ import annotations

from typing import Any

import pytest
from configs.kubernetes_manifests import Place, rendered
from configs.kubernetes_pod_security import violations

POD = ("Deployment", "spec", "template", "spec")
TAILER = (*POD, "initContainers", 0)
API = (*POD, "containers", 0)


@pytest.mark.parametrize("variant", ["sidecar", "hpa", "keda"])
def test_the_pods_of_the_api_keep_the_standard_that_their_namespace_enforces(variant: str) -> None:
    (namespace,) = rendered(variant).of_kind("Namespace")
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    assert [found for pod in rendered(variant).pods for found in violations(pod)] == []


def test_the_tailer_of_a_node_breaks_the_standard_only_where_it_has_to() -> None:
    (pod,) = rendered("daemonset").pods
    assert violations(pod) == ["pod: volumes", "logship: runAsUser", "logship: runAsNonRoot"]


@pytest.mark.parametrize(
    ("place", "value", "violation"),
    [
        ((*POD, "hostNetwork"), True, "pod: hostNetwork"),
        ((*POD, "volumes", 0), {"name": "logs", "hostPath": {"path": "/"}}, "pod: volumes"),
        ((*POD, "securityContext", "seccompProfile"), None, "api: seccompProfile.type"),
        ((*POD, "securityContext", "seccompProfile", "type"), "Unconfined", "pod: seccompProfile.type"),
        ((*POD, "securityContext", "runAsNonRoot"), None, "logship: runAsNonRoot"),
        ((*POD, "securityContext", "sysctls"), [{"name": "kernel.msgmax"}], "pod: securityContext.sysctls"),
        ((*TAILER, "securityContext", "runAsUser"), 0, "logship: runAsUser"),
        ((*API, "securityContext", "privileged"), True, "api: securityContext.privileged"),
        ((*API, "securityContext", "allowPrivilegeEscalation"), None, "api: securityContext.allowPrivilegeEscalation"),
        ((*API, "securityContext", "capabilities"), {"drop": ["KILL"]}, "api: securityContext.capabilities.drop"),
        ((*API, "securityContext", "capabilities", "add"), ["SYS_ADMIN"], "api: securityContext.capabilities.add"),
        ((*API, "ports", 0, "hostPort"), 8000, "api: ports"),
        ((*API, "livenessProbe", "httpGet", "host"), "169.254.169.254", "api: livenessProbe.httpGet.host"),
        ((*API, "securityContext", "seLinuxOptions"), {"type": "spc_t"}, "api: seLinuxOptions.type"),
    ],
)
def test_what_the_standard_forbids_is_found(place: Place, value: Any, violation: str) -> None:
    deployment = rendered("sidecar").put(place, value)
    assert violation in violations(deployment["spec"]["template"])
