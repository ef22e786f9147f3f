"""What is allowed but hardly meant is told with its place; a sensible configuration is told nothing of."""

from __future__ import annotations

from pathlib import Path

import pytest

from logship.config.warnings import warned

DOUBTFUL = {
    "overlapping globs": (
        "sources: [{paths: [logs/*.log]}, {paths: [logs/combined.log]}]",
        "1: sources.1.paths: logs/combined.log belongs to the source 'logs/*.log' already",
    ),
    "the same path twice": (
        "sources: [{paths: [logs/*.log]}, {paths: [logs/api.log, logs/*.log], exclude: [logs/*.log]}]",
        "1: sources.1.paths: 'logs/*.log' stands in an earlier source, which takes its files",
    ),
    "error log": (
        "sources: [{paths: ['logs/combined*.log', 'logs/error*.log']}]",
        "1: sources.0.paths: logs/error*.log (and 1 more) is left out: combined*.log beside it has the same lines",
    ),
    "nothing there": ("sources: [{paths: [gone/*.log]}]", "1: sources.0.paths: nothing matches 'gone/*.log' now"),
    "hidden by a drop rule": (
        "drop: [{message: x}]\nmetrics:\n  - {name: a_total, type: counter, match: {message: x}}",
        "3: metrics.0: a_total: it can never count: a drop rule leaves out every record",
    ),
    "endless label": (
        "metrics:\n  - {name: a_total, type: counter, labels: {user: userId}}",
        "2: metrics.0: a_total: label 'user' has as many values as there are records: userId",
    ),
    "hidden route": (
        "measure:\n  routes:\n    - /a/:id\n    - /a/{name}",
        "4: measure.routes.1: '/a/{name}' is never reached: '/a/:id' takes its paths",
    ),
    "route twice": ("measure: {routes: [/a, /a]}", "1: measure.routes.1: '/a' stands there already"),
    "milliseconds": ("measure: {buckets: [100, 500]}", "1: measure.buckets: buckets are seconds: the lowest is 100"),
    "many buckets": (
        f"measure: {{buckets: [{', '.join(str(each / 10) for each in range(1, 41))}]}}",
        "1: measure.buckets: 40 buckets are up to 40,000 series",
    ),
    "all addresses": ("serve: {listen: ':9113'}", "1: serve.listen: :9113 is reached from other machines"),
    "state among the logs": (
        "sources: [{paths: [logs/*.log]}]\nstate: {file: logs/state.log}",
        "2: state.file: logs/state.log is among the logs of sources.0 (logs/*.log); keep it elsewhere",
    ),
}
SENSIBLE = """
sources:
  - paths: [logs/combined*.log]
  - paths: [logs/api.log]
    labels: {service: api}
measure:
  routes: [/a/:id, /a/new, "/a/:year(\\\\d{4})", /files/:name, /files/*, "/files/:name.json", "/b/:x?", /c/<int:id>, /]
metrics:
  - {name: a_total, type: counter, match: {message: x, level: error}, labels: {plan: user.plan, route: "@route"}}
  - {name: b_total, type: counter, labels: {user: {field: userId, values: [anonymous, ""]}}}
drop:
  - {message: x, level: debug}
serve: {listen: "[::1]:0"}
state: {file: state/logship.db}
"""


@pytest.fixture(autouse=True)
def _logs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("logs").mkdir()
    for name in ("combined.log", "error.log", "api.log"):
        Path("logs", name).touch()


@pytest.mark.parametrize("name", DOUBTFUL)
def test_what_is_doubtful_is_told_with_its_place(name: str) -> None:
    text, expected = DOUBTFUL[name]
    Path("logship.yml").write_text(text)
    assert any(each.startswith(f"logship.yml:{expected}") for each in warned("logship.yml")), warned("logship.yml")


def test_a_sensible_configuration_is_told_nothing_of() -> None:
    Path("logship.yml").write_text(SENSIBLE)
    assert warned("logship.yml") == []
