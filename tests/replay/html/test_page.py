"""The page says what the JSON says, as text that can do nothing."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from replay.html.outline import outline

from logship import __version__
from logship.config import Config
from logship.errors import LogshipError
from logship.pipeline import MeasureOptions
from logship.replay import Choice, plan, replay
from logship.replay.html import Report, Timeline, read_for_report, write_report
from logship.replay.html.elements import as_script_data, element, escaped

GOLDEN = Path(__file__).parents[2] / "golden"
HOSTILE = "</script><img src=x onerror=alert(1)>\u2028\u202e'\"&amp;"
CONFIG = Config(measure=MeasureOptions(quantiles=True))


def line(second: int, route: str, status: int = 200, duration: float = 12.5, **more: Any) -> str:
    at = f"2026-11-23T08:{second // 60:02}:{second % 60:02}.000Z"
    request = {
        "timestamp": at,
        "level": "info",
        "message": "HTTP Request",
        "method": "GET",
        "route": route,
        "boot_id": "b",
    }
    return json.dumps(request | {"status": status, "duration": duration} | more) + "\n"


def page_of(log: Path, choice: Choice = Choice(), before: Path | None = None) -> str:  # noqa: B008 - frozen
    config = CONFIG
    reading = read_for_report(plan([str(log)]), config, lambda _more: None, timeline=Timeline(where=choice.where))
    other = replay(plan([str(before)]), config, lambda _more: None) if before is not None else None
    report = Report(reading, other, choice, None, config.measure.buckets, 1795435200.0)
    return report.as_page("library()").replace(str(log), log.name).replace(f"logship {__version__}", "logship VERSION")


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "a.log"
    raised = {"timestamp": "2026-11-23T08:00:30.000Z", "level": "error", "message": "late", "boot_id": "b"}
    path.write_text(
        "".join(
            line(second, f"/api/{second % 3}", 503 if second % 7 == 0 else 200, 5.0 + second) for second in range(14)
        )
        + json.dumps(raised | {"exception": {"type": "TimeoutError"}})
        + "\nnot JSON\n"
        + line(3000, "/api/late", 200, 900.0, request_id="r-1", trace_id="4bf92f3577b34da6a3ce929d0e0e4736")
    )
    return path


def test_a_golden_log_gives_its_golden_page(log: Path) -> None:
    assert "\n".join(outline(page_of(log))) + "\n" == (GOLDEN / "report.txt").read_text("utf-8")


def test_a_comparison_has_a_table_of_changes(log: Path, tmp_path: Path) -> None:
    before = tmp_path / "before.log"
    before.write_text(line(1, "/api/0") + line(5, "/api/0"))
    rows = [each for each in outline(page_of(log, before=before)) if each.startswith("tr: ")]
    assert any(re.match(r"tr: /api/0 \| GET \| .*\+20\.00 pp", row) for row in rows)
    assert any("| new |" in row for row in rows)


def test_hostile_text_is_shown_and_does_nothing(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    raised = {"timestamp": "2026-11-23T08:00:30.000Z", "level": HOSTILE, "message": "x", "boot_id": "b"}
    hostile = json.dumps(raised | {"exception": {"type": HOSTILE}}) + "\n"
    log.write_text(line(1, HOSTILE, method=HOSTILE, request_id=HOSTILE, trace_id=HOSTILE) + hostile)
    page = page_of(log)
    assert "<img" not in page
    assert "\u2028" not in page
    assert "\u202e" not in page
    shown = "\n".join(outline(page))
    assert shown.count("</script><img src=x onerror=alert(1)>\\u2028\\u202e'\"&amp;") >= 4
    assert page.count("</script>") == 3


def test_neither_url_nor_address_nor_user_is_in_the_page(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    log.write_text(line(1, "/a", url="/a?token=hunter2", ip="203.0.113.9", userId="u-17", userAgent="curl/8"))
    page = page_of(log)
    assert not [each for each in ("hunter2", "203.0.113.9", "u-17", "curl/8") if each in page]


@given(st.text())
def test_any_text_is_escaped(text: str) -> None:
    shown = element("p", text, title=text)
    assert shown.count("<") == 2
    assert shown.count('"') == 2
    assert shown.isprintable()


@given(st.recursive(st.none() | st.text() | st.integers(), st.lists))
def test_data_in_a_script_is_the_same_data_and_no_markup(value: Any) -> None:
    said = as_script_data(value)
    assert json.loads(said) == value
    assert not {"<", ">", "&", "\u2028"} & set(said)


def test_markup_is_not_escaped_twice() -> None:
    assert element("b", escaped("<")) == "<b>&lt;</b>"


def test_only_the_scripts_of_the_page_may_run(log: Path) -> None:
    page = page_of(log)
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)
    assert policy is not None
    own = page.rpartition("<script>")[2].partition("</script>")[0]
    packed = re.search(r'id="library">([^<]*)<', page)
    assert packed is not None
    library = gzip.decompress(base64.b64decode(packed[1])).decode()
    assert library == "library()"
    for script in (own, library):
        assert f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'" in policy[1]
    assert policy[1].startswith("default-src 'none'; ")
    assert "unsafe" not in policy[1].partition("style-src")[0]


def test_routes_behind_the_twentieth_have_no_charts(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    log.write_text("".join(line(each, f"/r{each}") for each in range(30)))
    page = page_of(log)
    assert len(re.findall(r'data-view="\d+"', page)) == 20
    data = json.loads(page.partition('id="chart-data">')[2].partition("</script>")[0])
    assert len(data["views"]) == 21


def test_a_file_is_written_as_a_whole_or_not_at_all(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "report.html"
    write_report("page\n", target)
    assert target.read_text() == "page\n"
    with pytest.raises(LogshipError, match=r"--to .* cannot be written: No such file or directory"):
        write_report("page\n", tmp_path / "nowhere" / "report.html")
    directory = tmp_path / "directory"
    directory.mkdir()
    with pytest.raises(LogshipError, match=r"--to .* cannot be written: Is a directory"):
        write_report("page\n", directory)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["directory", "report.html"]
    write_report("page\n", Path("-"))
    assert capsys.readouterr().out == "page\n"
