from __future__ import annotations

import logging
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import app_logging
from app_logging.thresholds import MAX_CACHED, Thresholds

ReadRecords = Callable[[Path], list[dict[str, Any]]]


def messages(directory: Path, read_records: ReadRecords) -> list[str]:
    return [record["message"] for record in read_records(directory / "combined.log")]


def try_all(name: str) -> None:
    for door in (app_logging.get_logger, logging.getLogger):
        for level in ("debug", "info", "warning"):
            getattr(door(name), level)(f"{name} {level}")


def test_a_level_is_for_a_logger_and_all_below_it() -> None:
    thresholds = Thresholds(20, {"a": 30, "a.b": 10})
    assert [thresholds.of(name) for name in ("a", "a.x", "a.b", "a.b.c", "ab", "root", "")] == [
        *(30, 30, 10, 10, 20, 20, 20),
    ]


def test_a_change_reaches_loggers_that_were_asked_for_before() -> None:
    thresholds = Thresholds(20, {})
    assert thresholds.of("a.b") == 20
    thresholds.set(40)
    assert thresholds.of("a.b") == 40
    thresholds.set(10, "a")
    assert (thresholds.of("a.b"), thresholds.of("c")) == (10, 40)


def test_the_memory_for_names_is_bounded() -> None:
    thresholds = Thresholds(20, {})
    for number in range(3 * MAX_CACHED):
        thresholds.of(f"logger{number}")
    assert len(thresholds.known) <= MAX_CACHED


def test_both_doors_obey_the_levels_of_single_loggers(
    tmp_path: Path, read_records: ReadRecords, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOG_LEVELS", "sqlalchemy=WARNING, app.db=debug")
    app_logging.configure(log_dir=tmp_path, console=False)
    for name in ("sqlalchemy.engine", "app.db", "app"):
        try_all(name)
    assert messages(tmp_path, read_records) == [
        *["sqlalchemy.engine warning"] * 2,
        *["app.db debug", "app.db info", "app.db warning"] * 2,
        *["app info", "app warning"] * 2,
    ]
    assert app_logging.get_logger("sqlalchemy.x").get_effective_level() == logging.WARNING
    assert not app_logging.get_logger("sqlalchemy.x").is_enabled_for(logging.INFO)


def test_the_standard_librarys_levels_are_put_back(tmp_path: Path) -> None:
    logger = logging.getLogger("with a level of its own")
    logger.setLevel(logging.ERROR)
    app_logging.configure(log_dir=tmp_path, console=False, levels={logger.name: "debug"})
    assert logger.level == logging.DEBUG
    app_logging.configure(log_dir=tmp_path, console=False)
    assert logger.level == logging.ERROR
    app_logging.set_level("info", logger.name)
    app_logging.reset()
    assert logger.level == logging.ERROR


def test_a_level_is_changed_by_a_call_through_both_doors(tmp_path: Path, read_records: ReadRecords) -> None:
    app_logging.configure(log_dir=tmp_path, console=False)
    app_logging.set_level("warning")
    try_all("a")
    app_logging.set_level(10, "a")
    try_all("a.b")
    app_logging.configure(log_dir=tmp_path, console=False)
    try_all("a.c")
    assert messages(tmp_path, read_records) == [
        *["log level changed", "a warning", "a warning"],
        *["log level changed", *["a.b debug", "a.b info", "a.b warning"] * 2],
        *["a.c info", "a.c warning"] * 2,
    ]
    changes = [record for record in read_records(tmp_path / "combined.log") if "threshold" in record]
    assert [(record["logger"], record["threshold"]) for record in changes] == [("root", "warning"), ("a", "debug")]


def test_a_wrong_level_or_moment_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="configure"):
        app_logging.set_level("info")
    app_logging.configure(log_dir=tmp_path, console=False)
    with pytest.raises(app_logging.SettingsError, match="did you mean debug"):
        app_logging.set_level("debgu")


def test_signals_change_the_level_by_steps_and_are_given_back(tmp_path: Path, read_records: ReadRecords) -> None:
    seen = []
    before = signal.signal(signal.SIGUSR1, lambda *_: seen.append("ours"))
    try:
        app_logging.configure(log_dir=tmp_path, console=False)
        app_logging.change_level_on_signals(more=signal.SIGUSR1, less=signal.SIGUSR2)
        for number in (signal.SIGUSR1, signal.SIGUSR1, signal.SIGUSR2, signal.SIGUSR2):
            os.kill(os.getpid(), number)
        told = [record["threshold"] for record in read_records(tmp_path / "combined.log")]
        assert told == ["debug", "debug", "info", "warning"]
        app_logging.reset()
        os.kill(os.getpid(), signal.SIGUSR1)
        assert seen == ["ours"]
        assert signal.getsignal(signal.SIGUSR2) is signal.SIG_DFL
    finally:
        signal.signal(signal.SIGUSR1, before)
