"""A backfill that is stopped leaves whole days, says which, and is not taken for a finished one."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path

import pytest
from crash.tailing import DEADLINE, command, wait_for
from replay.backfill.days_read import NOON, line

pytestmark = pytest.mark.integration

DAY = 86400


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_days_are_whole_and_told_and_not_sent_by_mistake(tmp_path: Path, ending: signal.Signals) -> None:
    days = tmp_path / "days"
    obeying = ["env", "--default-signal=INT", *command()]  # what a shell starts in the background ignores SIGINT
    asked = [*obeying, "replay", "-", "--format", "app", "--output", "openmetrics", "--to", str(days)]
    with subprocess.Popen(asked, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdin is not None
        for day in range(3):
            process.stdin.write("".join(line(NOON + day * DAY + at) + "\n" for at in range(900)).encode())
        process.stdin.flush()
        wait_for((days / "2026-11-23.om").exists)
        process.send_signal(ending)
        out, said = process.communicate(timeout=DEADLINE)
    assert process.returncode == 130, said
    assert out.decode().splitlines()[0] == str(days / "2026-11-23.om")
    assert f"interrupted: {days} holds the days that were complete by then" in said.decode()
    assert not list(days.glob(".*.part"))
    assert all(path.read_text("utf-8").endswith("# EOF\n") for path in days.glob("*.om"))

    sending = [*command(), "backfill", str(days), "--into", str(tmp_path / "blocks")]
    sent = subprocess.run(sending, capture_output=True, text=True, check=False)
    assert (sent.returncode, sent.stderr.count("\n")) == (1, 1)
    assert f"{days} is not finished: the replay that wrote it was interrupted; run it again, or delete" in sent.stderr
