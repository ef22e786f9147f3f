"""Run the whole main path on this machine: a sample API that logs, traffic, and a tailer on its logs.

    python examples/demo.py [--seconds 20] [--rate 60]

Everything lives in a temporary directory and on loopback. Ends with Ctrl-C or by itself; then it shows the table of a
replay, and that client, tailer and replay counted the same requests.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from prometheus_client.parser import text_string_to_metric_families
from rich.console import Console
from rich.live import Live
from rich.table import Table

HERE = Path(__file__).parent
LISTEN_PORT = 9113
PATIENCE_SECONDS = 20
FOREVER_SECONDS = 10 * 365 * 24 * 3600


class DemoError(Exception):
    """Something did not start or stop as it should."""


def main() -> int:
    """Run the demo; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=0, help="how long; 0 runs until Ctrl-C")
    parser.add_argument("--rate", type=float, default=60, help="requests a second")
    arguments = parser.parse_args()
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with tempfile.TemporaryDirectory(prefix="logship-demo-") as directory:
        try:
            return run(Path(directory), arguments.seconds, arguments.rate, stop, Console())
        except DemoError as error:
            print(f"demo: {error}", file=sys.stderr)
            return 1


def run(directory: Path, seconds: float, rate: float, stop: threading.Event, console: Console) -> int:
    """Start everything, wait, end everything in order, compare the numbers."""
    logs = directory / "logs"
    pattern = str(logs / "combined.log*")
    api = [sys.executable, str(HERE / "heroes_api.py"), "--port", "0", "--log-dir", str(logs)]
    port = free_port(LISTEN_PORT)
    state = str(directory / "state.db")
    tail = [sys.executable, "-m", "logship", "tail", pattern, "--state", state, "--listen", f"127.0.0.1:{port}"]
    metrics_url = f"http://127.0.0.1:{port}/metrics"
    with running(api, directory / "api.err") as api_process, running(tail, directory / "tail.err"):
        base_url = json.loads(first_line(api_process, directory / "api.err"))["url"]
        wait_for(lambda: scrape(metrics_url), "the tailer does not answer", directory / "tail.err")
        console.print(f"sample API   {base_url}\nits logs     {logs}\nmetrics      {metrics_url}\n", highlight=False)
        length = seconds or FOREVER_SECONDS
        traffic = [sys.executable, str(HERE / "traffic.py"), base_url, "--seconds", str(length), "--rate", str(rate)]
        with running(traffic, directory / "traffic.err") as client:
            watch(metrics_url, client, stop, console)
            client.send_signal(signal.SIGTERM)
            outcome = json.loads(client.communicate(timeout=PATIENCE_SECONDS)[0])
        api_process.send_signal(signal.SIGTERM)
        api_process.wait(PATIENCE_SECONDS)
        counted = requests_in(scrape(metrics_url))
    return compare(pattern, sum(answer["count"] for answer in outcome["answers"]), counted, console)


def compare(pattern: str, answered: int, counted: int, console: Console) -> int:
    """Print the table of a replay and the three numbers that must be one."""
    replay = [sys.executable, "-m", "logship", "replay", pattern]
    subprocess.run(replay, check=True)
    replayed = json.loads(subprocess.run([*replay, "--output", "json"], check=True, capture_output=True).stdout)
    total = replayed["lines"]["request"]
    console.print(
        f"\nrequests: {answered} answered, {counted} counted by tail, {total} counted by replay", highlight=False
    )
    return 0 if answered == counted == total else 1


def watch(metrics_url: str, client: subprocess.Popen[str], stop: threading.Event, console: Console) -> None:
    """Show what the tailer counts, every second, until the traffic or the demo ends."""
    with Live(console=console, auto_refresh=False) if console.is_terminal else contextlib.nullcontext() as live:
        while client.poll() is None and not stop.wait(1):
            text = scrape(metrics_url)
            if live is not None:
                live.update(summary(text), refresh=True)


def summary(text: str) -> Table:
    """Return a table of the busiest routes from the text of /metrics."""
    requests: dict[tuple[str, str], dict[str, float]] = {}
    for labels, value in samples(text, "http_requests_total"):
        row = requests.setdefault((labels["method"], labels["route"]), {"all": 0, "failed": 0, "slow": 0})
        row["all"] += value
        row["failed"] += value if labels["status"] >= "500" else 0
    for labels, value in samples(text, "http_request_duration_seconds_bucket"):
        if labels["le"] in {"1.0", "+Inf"}:
            requests[labels["method"], labels["route"]]["slow"] += value if labels["le"] == "+Inf" else -value
    table = Table("METHOD", "ROUTE", box=None, header_style="bold", title="Ctrl-C ends the demo", title_justify="left")
    for heading in ("REQUESTS", "5XX", "OVER 1 S"):
        table.add_column(heading, justify="right")
    for (method, route), row in sorted(requests.items(), key=lambda item: -item[1]["all"])[:15]:
        table.add_row(method, route, *(f"{row[name]:.0f}" for name in ("all", "failed", "slow")))
    return table


def requests_in(text: str) -> int:
    """Return the sum of http_requests_total."""
    return round(sum(value for _, value in samples(text, "http_requests_total")))


def samples(text: str, name: str) -> Iterator[tuple[dict[str, str], float]]:
    """Yield labels and value of each sample called `name`."""
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if sample.name == name:
                yield sample.labels, sample.value


def scrape(url: str) -> str:
    """Return the text of /metrics, empty while nobody answers."""
    try:
        with urllib.request.urlopen(url, timeout=PATIENCE_SECONDS) as answer:
            text: str = answer.read().decode()
            return text
    except OSError:
        return ""


@contextlib.contextmanager
def running(command: list[str], errors: Path) -> Iterator[subprocess.Popen[str]]:
    """Run a command with its talk in a file; end it afterwards, first kindly."""
    with errors.open("w") as talk:
        # a session of its own: Ctrl-C is for this program, which ends the others in order
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=talk, text=True, start_new_session=True)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        out: IO[str] | None = process.stdout
        if out is not None:
            out.close()


def first_line(process: subprocess.Popen[str], errors: Path) -> str:
    """Return the first line that a process prints: the address where it listens."""
    line = process.stdout.readline().strip() if process.stdout else ""
    if not line:
        raise DemoError(f"the sample API did not start:\n{errors.read_text()}")
    return line


def wait_for(ready: Callable[[], object], failure: str, errors: Path) -> None:
    """Return when `ready` says so; raise DemoError when it does not for long."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not ready():
        if time.monotonic() > deadline:
            raise DemoError(f"{failure}:\n{errors.read_text()}")
        time.sleep(0.05)


def free_port(wanted: int) -> int:
    """Return `wanted` if it is free on loopback, else a port that is."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                probe.bind(("127.0.0.1", port))
                return int(probe.getsockname()[1])
    raise DemoError("no free port on loopback")


if __name__ == "__main__":
    sys.exit(main())
