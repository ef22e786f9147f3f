"""An audit that could not look fails, as one does that finds something; licences are read as packages state them."""

from __future__ import annotations

import json
from email.message import Message
from typing import Any

import pytest

from building.audit import verdict
from building.licences import UNSTATED, licence_of


def answer(*packages: dict[str, Any]) -> str:
    return json.dumps({"dependencies": packages, "fixes": []})


SOUND = {"name": "click", "version": "8.5.1", "vulns": []}


def test_only_an_answer_for_every_package_is_good() -> None:
    assert verdict(answer(SOUND), "") is None


@pytest.mark.parametrize(
    ("said", "complaint", "expected"),
    [
        (answer(SOUND, {"name": "h11", "version": "1", "vulns": [{"id": "CVE-1"}]}), "", "known holes: h11 1: CVE-1"),
        (answer(SOUND, {"name": "h11", "skip_reason": "not found"}), "", "nothing is known about h11"),
        (answer(), "", "nothing is known about any package"),
        ("", "Traceback\nConnectionError: refused", "cannot be asked, so nothing is known: ConnectionError: refused"),
        ("{}", "", "cannot be asked, so nothing is known: no answer"),
    ],
)
def test_anything_else_fails_and_says_why(said: str, complaint: str, expected: str) -> None:
    assert expected in (verdict(said, complaint) or "")


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ([("License-Expression", "MIT"), ("License", "other")], "MIT"),
        ([("Classifier", "License :: OSI Approved :: BSD License")], "BSD License"),
        ([("License", "Apache-2.0")], "Apache-2.0"),
        ([("License", "Permission is hereby granted\nto any person")], UNSTATED),
        ([], UNSTATED),
    ],
)
def test_a_licence_is_what_the_package_states(fields: list[tuple[str, str]], expected: str) -> None:
    metadata = Message()
    for name, value in fields:
        metadata[name] = value
    assert licence_of(metadata) == expected
