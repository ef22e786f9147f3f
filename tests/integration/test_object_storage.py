"""Archives in a real S3: exact numbers across lost connections, damage where it breaks off, errors of one line."""

from __future__ import annotations

import gzip
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from flaky_servers import Cuts, Proxy, serving
from loopback import free_port

pytestmark = pytest.mark.integration

LINE = (
    b'{"timestamp":"2026-11-2%dT%02d:41:58.765Z","message":"HTTP Request","method":"GET",'
    b'"url":"/a/%d","status":%d,"duration":%d}\n'
)
LINES = 20_000
SIGNED = "AWS4-HMAC-SHA256 Credential=x/20261123/us-east-1/s3/aws4_request"
SECRET = "5ec4e75ec4e7"  # noqa: S105 - what must not be said
DEADLINE_SECONDS = 60.0
HURRIED = "import sys, time; time.sleep = lambda _: None; from logship.cli.main import main; sys.exit(main())"
"""The command, without the pauses between its attempts."""

GROWTH_KIB = 12 << 10
"""What allocators differ by; an object that is kept would be twice as much."""


def log(day: int) -> bytes:
    """Return the log of a day: about 2 MB."""
    return b"".join(
        LINE % (day, n * 24 // LINES, n * 7919, 500 if n % 50 == 0 else 200, n * 104729 % 3000) for n in range(LINES)
    )


OBJECTS = {
    "logs/2026-11-21/combined.log.gz": gzip.compress(log(1)),
    "logs/2026-11-22/combined.log.gz": gzip.compress(log(2)[:1_000_000]) + gzip.compress(log(2)[1_000_000:]),
    "logs/2026-11-23/combined.log": log(3),
    "logs/2026-11-23/combined.log.gz": gzip.compress(log(3)),
    "logs/2026-11-23/error.log": log(3),
}


@contextmanager
def moto(directory: Path) -> Iterator[int]:
    """Run moto's S3 and fill a bucket; yield its port."""
    port = free_port()
    with (
        (directory / "moto").open("wb") as talk,
        subprocess.Popen([sys.executable, "-m", "moto.server", "-p", str(port)], stdout=talk, stderr=talk) as server,
    ):
        try:
            put(port, "/heroes-logs")
            for key, body in OBJECTS.items():
                put(port, f"/heroes-logs/{key}", body)
            yield port
        finally:
            server.send_signal(signal.SIGKILL)


def put(port: int, path: str, body: bytes = b"") -> None:
    """Make a bucket or an object, as soon as the server is there."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while True:
        connection = HTTPConnection("127.0.0.1", port)
        try:
            connection.request("PUT", path, body, {"Authorization": SIGNED, "x-amz-acl": "public-read"})
            response = connection.getresponse()
        except ConnectionRefusedError:
            assert time.monotonic() < deadline, "moto does not answer"
            time.sleep(0.1)
        else:
            assert response.status == 200, response.read()
            return
        finally:
            connection.close()


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with moto(tmp_path_factory.mktemp("moto")) as port:
        yield port


@pytest.fixture
def s3(store: int) -> Iterator[tuple[str, Any]]:
    """What stands before the store: its URL, and the settings that make it fail."""
    with serving(Proxy, upstream=store, status=200) as served:
        yield served


def logship(endpoint: str | None, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command with the credentials of a user of AWS, or without any."""
    variables = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    variables |= {"AWS_EC2_METADATA_DISABLED": "true", "AWS_DEFAULT_REGION": "us-east-1"}
    if endpoint is not None:
        variables |= {"AWS_ENDPOINT_URL": endpoint, "AWS_ACCESS_KEY_ID": "AKIAX", "AWS_SECRET_ACCESS_KEY": SECRET}
    done = subprocess.run(
        [sys.executable, "-c", HURRIED, "replay", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=DEADLINE_SECONDS,
        env=variables | environment,
    )
    assert SECRET not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done


def numbers(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """Return what was counted, without the names of the inputs."""
    said: dict[str, Any] = json.loads(done.stdout)
    del said["inputs"]
    return said


@pytest.fixture(scope="module")
def truth(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The numbers of the same logs in local files."""
    directory = tmp_path_factory.mktemp("logs")
    for day in (1, 2, 3):
        (directory / f"{day}.log").write_bytes(log(day))
    return numbers(logship(None, str(directory), "--output", "json"))


def test_a_bucket_gives_the_numbers_of_files(s3: tuple[str, Any], truth: dict[str, Any]) -> None:
    done = logship(s3[0], "s3://heroes-logs/logs/2026-*/combined.log.gz", "--output", "json")
    assert (numbers(done), done.stderr, done.returncode) == (truth, "", 0)


def test_copies_in_a_bucket_are_counted_once(s3: tuple[str, Any], truth: dict[str, Any]) -> None:
    done = logship(s3[0], "s3://heroes-logs/logs/**", "--output", "json")
    assert (numbers(done), done.returncode) == (truth, 0)
    assert "combined.log has the same content" in done.stderr
    assert "left out s3://heroes-logs/logs/2026-11-23/error.log: combined*.log beside it" in done.stderr


def test_objects_lose_their_connections_and_no_line(s3: tuple[str, Any], truth: dict[str, Any]) -> None:
    endpoint, server = s3
    cuts = Cuts(0.4, 0.0, 0.999, 0.4, 0.7, only=".gz")
    server.cut = staticmethod(cuts)
    done = logship(endpoint, "s3://heroes-logs/logs/2026-*/combined.log.gz", "--output", "json")
    assert (numbers(done), done.stderr, done.returncode) == (truth, "", 0)
    assert cuts.made == 5


def test_a_connection_that_is_always_lost_is_damage(s3: tuple[str, Any], truth: dict[str, Any]) -> None:
    endpoint, server = s3
    key = "logs/2026-11-22/combined.log.gz"
    asked = 0

    def cut(path: str, length: int) -> int | None:
        nonlocal asked
        asked += key in path
        return length // 2 if key in path and asked > 2 else None

    server.cut = staticmethod(cut)
    done = logship(endpoint, "s3://heroes-logs/logs/2026-*/combined.log.gz", "--output", "json")
    assert done.returncode == 1
    at, size = map(int, re.findall(r"breaks off at byte (\d+) of (\d+)", done.stderr)[0])
    assert (size, done.stderr.count("\n")) == (len(OBJECTS[key]), 1)
    assert 0 < at < size
    counted = numbers(done)["lines"]
    assert truth["lines"]["request"] * 2 // 3 < counted["request"] < truth["lines"]["request"]
    assert counted["total"] == counted["request"]


def test_an_object_that_is_replaced_in_between_is_not_mixed(s3: tuple[str, Any], store: int) -> None:
    endpoint, server = s3
    put(store, "/heroes-logs/changing.log", log(1))
    asked = 0

    def replace(path: str, _length: int) -> None:
        nonlocal asked
        asked += "changing" in path
        if asked == 4:
            put(store, "/heroes-logs/changing.log", log(2))

    server.cut = staticmethod(replace)
    done = logship(endpoint, "s3://heroes-logs/changing.log", "--output", "json")
    assert done.returncode == 1
    said = "s3://heroes-logs/changing.log was changed while it was read; everything before that was counted"
    assert done.stderr == f"logship: {said}\n"
    assert 0 < numbers(done)["lines"]["request"] < LINES


@pytest.mark.parametrize("url", ["s3://heroes-logs/logs/none.log", "s3://no-such-bucket/*.log"])
def test_what_is_not_there_is_one_line(s3: tuple[str, Any], url: str) -> None:
    done = logship(s3[0], url)
    assert (done.stdout, done.returncode, done.stderr.count("\n")) == ("", 2, 1)
    assert done.stderr.startswith(f"logship: nothing at {url}: no such object, or no logs ")


def test_refused_credentials_are_one_line_with_a_remedy(s3: tuple[str, Any]) -> None:
    s3[1].status = 403
    done = logship(s3[0], "s3://heroes-logs/logs/2026-11-23/combined.log")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    said = r"logship: s3://\S+combined\.log may not be read \(Forbidden\): set AWS_PROFILE, or AWS_ACCESS_KEY_ID and"
    assert re.match(said, done.stderr)


def test_no_credentials_are_one_line_with_a_remedy(s3: tuple[str, Any], tmp_path: Path) -> None:
    nowhere = {"HOME": str(tmp_path), "AWS_ENDPOINT_URL": s3[0]}
    done = logship(None, "s3://heroes-logs/logs/2026-11-23/combined.log", **nowhere)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "cannot be read without credentials: set AWS_PROFILE" in done.stderr
    public = logship(None, "s3://heroes-logs/logs/2026-11-23/combined.log", FSSPEC_S3_ANON="true", **nowhere)
    assert (public.stderr, public.returncode) == ("", 0)


@pytest.mark.parametrize("endpoint", ["http://nowhere.invalid", "http://127.0.0.1:9"])
def test_a_store_that_does_not_answer_is_one_line(endpoint: str) -> None:
    done = logship(endpoint, "s3://heroes-logs/a.log")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert done.stderr.startswith("logship: s3://heroes-logs/a.log cannot be read: Could not connect to the endpoint")


PEAK = """
import re, sys
from pathlib import Path
from logship.config import Config
from logship.replay import plan, replay, survey
replay(survey(plan([sys.argv[1]]), Config()), Config(), lambda _more: None)
print(re.search(r"VmHWM:\\s*(\\d+) kB", Path("/proc/self/status").read_text())[1])
"""


def test_memory_does_not_grow_with_the_object(s3: tuple[str, Any], store: int) -> None:
    peaks = []
    for times in (2, 12):
        put(store, f"/heroes-logs/large/{times}.log", log(1) * times)
        environment = {"AWS_ENDPOINT_URL": s3[0], "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x"}
        command = [sys.executable, "-c", PEAK, f"s3://heroes-logs/large/{times}.log"]
        peaks.append(int(subprocess.check_output(command, env=os.environ | environment)))
    assert peaks[1] - peaks[0] < GROWTH_KIB
