"""The configuration in force is shown by the keys of its file, without secrets."""

from __future__ import annotations

from dataclasses import dataclass

from logship.config import Config, Source
from logship.live.settings import MASK, settings


@dataclass(frozen=True)
class Inner:
    api_token: str = "hunter2"  # noqa: S105 - it must not be shown
    url: str = "https://user:hunter2@example.com/x?key=hunter2"
    places: tuple[str, ...] = ("a", "http://u:hunter2@h/")
    nothing: str | None = None
    is_on: bool = True


@dataclass(frozen=True)
class Outer:
    inner: Inner = Inner()
    many: tuple[Inner, ...] = (Inner(), Inner())


def test_keys_are_paths_in_the_file() -> None:
    shown = dict(settings(Config(sources=(Source(paths=("logs/*.log",), labels={"team": "a"}),))))
    assert shown["sources.0.paths"] == "logs/*.log"
    assert shown["sources.0.labels"] == "team: a"
    assert shown["follow.linger_seconds"] == "30.0"
    assert shown["measure.buckets"] == "0.1, 0.5, 1.0, 2.0, 5.0"
    assert shown["serve.ui"] == "true"
    assert shown["state.file"] == "none"


def test_no_secret_is_shown() -> None:
    shown = dict(settings(Outer()))
    assert "hunter2" not in repr(shown)
    assert {shown["inner.api_token"], shown["many.1.api_token"]} == {MASK}
    assert shown["inner.is_on"] == "true"
