"""Exports come when they are asked for, and from one place."""

from __future__ import annotations

import subprocess
import sys
from types import ModuleType

import pytest

import logship.expose
import logship.read
import logship.replay.parallel
from logship.on_demand import exports


@pytest.mark.parametrize(
    "package", [logship.expose, logship.read, logship.replay.parallel], ids=lambda each: each.__name__
)
def test_every_export_can_be_had(package: ModuleType) -> None:
    exported: list[str] = package.__all__
    assert all(getattr(package, name) is not None for name in exported)


def test_what_is_no_export_is_missing_as_from_any_module() -> None:
    with pytest.raises(AttributeError, match=r"module 'logship\.read' has no attribute 'nothing'"):
        exports("logship.read", {"lines": ("Lines",)})("nothing")


def test_an_export_brings_its_own_module_alone() -> None:
    program = "import sys; from logship.read import LineCutter; print('logship.read.follower' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, check=True).stdout == b"False\n"
