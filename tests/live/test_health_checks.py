"""What health checks found is known again after a restart, and shown until it is too old."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from live.driven import end
from words import write

from logship.config import Config, Source
from logship.config.schema import StateOptions
from logship.expose import ServeOptions
from logship.live import Tailer, build
from logship.measure import Verdict

NOON = 1_795_435_200.0


def health(seq: int, second: int, **status: str) -> str:
    checks = [{"name": name, "status": each, "duration": 1.5} for name, each in status.items()]
    head = {"timestamp": f"2026-11-23T12:00:{second:02}.000Z", "level": "info", "message": "health check"}
    return json.dumps(head | {"checks": checks, "seq": seq, "boot_id": "b1"}, separators=(",", ":"))


@pytest.fixture
def life(tmp_path: Path) -> Iterator[Callable[[], Tailer]]:
    """Return a function that ends the tailer before, and begins one on the same state file and log."""
    lives: list[Tailer] = []

    def begin() -> Tailer:
        for tailer in lives[-1:]:
            end(tailer)
        config = Config(
            sources=(Source(paths=(str(tmp_path / "combined.log"),)),),
            serve=ServeOptions(listen="127.0.0.1:0"),
            state=StateOptions(file=str(tmp_path / "state.db")),
        )
        lives.append(build(config, lambda *_, **__: None))
        return lives[-1]

    yield begin
    end(lives[-1])


def test_verdicts_survive_a_restart_and_go_on_by_the_time_of_the_records(
    tmp_path: Path, life: Callable[[], Tailer]
) -> None:
    log = tmp_path / "combined.log"
    write(log, health(1, 20, database="unhealthy", disk="healthy"))
    tailer = life()
    tailer.sidecar.drain()
    found = {"database": Verdict(NOON + 20, is_healthy=False), "disk": Verdict(NOON + 20, is_healthy=True)}
    assert tailer.tally.checks == found
    tailer = life()
    assert tailer.tally.checks == found, "before anything is read"
    write(log, health(2, 10, database="healthy", disk="unhealthy"))
    tailer.sidecar.drain()
    assert tailer.tally.checks == found, "what is read late is older"
    write(log, health(3, 30, database="healthy"))
    tailer = life()
    tailer.sidecar.drain()
    assert life().tally.checks == found | {"database": Verdict(NOON + 30, is_healthy=True)}
