"""A health check asks the very address it is given and says whether the answer was a success."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from logship.cli.main import main


@contextmanager
def answering(answer: bytes) -> Iterator[str]:
    """Answer one connection with `answer`, whatever it asks; yield the URL."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(10)

        def serve() -> None:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            with connection:
                connection.recv(65536)
                connection.sendall(answer)

        thread = threading.Thread(target=serve, name="answering")
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.getsockname()[1]}/healthz"
        finally:
            thread.join()


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok\n", 0),
        (b"HTTP/1.1 204 No Content\r\n\r\n", 0),
        (b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n", 1),
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", 1),
        (b"SSH-2.0-OpenSSH_9.2\r\n", 1),
        (b"", 1),
        (b"HTTP/1.1 two hundred\r\n\r\n", 1),
    ],
)
def test_only_success_is_healthy(answer: bytes, code: int, capfd: pytest.CaptureFixture[str]) -> None:
    with answering(answer) as url:
        assert main(["healthcheck", url]) == code
    out, err = capfd.readouterr()
    assert (out.count("\n"), err.count("\n")) == ((1, 0) if code == 0 else (0, 1))
    assert code == 0 or err.startswith(f"logship: {url} does not answer with success: ")


def test_no_proxy_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    with answering(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n") as url:
        assert main(["healthcheck", url]) == 0


@pytest.mark.parametrize("timeout", ["0", "-1", "nan", "inf", "1e12", "3601"])
def test_a_wait_that_cannot_be_is_refused(timeout: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["healthcheck", "--timeout", timeout]) == 2
    assert "--timeout must be a number of seconds over 0 and up to 3600: not" in capfd.readouterr().err
