"""Enter from `python -m app_logging.health`."""

from __future__ import annotations

import sys

from app_logging.health.command import main

if __name__ == "__main__":
    sys.exit(main())
