"""Run `python -m logship`."""

from __future__ import annotations

from logship.cli.main import run

if __name__ == "__main__":
    run()
