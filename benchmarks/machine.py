"""Say which machine a table was made on, and what else it did."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import re
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

PACKAGES = ("logship", "msgspec", "isal", "prometheus-client", "duckdb", "polars", "loguru", "python-json-logger")
PROGRAMS = {"mtail": "--version", "jq": "--version", "mawk": "-W version", "goaccess": "--version"}


def processor() -> str:
    """Return what the processor says that it is."""
    found = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return found[1] if found else platform.machine()


def versions() -> Iterator[str]:
    """Yield names and versions of what is installed."""
    for package in PACKAGES:
        try:
            yield f"{package} {importlib.metadata.version(package)}"
        except importlib.metadata.PackageNotFoundError:
            continue
    for program, option in PROGRAMS.items():
        if shutil.which(program):
            said = subprocess.run([program, *option.split()], capture_output=True, text=True, check=False)
            found = re.search(r"\d+\.[\w.~+-]*\w|\d+\.\d+|-\d\S*", said.stdout + said.stderr)
            yield f"{program} {found[0].strip('-') if found else '?'}"


def description() -> str:
    """Return a sentence on the machine."""
    return (
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {os.cpu_count()} cores of {processor()}, Linux {platform.release()}, "
        f"Python {platform.python_version()}, load {os.getloadavg()[0]:.1f}.\n{', '.join(versions())}."
    )


if __name__ == "__main__":
    print(description())
