"""logrotate takes the sample, and what it rotates is counted once, with app_logging as the writer."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from crash.tailing import Tail, wait_for
from crash.written import total

HERE = Path(__file__).parent
SAMPLE = HERE.parents[1] / "configs/logrotate/heroes-api"
ROTATIONS = 3
AT_ONCE = 50


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    (tmp_path / "logs").mkdir()
    return tmp_path / "logs"


@pytest.fixture
def logrotate(tmp_path: Path, logs: Path, server_program: Callable[[str], str]) -> Callable[..., str]:
    """Return a function that runs logrotate on the sample, for the logs of this test, and returns what it says."""
    sample = SAMPLE.read_text(encoding="utf-8")
    assert "/var/log/heroes-api" in sample
    config = tmp_path / "logrotate.conf"
    config.write_text(sample.replace("/var/log/heroes-api", str(logs)))
    program = server_program("logrotate")

    def run(*options: str) -> str:
        command = [program, *options, f"--state={tmp_path / 'logrotate.state'}", str(config)]
        ran = subprocess.run(command, capture_output=True, text=True, check=False)
        said: str = ran.stdout + ran.stderr
        assert ran.returncode == 0, said
        assert "error" not in said, said
        return said

    return run


def test_logrotate_understands_the_sample(logs: Path, logrotate: Callable[..., str]) -> None:
    (logs / "combined.log").write_text("{}\n")
    said = logrotate("--debug")
    assert re.search(r"after 1 days.*14 rotations", said)
    assert said.count("warning") == said.count("warning: logrotate in debug mode does nothing")


@dataclass
class Api:
    """An application that logs when it is asked to."""

    process: subprocess.Popen[str]
    logs: Path
    written: int = 0

    def log(self, count: int) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{count}\n")
        self.process.stdin.flush()
        self.written = int(self.process.stdout.readline())

    def moves_on(self) -> bool:
        """Log once more; return whether the application has seen that its file was renamed."""
        self.log(1)
        return (self.logs / "combined.log").exists()


@pytest.fixture
def api(logs: Path) -> Iterator[Api]:
    command = [sys.executable, str(HERE / "rotated_api.py"), str(logs)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield Api(process, logs)


@pytest.mark.integration
def test_what_logrotate_rotates_and_compresses_is_counted_once(
    tmp_path: Path, logs: Path, logrotate: Callable[..., str], api: Api
) -> None:
    tail = Tail(tmp_path, [logs / "combined.log*"])
    tail.start()
    try:
        for rotation in range(ROTATIONS):
            api.log(AT_ONCE)
            logrotate("--force")
            wait_for(api.moves_on)
            if rotation == 0:
                wait_for(lambda: tail.serves() and tail.is_ready())
                tail.kill()  # the other rotations find nobody who looks
        tail.start()
        wait_for(lambda: tail.serves() and tail.is_ready())
        samples = tail.scrape()
    finally:
        tail.kill()
    assert {path.name for path in logs.glob("combined.log*")} == {
        *("combined.log", "combined.log.1", "combined.log.2.gz", "combined.log.3.gz")
    }
    assert total(samples, "log_messages_total") == api.written
    assert total(samples, "logship_lost_lines_total") == total(samples, "logship_lost_bytes_total") == 0
