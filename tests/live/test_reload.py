"""A reload obeys what changed and keeps what was counted; a tailer as it is built, driven by its drains."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from live.driven import end, scrape
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from words import request, rotate, write, write_half

from logship.config import Config, Source, load
from logship.expose import ServeOptions
from logship.live import Tailer, build
from logship.live.reload import differences, no_longer_meant
from logship.model import Excerpt, FileKey, Position

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]
LATENCY = "http_request_duration_seconds"
REFUSED = "configuration not reloaded, the old one stays"


def sources(*paths: Path, **options: Any) -> list[dict[str, Any]]:
    """Return the section of one source."""
    return [{"paths": [str(path) for path in paths], **options}]


def meaning(change: dict[str, Any], directory: Path) -> dict[str, Any]:
    """Return the sections of a change: those of files and format are one source."""
    source = sources(directory / change.get("paths", "combined.log"), format=change.get("format", "auto"))
    return {"sources": source, **{key: value for key, value in change.items() if key not in ("paths", "format")}}


class Life:
    """A tailer with a configuration file, from a start to a stop."""

    def __init__(self, directory: Path, *, has_state: bool = False, **sections: Any) -> None:
        self.log = directory / "combined.log"
        self.file = directory / "logship.yml"
        self._state = {"state": {"file": str(directory / "state.db")}} if has_state else {}
        self.said: list[tuple[str, dict[str, Any]]] = []
        self.configure(**sections)
        self.tailer = self.start()

    def configure(self, **sections: Any) -> None:
        """Write the configuration file: the defaults but for `sections`."""
        sections = {"sources": sources(self.log), "serve": {"listen": "127.0.0.1:0"}, **self._state, **sections}
        self.file.write_text(yaml.safe_dump(sections), encoding="utf-8")

    def start(self) -> Tailer:
        return build(load(str(self.file)), self._say, lambda: load(str(self.file)))

    def reload(self, **sections: Any) -> None:
        """Drain, reload what is configured by `sections`, drain again, as a tailer that runs does."""
        self.configure(**sections)
        self.tailer.sidecar.drain()
        self.tailer.reload()
        self.tailer.sidecar.drain()

    def stop(self) -> None:
        end(self.tailer)

    def restart(self) -> None:
        self.stop()
        self.tailer = self.start()
        self.tailer.sidecar.drain()

    def write_requests(self, count: int, log: Path | None = None) -> None:
        write(log or self.log, *[request()] * count)

    def drained(self) -> int:
        """Return how many requests are counted after a drain."""
        self.tailer.sidecar.drain()
        return self.tailer.tally.requests

    def scrape(self) -> Samples:
        text = scrape(self.tailer, openmetrics=True)
        families = text_string_to_metric_families(text)  # type: ignore[no-untyped-call]  # as the package has it
        return {(s.name, tuple(sorted(s.labels.items()))): s.value for family in families for s in family.samples}

    def value(self, name: str) -> float | None:
        """Return the sum of the samples with a name, None without any."""
        found = [value for (each, _), value in self.scrape().items() if each == name]
        return sum(found) if found else None

    def events(self) -> list[str]:
        return [event for event, _ in self.said]

    def _say(self, event: str, **fields: Any) -> None:
        self.said.append((event, fields))


@pytest.fixture
def life(tmp_path: Path) -> Iterator[Callable[..., Life]]:
    lives: list[Life] = []

    def begin(**more: Any) -> Life:
        lives.append(Life(tmp_path, **more))
        return lives[-1]

    yield begin
    for each in lives:
        each.stop()


Begin = Callable[..., Life]
with_and_without_state = pytest.mark.parametrize("has_state", [True, False], ids=["state", "no state"])


@with_and_without_state
def test_a_metric_whose_definition_changed_begins_anew_and_no_other(life: Begin, *, has_state: bool) -> None:
    running = life(has_state=has_state)
    running.write_requests(3)
    write(running.log, '{"level":"info","message":"started"}')
    running.drained()
    before = running.scrape()
    running.reload(measure={"buckets": [0.25, 1]})
    assert running.value(f"{LATENCY}_count") is None, "nothing was counted into the new buckets yet"
    write(running.log, request(duration=300), request(duration=3000))
    assert running.drained() == 5
    after = running.scrape()
    bounds = {dict(labels)["le"]: value for (name, labels), value in after.items() if name == f"{LATENCY}_bucket"}
    assert bounds == {"0.25": 0, "1.0": 1, "+Inf": 2}
    for key, value in before.items():
        if key[0] == f"{LATENCY}_created":
            assert after[key] > value, "it began anew, and says so"
        elif key[0].endswith("_created"):
            assert after[key] == value
        elif key[0].endswith("_total"):
            assert after[key] >= value


@with_and_without_state
def test_what_did_not_change_goes_on(life: Begin, *, has_state: bool) -> None:
    running = life(has_state=has_state)
    running.write_requests(3)
    running.drained()
    before = running.scrape()
    running.reload(limits={"max_series": 7}, poll_seconds=3, follow={"linger_seconds": 1}, measure={"routes": ["/x"]})
    running.reload(sources=[{"paths": [str(running.log)], "format": "winston"}])
    changing = ("logship_file_events_total", "logship_checkpoint_last_", "logship_config_last_reload_success_")
    after = {key: value for key, value in running.scrape().items() if not key[0].startswith(changing)}
    assert after == {key: value for key, value in before.items() if key in after}
    running.write_requests(1)
    assert running.drained() == 4


def test_new_buckets_are_those_of_the_next_life_too(life: Begin) -> None:
    running = life(has_state=True)
    running.write_requests(3)
    running.reload(measure={"buckets": [0.25, 1]})
    running.write_requests(2)
    running.drained()
    before = {key: value for key, value in running.scrape().items() if key[0].startswith("http_")}
    running.restart()
    assert {key: value for key, value in running.scrape().items() if key[0].startswith("http_")} == before


def test_buckets_that_changed_while_it_was_down_begin_anew_with_a_new_creation_time(life: Begin) -> None:
    running = life(has_state=True)
    running.write_requests(1)
    running.drained()
    before = running.scrape()
    running.configure(measure={"buckets": [0.25, 1]})
    running.restart()
    running.write_requests(1)
    assert running.drained() == 2
    after = running.scrape()
    (histogram,) = (key for key in before if key[0] == f"{LATENCY}_created")
    (counter,) = (key for key in before if key[0] == "http_requests_created")
    assert after[histogram] > before[histogram]
    assert after[counter] == before[counter]


@with_and_without_state
def test_files_no_longer_meant_are_let_go_and_new_ones_followed(
    life: Begin, tmp_path: Path, *, has_state: bool
) -> None:
    running = life(has_state=has_state)
    other = tmp_path / "other.log"
    running.write_requests(3)
    running.write_requests(4, other)
    assert running.drained() == 3
    running.reload(sources=sources(other))
    assert running.tailer.tally.requests == 7
    assert running.tailer.sidecar.view.standing.followed_files == 1
    running.write_requests(10)
    running.write_requests(1, other)
    assert running.drained() == 8
    running.reload(sources=sources(running.log, other))
    assert running.tailer.tally.requests == 18, "it goes on where it was let go"


def test_files_that_rest_as_too_many_are_open_are_let_go_as_well(life: Begin, tmp_path: Path) -> None:
    running = life(sources=sources(tmp_path / "*.log"), follow={"max_open_files": 2})
    for name in "abcde":
        running.write_requests(1, tmp_path / f"{name}.log")
        running.drained()
    assert running.tailer.sidecar.view.standing.followed_files == 5
    running.reload(sources=sources(tmp_path / "a.log", tmp_path / "e.log"), follow={"max_open_files": 2})
    assert running.tailer.sidecar.view.standing.followed_files == 2
    assert running.tailer.tally.requests == 5


@pytest.mark.parametrize("change", [{"linger_seconds": 60.0}, {"max_open_files": 2}, {"max_line_bytes": 4096}])
def test_a_half_line_and_a_rotated_file_are_carried_over(life: Begin, change: dict[str, Any]) -> None:
    running = life()
    running.write_requests(1)
    with running.log.open("ab", buffering=0) as writer:
        writer.write(request().encode()[:30])
        running.drained()
        rotate(running.log)
        running.write_requests(1)
        running.drained()
        running.reload(follow=change)
        writer.write(request().encode()[30:] + b"\n" + request().encode()[:40])
        running.write_requests(1)
        assert running.drained() == 4
        running.reload()
        writer.write(request().encode()[40:] + b"\n")
        assert running.drained() == 5
    assert running.tailer.tally.lines == 5


def test_a_compressed_copy_of_what_was_counted_before_a_reload_is_not_counted_again(life: Begin) -> None:
    running = life()
    running.write_requests(3)
    running.drained()
    running.log.rename(running.log.with_name("away.log"))
    running.reload(sources=sources(running.log.with_name("*.log")), follow={"linger_seconds": 0})
    running.drained()
    running.log.with_name("away.log").rename(running.log)
    running.reload(follow={"linger_seconds": 1})
    assert running.tailer.tally.requests == 3


def test_routes_are_obeyed_at_once(life: Begin) -> None:
    running = life()
    line = request("/files/a/b").replace('"route":"/files/a/b",', "")
    write(running.log, line)
    running.reload(measure={"routes": ["/files/*"]})
    write(running.log, line)
    running.drained()
    assert [labels.route for labels in running.tailer.tally.series] == ["/files/a/b", "/files/*"]


def test_limits_and_times_are_obeyed_at_once(life: Begin) -> None:
    running = life(limits={"max_series": 1})
    write(running.log, request("/a"), request("/b"))
    running.drained()
    assert {labels.route for labels in running.tailer.tally.series} == {"/a", "__other__"}
    running.reload(
        limits={"max_series": 10}, poll_seconds=9, serve={"listen": "127.0.0.1:0", "scrape_budget_seconds": 3}
    )
    write(running.log, request("/c"))
    running.drained()
    assert {labels.route for labels in running.tailer.tally.series} == {"/a", "/c", "__other__"}
    assert running.tailer.sidecar.poll_seconds == 9
    assert running.tailer.reload.config.serve.scrape_budget_seconds == 3


def test_what_was_reloaded_and_what_needs_a_restart_is_said(life: Begin, tmp_path: Path) -> None:
    running = life()
    running.reload(
        serve={"listen": "127.0.0.1:9999", "scrape_budget_seconds": 2},
        state={"file": str(tmp_path / "new.db"), "recovery": "reset"},
    )
    assert [each for each in running.said if "config" in each[0] or "restart" in each[0]] == [
        ("configuration reloaded", {"changed": ["serve.scrape_budget_seconds"]}),
        ("some of it needs a restart", {"keys": ["serve.listen", "state.file", "state.recovery"]}),
    ]
    assert not (tmp_path / "new.db").exists()
    assert running.tailer.reload.config.serve.listen == "127.0.0.1:0"


BROKEN = {
    "unknown key": ("follow:\n  linger: 3\n", r"logship.yml:2: unknown key 'follow.linger'; did you mean"),
    "bad value": ("measure:\n  buckets: [2, 1]\n", r"logship.yml:2: .*not 2, 1"),
    "not YAML": ("sources: [\n", r"logship.yml:2: not YAML"),
    "twice": ("poll_seconds: 1\npoll_seconds: 2\n", r"logship.yml:2: key 'poll_seconds' stands here again"),
}


@pytest.mark.parametrize(("text", "why"), BROKEN.values(), ids=BROKEN)
def test_a_broken_file_keeps_the_old_configuration_and_says_why(life: Begin, text: str, why: str) -> None:
    running = life(poll_seconds=4)
    running.write_requests(2)
    running.drained()
    before, config = running.scrape(), running.tailer.reload.config
    running.file.write_text(text)
    running.tailer.reload()
    assert running.tailer.reload.config == config
    ((event, fields),) = running.said[-1:]
    assert event == REFUSED
    assert "\n" not in fields["why"]
    assert re.search(why, fields["why"]), fields["why"]
    after = running.scrape()
    assert after["logship_config_last_reload_successful", ()] == 0
    same = "logship_config_last_reload_success_timestamp_seconds", ()
    assert after[same] == before[same]
    running.write_requests(1)
    assert running.drained() == 3


def test_a_repaired_file_is_obeyed(life: Begin) -> None:
    running = life()
    first = running.value("logship_config_last_reload_success_timestamp_seconds")
    running.file.unlink()
    running.tailer.reload()
    assert running.events()[-1] == REFUSED
    assert running.value("logship_config_last_reload_successful") == 0
    running.reload(poll_seconds=2)
    assert running.tailer.sidecar.poll_seconds == 2
    assert running.value("logship_config_last_reload_successful") == 1
    second = running.value("logship_config_last_reload_success_timestamp_seconds")
    assert first is not None
    assert second is not None
    assert second > first > 0


def test_without_a_file_there_is_nothing_to_reload(tmp_path: Path) -> None:
    said: list[str] = []
    config = Config(sources=(Source((str(tmp_path / "a.log"),)),), serve=ServeOptions("127.0.0.1:0"))
    tailer = build(config, lambda event, **_: said.append(event))
    tailer.reload()
    end(tailer)
    assert said == ["nothing to reload: there is no configuration file; --config FILE names one"]
    assert tailer.sidecar.view.standing.is_reload_successful


CHANGES: list[dict[str, Any]] = [
    {"follow": {"linger_seconds": 5}},
    {"follow": {"max_open_files": 20}},
    {"format": "winston"},
    {"limits": {"max_series": 1}},
    {"paths": "combined*"},
    {"paths": "*"},
    {},
]
steps = st.one_of(
    st.just(("write",)), st.just(("half",)), st.just(("rotate",)), st.just(("drain",)), st.just(("restart",)),
    st.tuples(st.just("reload"), st.sampled_from(CHANGES)),
)  # fmt: skip


@given(st.lists(steps, max_size=14))
@settings(max_examples=40)
def test_whatever_is_reloaded_each_line_is_counted_once_and_nothing_is_taken_back(todo: list[tuple[Any, ...]]) -> None:
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name) / "logs"
        directory.mkdir()
        running = Life(directory.parent, has_state=True)
        running.log = directory / "combined.log"
        running.reload()
        try:
            written, half, shown = 0, "", dict[Any, float]()
            for number, (what, *more) in enumerate(todo):
                line = request(duration=number)
                if what == "write":  # or complete the line that was begun
                    write(running.log, half or line)
                    written, half = written + 1, ""
                elif what == "half" and not half:
                    write_half(running.log, line[:50])
                    half = line[50:]
                elif what == "rotate" and running.log.exists() and not half:
                    running.drained()
                    rotate(running.log)
                elif what == "drain":
                    running.drained()
                elif what == "restart":
                    running.restart()
                elif what == "reload":
                    running.reload(**meaning(more[0], directory))
                counters = {
                    key: value
                    for key, value in running.scrape().items()
                    if key[0].endswith(("_total", "_bucket", "_count", "_sum", "_created"))
                    and not key[0].startswith("logship_file_events")
                }
                assert {key: value for key, value in shown.items() if counters.get(key, -1) < value} == {}
                shown = counters
            assert running.drained() == written
            assert running.tailer.tally.lines == written
        finally:
            running.stop()


def test_differences_name_each_key_as_it_stands_in_the_file(tmp_path: Path) -> None:
    file = tmp_path / "logship.yml"
    file.write_text("sources: [{paths: [x.log]}]\nmeasure: {buckets: [1], routes: [/a]}\nserve: {listen: ':1'}\n")
    assert differences(Config(), load(str(file))) == ["measure.buckets", "measure.routes", "serve.listen", "sources"]
    assert differences(Config(), Config()) == []


def test_only_what_was_meant_and_is_not_any_more_is_let_go(tmp_path: Path) -> None:
    target = tmp_path / "target.log"
    target.touch()
    link = tmp_path / "link.log"
    link.symlink_to(target)

    def at(path: Path) -> Position:
        return Position(str(path), FileKey(1, 2), 1, 1, Excerpt(0, b""), Excerpt(0, b""))

    positions = {1: at(tmp_path / "a.log"), 2: at(tmp_path / "b.log"), 3: at(tmp_path / "a.log.1"), 4: at(target)}
    before, after = [str(tmp_path / "a.log"), str(tmp_path / "b.log"), str(link)], [str(tmp_path / "b.log")]
    assert no_longer_meant(positions, before, after).keys() == {1, 4}
    assert no_longer_meant(positions, before, before) == {}
    assert no_longer_meant(positions, [str(link)], [str(target)]) == {}
