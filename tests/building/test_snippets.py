"""What the documents tell a newcomer to type works: the snippets are taken out of them and run."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import httpx
import pytest
from hosting import gunicorn, served, uvicorn
from loopback import free_port

ROOT = Path(__file__).parents[2]
START = (ROOT / "docs/getting-started.md").read_text(encoding="utf-8")
FRAMEWORKS = (ROOT / "docs/how-to/python.md").read_text(encoding="utf-8")
REQUEST = "/api/heroes/17"

pytestmark = pytest.mark.integration


def snippet(document: str, heading: str, language: str) -> str:
    """Return the first block of code in a language under a heading."""
    section = re.split(r"^## ", document.partition(f"\n## {heading}\n")[2], maxsplit=1, flags=re.MULTILINE)[0]
    found = re.search(rf"```{language}\n(.*?)```", section, re.DOTALL)
    assert found is not None, heading
    return found[1]


def replayed(logs: Path) -> str:
    replay = [sys.executable, "-m", "logship", "replay", str(logs), "--output", "csv"]
    return subprocess.run(replay, capture_output=True, text=True, check=True).stdout


def asked(server: Sequence[str], port: int, directory: Path) -> None:
    with served(server, port, directory):
        answer = httpx.get(f"http://127.0.0.1:{port}{REQUEST}", timeout=10)
        assert (answer.status_code, answer.json()) == (200, {"hero": 17})


@pytest.mark.parametrize(
    ("document", "heading", "module", "route"),
    [
        (START, "In the application", "api", "/api/heroes/{hero}"),
        (FRAMEWORKS, "FastAPI", "fastapi_app", "/api/heroes/{hero}"),
        (FRAMEWORKS, "Flask", "flask_app", "/api/heroes/<int:hero>"),
        (FRAMEWORKS, "Django", "django_app", "/api/heroes/<int:hero>"),
    ],
)
def test_an_application_of_the_documents_is_counted(
    document: str, heading: str, module: str, route: str, tmp_path: Path
) -> None:
    assert f"{module}:app" in document
    (tmp_path / f"{module}.py").write_text(snippet(document, heading, "python"), encoding="utf-8")
    port = free_port()
    if heading in {"Flask", "Django"}:
        asked(gunicorn("--bind", f"127.0.0.1:{port}", f"{module}:app"), port, tmp_path)
    else:
        asked(uvicorn("--port", str(port), f"{module}:app"), port, tmp_path)
    rows = replayed(tmp_path / "logs").splitlines()
    assert [row for row in rows if row.startswith(f"GET,{route},1,")], rows


def test_prometheus_takes_the_configuration_of_the_documents(promtool: str, tmp_path: Path) -> None:
    configuration = tmp_path / "prometheus.yml"
    for text in (START, (ROOT / "README.md").read_text(encoding="utf-8")):
        configuration.write_text(re.findall(r"```yaml\n(# prometheus.yml\n.*?)```", text, re.DOTALL)[0])
        subprocess.run([promtool, "check", "config", configuration], check=True, capture_output=True)


@pytest.mark.parametrize("path", sorted((ROOT / "docs").rglob("*.md")), ids=lambda path: path.stem)
def test_options_in_the_console_blocks_of_a_document_exist(path: Path) -> None:
    reference = (ROOT / "docs/command-line.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```console\n(.*?)```", path.read_text(encoding="utf-8"), re.DOTALL)
    for name, rest in re.findall(r"\blogship ([a-z]+)((?:[^\n|&;]|\\\n)*)", "\n".join(blocks).replace("\\\n", " ")):
        section = "\n".join(re.findall(rf"^## logship {name}\b.*?(?=^## |\Z)", reference, re.DOTALL | re.MULTILINE))
        if section:
            missing = [option for option in re.findall(r"(?<=\s)--[a-z][\w.-]*", rest) if f"`{option}" not in section]
            assert not missing, (name, rest)
