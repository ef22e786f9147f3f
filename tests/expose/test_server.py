"""Addresses are understood or refused with a message; a server leaves nothing behind."""

from __future__ import annotations

import re
import socket
import threading
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from words import powerless

from logship.errors import ListenError, UsageError
from logship.expose import Server, bind, parse_listen


def hello(_request: Request) -> PlainTextResponse:
    return PlainTextResponse("hello")


APPLICATION = Starlette(routes=[Route("/", hello)])


@pytest.mark.parametrize(
    ("listen", "address"),
    [
        ("127.0.0.1:9113", ("127.0.0.1", 9113)),
        ("localhost:0", ("localhost", 0)),
        (":9113", ("0.0.0.0", 9113)),  # noqa: S104 - parsed, not bound
        ("[::1]:9113", ("::1", 9113)),
        ("[::]:65535", ("::", 65535)),
        ("::1:9113", ("::1", 9113)),
    ],
)
def test_an_address_is_host_and_port(listen: str, address: tuple[str, int]) -> None:
    assert parse_listen(listen) == address


@pytest.mark.parametrize(
    "listen",
    [
        *("", "9113", "localhost", "localhost:", "localhost:http", "localhost:65536", "localhost:-1", "localhost:1.5"),
        *("localhost: 80", "localhost:80 ", "localhost:8_0", "localhost:\u0668\u0660", "localhost:" + "9" * 5000),
        "http://localhost:80/",
    ],
)
def test_what_is_no_address_is_refused_with_an_example(listen: str) -> None:
    with pytest.raises(UsageError, match="give HOST:PORT, such as"):
        parse_listen(listen)


def test_a_port_in_use_is_refused_with_a_remedy() -> None:
    with bind("127.0.0.1:0") as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ListenError, match=rf"cannot listen on 127.0.0.1:{port}: .*in use; .* another --listen"):
            bind(f"127.0.0.1:{port}")


@pytest.mark.parametrize("host", ["203.0.113.1", "no-such-host.invalid", "x" * 300, "a..b"])
def test_a_host_that_is_not_ours_is_refused(host: str) -> None:
    with pytest.raises(ListenError, match="cannot listen on"):
        bind(f"{host}:0")


@pytest.mark.parametrize(
    ("listen", "remedy"),
    [
        ("nohost", "it has no port; give HOST:PORT"),
        ("nohost:http", "it ends in no port from 0 to 65535; give HOST:PORT"),
        ("no-such-host.invalid:0", "give a --listen with an address of this machine, or :PORT"),
        ("203.0.113.1:0", "give a --listen with an address of this machine, or :PORT"),
        ("a..b:0", "give a --listen with an address of this machine, or :PORT"),
    ],
)
def test_the_remedy_is_that_of_the_mistake(listen: str, remedy: str) -> None:
    with pytest.raises((ListenError, UsageError), match=re.escape(remedy)):
        bind(listen)


def test_a_port_that_takes_a_right_is_refused_with_a_remedy() -> None:
    if int(Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").read_text()) <= 80:
        pytest.skip("every port is free to all here")
    with powerless(), pytest.raises(ListenError, match="give a --listen with a port from 1024 on"):
        bind("127.0.0.1:80")


def test_a_server_answers_from_start_to_stop_and_its_thread_ends() -> None:
    server = Server(APPLICATION, bind("127.0.0.1:0"))
    server.start()
    try:
        assert "logship-http" in {thread.name for thread in threading.enumerate()}
        assert httpx.get(server.url, trust_env=False).text == "hello"
    finally:
        server.stop()
    assert "logship-http" not in {thread.name for thread in threading.enumerate()}
    with pytest.raises(httpx.ConnectError):
        httpx.get(server.url if server._socket.fileno() >= 0 else "http://127.0.0.1:1", trust_env=False)


def test_a_server_that_is_stopped_at_once_ends() -> None:
    server = Server(APPLICATION, bind("127.0.0.1:0"))
    server.start()
    server.stop()


def test_the_port_is_free_again_after_the_stop() -> None:
    bound = bind("127.0.0.1:0")
    port = bound.getsockname()[1]
    server = Server(APPLICATION, bound)
    server.start()
    assert httpx.get(server.url, trust_env=False).status_code == 200
    server.stop()
    bind(f"127.0.0.1:{port}").close()


@pytest.mark.parametrize(("listen", "host"), [("127.0.0.1:0", "127.0.0.1"), (":0", "127.0.0.1"), ("[::1]:0", "[::1]")])
def test_the_url_is_one_that_can_be_asked_here(listen: str, host: str) -> None:
    if "::" in listen and not socket.has_ipv6:
        pytest.skip("no IPv6 here")
    try:
        bound = bind(listen)
    except ListenError:
        assert "::" in listen
        pytest.skip("no IPv6 address here")
    with bound:
        assert Server(APPLICATION, bound).url == f"http://{host}:{bound.getsockname()[1]}"
