"""Wheel and source distribution hold what they should, and a fresh environment is all that they need."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from email.message import Message
from email.parser import Parser
from pathlib import Path

import pytest

from logship import __version__

ROOT = Path(__file__).parents[2]
LINE = (
    '{"message":"HTTP Request","level":"info","timestamp":"2026-01-01T00:00:00.000Z",'
    '"method":"GET","url":"/api/heroes/17","route":"/api/heroes/:id","status":200,"duration":12.5}\n'
)
DATA = {".py", ".typed", ".css", ".js", ".txt"}

pytestmark = pytest.mark.integration


def run(*command: str | Path) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the directory with the source distribution, and the wheel that was built from it."""
    directory = tmp_path_factory.mktemp("packages")
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", directory, ROOT)
    return directory


@pytest.fixture(scope="module")
def wheel(packages: Path) -> Path:
    return packages / f"logship-{__version__}-py3-none-any.whl"


@pytest.fixture(scope="module")
def fresh(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an environment with nothing but the wheel and what that asks for."""
    environment = tmp_path_factory.mktemp("fresh") / "venv"
    run(sys.executable, "-m", "venv", environment)
    run(environment / "bin/pip", "install", "--quiet", "--disable-pip-version-check", wheel)
    return environment


def sources() -> set[str]:
    found = (path for name in ("logship", "app_logging") for path in (ROOT / name).rglob("*") if path.is_file())
    return {str(path.relative_to(ROOT)) for path in found if path.suffix in DATA and "__pycache__" not in path.parts}


def metadata(wheel: Path) -> Message:
    with zipfile.ZipFile(wheel) as opened:
        return Parser().parsestr(opened.read(f"logship-{__version__}.dist-info/METADATA").decode())


def test_the_wheel_has_the_packages_the_manual_page_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as opened:
        names = {name for name in opened.namelist() if ".dist-info/" not in name}
    assert names - {"logship/commit.txt"} == sources() | {f"logship-{__version__}.data/data/share/man/man1/logship.1"}


def test_the_source_distribution_has_what_a_build_needs_and_nothing_else(packages: Path) -> None:
    with tarfile.open(packages / f"logship-{__version__}.tar.gz") as opened:
        names = {name.partition("/")[2] for name in opened.getnames()}
    beside = {"PKG-INFO", "pyproject.toml", "README.md", "CHANGELOG.md", "LICENSE", ".gitignore", "man/logship.1"}
    assert names - {"logship/commit.txt"} == sources() | beside | {"building/build_facts.py"}


def test_the_metadata_say_licence_python_and_kind_and_invent_no_address(wheel: Path) -> None:
    found = metadata(wheel)
    assert (found["License-Expression"], found["Requires-Python"]) == ("Apache-2.0", ">=3.11")
    assert "Typing :: Typed" in (found.get_all("Classifier") or [])
    assert found.get_all("Project-URL") is None
    assert found["Home-page"] is None


def test_a_fresh_environment_counts_an_archive(fresh: Path, tmp_path: Path) -> None:
    (tmp_path / "combined.log").write_text(LINE * 3)
    program = fresh / "bin/logship"
    assert "replay" in run(program, "--help")
    assert '"requests": 3' in run(program, "replay", tmp_path / "combined.log", "--output", "json")


def test_an_installation_says_what_it_is_and_has_its_manual_page(fresh: Path) -> None:
    assert run(fresh / "bin/logship", "--version").splitlines()[0] == f"logship, version {__version__}"
    assert (fresh / "share/man/man1/logship.1").read_text() == (ROOT / "man/logship.1").read_text()
    assert run(fresh / "bin/python", "-m", "pip", "check", "--disable-pip-version-check") == (
        "No broken requirements found.\n"
    )
