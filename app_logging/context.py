"""What all records of one request share: bound here, merged into every record that the same context writes.

One context variable holds an immutable-by-convention dict: binding makes a new one, so that a task never sees
what its siblings bind, and the order of the keys stays the order of binding.
Values bound through `structlog.contextvars` are merged as well, for code that uses structlog directly.
"""

from __future__ import annotations

from contextvars import ContextVar, Token
from typing import Any

import structlog.contextvars
from structlog.contextvars import clear_contextvars, merge_contextvars

_structlogs_variables: dict[str, Any] | None = getattr(structlog.contextvars, "_CONTEXT_VARS", None)
"""structlog's own register of what anybody has ever bound through it: empty in most processes, and looking into the
context costs a microsecond. None if a later structlog has no such register: then we always look."""

_bound: ContextVar[dict[str, Any] | None] = ContextVar("app_logging_context", default=None)


def bind_context(**values: Any) -> None:
    """Add the values to every later record of this thread, task or request."""
    _bound.set({**(_bound.get() or {}), **values})


def clear_context() -> None:
    """Forget everything that was bound in this thread, task or request."""
    _bound.set(None)
    clear_contextvars()


def enter_context(values: dict[str, Any]) -> Token[dict[str, Any] | None]:
    """Bind the values until `leave_context` is given the token."""
    bound = _bound.get()
    return _bound.set({**bound, **values} if bound else values)


def leave_context(token: Token[dict[str, Any] | None]) -> None:
    """Put back what was bound before `enter_context`."""
    _bound.reset(token)


def is_all_that_is_bound(values: dict[str, Any]) -> bool:
    """Say whether these very values were bound last here, and nothing beside them."""
    return _bound.get() is values and not (_structlogs_variables is None or _structlogs_variables)


def merge_context(fields: dict[str, Any]) -> None:
    """Add what is bound to the fields; a field that is there already wins."""
    bound = _bound.get()
    if bound:
        if bound.keys().isdisjoint(fields):
            fields.update(bound)
        else:
            for key, value in bound.items():
                fields.setdefault(key, value)
    if _structlogs_variables is None or _structlogs_variables:
        merge_contextvars(None, "", fields)
