"""For those who stay with plain handlers of the standard library: a LogRecord comes in, our record goes out as text.

A preset of python-json-logger with our names, our exceptions and our safety net. Without `seq` and `boot_id`: a
formatter does not know the order of the file, and some handlers format a record twice.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from pythonjsonlogger.json import JsonFormatter as BaseJsonFormatter

from app_logging import levels
from app_logging.clock import Timestamps
from app_logging.redact import Redactor
from app_logging.render import Renderer
from app_logging.settings import resolve
from app_logging.stdlib_door import message_of, trouble_of

if TYPE_CHECKING:
    import logging

OURS = frozenset({"message", "exc_info", "stack_info", "color_message"})
"""Keys of python-json-logger (and uvicorn's doubled message) that our record says in its own way."""


class JsonFormatter(BaseJsonFormatter):
    """Format records as `app_logging.configure` would write them.

    Args:
        service: As in `configure`, with the same environment variable.
        environment: As in `configure`, with the same environment variable.
        options: Options of python-json-logger, such as `rename_fields` and `static_fields`, for the event's own fields.
    """

    def __init__(self, *, service: str | None = None, environment: str | None = None, **options: Any) -> None:
        settings = resolve(service=service, environment=environment)
        self._redactor = Redactor()
        self._renderer = Renderer(settings.service, settings.environment, Timestamps(), self._redactor)
        super().__init__(**{"json_serializer": self._serialize, **options})

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; arguments that do not fit the message are no reason to lose it."""
        try:
            return super().format(record)
        except Exception:  # noqa: BLE001 - a wrong placeholder, or a __str__ that raises
            repaired = copy.copy(record)
            repaired.msg, repaired.args = message_of(record), None
            return super().format(repaired)

    def add_fields(self, log_data: dict[str, Any], record: logging.LogRecord, message_dict: dict[str, Any]) -> None:
        """Fill the record, the fixed keys first."""
        own: dict[str, Any] = {}
        super().add_fields(own, record, {key: value for key, value in message_dict.items() if key not in OURS})
        for key in OURS:
            own.pop(key, None)
        own.update(trouble_of(record))
        level = levels.name_of(record.levelno)
        message = message_of(record, self._redactor) if record.args else record.msg
        log_data.update(self._renderer.build(record.name, level, message, own, record.created))

    def _serialize(self, log_data: dict[str, Any], **_options: object) -> str:
        return self._renderer.to_json(log_data).decode()
