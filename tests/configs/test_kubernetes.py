"""The manifests fit the schemas of Kubernetes and its operators, and each other."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate
import pytest
import yaml
from configs.kubernetes_faults import faults
from configs.kubernetes_manifests import VARIANTS, Manifest, Place, rendered

OLDEST, NEWEST = "1.30", "1.37"
"""The first with all that the manifests use, and the last whose schemas the validator has."""

SELECTOR = "app.kubernetes.io/name"
CUSTOM: dict[str, dict[str, Any]] = yaml.safe_load(
    (Path(__file__).parent / "kubernetes_crds.yml").read_text(encoding="utf-8")
)

POD = ("Deployment", "spec", "template", "spec")
TAILER = (*POD, "initContainers", 0)
API = (*POD, "containers", 0)
OF_A_NODE = ("DaemonSet", "spec", "template", "spec", "containers", 0)
BUDGET = ("PodDisruptionBudget", "spec")
POLICY = ("NetworkPolicy", "spec")
MONITOR = ("PodMonitor", "spec")
ENDPOINT = (*MONITOR, "podMetricsEndpoints", 0)
RULES = ("PrometheusRule", "spec", "groups", 0)
SCALER = ("HorizontalPodAutoscaler", "spec")
SCALED = ("ScaledObject", "spec")
TRIGGER = (*SCALED, "triggers", 0, "metadata")
PROBE = {"httpGet": {"path": "/readyz", "port": "metrics"}}


def check(manifest: Manifest, version: str = NEWEST) -> None:
    """Raise what is wrong with a manifest by its schema, that of Kubernetes or of an operator."""
    schema = CUSTOM.get(manifest["apiVersion"], {}).get(manifest["kind"])
    if schema is None:
        kubernetes_validate.validate(manifest, version, strict=True)
    else:
        jsonschema.validate(manifest["spec"], schema)


@pytest.mark.parametrize("version", [OLDEST, NEWEST])
@pytest.mark.parametrize("variant", VARIANTS)
def test_every_manifest_fits_its_schema(variant: str, version: str) -> None:
    for manifest in rendered(variant).manifests:
        check(manifest, version)


@pytest.mark.parametrize(
    ("variant", "place", "value"),
    [
        ("sidecar", (*API, "ports", 0, "containerPort"), "http"),
        ("sidecar", (*API, "port"), 8000),
        ("sidecar", (*TAILER, "restartPolicy"), True),
        ("sidecar", (*BUDGET, "minAvailabel"), 1),
        ("sidecar", (*ENDPOINT, "targetPort"), 9113),
        ("sidecar", (*ENDPOINT, "interval"), "10 s"),
        ("sidecar", (*RULES, "name"), None),
        ("sidecar", (*RULES, "rules", 0, "expr"), None),
        ("hpa", (*SCALER, "minReplicas"), "two"),
        ("hpa", (*SCALER[:1], "apiVersion"), "autoscaling/v2beta2"),
        ("keda", (*SCALED, "minReplicas"), 2),
        ("keda", (*SCALED, "scaleTargetRef", "name"), None),
        ("keda", (*TRIGGER, "threshold"), 50),
        ("keda", (*TRIGGER, "treshold"), "50"),
    ],
)
def test_a_schema_finds_what_is_wrong(variant: str, place: Place, value: Any) -> None:
    manifest = rendered(variant).put(place, value)
    with pytest.raises((jsonschema.ValidationError, kubernetes_validate.SchemaNotFoundError)):
        check(manifest)


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_manifests_belong_together(variant: str) -> None:
    assert faults(rendered(variant)) == []


@pytest.mark.parametrize(
    ("variant", "place", "value", "fault"),
    [
        ("sidecar", ("Service", "spec", "selector", SELECTOR), "api", "Service heroes-api selects no pod"),
        ("sidecar", (*MONITOR, "selector", "matchLabels", SELECTOR), "api", "PodMonitor .* selects no pod"),
        ("sidecar", (*POLICY, "podSelector", "matchLabels", SELECTOR), "api", "NetworkPolicy .* selects no pod"),
        ("sidecar", (*BUDGET, "selector", "matchLabels", SELECTOR), "api", "DisruptionBudget .* selects no pod"),
        ("sidecar", ("Deployment", "spec", "selector", "matchLabels", SELECTOR), "api", "does not select its own"),
        ("sidecar", ("Service", "spec", "ports", 0, "targetPort"), "metrics", "leads to port metrics"),
        ("sidecar", (*ENDPOINT, "port"), "prometheus", "scrapes port prometheus"),
        ("sidecar", (*POLICY, "ingress", 1, "ports", 0, "port"), 9114, "disagree on port 9113"),
        ("sidecar", (*TAILER, "livenessProbe", "httpGet", "port"), "http", "asks port http"),
        ("sidecar", (*TAILER, "startupProbe", "httpGet", "path"), "/readyz", "asks /readyz in place of /healthz"),
        ("sidecar", (*TAILER, "readinessProbe"), PROBE, "could take its pod out of service"),
        ("sidecar", (*TAILER, "restartPolicy"), None, "logship is no sidecar"),
        ("sidecar", (*API, "livenessProbe"), None, "api has no livenessProbe"),
        ("sidecar", (*API, "volumeMounts", 0, "name"), "log", "volume log is mounted, but not declared"),
        ("sidecar", (*TAILER, "volumeMounts", 1), None, "volume state is declared, but not mounted"),
        ("sidecar", (*POD, "volumes", 0, "emptyDir"), {}, "may fill the disk of the node"),
        ("sidecar", (*POD, "volumes", 2, "configMap", "name"), "logship", "ConfigMap logship, which is not there"),
        ("sidecar", (*TAILER, "args", 2), "/etc/logship/logship.yaml", "which no ConfigMap has"),
        ("sidecar", (*TAILER, "volumeMounts", 0, "mountPath"), "/var/log", "no volume has /logs"),
        ("sidecar", (*TAILER, "volumeMounts", 1, "readOnly"), True, "no volume that may be written"),
        ("sidecar", (*TAILER, "ports", 0, "containerPort"), 9090, "listens at 0.0.0.0:9113"),
        ("sidecar", (*TAILER, "securityContext", "readOnlyRootFilesystem"), None, "outside its volumes"),
        ("sidecar", (*POD, "serviceAccountName"), "default", "ServiceAccount default is not there"),
        ("sidecar", (*POD, "automountServiceAccountToken"), None, "gets a token that it does not need"),
        ("sidecar", ("ServiceAccount", "automountServiceAccountToken"), None, "gives its token away"),
        ("sidecar", ("Service", "metadata", "namespace"), "default", "a namespace that nobody declares"),
        ("sidecar", (*TAILER, "image"), "logship:latest", "without a full version"),
        ("sidecar", (*API, "resources", "requests"), None, "does not request CPU and memory"),
        ("sidecar", (*TAILER, "resources", "limits"), None, "has no limit of its memory"),
        ("hpa", (*SCALER, "scaleTargetRef", "name"), "api", "scales api, which is not there"),
        ("hpa", (*SCALER, "minReplicas"), 12, "goes from 12 to 10 pods"),
        ("keda", ("Deployment", "spec", "replicas"), 2, "undoes what ScaledObject heroes-api decided"),
        ("daemonset", (*OF_A_NODE, "volumeMounts", 1, "mountPath"), "/state", "no volume that may be written"),
    ],
)
def test_what_does_not_belong_together_is_found(variant: str, place: Place, value: Any, fault: str) -> None:
    broken = rendered(variant)
    broken.put(place, value)
    assert any(re.search(fault, sentence) for sentence in faults(broken)), faults(broken)


def test_two_autoscalers_are_found() -> None:
    both = rendered("hpa")
    both.manifests.extend(rendered("keda").of_kind("ScaledObject"))
    assert "two autoscalers fight" in faults(both)
