"""Files of web servers: with ranges and without, lost connections, changed files, refusals; nothing secret is said."""

from __future__ import annotations

import base64
import gzip
import io
import socket
from collections import deque
from typing import Any

import pytest
from flaky_servers import Cuts, serving_files

from logship.errors import InputError, UsageError
from logship.read import Archive, found, stored_span
from logship.read.remote import RemoteFile

TEXT = b"".join(b'{"message":"HTTP Request","duration":%d}\n' % number for number in range(20_000))
SIGNATURE = "X-Amz-Signature=5ec4e75ec4e7"
NO_PAUSE: dict[str, Any] = {"pause": lambda _seconds: None}


def read(url: str) -> bytes:
    return io.BufferedReader(RemoteFile(url, **NO_PAUSE)).read()


def read_to_the_end(url: str) -> tuple[bytes, str]:
    """Return what came out before the error, and its message."""
    got = bytearray()
    with pytest.raises(InputError) as error, RemoteFile(url, **NO_PAUSE) as remote:
        deque(map(got.extend, iter(lambda: remote.read(1 << 12), b"")))
    return bytes(got), str(error.value)


@pytest.mark.parametrize("has_ranges", [True, False])
def test_a_file_comes_in_one_request(*, has_ranges: bool) -> None:
    with serving_files({"/a.log.gz": gzip.compress(TEXT)}) as (url, server):
        server.has_ranges = has_ranges
        archive = Archive(f"{url}/a.log.gz")
        assert b"".join(archive.blocks()) == TEXT
        assert archive.stored_bytes == archive.stored_bytes_read == len(server.files["/a.log.gz"])
        assert not archive.is_plain
        archive.close()
        assert [wanted for _, wanted, _ in server.asked] == [None]


def test_its_size_is_known_from_its_first_byte() -> None:
    with serving_files({"/a.log": TEXT, "/none": b""}) as (url, server):
        assert found(f"{url}/a.log") == [(f"{url}/a.log", len(TEXT))]
        assert server.asked == [("/a.log", "bytes=0-0", None)]
        assert found(f"{url}/none") == [(f"{url}/none", 0)]
        assert read(f"{url}/none") == b""
        server.has_ranges = False
        assert found(f"{url}/a.log") == [(f"{url}/a.log", len(TEXT))]


@pytest.mark.parametrize("shares", [(0.0,), (0.5,), (0.5, 0.0, 0.01, 0.3, 0.999), (0.0,) * 5])
def test_after_a_lost_connection_it_goes_on_at_the_byte(shares: tuple[float, ...]) -> None:
    cuts = Cuts(*shares)
    with serving_files({"/a.log": TEXT}) as (url, server):
        server.cut = staticmethod(cuts)
        assert read(f"{url}/a.log") == TEXT
        assert cuts.made == len(shares)
        if shares == (0.5,):
            assert [wanted for _, wanted, _ in server.asked] == [None, f"bytes={len(TEXT) // 2}-"]


def test_a_server_without_ranges_sends_what_was_read_again_if_it_is_the_same_file() -> None:
    with serving_files({"/a.log": TEXT}) as (url, server):
        server.has_ranges, server.tags, server.cut = False, {"/a.log": '"v1"'}, staticmethod(Cuts(0.5, 0.7))
        assert read(f"{url}/a.log") == TEXT


def test_a_server_without_ranges_whose_file_may_be_another_one_is_not_trusted() -> None:
    with serving_files({"/a.log": TEXT}) as (url, server):
        server.has_ranges, server.cut = False, staticmethod(Cuts(0.5))
        got, said = read_to_the_end(f"{url}/a.log")
        assert got == TEXT[: len(TEXT) // 2]
        assert "(the server cannot go on in the middle of a file; tried 6 times)" in said


def test_a_connection_that_is_always_lost_is_damage_at_its_byte() -> None:
    with serving_files({"/a.log": TEXT}) as (url, server):
        server.cut = staticmethod(Cuts(0.5, *[0.0] * 20))
        got, said = read_to_the_end(f"{url}/a.log?{SIGNATURE}")
        assert got == TEXT[: len(TEXT) // 2]
        at = f"breaks off at byte {len(got)} of {len(TEXT)} (the connection was closed; tried 6 times)"
        assert said == f"{url}/a.log?X-Amz-Signature=*** {at}; everything before that was counted"


def test_a_file_that_changes_in_between_is_not_mixed() -> None:
    with serving_files({"/a.log": TEXT}) as (url, server):
        server.tags = {"/a.log": '"v1"'}

        def changed(_path: str, length: int) -> int | None:
            if server.tags["/a.log"] == '"v2"':
                return None
            server.tags["/a.log"] = '"v2"'
            return length // 2

        server.cut = staticmethod(changed)
        got, said = read_to_the_end(f"{url}/a.log")
        assert got == TEXT[: len(TEXT) // 2]
        assert said == f"{url}/a.log was changed while it was read; everything before that was counted"


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (404, "is not there (404 Not Found)"),
        (410, "is not there (410 Gone)"),
        (403, "may not be read (403 Forbidden): the URL must carry a valid signature, or user:password@"),
        (400, "cannot be read: 400 Bad Request"),
        (503, "cannot be read: 503 Service Unavailable"),
    ],
)
def test_a_refusal_is_one_line_without_secrets(status: int, said: str) -> None:
    with serving_files({"/a.log": TEXT}) as (url, server):
        server.status = status
        with pytest.raises(InputError) as error:
            found(f"{url}/a.log?{SIGNATURE}")
        assert str(error.value) == f"{url}/a.log?X-Amz-Signature=*** {said}"


def test_a_busy_server_is_asked_again() -> None:
    with serving_files({"/a.log": TEXT}) as (url, server):
        server.status = 503
        remote = RemoteFile(f"{url}/a.log", pause=lambda _seconds: setattr(server, "status", 200))
        assert io.BufferedReader(remote).read() == TEXT


def test_a_password_is_sent_and_not_said() -> None:
    with serving_files({"/a.log": TEXT}) as (url, server):
        address = url.replace("http://", "http://hero:pass%40word@")
        assert read(f"{address}/a.log") == TEXT
        assert server.asked[0][2] == f"Basic {base64.b64encode(b'hero:pass@word').decode()}"
        server.status = 401
        assert read_to_the_end(f"{address}/a.log")[1].startswith("http://***@127.0.0.1:")


def test_a_password_is_not_for_the_server_that_another_one_names() -> None:
    with serving_files({"/a.log": TEXT}) as (there, server), serving_files({}) as (here, first):
        first.moved_to = there
        assert read(f"{here.replace('http://', 'http://hero:password@')}/a.log") == TEXT
        assert first.asked[0][2] is not None
        assert server.asked == [("/a.log", None, None)]


def test_a_server_that_is_not_there_is_one_line() -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{held.getsockname()[1]}/a.log"
        with pytest.raises(InputError, match=r"/a\.log cannot be read: Connection refused"):
            found(url)


@pytest.mark.parametrize("url", ["http://", "http://u:secret@:x/a", "https://[::1/a.log", "http://h:99999/a.log"])
def test_what_is_no_address_is_a_mistake_of_the_user(url: str) -> None:
    with pytest.raises(UsageError, match="is no URL such as") as error:
        found(url)
    assert "secret" not in str(error.value)


@pytest.mark.parametrize("path", ["/logs/*.log", "/logs/", "/logs/?sig=secret", "/[ab].log?sig=secret"])
def test_a_web_server_lists_nothing(path: str) -> None:
    with pytest.raises(UsageError, match="is no single file: a web server lists none") as error:
        found(f"http://127.0.0.1{path}")
    assert "secret" not in str(error.value)


def test_the_end_is_read_from_a_server_with_ranges_only() -> None:
    with serving_files({"/a.log": TEXT}) as (url, server):
        assert stored_span(f"{url}/a.log", len(TEXT) - 100, 100) == TEXT[-100:]
        server.has_ranges = False
        with pytest.raises(InputError, match="the server sends no ranges"):
            stored_span(f"{url}/a.log", len(TEXT) - 100, 100)
