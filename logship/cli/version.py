"""What `logship --version` says: the version, what it was built from, what it runs on, and which extras are there."""

from __future__ import annotations

import importlib.metadata
import platform
import re
from collections.abc import Iterator
from importlib.resources import files

from logship import __version__

COMMIT_FILE = "commit.txt"
"""Written into the package by the build (building/build_facts.py), absent in an editable install."""

_OF_EXTRA = re.compile(r"^(?P<name>[\w.-]+).*;.*\bextra == ['\"](?P<extra>[\w-]+)['\"]")


def version_text() -> str:
    """Return the lines; the first one has the name and the version alone."""
    extras = list(_installed_extras())
    lines = [
        f"logship, version {__version__}",
        f"commit   {_commit()}",
        f"python   {platform.python_implementation()} {platform.python_version()}",
        f"platform {platform.system()} {platform.release()} {platform.machine()}",
        f"extras   {' '.join(extras) or 'none'}",
    ]
    return "\n".join(lines)


def _commit() -> str:
    written = files("logship").joinpath(COMMIT_FILE)
    return written.read_text(encoding="utf-8").strip() if written.is_file() else "unknown"


def _installed_extras() -> Iterator[str]:
    """Yield the extras of which everything is installed, by name."""
    wanted: dict[str, list[str]] = {}
    for requirement in _requirements():
        if found := _OF_EXTRA.match(requirement):
            wanted.setdefault(found["extra"], []).append(found["name"])
    for extra, names in sorted(wanted.items()):
        if all(_is_installed(name) for name in names):
            yield extra


def _requirements() -> list[str]:
    """Return what the package asks for; nothing when it runs without having been installed."""
    try:
        return importlib.metadata.requires("logship") or []
    except importlib.metadata.PackageNotFoundError:
        return []


def _is_installed(name: str) -> bool:
    try:
        importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True
