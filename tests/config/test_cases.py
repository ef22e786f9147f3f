"""Cases of a user's: what differs is told as a diff, what cannot be read with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from logship.config import load
from logship.config.cases import run_cases
from logship.errors import ConfigError

CONFIG = """
sources:
  - {paths: [a.log], format: winston}
  - {paths: [b.log], format: logfmt, labels: {service: b}}
measure: {routes: ["/zoo/:animal"]}
metrics:
  - {name: lessons_total, type: counter, match: {message: lesson}, labels: {grade: grade}}
drop:
  - {url: /healthz}
"""
REQUEST = '{"message":"HTTP Request","method":"GET","url":"/zoo/bear","status":200,"duration":12}'
LESSON = '{"message":"lesson","grade":3}'
HEALTH = '{"message":"HTTP Request","method":"GET","url":"/healthz","status":200,"duration":12}'
PASSING = {
    "outcomes": f"lines: ['{REQUEST}', '{LESSON}', '{HEALTH}', x]\n"
    "    expect: [request, not_request, dropped, rejected]",
    "fields": f"lines: ['{REQUEST}', x]\n    expect: [{{outcome: request, format: winston, route: '/zoo/:animal', "
    "route_origin: declared, fields: {duration: 0.012, status: 200}}, {outcome: rejected, reason: invalid_json}]",
    "metrics": f"lines: ['{LESSON}', '{LESSON}']\n    metrics: |\n      # two of them\n"
    '      lessons_total{grade="3"} 2\n\n      log_messages_total{level="unknown"} 2.0',
    "a file": "file: sample.log\n    expect: [request, not_request]",
    "another source": "lines: ['level=info msg=x']\n    source: b.log\n    metrics: |\n"
    '      log_messages_total{level="info",service="b"} 1',
    "nothing expected": "lines: [x]",
    "a line of nothing": "lines: ['']\n    expect: [not_request]",
}
FAILING = {
    "outcome": (
        f"lines: ['{REQUEST}', x]\n    expect: [dropped, request]",
        [
            "--- expected lines",
            "+++ lines",
            "@@ -1,2 +1,2 @@",
            "-1: outcome=dropped",
            "-2: outcome=request",
            "+1: outcome=request",
            "+2: outcome=rejected reason=invalid_json",
        ],
    ),
    "too few expected": (
        f"lines: ['{REQUEST}', '{LESSON}']\n    expect: [request]",
        ["--- expected lines", "+++ lines", "@@ -1 +1,2 @@", " 1: outcome=request", "+2: outcome=not_request"],
    ),
    "too many expected": (
        f"lines: ['{REQUEST}']\n    expect: [request, request]",
        ["--- expected lines", "+++ lines", "@@ -1,2 +1 @@", " 1: outcome=request", "-2: outcome=request"],
    ),
    "metrics": (
        f"lines: ['{LESSON}']\n    metrics: |\n" + '      lessons_total{grade="3"} 2\n      lessons_total{grade="4"} 0',
        [
            "--- expected metrics",
            "+++ metrics",
            "@@ -1,2 +1,2 @@",
            '-lessons_total{grade="3"} 2',
            '-lessons_total{grade="4"} 0',
            '+lessons_total{grade="3"} 1.0',
            '+lessons_total{grade="4"} (absent)',
        ],
    ),
}
REFUSED = {
    "neither lines nor file": ("expect: [request]", r"cases\.yml:2: case 'a' needs either lines or a file of them"),
    "both": ("lines: [x]\n    file: sample.log", r"cases\.yml:2: case 'a' needs either"),
    "no file": ("file: gone.log", r"cases\.yml:3: 'gone\.log' cannot be read: No such file"),
    "a file that cannot be": ('file: "a\\0b"', r"cases\.yml:3: 'a\\x00b' cannot be read: embedded null"),
    "no source": (
        "lines: [x]\n    source: c.log",
        r"cases\.yml:4: there is no source 'c\.log'; known are a\.log, b\.log",
    ),
    "no sample": ("lines: [x]\n    metrics: nonsense", r"cases\.yml:4: 'nonsense' is no sample"),
    "unknown key": ("line: [x]", r"cases\.yml:2: cases\.0: object contains unknown field `line`"),
    "unknown outcome": ("lines: [x]\n    expect: [lost]", r"cases\.yml:4: cases\.0\.expect\.0: "),
}


@pytest.fixture(autouse=True)
def _files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("logship.yml").write_text(CONFIG)
    Path("sample.log").write_text(f"{REQUEST}\n{LESSON}")


def verdict(case: str) -> list[str]:
    Path("cases.yml").write_text(f"cases:\n  - name: a\n    {case}\n")
    (found,) = run_cases("cases.yml", load("logship.yml"))
    assert found.name == "a"
    return list(found.difference)


@pytest.mark.parametrize("name", PASSING)
def test_a_case_passes_when_nothing_differs(name: str) -> None:
    assert verdict(PASSING[name]) == []


@pytest.mark.parametrize("name", FAILING)
def test_what_differs_is_told_as_a_diff(name: str) -> None:
    case, difference = FAILING[name]
    assert verdict(case) == difference


@pytest.mark.parametrize("name", REFUSED)
def test_a_case_that_cannot_be_read_is_refused_with_its_place(name: str) -> None:
    case, message = REFUSED[name]
    with pytest.raises(ConfigError, match=message):
        verdict(case)
