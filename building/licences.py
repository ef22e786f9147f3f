"""Print each installed package with its release and licence. Needs nothing but the Python that runs it."""

from __future__ import annotations

import sys
from email.message import Message
from importlib.metadata import distributions
from typing import cast

UNSTATED = "not stated"
LONGEST = 60
"""What is longer is the text of a licence instead of its name."""


def licence_of(metadata: Message) -> str:
    """Return the licence as the package states it: as an expression, by classifiers, or in a field of free text."""
    if expression := metadata["License-Expression"]:
        return str(expression)
    classifiers = metadata.get_all("Classifier") or []
    if named := [each.rpartition(" :: ")[2] for each in classifiers if each.startswith("License :: ")]:
        return ", ".join(named)
    text = str(metadata["License"] or "").strip()
    return text if text and "\n" not in text and len(text) <= LONGEST else UNSTATED


def main() -> None:
    """Print the list."""
    found = [cast("Message", each.metadata) for each in distributions()]
    for name, version, licence in sorted((str(each["Name"]), str(each["Version"]), licence_of(each)) for each in found):
        sys.stdout.write(f"{name:28} {version:12} {licence}\n")


if __name__ == "__main__":
    main()
