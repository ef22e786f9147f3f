"""gunicorn's logger class, for its records in our files: `gunicorn --logger-class app_logging.gunicorn.Logger app:app`.

The master configures by the environment variables; an application that calls `configure` does so for its worker.
"""

from __future__ import annotations

from typing import Any

from gunicorn.glogging import Logger as GunicornLogger

from app_logging.configure import configure
from app_logging.pipeline import active
from app_logging.stdlib_door import stdlib_door


class Logger(GunicornLogger):  # type: ignore[misc] # gunicorn comes without types
    """Lead gunicorn's records to the root logger."""

    def setup(self, cfg: Any) -> None:
        """Configure logging if nobody has, and take gunicorn's own handlers away again; also called on SIGHUP."""
        super().setup(cfg)
        if active.pipeline is None:
            configure()
        else:
            stdlib_door.lead_server_loggers()

    def access(self, resp: Any, req: Any, environ: Any, request_time: Any) -> None:
        """Log the request, unless a middleware writes a record of it."""
        if not stdlib_door.has_request_records:
            super().access(resp, req, environ, request_time)
