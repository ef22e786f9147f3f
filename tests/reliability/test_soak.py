"""A soak of seconds, and what it would find."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from crash.written import Samples
from reliability.soak import differences
from reliability.soak_numbers import quantile, slope


@pytest.mark.integration
def test_a_short_soak_finds_nothing(tmp_path: Path) -> None:
    """It is too short to say anything of memory, which is still filling up, and other tests run beside it."""
    done = subprocess.run(
        [
            *(sys.executable, "-m", "reliability.soak", "--minutes", "0.08", "--kill-every", "2"),
            *("--lines-per-second", "5000", "--most-kib-per-minute", "100000", "--most-scrape-seconds", "60"),
        ],
        cwd=Path(__file__).parent.parent,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "KiB/min" in done.stdout


def test_growth_is_told_from_noise() -> None:
    def wave(at: int) -> int:
        return 500 * (at % 7)

    growing = slope([(float(at), 50_000 + 10 * at + wave(at)) for at in range(600)])
    flat = slope([(float(at), 50_000 + wave(at)) for at in range(600)])
    assert growing.per_minute == pytest.approx(600, abs=30)
    assert growing.is_above(256)
    assert not flat.is_above(0)


def test_quantiles_are_values_that_were_there() -> None:
    assert quantile([3.0, 1.0, 2.0], 0.5) == 2.0
    assert quantile([float(value) for value in range(1, 201)], 0.99) == 198.0


def test_a_number_that_is_missing_or_other_is_a_difference() -> None:
    expected: Samples = {("a", ()): 1.0, ("b", ()): 0.0, ("c", ()): 2.0}
    assert differences(expected, {("a", ()): 1.0, ("c", ()): 3.0}) == ["('c', ()): 3.0 for 2.0"]
