"""Write what can be generated from the code: the references of `docs`, and the manual page.

`python -m building.reference` writes them. With `--check` it only compares, so that none of them can say what the code
does not do: exit code 1, and the names of those that differ.
"""

from __future__ import annotations

import sys
from pathlib import Path

from building.command_line import command_line
from building.configuration import configuration
from building.manual import manual

ROOT = Path(__file__).parent.parent


def generated() -> dict[Path, str]:
    """Return the content of each file that is generated."""
    return {
        ROOT / "docs/command-line.md": command_line(),
        ROOT / "docs/configuration-reference.md": configuration(),
        ROOT / "man/logship.1": manual(),
    }


def main(arguments: list[str]) -> str | None:
    """Write the files, or return which ones would change."""
    stale = [path for path, text in generated().items() if not path.exists() or path.read_text("utf-8") != text]
    if "--check" in arguments:
        names = ", ".join(str(path.relative_to(ROOT)) for path in stale)
        return f"not as the code is: {names}; `make reference` writes them anew" if stale else None
    for path in stale:
        path.parent.mkdir(exist_ok=True)
        path.write_text(generated()[path], encoding="utf-8")
    return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
