"""What is generated from the code is as the code is."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def test_references_and_manual_page_are_as_the_commands_are() -> None:
    check = [sys.executable, "-m", "building.reference", "--check"]
    done = subprocess.run(check, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_manual_page_is_read_without_a_warning() -> None:
    troff = shutil.which("groff")
    if troff is None:
        pytest.skip("there is no groff here")
    page = ROOT / "man/logship.1"
    done = subprocess.run([troff, "-man", "-ww", "-Tutf8", page], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "logship tail" in done.stdout
