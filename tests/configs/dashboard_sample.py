"""A small dashboard with nothing wrong in it, for tests that put one thing wrong."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from configs.dashboards import Json

_SOURCE = {"type": "prometheus", "uid": "${datasource}"}


def _asked(name: str, label: str, query: str) -> Json:
    return {
        "name": name,
        "label": label,
        "type": "query",
        "description": "Which ones to look at.",
        "datasource": _SOURCE,
        "query": {"qryType": 1, "query": query, "refId": "A"},
        "multi": True,
        "includeAll": True,
        "allValue": ".+",
        "refresh": 2,
    }


SAMPLE: Json = {
    "uid": "a-sample",
    "id": None,
    "title": "A sample",
    "description": "Traffic.",
    "schemaVersion": 42,
    "editable": False,
    "annotations": {"list": []},
    "templating": {
        "list": [
            {"name": "datasource", "label": "Data source", "type": "datasource", "query": "prometheus"},
            _asked("job", "Job", "label_values(logship_build_info, job)"),
            _asked("instance", "Instance", 'label_values(logship_build_info{job=~"$job"}, instance)'),
        ]
    },
    "panels": [
        {
            "id": 1,
            "type": "timeseries",
            "title": "Requests",
            "description": "Requests per second.",
            "datasource": _SOURCE,
            "gridPos": {"x": 0, "y": 0, "w": 12, "h": 8},
            "targets": [
                {
                    "refId": "A",
                    "datasource": _SOURCE,
                    "editorMode": "code",
                    "range": True,
                    "expr": 'sum(rate(http_requests_total{job=~"$job",instance=~"$instance"}[$__rate_interval]))',
                    "legendFormat": "requests",
                }
            ],
            "fieldConfig": {"defaults": {"unit": "reqps", "custom": {"lineWidth": 1}}, "overrides": []},
            "options": {
                "legend": {"calcs": [], "displayMode": "list", "placement": "bottom", "showLegend": True},
                "tooltip": {"mode": "multi", "sort": "desc"},
            },
        },
    ],
}

PANEL = ("panels", 0)
TARGET = (*PANEL, "targets", 0)
EXPRESSION = (*TARGET, "expr")
DEFAULTS = (*PANEL, "fieldConfig", "defaults")
SOURCE = ("templating", "list", 0)
JOB = ("templating", "list", 1)
INSTANCE = ("templating", "list", 2)

GONE = object()
"""Stands for a key that is to be removed."""


def changed(path: tuple[str | int, ...], value: Any) -> Json:
    """Return the sample with one value replaced, added, or removed."""
    dashboard: Any = deepcopy(SAMPLE)
    node = dashboard
    for key in path[:-1]:
        node = node[key]
    if value is GONE:
        del node[path[-1]]
    else:
        node[path[-1]] = value
    result: Json = dashboard
    return result
