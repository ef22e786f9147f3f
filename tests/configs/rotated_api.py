"""Log as many records as each line of standard input says, through app_logging that leaves rotation to others.

    python tests/configs/rotated_api.py LOG_DIR

It prints how many there are by now, after each line.
"""

from __future__ import annotations

import sys

import app_logging

app_logging.configure(service="heroes-api", log_dir=sys.argv[1], max_bytes=0, console=False)
log = app_logging.get_logger("heroes")
written = 0
for line in sys.stdin:
    for _ in range(int(line)):
        written += 1
        log.warning("hero is waiting", number=written)
    print(written, flush=True)  # noqa: T201 - that is what it is for
