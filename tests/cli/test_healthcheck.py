"""A health check asks the very address it is given and says whether the answer was a success."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

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
        (b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 50\r\n\r\ncut off", 1),
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


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"the loop has not turned for 130 s\n", "503, the loop has not turned for 130 s"),
        (b"a.log: may not be read\nb.log: may not be read\n", "503, a.log: may not be read; b.log: may not be read"),
        (b"", "503, Service Unavailable"),
        (b"x" * 100_000, f"503, {'x' * 1024}"),
    ],
)
def test_the_reasons_of_a_tailer_that_is_not_well_are_told(
    body: bytes, told: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with answering(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)) as url:
        assert main(["healthcheck", url]) == 1
    assert capfd.readouterr().err == f"logship: {url} does not answer with success: {told}\n"


@pytest.mark.parametrize("path", ["", "/"])
def test_an_address_without_a_path_is_asked_for_its_health(path: str, capfd: pytest.CaptureFixture[str]) -> None:
    with answering(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n") as url:
        assert main(["healthcheck", url.removesuffix("/healthz") + path]) == 0
    assert capfd.readouterr().out == f"{url}: 200\n"


@pytest.mark.parametrize("listen", ["0.0.0.0:{}", ":{}", "127.0.0.1:{}"])
def test_without_a_url_the_tailer_is_asked_where_it_was_told_to_listen(
    listen: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    with answering(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n") as url:
        monkeypatch.setenv("LOGSHIP_LISTEN", listen.format(url.split(":")[2].removesuffix("/healthz")))
        assert main(["healthcheck"]) == 0
    assert capfd.readouterr().out == f"{url}: 200\n"


@pytest.mark.parametrize(
    ("url", "code"), [("http://me:hunter2@127.0.0.1:1/healthz", 1), ("ftp://me:hunter2@127.0.0.1:1/", 2)]
)
def test_no_password_of_a_url_is_shown(url: str, code: int, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["healthcheck", url]) == code
    assert "hunter2" not in capfd.readouterr().err


@pytest.mark.parametrize("url", ["http://[::1", "http://", "/healthz", "file:///etc/passwd"])
def test_what_is_no_http_url_is_refused(url: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["healthcheck", url]) == 2
    assert "is no http URL, such as http://127.0.0.1:9113/healthz" in capfd.readouterr().err


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


def test_who_asks_for_a_password_on_this_machine_lives(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    locked = b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n"
    with answering(locked) as url:
        monkeypatch.setenv("LOGSHIP_LISTEN", url.removeprefix("http://").removesuffix("/healthz"))
        assert main(["healthcheck"]) == 0
    assert capfd.readouterr().out == f"{url}: 401, it asks who wants to know\n"
    with answering(locked) as url:
        assert main(["healthcheck", url]) == 1, "a named address is to say more than that"


def test_the_tailer_of_this_machine_is_asked_by_tls_when_its_web_configuration_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    web = tmp_path / "web.yml"
    web.write_text("tls_server_config: {cert_file: server.pem, key_file: server.key}\n")
    with answering(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n") as url:
        monkeypatch.setenv("LOGSHIP_LISTEN", url.removeprefix("http://").removesuffix("/healthz"))
        assert main(["healthcheck", "--web.config.file", str(web)]) == 1, "it does not speak TLS"
    assert f"{url.replace('http', 'https', 1)} does not answer with success: " in capfd.readouterr().err
