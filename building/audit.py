"""Look at what the image installs: its licences, a bill of materials, and known holes.

`dist/licences.txt` and `dist/sbom.cdx.json` (CycloneDX) come from an environment with exactly the pinned releases.
Known holes are asked of a service on the network. A package that it cannot tell about fails the audit: silence is no
answer.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
PINS = ROOT / "configs/image/runtime.txt"
DIST = ROOT / "dist"
TIMEOUT_SECONDS = "15"


def main() -> str | None:
    """Write the lists; return what is wrong."""
    DIST.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as directory:
        python = _environment(Path(directory) / "venv")
        licences = _output(str(python), str(ROOT / "building/licences.py"))
        bill = [
            "-m",
            "cyclonedx_py",
            "environment",
            "--pyproject",
            str(ROOT / "pyproject.toml"),
            "--output-reproducible",
        ]
        _output(sys.executable, *bill, "--output-file", str(DIST / "sbom.cdx.json"), str(python))
    (DIST / "licences.txt").write_text(licences, encoding="utf-8")
    sys.stdout.write(licences)
    return known_holes()


def known_holes() -> str | None:
    """Return the holes that are known in the pinned releases, or why that is not known."""
    command = ["-m", "pip_audit", "--disable-pip", "--require-hashes", "--requirement", str(PINS)]
    command += ["--format", "json", "--progress-spinner", "off", "--timeout", TIMEOUT_SECONDS]
    ran = subprocess.run([sys.executable, *command], capture_output=True, text=True, check=False)
    return verdict(ran.stdout, ran.stderr)


def verdict(answer: str, complaint: str) -> str | None:
    """Return what an answer of pip-audit means; None when each package was looked at and has no known hole."""
    try:
        packages: list[dict[str, Any]] = json.loads(answer)["dependencies"]
    except (ValueError, KeyError):
        last = (complaint.strip().splitlines() or ["no answer"])[-1]
        return f"the service that knows about holes cannot be asked, so nothing is known: {last}"
    holes = [f"{each['name']} {each['version']}: {hole['id']}" for each in packages for hole in each.get("vulns", ())]
    if holes:
        return "known holes: " + "; ".join(holes)
    unknown = [each["name"] for each in packages if "skip_reason" in each]
    if unknown or not packages:
        return f"nothing is known about {', '.join(unknown) or 'any package'}: the service does not answer for it"
    return None


def _environment(directory: Path) -> Path:
    """Install the pinned releases into an environment of their own, without pip; return its Python."""
    _output(sys.executable, "-m", "venv", "--without-pip", str(directory))
    python = directory / "bin/python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--require-hashes"]
    _output(*pip, "--requirement", str(PINS))
    return python


def _output(*command: str) -> str:
    """Run a command; return what it prints, or end with what it says."""
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    if ran.returncode:
        sys.exit(f"{' '.join(command)}\n{ran.stderr}")
    return ran.stdout


if __name__ == "__main__":
    sys.exit(main())
