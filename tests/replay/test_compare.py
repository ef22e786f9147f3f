"""Two replays side by side: what became worse stands first, what is new or gone is said."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from logship.cli.main import main
from logship.measure import Series, Sketcher, Tally
from logship.model import LabelSet
from logship.replay import Choice, changes, condition, print_changes, print_changes_csv

MS = 1_000_000


def tally(seconds: float, **routes: tuple[int, int, float]) -> Tally:
    """Return what some routes came to: requests, errors among them, milliseconds of each."""
    found = Tally(first_event=0.0, last_event=seconds)
    for route, (requests, errors, duration) in routes.items():
        for status, count in (("200", requests - errors), ("500", errors)):
            if count:
                sketch = Sketcher(MS).sketch([duration] * count)
                series = Series(count, (count,), int(count * duration * MS), int(duration * MS), sketch)
                found.add_series(LabelSet("GET", f"/{route}", status), series)
    return found


BEFORE = tally(
    100, same=(100, 0, 10), slower=(100, 0, 10), failing=(100, 0, 10), faster=(100, 10, 10), gone=(100, 0, 10)
)
NOW = tally(50, same=(50, 0, 10), slower=(50, 0, 30), failing=(50, 5, 10), faster=(50, 0, 5), new=(50, 50, 1000))


def test_the_most_worsened_come_first() -> None:
    found = changes(NOW, BEFORE)
    assert [change.route for change in found] == ["/failing", "/slower", "/same", "/faster", "/new", "/gone"]
    failing, slower, same, faster, new, gone = found
    assert (failing.error_share, faster.error_share) == (0.1, -0.1)
    assert slower.relative("p99") == pytest.approx(2, abs=0.05)
    assert (same.relative("rate"), same.relative("p50")) == (0, 0)
    assert (new.before, new.relative("rate"), new.error_share) == (None, None, None)
    assert gone.now is None


def test_an_order_and_a_choice_are_obeyed() -> None:
    assert [each.route for each in changes(NOW, BEFORE, Choice("p99", top=2))] == ["/new", "/slower"]
    assert [each.route for each in changes(NOW, BEFORE, Choice("route"))][-1] == "/gone"
    chosen = Choice(where=(condition("status=5xx"),))
    assert {each.route for each in changes(NOW, BEFORE, chosen)} == {"/failing", "/new", "/faster"}


TABLE = """\
METHOD  ROUTE     RATE  CHANGE   ERRORS     CHANGE      P50   CHANGE      P99    CHANGE
GET     /failing   1/s   +0.0%   10.00%  +10.00 pp    10 ms    +0.0%    10 ms     +0.0%
GET     /slower    1/s   +0.0%    0.00%   +0.00 pp    30 ms  +200.0%    30 ms   +200.0%
GET     /same      1/s   +0.0%    0.00%   +0.00 pp    10 ms    +0.0%    10 ms     +0.0%
GET     /faster    1/s   +0.0%    0.00%  -10.00 pp  4.97 ms   -50.3%  4.97 ms    -50.3%
GET     /new       1/s     new  100.00%          -   995 ms        -   995 ms         -
GET     /gone        -    gone        -          -        -        -        -         -
total              5/s   +0.0%   22.00%  +20.00 pp    10 ms    +0.0%   995 ms  +9850.0%

now         250 requests, 1970-01-01T00:00:00.000Z to 1970-01-01T00:00:50.000Z
before      500 requests, 1970-01-01T00:00:00.000Z to 1970-01-01T00:01:40.000Z
"""


def test_the_table_is_as_it_should_be() -> None:
    out = io.StringIO()
    print_changes(NOW, BEFORE, Choice(), out)
    assert out.getvalue() == TABLE


def test_csv_has_both_sides_and_the_changes() -> None:
    out = io.StringIO()
    print_changes_csv(NOW, BEFORE, Choice(), out)
    rows = {row["route"]: row for row in csv.DictReader(io.StringIO(out.getvalue()))}
    assert list(rows) == ["/failing", "/slower", "/same", "/faster", "/new", "/gone"]
    assert (rows["/failing"]["errors"], rows["/failing"]["errors_before"]) == ("5", "0")
    assert (rows["/failing"]["error_share_change"], rows["/same"]["rate_change"]) == ("0.1", "0.0")
    assert (rows["/new"]["p99_before"], rows["/gone"]["p99"], rows["/gone"]["p99_change"]) == ("", "", "")


LINE = (
    '{"timestamp":"2026-11-%02dT12:00:%02dZ","message":"HTTP Request","method":"GET","url":"/a","status":200,'
    '"duration":%d}\n'
)


@pytest.fixture(autouse=True)
def _logs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for day, duration in ((20, 10), (21, 10), (22, 10), (23, 40)):
        lines = "".join(LINE % (day, second, duration) for second in range(10))
        Path(f"{day}.log").write_text(lines)


def replayed(capfd: pytest.CaptureFixture[str], *arguments: str) -> dict[str, object]:
    assert main(["replay", *arguments, "--output", "json"]) == 0
    found: dict[str, object] = json.loads(capfd.readouterr().out)
    return found


def test_against_takes_what_a_shell_makes_of_a_glob(capfd: pytest.CaptureFixture[str]) -> None:
    expected = replayed(capfd, "23.log", "--against", "20.log", "--against", "21.log", "--against", "22.log")
    assert expected["changes"][0]["before"]["requests"] == 30  # type: ignore[index]
    assert expected["changes"][0]["change"]["p99"] == pytest.approx(3, abs=0.1)  # type: ignore[index]
    assert replayed(capfd, "23.log", "--against", "20.log", "21.log", "22.log") == expected
    assert replayed(capfd, "23.log", "--against", "2[0-2].log") == expected


def test_two_periods_of_the_same_logs_are_compared(capfd: pytest.CaptureFixture[str]) -> None:
    found = replayed(
        capfd,
        ".",
        "--since",
        "2026-11-23",
        "--against",
        ".",
        "--against-until",
        "2026-11-23",
        "--against-since=2026-11-22",
    )
    (change,) = found["changes"]  # type: ignore[misc]
    assert (change["now"]["requests"], change["before"]["requests"]) == (10, 10)  # type: ignore[has-type]
    assert change["change"]["p50"] == pytest.approx(3, abs=0.1)  # type: ignore[has-type]


def test_routes_that_one_side_learned_are_routes_of_the_other(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    line = '{"message":"HTTP Request","method":"GET","url":"/tags/%s","status":200,"duration":5,"boot_id":"b"}\n'
    (tmp_path / "many.log").write_text("".join(line % f"now{number}x" for number in range(300)))
    (tmp_path / "few.log").write_text("".join(line % f"before{number}x" for number in range(5)))
    found = replayed(capfd, "many.log", "--against", "few.log")["changes"]
    together = [each for each in found if each["now"] and each["before"]]  # type: ignore[attr-defined]
    assert [(each["route"], each["before"]["requests"]) for each in together] == [("/tags/:param", 5)]


def test_logs_to_compare_with_that_are_not_there_are_known_before_anything_is_read(
    capfd: pytest.CaptureFixture[str],
) -> None:
    assert main(["replay", "-", "--against", "nowhere.log"]) == 2
    assert capfd.readouterr().err.startswith("logship: there is no file 'nowhere.log'")


def test_the_same_logs_twice_have_not_changed(capfd: pytest.CaptureFixture[str]) -> None:
    (change,) = replayed(capfd, "23.log", "--against", "23.log")["changes"]  # type: ignore[misc]
    assert change["change"] == {"rate": 0.0, "error_share": 0.0, "p50": 0.0, "p99": 0.0}  # type: ignore[has-type]
