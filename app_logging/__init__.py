"""Structured JSON logs in rotating files, and one exact record per HTTP request.

import app_logging

app_logging.configure(service="heroes-api")
app.add_middleware(app_logging.RequestLogMiddleware)
app_logging.get_logger(__name__).info("hero saved", hero="wonder-woman")
"""

from __future__ import annotations

from app_logging.asgi import RequestLogMiddleware
from app_logging.configure import change_level_on_signals, configure, get_logger, reset, set_level
from app_logging.context import bind_context, clear_context
from app_logging.dict_config import configured_handler, dict_config
from app_logging.json_formatter import JsonFormatter
from app_logging.record import FIELDS, REQUEST_MESSAGE, WEBSOCKET_MESSAGE
from app_logging.redact import redact_query, redact_url
from app_logging.settings import SettingsError
from app_logging.wsgi import WSGIRequestLogMiddleware

__all__ = [
    "FIELDS",
    "REQUEST_MESSAGE",
    "WEBSOCKET_MESSAGE",
    "JsonFormatter",
    "RequestLogMiddleware",
    "SettingsError",
    "WSGIRequestLogMiddleware",
    "bind_context",
    "change_level_on_signals",
    "clear_context",
    "configure",
    "configured_handler",
    "dict_config",
    "get_logger",
    "redact_query",
    "redact_url",
    "reset",
    "set_level",
]
