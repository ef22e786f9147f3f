"""Each row of docs/reliability.md names a test that exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
ROWS = [row for row in (ROOT / "docs/reliability.md").read_text().splitlines() if row.startswith("| ")][1:]


@pytest.mark.parametrize("row", ROWS)
def test_a_row_names_a_test_that_exists(row: str) -> None:
    found = re.search(r"\| `(tests/\S+\.py)::(test_\w+)` \|$", row)
    assert found is not None, row
    assert f"def {found[2]}(" in (ROOT / found[1]).read_text()
