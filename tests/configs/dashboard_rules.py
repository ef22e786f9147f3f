"""Rules for dashboards: those of Grafana's dashboard-linter, and what else makes one a trap for its readers.

Each rule takes a dashboard and yields complaints. See https://github.com/grafana/dashboard-linter/tree/main/docs/rules.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from configs.dashboards import INTERVALS, Json, label_values, panels, references, variables

Rule = Callable[[Json], Iterator[str]]
Item = TypeVar("Item")

SOURCE = {"type": "prometheus", "uid": "${datasource}"}
PANEL_TYPES = {"bargauge", "heatmap", "stat", "state-timeline", "table", "timeseries"}
UNITS = {"none", "string", "s", "bytes", "Bps", "percentunit", "reqps", "cps", "ops"}
"""Names of Grafana's units, of which there are hundreds; add what is needed."""

COLUMNS = 24
"""A dashboard is so wide."""

GRAFANAS_OWN = {*INTERVALS, "__all", "__field", "__url_time_range", "__value"}


def has_an_identity(dashboard: Json) -> Iterator[str]:
    """A provisioned dashboard has a uid that links can use, and no id or inputs of the Grafana it came from."""
    if not re.fullmatch(r"[a-z0-9-]{8,40}", dashboard.get("uid") or ""):
        yield "no uid of 8 to 40 small letters, digits and dashes"
    if dashboard.get("id") is not None:
        yield "its id is not null"
    yield from (f"{key} is left from an export" for key in dashboard if key.startswith("__"))
    if not dashboard.get("title") or not dashboard.get("description"):
        yield "no title or description"


def is_not_editable(dashboard: Json) -> Iterator[str]:
    """What is changed in the window of a provisioned dashboard is lost."""
    if dashboard.get("editable") is not False:
        yield "editable is not false"


def can_be_pointed_at_any_source(dashboard: Json) -> Iterator[str]:
    """The data source is a variable, and everything uses it."""
    source = variables(dashboard, "datasource").get("datasource")
    if source is None or source.get("query") != "prometheus" or source.get("label") != "Data source":
        yield "no variable `datasource` of Prometheus with the label `Data source`"
    users: list[tuple[str, Json]] = [(f"variable {name}", each) for name, each in variables(dashboard, "query").items()]
    for panel in panels(dashboard):
        users += [(f"panel {panel['title']}", panel)]
        users += [(f"target {target['refId']} of {panel['title']}", target) for target in panel.get("targets", [])]
    asking = [each for each in dashboard["annotations"]["list"] if "expr" in each.get("target", {})]
    users += [(f"annotation {annotation['name']}", annotation) for annotation in asking]
    yield from (f"{name} does not use it" for name, user in users if user.get("datasource") != SOURCE)


def can_be_narrowed_down(dashboard: Json) -> Iterator[str]:
    """There is a variable for the job, and each variable of label values offers several, all, and what is new."""
    asked = variables(dashboard, "query")
    if "job" not in asked:
        yield "no variable `job`"
    for name, variable in asked.items():
        if label_values(variable) is None:
            yield f"variable {name} is not label_values(SELECTOR, LABEL)"
        if not variable.get("label") or not variable.get("description"):
            yield f"variable {name} has no label or description"
        if not variable.get("multi") or not variable.get("includeAll") or variable.get("allValue") not in {".+", ".*"}:
            yield f"variable {name} does not offer several, or all"
        if variable.get("refresh") != 2:
            yield f"variable {name} does not look again when the time range changes"


def uses_the_variables_it_has(dashboard: Json) -> Iterator[str]:
    """A reference to a variable that is not there stays as it is, and is no error in Grafana."""
    have = set(variables(dashboard))
    used = references(str({**dashboard, "annotations": None}))
    yield from (f"no variable {name}" for name in sorted(used - have - GRAFANAS_OWN))
    yield from (f"variable {name} is not used" for name in sorted(have - used))


def fits_its_grid(dashboard: Json) -> Iterator[str]:
    """Panels have numbers of their own and lie beside each other."""
    everything = [*dashboard["panels"], *(each for row in dashboard["panels"] for each in row.get("panels", []))]
    yield from (f"id {number} is used twice" for number in repeated(each.get("id") for each in everything))
    places = [each["gridPos"] for each in dashboard["panels"]]
    cells = [
        (x, y) for at in places for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])
    ]
    if repeated(cells):
        yield f"panels overlap at column {repeated(cells)[0][0]}, line {repeated(cells)[0][1]}"
    if any(x >= COLUMNS for x, _ in cells):
        yield f"a panel is beyond column {COLUMNS}"


def explains_its_panels(dashboard: Json) -> Iterator[str]:
    """Each panel has a title, a description, a unit and a type that Grafana still has."""
    for panel in panels(dashboard):
        title = panel.get("title")
        if not title or not panel.get("description"):
            yield f"panel {title} has no title or description"
        if panel["type"] not in PANEL_TYPES:
            yield f"panel {title} is of the type {panel['type']}"
        if (unit := panel.get("fieldConfig", {}).get("defaults", {}).get("unit")) not in UNITS:
            yield f"panel {title} has the unit {unit}"


def asks_for_something(dashboard: Json) -> Iterator[str]:
    """Each panel has targets, told apart by name, and the curves of a graph have a legend."""
    for panel in panels(dashboard):
        targets = panel.get("targets", [])
        if not targets:
            yield f"panel {panel['title']} has no target"
        yield from (f"panel {panel['title']} has {ref} twice" for ref in repeated(each["refId"] for each in targets))
        if panel["type"] == "timeseries":
            yield from (
                f"target {each['refId']} of {panel['title']} has no legend"
                for each in targets
                if not each.get("legendFormat")
            )


def repeated(items: Iterable[Item]) -> list[Item]:
    """Return what is there more than once."""
    return [item for item, count in Counter(items).items() if count > 1]


RULES: tuple[Rule, ...] = (
    has_an_identity,
    is_not_editable,
    can_be_pointed_at_any_source,
    can_be_narrowed_down,
    uses_the_variables_it_has,
    fits_its_grid,
    explains_its_panels,
    asks_for_something,
)
