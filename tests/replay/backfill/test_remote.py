"""A server gets every sample, whatever it answers in between; what it refuses for good is explained."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from loopback import Quiet, answering

from logship.errors import UsageError
from logship.replay.backfill.directory import PROGRESS
from logship.replay.backfill.remote import BATCH_SAMPLES, RemoteWriteError, Sent, send
from logship.replay.backfill.servers import Server, server_of

pytest.importorskip("cramjam", reason="cramjam is in the extra `remote-write`")

NOON = 1795435200
Answer = tuple[int, dict[str, str], str]
GOOD: Answer = (204, {}, "")


@dataclass
class Receiver:
    """A server that answers as it is told, and well after that."""

    url: str
    answers: list[Answer] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    pauses: list[float] = field(default_factory=list)

    def send(self, files: list[Path], now: float = 0.0) -> Sent:
        return send(files, server_of(self.url), wait=self.pauses.append, now=lambda: now)

    @property
    def accepted(self) -> bytes:
        import cramjam

        return b"".join(bytes(cramjam.snappy.decompress_raw(each)) for each in self.bodies)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    heard = Receiver("")

    class Writes(Quiet, BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            heard.headers.append(dict(self.headers))
            status, headers, text = heard.answers.pop(0) if heard.answers else GOOD
            if status < 300:
                heard.bodies.append(body)
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(text))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(text.encode())

    with answering(Writes) as url:
        heard.url = f"{url}/api/v1/write"
        yield heard


@pytest.fixture
def days(tmp_path: Path) -> Callable[[int], list[Path]]:
    """Return a function that writes two files of days with so many samples each."""

    def write(count: int) -> list[Path]:
        files = [tmp_path / "2026-11-22.om", tmp_path / "2026-11-23.om"]
        for number, file in enumerate(files):
            at = NOON - 86400 * (1 - number)
            lines = "".join(f'up{{a="b"}} {each} {at + each}\n' for each in range(count))
            file.write_text(f"# HELP up Up.\n# TYPE up gauge\n{lines}# EOF\n")
        return files

    return write


def test_files_are_sent_in_batches_once(receiver: Receiver, days: Callable[[int], list[Path]]) -> None:
    files = days(BATCH_SAMPLES + 1)
    assert receiver.send(files).samples == 2 * (BATCH_SAMPLES + 1)
    assert len(receiver.bodies) == 4
    assert receiver.accepted.count(b"__name__") == 4, "labels are told once a batch"
    assert receiver.headers[0]["X-Prometheus-Remote-Write-Version"] == "0.1.0"
    again = receiver.send(files)
    assert (again.samples, len(receiver.bodies)) == (0, 4)


def test_another_try_goes_on_where_one_stopped(receiver: Receiver, days: Callable[[int], list[Path]]) -> None:
    files = days(BATCH_SAMPLES + 1)
    receiver.answers = [GOOD, GOOD, GOOD, (400, {}, "no")]
    with pytest.raises(RemoteWriteError):
        receiver.send(files)
    assert receiver.send(files).samples == 1
    whole = receiver.accepted
    (files[0].parent / PROGRESS).unlink()
    receiver.bodies.clear()
    receiver.send(files)
    assert whole == receiver.accepted


def test_another_server_gets_everything(receiver: Receiver, days: Callable[[int], list[Path]]) -> None:
    files = days(2)
    receiver.send(files)
    assert send(files, server_of(receiver.url + "?tenant=2")).samples == 4


def test_a_server_that_is_busy_is_asked_again_when_it_says(
    receiver: Receiver, days: Callable[[int], list[Path]]
) -> None:
    receiver.answers = [
        (503, {}, "starting"),
        (500, {}, ""),
        (429, {"Retry-After": "7"}, ""),
        (429, {"Retry-After": "Thu, 01 Jan 1970 00:00:20 GMT"}, ""),
        (429, {"Retry-After": "86400"}, ""),
        (503, {"Retry-After": "soon"}, ""),
    ]
    assert receiver.send(days(1), now=9.0).samples == 2
    assert receiver.pauses == [0.5, 1.0, 7.0, 11.0, 60.0, 16.0]


def test_a_server_that_stays_away_is_given_up(days: Callable[[int], list[Path]]) -> None:
    pauses: list[float] = []
    with pytest.raises(RemoteWriteError, match=r"http://127\.0\.0\.1:1/ cannot be reached.*goes on where"):
        send(days(1), Server("http://127.0.0.1:1/"), wait=pauses.append)
    assert len(pauses) == 9
    assert max(pauses) <= 60


@pytest.mark.parametrize(
    ("said", "remedy"),
    [
        ("out of bounds", "out_of_order_time_window"),
        ("out of order sample", "out_of_order_time_window"),
        ("duplicate sample for timestamp", "other values"),
        ("remote write receiver needs to be enabled", "--web.enable-remote-write-receiver"),
    ],
)
def test_a_refusal_is_not_tried_again_but_explained(
    receiver: Receiver, days: Callable[[int], list[Path]], said: str, remedy: str
) -> None:
    receiver.answers = [(400, {}, said)]
    with pytest.raises(RemoteWriteError, match=f"{said}; .*{remedy}"):
        receiver.send(days(1))
    assert not receiver.pauses


def test_credentials_are_sent_but_never_said(receiver: Receiver, days: Callable[[int], list[Path]]) -> None:
    server = server_of(receiver.url.replace("//", "//me:secret@"), ["X-Scope-OrgID: heroes"])
    receiver.answers = [(401, {}, "who?")]
    with pytest.raises(RemoteWriteError) as told:
        send(days(1), server)
    assert "secret" not in str(told.value)
    assert receiver.headers[0]["Authorization"] == "Basic bWU6c2VjcmV0"
    assert (
        receiver.headers[0]["X-Scope-Orgid" if "X-Scope-Orgid" in receiver.headers[0] else "X-Scope-OrgID"] == "heroes"
    )


@pytest.mark.parametrize("url", ["127.0.0.1:9090", "ftp://x/", "http://", "prometheus"])
def test_an_address_that_is_none_is_told(url: str) -> None:
    with pytest.raises(UsageError, match="--remote-write must be a URL"):
        server_of(url)


def test_a_header_that_is_none_is_told_without_its_value() -> None:
    with pytest.raises(UsageError, match="--header must be") as told:
        server_of("http://x/", ["secret"])
    assert "secret" not in str(told.value)
