"""A hook of Hatch: the commit that is built goes into the package, for `logship --version`.

It comes from `REVISION` in the environment, as in the Dockerfile, else from git. A source distribution already has it.
It needs nothing that is not installed: an isolated build loads it as a file.
"""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

TARGET = "logship/commit.txt"
COMMIT = re.compile(r"[0-9a-f]{7,64}(-dirty)?")


class BuildFacts(BuildHookInterface[Any]):
    """Adds the file with the commit."""

    PLUGIN_NAME = "custom"
    _written: Path | None = None

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Write the commit beside the build and have it included, unless it is unknown."""
        root = Path(self.root)
        if version == "editable" or (root / TARGET).exists():
            return
        commit = os.environ.get("REVISION") or _commit_of_checkout(root)
        if not COMMIT.fullmatch(commit):
            return
        descriptor, name = tempfile.mkstemp()
        self._written = Path(name)
        os.close(descriptor)
        self._written.write_text(commit + "\n", encoding="utf-8")
        self._written.chmod(0o644)
        build_data["force_include"][name] = TARGET

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove what was written for the build."""
        del version, build_data, artifact_path
        if self._written is not None:
            self._written.unlink(missing_ok=True)


def _commit_of_checkout(root: Path) -> str:
    """Return the commit of a checkout, `-dirty` when it was changed; empty where there is no git to say."""
    if not (root / ".git").exists():
        return ""
    git = ["git", "-C", str(root), "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    try:
        return subprocess.run(git, capture_output=True, text=True, check=False).stdout.strip()
    except OSError:
        return ""
