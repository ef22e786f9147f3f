"""A real `logship tail` with its HTTP side set as a test wants it, and sockets that behave as no client should."""

from __future__ import annotations

import re
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import yaml
from crash.tailing import DEADLINE, PLAIN, wait_for
from words import request, write

PATIENT = 300
"""Seconds: a time-out that no test lives to see, so that what is dropped was dropped by another one."""


class Serving:
    """A running tailer of one log."""

    def __init__(self, directory: Path, limits: dict[str, float], web: dict[str, Any] | None) -> None:
        self.log = directory / "app.log"
        self.web_config = directory / "web.yml"
        self.talk_file = directory / "talk"
        config = directory / "logship.yml"
        times = {"request_timeout_seconds": PATIENT, "idle_timeout_seconds": PATIENT, "send_timeout_seconds": PATIENT}
        config.write_text(yaml.safe_dump({"poll_seconds": 0.05, "serve": {"limits": {**times, **limits}}}))
        write(self.log, request())
        options: list[str | Path] = ["--config", config, "--listen", "127.0.0.1:0"]
        if web is not None:
            self.web_config.write_text(yaml.safe_dump(web))
            options += ["--web.config.file", self.web_config]
        with self.talk_file.open("wb") as talk:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "logship", "tail", *options, self.log], stdout=subprocess.DEVNULL, stderr=talk
            )
        wait_for(lambda: "format format=" in self.talk or self.process.poll() is not None)
        found = re.search(r"url=(\S+?)/metrics", self.talk)
        assert found, self.talk
        self.url = found[1]
        self.port = int(self.url.rpartition(":")[2])

    @property
    def talk(self) -> str:
        return self.talk_file.read_text()

    @property
    def open_sockets(self) -> int:
        """How many connections the tailer holds, beside what it listens on."""
        descriptors = Path(f"/proc/{self.process.pid}/fd")
        return sum("socket:" in str(each.readlink()) for each in descriptors.iterdir() if each.is_symlink())

    @property
    def rss_bytes(self) -> int:
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        found = re.search(r"VmRSS:\s+(\d+) kB", status)
        assert found
        return int(found[1]) << 10

    def get(self, path: str = "/metrics", **options: Any) -> httpx.Response:
        verify = options.pop("verify", PLAIN)
        with httpx.Client(verify=verify, trust_env=False, timeout=DEADLINE) as client:
            return client.get(f"{self.url}{path}", **options)

    def answers(self, **options: Any) -> bool:
        """Return whether a scrape is answered; where a limit of time is short, a busy machine may make it too short."""
        try:
            return self.get(**options).is_success
        except httpx.TransportError:
            return False

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=DEADLINE)

    def say(self, *chunks: bytes, half_close: bool = False) -> bytes:
        """Send bytes; return all that comes until the other side closes."""
        with self.connect() as client:
            for chunk in chunks:
                client.sendall(chunk)
            if half_close:
                client.shutdown(socket.SHUT_WR)
            return until_closed(client)

    def end(self) -> None:
        self.process.terminate()
        self.process.wait(DEADLINE)


def until_closed(client: socket.socket | ssl.SSLSocket) -> bytes:
    """Return what comes until the other side closes, in whatever way."""
    received = b""
    try:
        while chunk := client.recv(65536):
            received += chunk
    except (ConnectionError, ssl.SSLError):
        pass
    return received


def is_closed(client: socket.socket) -> bool:
    """Return whether the other side has closed, without waiting; what it has sent is thrown away."""
    client.settimeout(0)
    try:
        while client.recv(65536):
            pass
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


@contextmanager
def serving(directory: Path, web: dict[str, Any] | None = None, **limits: float) -> Iterator[Serving]:
    """Run a tailer with `serve.limits` and a web configuration until the block ends."""
    with ExitStack() as cleanup:
        running = Serving(directory, limits, web)
        cleanup.callback(running.end)
        yield running
