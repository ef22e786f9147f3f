"""The house stands as drawn: imports go down the floors, pure rooms touch nothing, rooms stay small."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCES = sorted([*ROOT.glob("logship/**/*.py"), *ROOT.glob("app_logging/**/*.py")])
ROOMS = sorted(path for path in SOURCES if path.name == "__init__.py" and path.parent.name != "cli")

PURE = sorted(
    path
    for path in SOURCES
    if path.relative_to(ROOT).parts[:2]
    in {
        ("logship", "parse"),
        ("logship", "measure"),
        ("logship", "pipeline"),
        ("logship", "model.py"),
        ("logship", "conditions.py"),
    }
)
WORLD = {
    *("asyncio", "concurrent", "contextvars", "ctypes", "fcntl", "glob", "io", "logging", "mmap", "multiprocessing"),
    *("os", "pathlib", "queue", "random", "secrets", "select", "selectors", "shutil", "signal", "socket", "sqlite3"),
    *("subprocess", "sys", "tempfile", "threading", "time", "urllib", "uuid", "http", "gzip", "bz2", "lzma"),
}
PURE_THIRD_PARTIES = {"msgspec"}
IMPURE_CALLS = {"open", "print", "input", "exec", "eval", "now", "today", "utcnow", "write", "read_text", "read_bytes"}

MAX_MODULE_LINES = 400
MAX_FUNCTION_LINES = 60
NAMELESS = {"utils", "util", "helpers", "helper", "common", "misc", "shared", "base"}


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imports_of(path: Path) -> Iterator[str]:
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or "."


def test_the_sources_are_found() -> None:
    assert len(SOURCES) > 50
    assert len(PURE) > 15


def test_imports_go_down_the_floors(monkeypatch: pytest.MonkeyPatch) -> None:
    linter = pytest.importorskip("importlinter.cli", reason="import-linter is in the group `lint`")
    monkeypatch.chdir(ROOT)
    assert linter.lint_imports(config_filename="pyproject.toml", no_cache=True) == 0


@pytest.mark.parametrize("path", PURE, ids=name_of)
def test_a_pure_module_imports_nothing_of_the_world(path: Path) -> None:
    roots = {name.partition(".")[0] for name in imports_of(path)}
    assert not roots & WORLD
    assert roots - sys.stdlib_module_names - {"logship"} <= PURE_THIRD_PARTIES


@pytest.mark.parametrize("path", PURE, ids=name_of)
def test_a_pure_module_calls_nothing_of_the_world(path: Path) -> None:
    called = {
        node.func.id if isinstance(node.func, ast.Name) else node.func.attr
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute)
    }
    assert not called & IMPURE_CALLS


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_a_module_is_small_and_named(path: Path) -> None:
    assert path.stem not in NAMELESS
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MAX_MODULE_LINES
    assert ast.get_docstring(tree_of(path))


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_a_function_is_short(path: Path) -> None:
    long = {
        node.name: (node.end_lineno or node.lineno) - node.lineno + 1
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or node.lineno) - node.lineno + 1 > MAX_FUNCTION_LINES
    }
    assert not long


@pytest.mark.parametrize("path", ROOMS, ids=name_of)
def test_a_room_lists_what_it_lets_out_and_does_nothing_else(path: Path) -> None:
    body = tree_of(path).body[1:]
    assigned = {
        target.id
        for node in body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    assert assigned & {"__all__", "__version__"}
    assert all(isinstance(node, ast.Import | ast.ImportFrom | ast.Assign | ast.If) for node in body)


@pytest.mark.parametrize("room", [path.parent for path in ROOMS if path.parent.parent.name == "logship"], ids=name_of)
def test_what_a_room_lists_is_there(room: Path) -> None:
    module = __import__(f"logship.{room.name}", fromlist=["__all__"])
    assert sorted(module.__all__) == sorted(set(module.__all__))
    assert all(hasattr(module, name) for name in module.__all__)


def test_tests_wait_for_conditions_not_for_time() -> None:
    """Only tests of real processes may look again after a while; one of zero gives way and waits for nothing."""
    asleep = [
        name_of(path)
        for path in sorted(ROOT.glob("tests/**/*.py"))
        if path.parent.name not in {"integration", "crash", "reliability"}
        and re.search(r"sleep\((?!0\))", path.read_text("utf-8"))
        and path != Path(__file__)
    ]
    assert not asleep
