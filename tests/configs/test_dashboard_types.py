"""Grafana's own TypeScript types accept the dashboards, and nothing that Grafana would silently ignore."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from configs.dashboard_sample import DEFAULTS, GONE, JOB, PANEL, SAMPLE, TARGET, changed
from configs.dashboards import PATHS, Json, configuration, load

HERE = Path(__file__).parent / "grafana"
INSTALLED = Path(sys.prefix) / "grafana-types/node_modules"
"""Where `make` installs what package.json names."""

FAULTS: tuple[tuple[tuple[str | int, ...], Any], ...] = (
    (("dashboard",), {}),
    (("schemaVersion",), GONE),
    (("__inputs",), []),
    (("graphTooltip",), 7),
    ((*PANEL, "type"), "graph"),
    ((*PANEL, "gridPos", "h"), "tall"),
    ((*PANEL, "options", "legend", "displayMode"), "loud"),
    ((*PANEL, "options", "legend", "colour"), "red"),
    ((*PANEL, "options", "tooltip"), GONE),
    ((*DEFAULTS, "units"), "s"),
    ((*DEFAULTS, "custom", "lineWidth"), "thin"),
    ((*DEFAULTS, "custom", "linewidth"), 1),
    ((*TARGET, "expr"), GONE),
    ((*TARGET, "query"), "up"),
    ((*JOB, "type"), "querry"),
)


@pytest.fixture
def compiler() -> list[str]:
    """Return the command of the compiler; where `make` installed none the test is skipped, in CI it fails."""
    node = shutil.which("node", path=f"{sys.prefix}/bin:{os.environ['PATH']}")
    if node is None or not (INSTALLED / "typescript").exists():
        message = "Grafana's types are not installed; `make test` and `make stack-check` install them"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return [node, str(INSTALLED / "typescript/bin/tsc")]


def test_grafanas_types_accept_the_dashboards(compiler: list[str], tmp_path: Path) -> None:
    sources = {path.stem: load(path) for path in PATHS} | {"sample": SAMPLE}
    assert compiled(compiler, tmp_path, sources) == {}


def test_grafanas_types_find_each_fault(compiler: list[str], tmp_path: Path) -> None:
    sources = {f"fault{number}": changed(*fault) for number, fault in enumerate(FAULTS)}
    errors = compiled(compiler, tmp_path, sources)
    assert {name: fault for name, fault in zip(sources, FAULTS, strict=True) if name not in errors} == {}


def test_the_types_are_those_of_the_grafana_that_is_shipped() -> None:
    image = configuration("compose/docker-compose.yml")["services"]["grafana"]["image"]
    wanted = json.loads((HERE / "package.json").read_text(encoding="utf-8"))["dependencies"]
    assert image.partition(":")[2] == wanted["@grafana/schema"]


def compiled(compiler: list[str], directory: Path, sources: dict[str, Json]) -> dict[str, str]:
    """Return what the compiler says about dashboards, by name; those that it accepts are not there."""
    (directory / "node_modules").symlink_to(INSTALLED)
    shutil.copy(HERE / "shipped.ts", directory)
    for name, dashboard in sources.items():
        text = f"const dashboard: Shipped = {json.dumps(dashboard)};\n"
        (directory / f"{name}.ts").write_text(
            f'import type {{ Shipped }} from "./shipped.js";\n{text}', encoding="utf-8"
        )
    options = ["--strict", "--noEmit", "--skipLibCheck", "--module", "nodenext", "--pretty", "false"]
    command = [*compiler, *options, *(f"{name}.ts" for name in sources)]
    ran = subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False)
    errors = dict(re.findall(r"^(\w+)\.ts\S* error (.+)$", ran.stdout, re.MULTILINE))
    assert bool(errors) == (ran.returncode != 0), ran.stdout + ran.stderr
    return errors
