"""Each happening is both told and counted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from logship.live.events import level_of
from logship.live.vitals import Vitals


class Heard:
    def __init__(self) -> None:
        self.events: list[tuple[str, dict[str, Any]]] = []

    def __call__(self, event: str, **fields: Any) -> None:
        self.events.append((event, fields))


@pytest.mark.parametrize(
    ("happen", "counted", "told"),
    [
        (lambda vitals: vitals.opened("a.log"), "opened", ("following", {"path": "a.log"})),
        (
            lambda vitals: vitals.rotated("a.log", "renamed"),
            "renamed",
            ("rotated", {"path": "a.log", "how": "renamed"}),
        ),
        (
            lambda vitals: vitals.rotated("a.log", "removed"),
            "removed",
            ("rotated", {"path": "a.log", "how": "removed"}),
        ),
        (lambda vitals: vitals.closed("a.log"), "closed", ("finished", {"path": "a.log"})),
        (
            lambda vitals: vitals.unreadable("a.log", "Permission denied"),
            "unreadable",
            ("cannot follow", {"path": "a.log", "why": "Permission denied"}),
        ),
        (
            lambda vitals: vitals.unwatched("inotify watch limit reached"),
            "unwatched",
            ("no file notification, polling alone", {"why": "inotify watch limit reached"}),
        ),
    ],
)
def test_a_happening_is_told_and_counted(
    happen: Callable[[Vitals], None], counted: str, told: tuple[str, dict[str, Any]]
) -> None:
    heard = Heard()
    vitals = Vitals(heard)
    happen(vitals)
    happen(vitals)
    assert vitals.counts == {counted: 2}
    assert heard.events == [told, told]


def test_counts_that_were_handed_out_never_change() -> None:
    vitals = Vitals(Heard())
    vitals.opened("a.log")
    before = vitals.counts
    vitals.opened("b.log")
    assert before == {"opened": 1}
    assert vitals.counts == {"opened": 2}


def test_an_outage_is_told_at_its_beginning_at_each_new_reason_and_at_its_end() -> None:
    heard = Heard()
    vitals = Vitals(heard)
    for _ in range(2):
        for why in ("full", "full", "read-only", "full"):
            vitals.unsaved(why)
        vitals.saved_again()
    outage = [
        ("cannot save the state, counting goes on", {"why": "full"}),
        ("cannot save the state, counting goes on", {"why": "read-only"}),
        ("the state is saved again", {}),
    ]
    assert heard.events == outage * 2
    assert vitals.checkpoint_errors == 8
    assert vitals.counts == {}, "it is no event of a file"


def test_a_reload_is_told_and_noted_whatever_came_of_it() -> None:
    heard = Heard()
    vitals = Vitals(heard)
    vitals.configured(5.0)
    assert (vitals.is_reload_successful, vitals.configured_at, heard.events) == (True, 5.0, [])
    vitals.reload_refused("a.yml:1: no")
    assert (vitals.is_reload_successful, vitals.configured_at) == (False, 5.0)
    vitals.reloaded(9.0, ["paths"], [])
    assert (vitals.is_reload_successful, vitals.configured_at) == (True, 9.0)
    assert heard.events == [
        ("configuration not reloaded, the old one stays", {"why": "a.yml:1: no"}),
        ("configuration reloaded", {"changed": ["paths"]}),
    ]


def test_what_breaks_a_promise_is_an_error_what_may_is_a_warning_the_rest_information() -> None:
    heard = Heard()
    vitals = Vitals(heard)
    vitals.opened("a.log")
    vitals.unreadable("a.log", "Permission denied")
    vitals.reload_refused("a.yml:1: no")
    vitals.vanished("a.log", 0)
    vitals.vanished("a.log", 7)
    vitals.unsaved("full")
    vitals.saved_again()
    levels = [level_of(event) for event, _ in heard.events]
    assert levels == ["info", "warning", "warning", "warning", "error", "error", "info"]
