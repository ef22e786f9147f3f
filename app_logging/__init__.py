"""Structured JSON logs in rotating files, and one exact record per HTTP request.

import app_logging

app_logging.configure(service="heroes-api")
app.add_middleware(app_logging.RequestLogMiddleware)
app_logging.get_logger(__name__).info("hero saved", hero="wonder-woman")
"""

from __future__ import annotations

from app_logging.asgi import RequestLogMiddleware
from app_logging.configure import configure, get_logger, reset
from app_logging.context import bind_context, clear_context
from app_logging.json_formatter import JsonFormatter
from app_logging.record import FIELDS, REQUEST_MESSAGE
from app_logging.settings import SettingsError

__all__ = [
    "FIELDS",
    "REQUEST_MESSAGE",
    "JsonFormatter",
    "RequestLogMiddleware",
    "SettingsError",
    "bind_context",
    "clear_context",
    "configure",
    "get_logger",
    "reset",
]
