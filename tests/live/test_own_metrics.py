"""Own metrics of a tailer: those of a replay, exact through restarts, anew only where their definition changed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from live.driven import end, scrape
from words import rotate, write

from logship.config import load
from logship.live import Tailer, build
from logship.replay import plan, replay

LESSONS: dict[str, Any] = {
    "name": "lessons_total",
    "type": "counter",
    "match": {"message": "lesson"},
    "labels": {"grade": "grade"},
}
FAILURES = {
    "name": "failures_total",
    "type": "counter",
    "match": {"message": "failure"},
    "labels": {"kind": {"field": "kind", "values": ["a", "b"], "default": "a"}},
}
SECONDS = {"name": "took_seconds", "type": "histogram", "value": {"field": "took", "unit": "ms"}, "buckets": [0.5, 1]}
SIZE = {"name": "size", "type": "gauge", "value": "size"}
ALL = [LESSONS, FAILURES, SECONDS, SIZE]
ANEW = "metrics begin anew: their definition changed"

OWN = ("lessons_total", "failures_total", "took_seconds", "size")


def lesson(**fields: Any) -> str:
    return json.dumps({"message": "lesson", "level": "info", "timestamp": "2026-11-23T07:00:00Z", **fields})


class Life:
    """A tailer with a configuration and a state file, from a start to a stop."""

    def __init__(self, directory: Path, **sections: Any) -> None:
        self.log = directory / "app.log"
        self.file = directory / "logship.yml"
        self._state = str(directory / "state.db")
        self.said: list[tuple[str, dict[str, Any]]] = []
        self.configure(**sections)
        self.tailer = self.start()

    def configure(self, **sections: Any) -> None:
        files = {"sources": [{"paths": [f"{self.log}*"], "format": "app"}], "state": {"file": self._state}}
        self.file.write_text(yaml.safe_dump({**files, "serve": {"listen": "127.0.0.1:0"}, **sections}), "utf-8")

    def start(self) -> Tailer:
        def say(event: str, **fields: Any) -> None:
            self.said.append((event, fields))

        return build(load(str(self.file)), say, lambda: load(str(self.file)))

    def stop(self) -> None:
        end(self.tailer)

    def restart(self) -> None:
        self.stop()
        self.tailer = self.start()

    def reload(self, **sections: Any) -> None:
        self.configure(**sections)
        self.tailer.reload()

    def drain(self) -> None:
        self.tailer.sidecar.drain()

    def lines(self, *, openmetrics: bool = False) -> list[str]:
        """Return the lines of own metrics of a scrape."""
        return own_lines(scrape(self.tailer, openmetrics=openmetrics))

    def told(self, event: str) -> list[dict[str, Any]]:
        return [fields for name, fields in self.said if name == event]


def own_lines(exposition: str) -> list[str]:
    return [line for line in exposition.splitlines() if line.removeprefix("# HELP ").startswith(OWN)]


Begin = Callable[..., Life]


@pytest.fixture
def begin(tmp_path: Path) -> Iterator[Begin]:
    lives: list[Life] = []

    def life(**sections: Any) -> Life:
        lives.append(Life(tmp_path, **sections))
        return lives[-1]

    yield life
    for each in lives:
        each.stop()


def test_series_that_are_known_are_shown_before_there_is_any_log(begin: Begin) -> None:
    samples = [line for line in begin(metrics=ALL).lines() if not line.startswith("#")]
    assert samples[:2] == ['failures_total{kind="a"} 0.0', 'failures_total{kind="b"} 0.0']
    assert "took_seconds_count 0.0" in samples


def test_a_tailer_shows_what_a_replay_prints(begin: Begin) -> None:
    from logship.expose import exposition

    life = begin(metrics=ALL, drop=[{"kind": "dropped"}], limits={"max_label_values": 3})
    write(life.log, *(lesson(grade=number % 5, took=number * 100, size=number) for number in range(20)))
    life.drain()
    rotate(life.log)
    write(life.log, lesson(kind="dropped"), lesson(grade=True, took="x"), '{"message":"failure","kind":"c"}', "{")
    life.drain()
    config = load(str(life.file))
    replayed = replay(plan([f"{life.log}.1", str(life.log)]), config, lambda _more: None)
    printed = exposition(replayed.tally, config.measure.buckets, config.own.metrics)
    assert life.lines() == own_lines(printed)
    tally = life.tailer.tally
    assert (tally.lines, tally.ruled_out, tally.folded) == (24, 1, replayed.tally.folded)
    assert tally.folded == 9


def test_a_restart_goes_on_with_every_number(begin: Begin) -> None:
    life = begin(metrics=ALL)
    write(life.log, lesson(grade=1, took=700, size=2.5), lesson(took="soon"))
    life.drain()
    shown = life.lines(openmetrics=True)
    unfit = life.tailer.tally.own_unfit
    life.restart()
    assert life.lines(openmetrics=True) == shown
    assert life.tailer.tally.own_unfit == unfit
    assert any("_created" in line for line in shown)
    write(life.log, lesson(grade=1, took=800, size=1))
    life.drain()
    assert 'lessons_total{grade="1"} 2.0' in life.lines()
    assert "took_seconds_sum 1.5" in life.lines()
    assert "size 2.5" in life.lines()
    assert not life.told(ANEW)


@pytest.mark.parametrize("how", ["reload", "restart"])
def test_a_metric_begins_anew_when_its_definition_changed_and_no_other_one(begin: Begin, how: str) -> None:
    life = begin(metrics=ALL)
    write(life.log, lesson(grade=1, took=700, size=2), '{"message":"failure"}')
    life.drain()
    changed = {"metrics": [{**LESSONS, "labels": {}}, {**FAILURES, "help": "Said otherwise."}, SIZE]}
    if how == "reload":
        life.reload(**changed)
    else:
        life.configure(**changed)
        life.restart()
    assert life.told(ANEW) == [{"metrics": ["lessons_total"]}]
    for _ in range(2):  # also after one more restart
        samples = [line for line in life.lines() if not line.startswith("#")]
        assert samples == [
            "lessons_total 0.0",
            'failures_total{kind="a"} 1.0',
            'failures_total{kind="b"} 0.0',
            "size 2.0",
        ]
        life.restart()
    write(life.log, lesson(grade=1))
    life.drain()
    assert "lessons_total 1.0" in life.lines()


def test_a_metric_that_was_left_out_for_a_while_begins_anew(begin: Begin) -> None:
    life = begin(metrics=ALL)
    write(life.log, lesson(grade=1))
    life.drain()
    life.reload(metrics=[SIZE])
    life.reload(metrics=ALL)
    assert not any("grade" in line for line in life.lines())
    life.restart()
    assert not any("grade" in line for line in life.lines())


def test_a_configuration_that_cannot_be_leaves_the_old_metrics(begin: Begin) -> None:
    life = begin(metrics=ALL)
    write(life.log, lesson(grade=1))
    life.drain()
    life.reload(metrics=[{"name": "a", "type": "counter"}])
    write(life.log, lesson(grade=1))
    life.drain()
    assert 'lessons_total{grade="1"} 2.0' in life.lines()
