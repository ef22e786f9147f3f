"""What was found, as people and as programs read it."""

from __future__ import annotations

from pathlib import Path

from logship.doctor import as_json, as_text
from logship.doctor.finding import critical, note, ok, warning

FOUND = [
    ok("files.readable", "3 files can be read, 12 bytes"),
    warning("state.file", "no state file is named", promises="P1 P2", remedy="logship tail … --state FILE"),
    critical("files.readable", "may not be read", "/logs/a\x1b[2J.log", promises="P1", remedy="setfacl"),
    note("state.lock", "no tailer holds it now", "state.db"),
]


def test_the_worst_comes_first_and_nothing_drives_the_terminal() -> None:
    golden = Path(__file__).parent.parent / "golden" / "doctor.txt"
    assert "\n".join(as_text(FOUND, colour=False)) + "\n" == golden.read_text(encoding="utf-8")


def test_colour_is_beside_the_words() -> None:
    plain, coloured = ("\n".join(as_text(FOUND, colour=colour)) for colour in (False, True))
    assert coloured != plain
    assert coloured.replace("\x1b[0m", "").count("\x1b[") == len(FOUND)


def test_the_json_has_the_documented_keys_and_holds_any_name_of_a_file() -> None:
    shown = as_json([*FOUND, note("x", "y", "\udcff.log")], "2026-11-23T20:00:00Z")
    assert list(shown) == ["shape", "version", "at", "severity", "exit_code", "findings"]
    assert (shown["severity"], shown["exit_code"]) == ("critical", 3)
    assert shown["findings"][1] == {
        "check": "state.file",
        "severity": "warning",
        "subject": None,
        "says": "no state file is named",
        "promises": ["P1", "P2"],
        "remedy": "logship tail … --state FILE",
    }
    assert shown["findings"][4]["subject"] == "\\udcff.log"


def test_nothing_found_is_good() -> None:
    assert as_json([], "")["exit_code"] == 0
