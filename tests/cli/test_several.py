"""What follows an option that takes several values belongs to it, up to the next option."""

from __future__ import annotations

import pytest

from logship.cli.several import spread

SEVERAL = {"--against": lambda _value: True, "--where": lambda value: "=" in value}


@pytest.mark.parametrize(
    ("given", "spread_out"),
    [
        ("a b", "a b"),
        ("a --against b", "a --against b"),
        ("a --against b c d", "a --against b --against c --against d"),
        ("a --against=b c", "a --against=b --against c"),
        ("a --against b c --top 3 d", "a --against b --against c --top 3 d"),
        ("a --against - --sort p99", "a --against - --sort p99"),
        ("--against b -- a", "--against b -- a"),
        ("--where x=1 y=2 a z=3", "--where x=1 --where y=2 a z=3"),
        ("--where status a x=1", "--where status a x=1"),
        ("--where x=1 --against b c=1", "--where x=1 --against b --against c=1"),
        ("--since -2h a", "--since -2h a"),
        ("--against", "--against"),
    ],
)
def test_each_value_gets_a_name_of_its_own(given: str, spread_out: str) -> None:
    assert list(spread(given.split(), SEVERAL)) == spread_out.split()
