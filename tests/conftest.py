"""Guards and fixtures for every test."""

from __future__ import annotations

import gzip
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

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


@pytest.fixture
def server_program() -> Callable[[str], str]:
    """Return a function that finds a program of Debian's; without it the test is skipped, in CI it fails."""

    def find(name: str) -> str:
        found = shutil.which(name)
        if found is None:
            message = f"{name} is not installed; `make test` as root on Debian installs it"
            if os.environ.get("CI"):
                pytest.fail(message)
            pytest.skip(message)
        return found

    return find


@pytest.fixture
def promtool(server_program: Callable[[str], str]) -> str:
    """Return the path of Prometheus' promtool."""
    return server_program("promtool")
