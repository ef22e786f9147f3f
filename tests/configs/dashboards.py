"""The shipped dashboards as data: their panels, their expressions, and what Grafana puts in place of variables."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import yaml

Json = dict[str, Any]

ROOT = Path(__file__).parents[2]
GRAFANA = ROOT / "configs/grafana"
PATHS = sorted((GRAFANA / "dashboards").glob("*.json"))

INTERVALS = {"__rate_interval": "1m", "__interval": "15s", "__range": "1h"}
"""Variables that Grafana derives from the time range; here any values will do."""

_REFERENCE = re.compile(r"\$(?:(\w+)|\{(\w+)(?::\w+)?\})")
_LABEL_VALUES = re.compile(r"label_values\((?P<selector>.+), (?P<label>\w+)\)")


class Query(NamedTuple):
    """An expression, where it stands, and how Grafana asks for it and shows it.

    Attributes:
        place: Where it stands, for people.
        expression: PromQL with Grafana's variables.
        is_instant: Whether only the newest value is asked for.
        legend: The template of a name for each series.
        format: What is made of the series; `time_series` unless the target says otherwise.
        interval: The shortest step; that of the data source unless the target says otherwise.
    """

    place: str
    expression: str
    is_instant: bool = False
    legend: str = ""
    format: str = "time_series"
    interval: str = ""


class LabelValues(NamedTuple):
    """What the query of a variable asks for: the values of a label of a selector."""

    selector: str
    label: str


def load(path: Path) -> Json:
    loaded: Json = json.loads(path.read_text(encoding="utf-8"))
    return loaded


def configuration(name: str) -> Json:
    """Return a YAML file below `configs`."""
    loaded: Json = yaml.safe_load((ROOT / "configs" / name).read_text(encoding="utf-8"))
    return loaded


def panels(dashboard: Json) -> Iterator[Json]:
    """Yield the panels that draw something, those in folded rows included."""
    for panel in dashboard["panels"]:
        if panel["type"] == "row":
            yield from panel["panels"]
        else:
            yield panel


def variables(dashboard: Json, kind: str | None = None) -> dict[str, Json]:
    """Return the variables, of one type if that is given, by name."""
    return {each["name"]: each for each in dashboard["templating"]["list"] if kind in {None, each["type"]}}


def queries(dashboard: Json) -> Iterator[Query]:
    """Yield every expression of panels and annotations."""
    for panel in panels(dashboard):
        for target in panel.get("targets", []):
            yield _query(f"{dashboard['title']} / {panel.get('title')} / {target.get('refId')}", target)
    for annotation in dashboard["annotations"]["list"]:
        if "expr" in annotation.get("target", {}):
            yield _query(f"{dashboard['title']} / annotation {annotation['name']}", annotation["target"])


def label_values(variable: Json) -> LabelValues | None:
    """Return what the query of a variable asks for; None when it is of another kind."""
    query = variable.get("query")
    found = _LABEL_VALUES.fullmatch(query["query"] if isinstance(query, dict) else str(query))
    return LabelValues(found["selector"], found["label"]) if found else None


def references(text: str) -> set[str]:
    """Return the names of the variables that a text refers to."""
    return {found[1] or found[2] for found in _REFERENCE.finditer(text)}


def substitute(text: str, values: Mapping[str, str]) -> str:
    """Put values in place of variables; a variable without a value stays as it is, as in Grafana."""
    return _REFERENCE.sub(lambda found: values.get(found[1] or found[2], found[0]), text)


def chosen(value: str) -> str:
    """Return a value as Grafana puts it between the quotes of `=~`: the signs of regular expressions are literal."""
    return re.sub(r"[$^*{}\[\]'+?.()|]", r"\\\\\g<0>", value.replace("\\", 4 * "\\"))


def _query(place: str, target: Json) -> Query:
    return Query(
        place,
        target["expr"],
        is_instant=target.get("instant", False),
        legend=target.get("legendFormat", ""),
        format=target.get("format", "time_series"),
        interval=target.get("interval", ""),
    )
