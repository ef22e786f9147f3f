"""Feed mutated bytes to one target, guided by coverage: `make fuzz TARGET=http FUZZ_SECONDS=60`.

What fails is written to `crash-…`. Arguments behind the name are libFuzzer's: https://llvm.org/docs/LibFuzzer.html#options
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["logship"]):
    from fuzzing.targets import TARGETS

LONGEST_BYTES = 16_384


def main() -> None:
    """Write the seeds of a target, and fuzz it."""
    target = TARGETS[sys.argv[1]]

    def one_input(text: bytes) -> None:
        if text:
            target.check(text)

    with tempfile.TemporaryDirectory() as corpus:
        for number, seed in enumerate(target.seeds()):
            (Path(corpus) / str(number)).write_bytes(seed[:LONGEST_BYTES])
        atheris.Setup([sys.argv[0], "-timeout=10", f"-max_len={LONGEST_BYTES}", *sys.argv[2:], corpus], one_input)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
