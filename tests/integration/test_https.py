"""TLS, client certificates and users of the real `logship tail`, by a web configuration that changes while it runs."""

from __future__ import annotations

import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import bcrypt
import httpx
import pytest
import yaml
from crash.tailing import DEADLINE, wait_for
from integration.certificates import Authority, number_of
from integration.prometheus import Prometheus
from integration.serving import Serving, serving, until_closed

pytestmark = pytest.mark.integration

SHORT = 0.4
"""Seconds; the time-out under test."""

PASSWORD = "correct horse"  # noqa: S105 - of this test
HASH = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def encrypted(authority: Authority, **more: Any) -> dict[str, Any]:
    """Return a web configuration with TLS; files are named as beside it."""
    authority.issue("server")
    return {"tls_server_config": {"cert_file": "server.pem", "key_file": "server.key", **more}}


def change(running: Serving, web: dict[str, Any]) -> None:
    """Put another web configuration into the place of the one that is obeyed."""
    renewed = running.web_config.with_suffix(".new")
    renewed.write_text(yaml.safe_dump(web))
    renewed.rename(running.web_config)


def test_a_scrape_is_encrypted_and_the_server_proves_who_it_is(tmp_path: Path, authority: Authority) -> None:
    with serving(tmp_path, encrypted(authority)) as running:
        assert running.url.startswith("https://")
        assert "logship_lines_total" in running.get(verify=authority.trusted()).text
        with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            running.get(verify=Authority(tmp_path).trusted())
        listen, web = running.url.removeprefix("https://"), str(running.web_config)
        asking = {**os.environ, "LOGSHIP_LISTEN": listen, "LOGSHIP_WEB_CONFIG_FILE": web}
        subprocess.run([sys.executable, "-m", "logship", "healthcheck"], env=asking, check=True)
        assert b" 200 " not in running.say(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"), "in the clear there is nothing"


@pytest.mark.parametrize(
    ("client_auth_type", "expected"),
    [
        ("NoClientCert", [True, True, True]),
        ("RequestClientCert", [True, True, True]),
        ("VerifyClientCertIfGiven", [True, True, False]),
        ("RequireAndVerifyClientCert", [False, True, False]),
    ],
)
def test_clients_are_let_in_by_the_certificates_they_show(
    tmp_path: Path, authority: Authority, client_auth_type: str, expected: list[bool]
) -> None:
    asking = {"client_auth_type": client_auth_type}
    if client_auth_type != "NoClientCert":
        asking["client_ca_file"] = authority.root.name
    clients = None, authority.issue("client", "scraper"), Authority(tmp_path).issue("strange", "scraper")
    with serving(tmp_path, encrypted(authority, **asking)) as running:
        assert [is_let_in(running, authority.trusted(client)) for client in clients] == expected


def test_only_clients_with_an_allowed_name_are_let_in(tmp_path: Path, authority: Authority) -> None:
    web = encrypted(
        authority,
        client_auth_type="RequireAndVerifyClientCert",
        client_ca_file=authority.root.name,
        client_allowed_sans=["prometheus.example", "::1"],
    )
    names = ("prometheus.example", "other.example", "::1", "ops@example.org")
    clients = [authority.issue(f"client{number}", name) for number, name in enumerate(names)]
    with serving(tmp_path, web) as running:
        found = [is_let_in(running, authority.trusted(client)) for client in clients]
        assert found == [True, False, True, False]


def is_let_in(running: Serving, context: ssl.SSLContext) -> bool:
    try:
        return running.get(verify=context).status_code == 200
    except httpx.TransportError:
        return False


def test_versions_and_suites_are_those_of_the_configuration(tmp_path: Path, authority: Authority) -> None:
    suite = "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"
    with serving(tmp_path, encrypted(authority, max_version="TLS12", cipher_suites=list(suite))) as running:
        with authority.trusted().wrap_socket(running.connect(), server_hostname="localhost") as client:
            found = client.cipher()
            assert client.version() == "TLSv1.2"
            assert found
            assert found[0].endswith("-AES256-GCM-SHA384")
        newest = authority.trusted()
        newest.minimum_version = ssl.TLSVersion.TLSv1_3
        assert not is_let_in(running, newest)


def test_a_renewed_certificate_is_shown_to_new_connections_and_old_ones_go_on(
    tmp_path: Path, authority: Authority
) -> None:
    with serving(tmp_path, encrypted(authority)) as running:
        before = number_of(running.port)
        with httpx.Client(base_url=running.url, verify=authority.trusted(), trust_env=False) as kept:
            assert kept.get("/healthz").text == "ok\n"
            authority.issue("server")
            wait_for(lambda: number_of(running.port) != before)
            assert kept.get("/healthz").text == "ok\n"


def test_a_certificate_without_its_key_keeps_the_old_one_until_the_key_is_there(
    tmp_path: Path, authority: Authority
) -> None:
    with serving(tmp_path, encrypted(authority)) as running:
        before = number_of(running.port)
        chain, key = authority.issue("renewed")
        shutil.copy(chain, tmp_path / "server.pem")
        assert number_of(running.port) == before
        wait_for(lambda: "is not the key of the certificate in" in running.talk)
        scraped = wait_until_shown(running, authority, "logship_config_last_reload_successful 0.0")
        assert "logship_lines_total" in scraped
        shutil.copy(key, tmp_path / "server.key")
        wait_for(lambda: number_of(running.port) != before)
        wait_until_shown(running, authority, "logship_config_last_reload_successful 1.0")
        assert running.talk.count("web configuration not reloaded") == 1


def wait_until_shown(running: Serving, authority: Authority, line: str) -> str:
    shown: list[str] = []

    def is_shown() -> bool:
        shown[:] = [running.get(verify=authority.trusted()).text]
        return line in shown[0]

    wait_for(is_shown)
    return shown[0]


def test_users_come_and_go_without_a_restart_and_a_broken_file_lets_nobody_else_in(tmp_path: Path) -> None:
    with serving(tmp_path, {"basic_auth_users": {"alice": HASH}}) as running:

        def statuses(**options: Any) -> list[int]:
            return [running.get(auth=(name, PASSWORD), **options).status_code for name in ("alice", "bob")]

        assert statuses() == [200, 401]
        assert running.get().status_code == 401
        assert running.get(auth=("alice", "wrong")).status_code == 401
        assert running.get("/healthz").status_code == 401
        change(running, {"basic_auth_users": {"bob": HASH}})
        assert statuses() == [401, 200]
        broken: dict[str, Any]
        for broken in ({}, {"basic_auth_users": {"eve": PASSWORD}}, {"basic_auth_user": {}}):
            change(running, broken)
            assert statuses() == [401, 200]
        running.web_config.unlink()
        assert statuses() == [401, 200]
        change(running, {"basic_auth_users": {"alice": HASH, "bob": HASH}})
        wait_for(lambda: statuses() == [200, 200])
        assert running.talk.count("not reloaded") == 4
        assert PASSWORD not in running.talk
        assert HASH not in running.talk


def test_scrapes_in_a_row_do_not_pay_for_the_password_each_time(tmp_path: Path) -> None:
    costly = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(12)).decode()
    with serving(tmp_path, {"basic_auth_users": {"alice": costly}}) as running:
        assert running.get(auth=("alice", PASSWORD)).status_code == 200
        before = cpu_seconds(running.process.pid)
        for _ in range(20):
            assert running.get("/healthz", auth=("alice", PASSWORD)).status_code == 200
        one = cpu_seconds(running.process.pid)
        assert running.get("/healthz", auth=("alice", "wrong")).status_code == 401
        assert one - before < 20 * (cpu_seconds(running.process.pid) - one) / 4


def cpu_seconds(pid: int) -> float:
    spent = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(spent[11]) + int(spent[12])) / 100


def test_who_guesses_passwords_does_not_keep_out_who_knows_one(tmp_path: Path) -> None:
    costly = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(12)).decode()
    with serving(tmp_path, {"basic_auth_users": {"alice": costly}}, max_connections=32) as running, ExitStack() as held:
        assert running.get(auth=("alice", PASSWORD)).status_code == 200
        for number in range(60):
            client = held.enter_context(running.connect())
            guess = httpx.BasicAuth("alice", str(number))._auth_header.encode()
            client.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\nAuthorization: %s\r\n\r\n" % guess)
        assert running.get(auth=("alice", PASSWORD)).status_code == 200


@pytest.mark.parametrize("said", [b"", b"\x16\x03\x01", b"GET / HTTP/1.1\r\n\r\n", bytes(100)])
def test_a_handshake_that_does_not_come_to_its_end_is_ended(tmp_path: Path, authority: Authority, said: bytes) -> None:
    with serving(tmp_path, encrypted(authority), request_timeout_seconds=SHORT) as running:
        before = running.talk
        assert b" 200 " not in running.say(said)
        wait_for(lambda: running.answers(verify=authority.trusted()))
        assert running.talk == before


def test_a_handshake_that_comes_byte_by_byte_is_ended(tmp_path: Path, authority: Authority) -> None:
    with serving(tmp_path, encrypted(authority), request_timeout_seconds=SHORT) as running:
        with running.connect() as slow:
            hello = b"\x16\x03\x01\x7f\xff" + bytes(32_000)

            def trickle() -> None:
                with suppress(OSError):
                    for byte in hello:
                        slow.sendall(bytes([byte]))
                        time.sleep(0.02)

            trickling = threading.Thread(target=trickle)
            trickling.start()
            until_closed(slow)
            trickling.join(DEADLINE)
        wait_for(lambda: running.answers(verify=authority.trusted()))


def test_a_request_that_comes_byte_by_byte_behind_a_handshake_is_ended(tmp_path: Path, authority: Authority) -> None:
    with (
        serving(tmp_path, encrypted(authority), request_timeout_seconds=4 * SHORT) as running,
        authority.trusted().wrap_socket(running.connect(), server_hostname="localhost") as slow,
    ):
        slow.sendall(b"GET /metrics HT")
        assert until_closed(slow) == b""


def test_an_encrypted_answer_that_is_not_fetched_is_dropped(tmp_path: Path, authority: Authority) -> None:
    with serving(tmp_path, encrypted(authority), send_timeout_seconds=SHORT) as running, socket.socket() as plain:
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        plain.settimeout(DEADLINE)
        plain.connect(("127.0.0.1", running.port))
        with authority.trusted().wrap_socket(plain, server_hostname="localhost") as deaf:
            before = running.open_sockets
            with suppress(OSError):
                for _ in range(10):
                    deaf.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n" * 1000)
            wait_for(lambda: running.open_sockets < before)
        wait_for(lambda: running.answers(verify=authority.trusted()))


def test_a_thousand_silent_handshakes_do_not_keep_a_scrape_out(tmp_path: Path, authority: Authority) -> None:
    with serving(tmp_path, encrypted(authority), max_connections=100) as running, ExitStack() as opened:
        assert running.get(verify=authority.trusted()).status_code == 200
        before = running.rss_bytes
        for _ in range(1000):
            opened.enter_context(running.connect())
        assert running.get(verify=authority.trusted()).status_code == 200
        assert running.open_sockets <= 100 + 10
        assert running.rss_bytes - before < 60 << 20


def test_a_stop_does_not_wait_for_handshakes(tmp_path: Path, authority: Authority) -> None:
    with serving(tmp_path, encrypted(authority)) as running, running.connect() as silent:
        assert running.get("/healthz", verify=authority.trusted()).status_code == 200
        running.end()
        assert running.process.returncode == 0
        assert until_closed(silent) == b""
        assert "rror" not in running.talk


def test_headers_of_the_configuration_go_before_ours(tmp_path: Path) -> None:
    headers = {"Strict-Transport-Security": "max-age=1", "X-Frame-Options": "sameorigin"}
    with serving(tmp_path, {"http_server_config": {"headers": headers, "http2": False}}) as running:
        for path in ("/metrics", "/nowhere"):
            found = running.get(path).headers
            assert found.get_list("X-Frame-Options") == ["sameorigin"]
            assert found["Strict-Transport-Security"] == "max-age=1"
            assert found["X-Content-Type-Options"] == "nosniff"


def test_a_configuration_that_cannot_be_obeyed_ends_the_start(tmp_path: Path) -> None:
    web = tmp_path / "web.yml"
    web.write_text("tls_server_config:\n  cert_file: none.pem\n  key_file: none.key\n")
    ran = subprocess.run(
        [sys.executable, "-m", "logship", "tail", "--web.config.file", web, "--listen", "127.0.0.1:0", tmp_path],
        capture_output=True,
        text=True,
        check=False,
        timeout=DEADLINE,
    )
    assert ran.returncode == 2
    assert ran.stderr == (
        f"logship: {web}:2: tls_server_config.cert_file: {tmp_path}/none.pem cannot be read: No such file or "
        "directory; give a file with a certificate in PEM form\n"
    )


def test_a_real_prometheus_scrapes_with_a_user_and_a_certificate(
    server_program: Callable[[str], str], tmp_path: Path, authority: Authority
) -> None:
    asking = {"client_auth_type": "RequireAndVerifyClientCert", "client_ca_file": authority.root.name}
    web = {**encrypted(authority, **asking), "basic_auth_users": {"prometheus": HASH}}
    chain, key = authority.issue("client", "prometheus.example")
    with serving(tmp_path, web) as running:
        job = {
            "job_name": "logship",
            "scheme": "https",
            "basic_auth": {"username": "prometheus", "password": PASSWORD},
            "tls_config": {"ca_file": str(authority.root), "cert_file": str(chain), "key_file": str(key)},
            "static_configs": [{"targets": [f"127.0.0.1:{running.port}"]}],
        }
        config = {"global": {"scrape_interval": "200ms", "scrape_timeout": "200ms"}, "scrape_configs": [job]}
        prometheus = Prometheus(server_program("prometheus"), tmp_path / "prometheus", config)
        try:
            wait_for(lambda: list(prometheus.values("sum_over_time(up[1m]) >= 3", time.time()).values()))
            assert list(prometheus.values("logship_lines_total{outcome='request'}", time.time()).values()) == [1.0]
        finally:
            prometheus.stop()
        assert json.dumps(PASSWORD) not in running.talk
