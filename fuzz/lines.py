"""Feed mutated lines to every format, guided by coverage: `make fuzz FUZZ_SECONDS=60`.

The first byte chooses the format, the rest is lines. What fails is written to `crash-…`. Arguments are libFuzzer's: https://llvm.org/docs/LibFuzzer.html#options
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["logship"]):
    from reliability.feeding import CHOICES, check

SEEDS = Path(__file__).parent.parent / "tests" / "data" / "formats"


def one_input(text: bytes) -> None:
    """Check one input."""
    if text:
        check(text[0], text[1:])


def main() -> None:
    """Write the seeds, each for its format and without one, and fuzz."""
    with tempfile.TemporaryDirectory() as corpus:
        numbers = {choice.format or choice.wrap or "": number for number, choice in enumerate(CHOICES)}
        for log in SEEDS.glob("*.log"):
            for number in {numbers.get(log.stem, 0), 0}:
                (Path(corpus) / f"{log.stem}-{number}").write_bytes(bytes([number]) + log.read_bytes()[:4000])
        atheris.Setup([sys.argv[0], "-timeout=10", "-max_len=4096", *sys.argv[1:], corpus], one_input)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
