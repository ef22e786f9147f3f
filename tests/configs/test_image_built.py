"""The image is built by buildah and run: it serves as nobody on a read-only root, and stops when it is told to.

It takes minutes and much of the disk: `make image-test` runs it.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from configs.image_builds import Image, Workshop, copied_context
from crash.tailing import DEADLINE, wait_for
from loopback import free_port

import logship

pytestmark = [
    pytest.mark.image,
    pytest.mark.skipif(not os.environ.get("IMAGE_TEST"), reason="`make image-test` builds the image, for minutes"),
]

NAME = "localhost/logship:test"
LABELS = (f"--build-arg=VERSION={logship.__version__}", "--build-arg=REVISION=abc123")
NOBODY = 65534
REQUEST = (
    '{{"timestamp":"2026-01-01T00:00:{second:02}.000Z","level":"info","message":"HTTP Request","service":"heroes-api",'
    '"environment":"test","method":"GET","url":"/api/heroes","route":"/api/heroes","status":200,"duration":12}}\n'
)


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    directory = tmp_path_factory.mktemp("image")
    workshop = Workshop(directory, copied_context(directory / "context"))
    workshop.make_base()
    return workshop


@pytest.fixture(scope="module")
def built(workshop: Workshop) -> Image:
    return workshop.build(NAME, *LABELS)


@pytest.fixture(scope="module")
def image(built: Image) -> Image:
    """Return how the image is to be run."""
    config: Image = built["config"]
    return config


@pytest.fixture(scope="module")
def root(workshop: Workshop, built: Image) -> Iterator[Path]:
    assert built
    with workshop.unpacked(NAME) as path:
        yield path


def test_the_image_says_who_it_is_and_how_it_is_run(image: Image) -> None:
    assert image["User"] == f"{NOBODY}:{NOBODY}"
    assert image["ExposedPorts"] == {"9113/tcp": {}}
    assert image["Entrypoint"] == ["logship"]
    assert image["Cmd"] == ["tail", "/logs/combined*.log"]
    assert image["Healthcheck"]["Test"] == ["CMD", "logship", "healthcheck"]
    assert "LOGSHIP_LISTEN=0.0.0.0:9113" in image["Env"]
    labels = {name.removeprefix("org.opencontainers.image."): value for name, value in image["Labels"].items()}
    assert (labels["title"], labels["version"], labels["revision"]) == ("logship", logship.__version__, "abc123")


def test_the_same_sources_give_the_same_files(workshop: Workshop, built: Image) -> None:
    again = workshop.build("localhost/logship:again", *LABELS)
    assert again["rootfs"]["diff_ids"] == built["rootfs"]["diff_ids"]


def test_a_build_sees_what_it_needs_and_no_secret(workshop: Workshop) -> None:
    seen = workshop.files_of_the_context()
    assert {"pyproject.toml", "logship/cli/main.py", "configs/image/runtime.txt"} <= seen
    unwanted = re.compile(r"password(?!s\.py$)|\.pyc$|^configs/(?!image/)|^tests|^\.git")
    assert not [name for name in seen if unwanted.search(name)]


def test_nothing_is_in_the_image_that_it_does_not_need(root: Path) -> None:
    names = {path.name for path in (root / "opt").rglob("*")}
    assert "collectors.py" in names
    assert not names & {"pip", "hatchling", "tests", "pyproject.toml"}
    assert not (root / "src").exists()
    assert {(path.stat().st_uid, path.stat().st_mode & 0o022) for path in (root / "opt").rglob("*.py")} == {(0, 0)}


def write_requests(logs: Path, count: int) -> None:
    """Append so many requests as app_logging does: to a file that only the owner and the group may read."""
    with (logs / "combined.log").open("a") as log:
        log.writelines(REQUEST.format(second=second) for second in range(count))
    os.chown(logs / "combined.log", 0, NOBODY)
    (logs / "combined.log").chmod(0o640)


@contextmanager
def running(root: Path, image: Image, volumes: Path, address: str, *command: str) -> Iterator[subprocess.Popen[str]]:
    """Run a command of the image as its user, on a root that cannot be written to, with its two volumes."""
    mounts = f"""
        mount --rbind /dev {root}/dev && mount --rbind /proc {root}/proc &&
        mount --bind {root} {root} && mount -o remount,bind,ro {root} &&
        mount --bind {volumes}/logs {root}/logs && mount -o remount,bind,ro {root}/logs &&
        mount --bind {volumes}/state {root}/state && exec "$@"
    """
    chroot = str(shutil.which("chroot"))  # the PATH is that of the image
    as_user = [chroot, f"--userspec={image['User']}", "--groups=", str(root)]
    variables = dict(variable.split("=", 1) for variable in image["Env"]) | {"LOGSHIP_LISTEN": address}
    with subprocess.Popen(
        ["unshare", "--mount", "sh", "-c", mounts, "sh", *as_user, *command],
        env=variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def test_it_serves_as_nobody_on_a_read_only_root_and_ends_when_told(root: Path, image: Image, tmp_path: Path) -> None:
    for name in ("logs", "state"):
        (tmp_path / name).mkdir()
    os.chown(tmp_path / "state", NOBODY, NOBODY)
    address = f"127.0.0.1:{free_port()}"
    tail = [*image["Entrypoint"], *image["Cmd"], "--state", "/state/logship.db"]

    with running(root, image, tmp_path, address, "touch", "/tmp/new") as process:  # noqa: S108 - it is the one of the image
        assert process.wait(DEADLINE) == 1, "the root could be written to"
    for run in (1, 2):
        write_requests(tmp_path / "logs", 10)
        with running(root, image, tmp_path, address, *tail) as process:
            wait_for(lambda: is_ready(process, address))
            assert f'route="/api/heroes",status="200"}} {10 * run}.0' in scrape(address)
            assert uid_of(process.pid) == NOBODY
            process.send_signal(signal.SIGTERM)
            assert process.wait(DEADLINE) == 0, process.communicate()[0]
    assert (tmp_path / "state/logship.db").stat().st_uid == NOBODY


def test_the_health_check_of_the_image_tells_whether_the_tailer_answers(
    root: Path, image: Image, tmp_path: Path
) -> None:
    for name in ("logs", "state"):
        (tmp_path / name).mkdir()
    address = f"127.0.0.1:{free_port()}"
    check = [*image["Healthcheck"]["Test"][1:], f"http://{address}/healthz"]
    with running(root, image, tmp_path, address, *check) as process:
        assert process.wait(DEADLINE) == 1
    with running(root, image, tmp_path, address, *image["Entrypoint"], *image["Cmd"]) as tail:
        wait_for(lambda: is_ready(tail, address))
        with running(root, image, tmp_path, address, *check) as process:
            assert process.wait(DEADLINE) == 0


def is_ready(process: subprocess.Popen[str], address: str) -> bool:
    if process.poll() is not None:
        raise AssertionError(process.communicate()[0])
    try:
        return httpx.get(f"http://{address}/readyz", timeout=DEADLINE).is_success
    except httpx.TransportError:
        return False


def scrape(address: str) -> str:
    return httpx.get(f"http://{address}/metrics", timeout=DEADLINE).text


def uid_of(pid: int) -> int:
    return Path(f"/proc/{pid}").stat().st_uid
