"""Guards and fixtures for every test."""

from __future__ import annotations

import gzip
import os
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import pytest
from hypothesis import settings
from playwright.sync_api import Browser, Page, sync_playwright

DATA = Path(__file__).parent / "data"

# the same examples each time where a red run would stop others; people's runs go on looking for new ones
settings.register_profile("default", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.register_profile("thorough", deadline=None, max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


@pytest.fixture(autouse=True)
def _no_thread_is_left_behind() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    left = [thread for thread in threading.enumerate() if thread not in before and not _is_pooled(thread)]
    assert not left, f"the test left threads behind: {left}"


def _is_pooled(thread: threading.Thread) -> bool:
    """Return whether the thread is a daemon, or of anyio's pool, which outlives the call that needed it."""
    return thread.daemon or thread.name.startswith("AnyIO worker")


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Unset what would configure the commands under test from the environment of whoever runs the tests."""
    for name in list(os.environ):
        if name.startswith("LOGSHIP_") or name in {"NO_COLOR", "FORCE_COLOR", "LOG_DIR", "LOG_LEVEL", "SERVICE_NAME"}:
            monkeypatch.delenv(name)


@pytest.fixture
def unpacked(tmp_path: Path) -> Callable[[str], Path]:
    """Return a function that unpacks a file of `tests/data` into the test's own directory."""

    def unpack(name: str) -> Path:
        target = tmp_path / Path(name).name.removesuffix(".gz")
        target.write_bytes(gzip.decompress((DATA / name).read_bytes()))
        return target

    return unpack


def _missing(program: str) -> NoReturn:
    message = f"{program} is not installed; `make test` as root on Debian installs it"
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)


@pytest.fixture
def server_program() -> Callable[[str], str]:
    """Return a function that finds a program of Debian's; without it the test is skipped, in CI it fails."""

    def find(name: str) -> str:
        found = shutil.which(name)
        if found is None:
            _missing(name)
        return found

    return find


@pytest.fixture
def mounted(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """Return a function that mounts a file system of a size, such as `160k`; the test is skipped where it may not."""
    places: list[Path] = []

    def mount(size: str) -> Path:
        place = tmp_path / f"disk{len(places)}"
        place.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", f"size={size},mode=777", "tmpfs", str(place)]
        if subprocess.run(command, check=False, capture_output=True).returncode:
            pytest.skip("file systems cannot be mounted here")
        places.append(place)
        return place

    yield mount
    for place in places:
        subprocess.run(["umount", "-l", str(place)], check=True)


@pytest.fixture
def promtool(server_program: Callable[[str], str]) -> str:
    """Return the path of Prometheus' promtool."""
    return server_program("promtool")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Return a headless Chromium; asyncio cannot be run beside it in the same module."""
    found = shutil.which("chromium")
    if found is None:
        _missing("chromium")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])  # root has no sandbox
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """Return an empty page; the test fails if anything on it complains on the console or asks a foreign server."""
    context = browser.new_context(bypass_csp=False)
    complaints: list[str] = []
    page = context.new_page()
    page.on("console", lambda said: complaints.append(said.text) if said.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda asked: complaints.append(asked.url) if not _is_own(asked.url) else None)
    yield page
    context.close()
    assert not complaints, complaints


def _is_own(url: str) -> bool:
    return url.startswith(("file:", "data:", "blob:", "about:")) or "://127.0.0.1:" in url
