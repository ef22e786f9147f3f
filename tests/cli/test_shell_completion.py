"""The shells that are there complete `logship` with the very lines that the documents give."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

DOCUMENT = (Path(__file__).parent.parent.parent / "docs/commands.md").read_text(encoding="utf-8")
PROGRAMS = Path(sys.executable).parent

BASH = """
complete -p logship >/dev/null || exit 1
COMP_WORDS=(logship replay --out) COMP_CWORD=2
_logship_completion logship
echo "${COMPREPLY[@]}"
"""
FISH = "complete -C 'logship replay --out' | string split -f1 \\t"
ZSH = "echo $_comps[logship]"


@pytest.mark.skipif(not (PROGRAMS / "logship").exists(), reason="logship is not installed")
@pytest.mark.parametrize(
    ("shell", "before", "ask", "answer"),
    [
        (("bash", "--norc"), "", BASH, "--output"),
        (("fish", "--no-config"), "", FISH, "--output"),
        (("zsh", "-f"), "autoload -U compinit; compinit -D -u", ZSH, "_logship_completion"),
    ],
    ids=["bash", "fish", "zsh"],
)
def test_a_shell_completes_after_the_documented_line(
    shell: tuple[str, str], before: str, ask: str, answer: str, *, tmp_path: Path, server_program: Callable[[str], str]
) -> None:
    program = server_program(shell[0])
    environment = {**os.environ, "PATH": f"{PROGRAMS}:{os.environ['PATH']}", "HOME": str(tmp_path)}
    done = subprocess.run(
        [program, shell[1], "-c", f"{before}\n{documented(shell[0])}\n{ask}"],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )
    assert (done.returncode, done.stdout.strip()) == (0, answer), done.stderr


def documented(shell: str) -> str:
    """Return the line that the documents give for this session."""
    found = re.search(rf"^\| {shell}[^|]*\| `(.+?)` \| `", DOCUMENT, re.MULTILINE)
    assert found is not None
    return found[1].replace(r"\|", "|")
