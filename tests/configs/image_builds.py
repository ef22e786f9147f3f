"""Build the image of the Dockerfile without a registry: Debian stands in for the official Python image.

debootstrap makes a base with Debian's Python, which gets the name that the Dockerfile begins with; pip finds in a
directory what it is to install, downloaded here by the same hashes. It all needs root, and Debian's archive and PyPI.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

ROOT = Path(__file__).parents[2]
CONTEXT = (
    "Dockerfile",
    ".dockerignore",
    "pyproject.toml",
    "README.md",
    "LICENSE",
    "logship",
    "app_logging",
    "man",
    "building",
    "configs",
)
PIP_CONFIG = "[global]\nno-index = true\nfind-links = /wheelhouse\ndisable-pip-version-check = true\n"

Image = dict[str, Any]


@dataclass(frozen=True)
class Workshop:
    """Where images are built, apart from any other images of this machine."""

    directory: Path
    context: Path

    def buildah(self, *arguments: str | Path) -> str:
        """Run buildah; return what it prints."""
        store = [f"--root={self.directory / 'store'}", f"--runroot={self.directory / 'run'}", "--storage-driver=vfs"]
        return output_of("buildah", *store, *arguments)

    def make_base(self) -> None:
        """Make the image that the Dockerfile begins with, and the directory of wheels for its Python."""
        dockerfile = (self.context / "Dockerfile").read_text(encoding="utf-8")
        tag = re.search(r"^ARG PYTHON=(\S+)$", dockerfile, re.MULTILINE)
        assert tag is not None
        root = self.directory / "base"
        debootstrap = ["debootstrap", "--variant=minbase", "--include=python3,python3-venv"]
        output_of(*debootstrap, "bookworm", root)
        (root / "usr/local/bin/python").symlink_to("/usr/bin/python3")
        container = self.buildah("from", "scratch")
        self.buildah("add", "--quiet", container, root, "/")
        self.buildah("config", "--env", "PATH=/usr/local/bin:/usr/bin:/bin", container)
        self.buildah("commit", "--quiet", "--rm", container, f"docker.io/library/python:{tag[1]}")
        version = output_of("chroot", root, "python3", "-c", "import sys; print('%d.%d' % sys.version_info[:2])")
        self._download_wheels(version)
        shutil.rmtree(root)

    def _download_wheels(self, python_version: str) -> None:
        pins = [f"--requirement={self.context / 'configs/image' / name}.txt" for name in ("runtime", "build")]
        of_python = ["--only-binary=:all:", f"--python-version={python_version}"]
        download = [sys.executable, "-m", "pip", "download", "--quiet", "--require-hashes", *of_python, *pins]
        output_of(*download, f"--dest={self.directory / 'wheelhouse'}")
        (self.directory / "pip.conf").write_text(PIP_CONFIG)

    def build(self, name: str, *arguments: str) -> Image:
        """Build the image from nothing but the base; return what buildah has to say about it."""
        volumes = [f"--volume={self.directory / 'wheelhouse'}:/wheelhouse:ro"]
        volumes += [f"--volume={self.directory / 'pip.conf'}:/etc/pip.conf:ro"]
        options = ["--isolation=chroot", "--format=docker", "--pull=never", "--no-cache", "--timestamp=0", *arguments]
        self.buildah("bud", "--quiet", *options, *volumes, f"--tag={name}", self.context)
        built: Image = msgspec.json.decode(self.buildah("inspect", "--type=image", name))["Docker"]
        return built

    def files_of_the_context(self) -> set[str]:
        """Return the names of the files that a build of the context sees, for what .dockerignore says."""
        probe = self.directory / "Probe"
        probe.write_text("FROM scratch\nCOPY . /\n")
        self.buildah("bud", "--quiet", "--isolation=chroot", f"--file={probe}", "--tag=localhost/probe", self.context)
        with self.unpacked("localhost/probe") as root:
            return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}

    @contextmanager
    def unpacked(self, name: str) -> Iterator[Path]:
        """Show the file system of an image."""
        container = self.buildah("from", "--pull=never", name)
        try:
            yield Path(self.buildah("mount", container))
        finally:
            self.buildah("rm", container)


def copied_context(target: Path) -> Path:
    """Copy what a build may see, as it is now, with things beside it that it must not see."""
    for name in CONTEXT:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, target / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            target.mkdir(exist_ok=True)
            shutil.copy2(source, target / name)
    for name in ("logship/__pycache__/stale.cpython-311.pyc", "configs/compose/secrets/redis-password"):
        (target / name).parent.mkdir(exist_ok=True)
        (target / name).write_text("not for an image")
    return target


def output_of(*command: str | Path) -> str:
    """Run a command; return what it prints, or fail with what it says."""
    ran = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | {"LC_ALL": "C.UTF-8"})
    assert ran.returncode == 0, f"{command}\n{ran.stdout}\n{ran.stderr}"
    return ran.stdout.strip()
