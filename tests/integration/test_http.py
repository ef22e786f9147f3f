"""Clients that are slow, silent, greedy or mad neither hold up a scrape of the real `logship tail` nor let it grow."""

from __future__ import annotations

import gzip
import re
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from crash.tailing import DEADLINE, wait_for
from crash.written import samples_of, total
from integration.serving import Serving, is_closed, serving, until_closed
from words import request, write

pytestmark = pytest.mark.integration

SHORT = 0.4
"""Seconds; the time-out under test."""

WHOLE = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
LAST = b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


def ask(client: socket.socket) -> None:
    """Ask for something small, and fetch the whole answer."""
    client.sendall(WHOLE)
    answer = b""
    while not answer.endswith(b"\r\n\r\nok\n"):
        chunk = client.recv(65536)
        assert chunk, answer
        answer += chunk


@pytest.fixture(scope="module")
def lasting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """A tailer for all tests that do it no harm."""
    with serving(tmp_path_factory.mktemp("lasting")) as running:
        yield running


@pytest.fixture(scope="module")
def hasty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """A tailer for all tests of requests that take too long to come."""
    with serving(tmp_path_factory.mktemp("hasty"), request_timeout_seconds=SHORT) as running:
        yield running


def test_a_client_that_sends_byte_by_byte_is_dropped_when_its_time_is_over(hasty: Serving) -> None:
    with hasty.connect() as slow:
        sent = threading.Event()

        def trickle() -> None:
            with suppress(OSError):
                for byte in b"GET /metrics HTTP/1.1\r\nX: " + b"x" * 10_000:
                    slow.sendall(bytes([byte]))
                    time.sleep(0.02)
                sent.set()

        trickling = threading.Thread(target=trickle)
        trickling.start()
        assert until_closed(slow) == b""
        trickling.join(DEADLINE)
        assert not sent.is_set()


@pytest.mark.parametrize(
    "said", [b"", b"G", WHOLE[:-2], b"POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n1"]
)
def test_a_client_that_falls_silent_is_dropped_when_its_time_is_over(hasty: Serving, said: bytes) -> None:
    assert b" 200 " not in hasty.say(said)


def test_a_connection_without_another_request_is_closed_but_not_while_it_is_used(tmp_path: Path) -> None:
    with serving(tmp_path, idle_timeout_seconds=4 * SHORT) as running, running.connect() as client:
        for _ in range(3):
            ask(client)
        assert until_closed(client) == b""


def test_a_second_request_that_is_never_whole_is_no_idle_connection(hasty: Serving) -> None:
    assert hasty.say(WHOLE + b"GET /hea").count(b" 200 OK") == 1


def test_a_client_that_does_not_fetch_its_answers_is_dropped(tmp_path: Path) -> None:
    with serving(tmp_path, send_timeout_seconds=SHORT) as running, socket.socket() as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.settimeout(DEADLINE)
        deaf.connect(("127.0.0.1", running.port))
        assert running.get("/healthz").status_code == 200
        before = running.open_sockets
        with suppress(ConnectionError):
            for _ in range(10):  # more than the buffers of both kernels hold
                deaf.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n" * 1000)
        wait_for(lambda: running.open_sockets < before)
        wait_for(running.answers)


def test_a_thousand_idle_connections_do_not_keep_a_scrape_out(tmp_path: Path) -> None:
    with serving(tmp_path, max_connections=100) as running, ExitStack() as opened:
        assert running.get().status_code == 200
        before = running.rss_bytes
        for number in range(1000):
            client = opened.enter_context(running.connect())
            if number % 2:
                client.sendall(b"GET /metrics HTTP/1.1\r\n")
        assert total(samples_of(running.get().text), "logship_lines_total") == 1
        assert running.open_sockets <= 100 + 10
        assert running.rss_bytes - before < 30 << 20


def test_the_connection_that_waited_longest_goes_first(tmp_path: Path) -> None:
    with serving(tmp_path, max_connections=4) as running, ExitStack() as opened:
        clients = [opened.enter_context(running.connect()) for _ in range(4)]
        for client in clients:
            ask(client)
        ask(clients[0])
        fifth = opened.enter_context(running.connect())
        ask(fifth)
        assert [is_closed(client) for client in clients] == [False, True, False, False]


MAD = {
    "nothing but lines": b"\r\n" * 50_000,
    "HTTP/0.9": b"GET /metrics\r\n\r\n",
    "a version that is not there": b"GET /nowhere HTTP/9.9\r\nHost: x\r\n\r\n",
    "no host": b"GET /metrics HTTP/1.1\r\n\r\n",
    "a handshake of TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500),
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "zeros": bytes(1000),
    "a header without end": b"GET /metrics HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 1_000_000,
    "headers without end": b"GET /metrics HTTP/1.1\r\nHost: x\r\n" + b"X: y\r\n" * 200_000,
    "a target without end": b"GET /" + b"x" * 1_000_000,
    "a name with a blank": b"GET /metrics HTTP/1.1\r\nHost : x\r\n\r\n",
    "two lengths": b"POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx",
    "a length and chunks": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\nzzz",
    "a negative length": b"POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    "chunks that are none": b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzzz\r\n",
    "a body without end": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n" + b"x" * 1_000_000,
    "chunks without end": b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 100_000,
}


@pytest.mark.parametrize("said", MAD.values(), ids=MAD.keys())
def test_what_is_no_request_ends_its_connection_and_nothing_else(lasting: Serving, said: bytes) -> None:
    before = lasting.talk
    answer = b""
    with lasting.connect() as client:
        with suppress(OSError):
            client.sendall(said)
            client.shutdown(socket.SHUT_WR)
        answer = until_closed(client)
    assert b" 200 " not in answer
    assert not answer or answer.startswith(b"HTTP/1.1 4")
    assert lasting.get("/healthz").text == "ok\n"
    assert lasting.talk == before, "a client must not be able to fill a log"


def test_a_body_that_breaks_off_into_nonsense_while_its_request_is_answered_writes_no_log(lasting: Serving) -> None:
    before = lasting.talk
    with lasting.connect() as client:
        client.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        with suppress(ConnectionError):
            client.sendall(b"no chunk\r\n" * 10)
        until_closed(client)
    assert lasting.get().status_code == 200
    assert lasting.talk == before


def test_requests_in_a_row_are_answered_in_their_order(lasting: Serving) -> None:
    targets = [b"/healthz", b"/nowhere", b"/metrics", b"/healthz"]
    asked = b"".join(b"GET %s HTTP/1.1\r\nHost: x\r\n\r\n" % target for target in targets)
    answer = lasting.say(asked + LAST)
    statuses = re.findall(rb"HTTP/1\.1 (\d+) ", answer)
    assert statuses == [b"200", b"404", b"200", b"200", b"200"]


@pytest.mark.parametrize(
    ("said", "status"),
    [
        (b"GET http://elsewhere:1/healthz HTTP/1.1\r\nHost: elsewhere:1\r\nConnection: close\r\n\r\n", 200),
        (b"GET http://elsewhere/nowhere HTTP/1.1\r\nHost: elsewhere\r\nConnection: close\r\n\r\n", 404),
        (b"CONNECT elsewhere:80 HTTP/1.1\r\nHost: elsewhere\r\nConnection: close\r\n\r\n", 404),
        (b"OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 404),
        (b"TRACE /metrics HTTP/1.1\r\nHost: x\r\nCookie: secret\r\nConnection: close\r\n\r\n", 405),
        (b"GET /healthz HTTP/1.0\r\n\r\n", 200),
        (b"GET /healthz HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade, close\r\n\r\n", 200),
        (b"GET /healthz HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n", 200),
        (b"GET /%2e%2e/%00%ff HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 404),
        (b"GET /metrics/ HTTP/1.1\r\nHost: evil\r\nConnection: close\r\n\r\n", 404),
        (b"BREW /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 405),
    ],
)
def test_unusual_requests_are_answered_and_nothing_of_them_comes_back(
    lasting: Serving, said: bytes, status: int
) -> None:
    answer = lasting.say(said)
    assert answer.startswith(b"HTTP/1.1 %d " % status)
    assert (b"\r\nallow: " in answer) == (status == 405)
    for word in (b"elsewhere", b"secret", b"evil", b"BREW", b"%2e"):
        assert word not in answer


def test_a_client_that_has_ended_its_side_still_gets_its_answer(lasting: Serving) -> None:
    assert b"logship_lines_total" in lasting.say(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n", half_close=True)


@pytest.mark.parametrize("accept", [b"\xff\xfe", b";;;,,,q=", b"*/*;q=" + b"9" * 9000, b'"' * 9000, b"a/b," * 2000])
def test_a_scrape_with_a_bad_header_is_answered(lasting: Serving, accept: bytes) -> None:
    said = b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAccept: %s\r\nAccept-Encoding: %s\r\n\r\n"
    answer = lasting.say(said % (accept, accept[:100]))
    assert answer.startswith(b"HTTP/1.1 200 OK")
    assert b"\r\ncontent-type: text/plain; version=0.0.4; charset=utf-8\r\n" in answer


def test_who_wants_gzip_gets_gzip(lasting: Serving) -> None:
    said = b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAccept-Encoding: gzip\r\n\r\n"
    head, _, body = lasting.say(said).partition(b"\r\n\r\n")
    assert b"\r\ncontent-encoding: gzip" in head
    assert b"logship_lines_total" in gzip.decompress(body)


def test_fifty_scrapers_at_once_get_consistent_answers_of_what_was_written(tmp_path: Path) -> None:
    with serving(tmp_path) as running:
        written = threading.Event()

        def writing() -> None:
            for number in range(2000):
                write(running.log, request(f"/{number % 7}", duration=number))
            written.set()

        def scrape(_number: int) -> float:
            samples = samples_of(running.get().text)
            counted = total(samples, "http_requests_total")
            assert counted == total(samples, "http_request_duration_seconds_count")
            assert counted == total(samples, "logship_lines_total")
            return counted

        writer = threading.Thread(target=writing)
        writer.start()
        with ThreadPoolExecutor(50) as scrapers:
            list(scrapers.map(scrape, range(100)))
            writer.join(DEADLINE)
            assert written.is_set()
            assert set(scrapers.map(scrape, range(50))) == {2001.0}


def test_a_stop_does_not_wait_for_clients_that_do_nothing(tmp_path: Path) -> None:
    with serving(tmp_path) as running, running.connect() as silent, running.connect() as half:
        half.sendall(b"GET /me")
        assert running.get("/healthz").status_code == 200
        running.end()
        assert running.process.returncode == 0
        assert until_closed(silent) == until_closed(half) == b""
        assert "rror" not in running.talk
