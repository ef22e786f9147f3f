"""The one configuration for every host that takes a dict for `logging.config.dictConfig`.

    uvicorn.run(app, log_config=app_logging.dict_config(service="heroes-api"))
    logconfig_dict = app_logging.dict_config(service="heroes-api")   # in gunicorn's configuration file
    LOGGING = app_logging.dict_config(service="heroes-api")          # in Django's settings

The dict holds no objects of ours, so it can be written as JSON or YAML: `configs/logging.yml` is one.
"""

from __future__ import annotations

import logging
from typing import Any, Unpack

from app_logging.configure import configure
from app_logging.settings import Options, resolve
from app_logging.stdlib_door import stdlib_door

HANDLER = "app_logging"


def dict_config(**options: Unpack[Options]) -> dict[str, Any]:
    """Return a dict that does, in `dictConfig`, what `configure` does with the same options.

    Raises:
        SettingsError: A value is not allowed.
    """
    resolve(**options)  # now: dictConfig would hide the reason
    handler: dict[str, Any] = {"()": "app_logging.configured_handler"}
    if options:
        handler["options"] = dict(options)
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "handlers": {HANDLER: handler},
        "loggers": {},  # gunicorn would fill the gap with its own, which name handlers of its own
        "root": {"handlers": [HANDLER]},
    }


def configured_handler(options: Options | None = None) -> logging.Handler:
    """Call `configure`, and return the handler that it has put on the root logger: what `dictConfig` calls."""
    configure(**(options or {}))
    return stdlib_door.handler
