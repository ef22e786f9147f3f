"""What ASGI frameworks leave for us beside the route: the user; and what Quart has to be asked for.

No framework is imported: what an application uses has been imported by it.
"""

from __future__ import annotations

import sys
from collections.abc import MutableMapping
from typing import Any

from app_logging.request_record import TOLD_ERROR
from app_logging.route_template import TOLD_ROUTE
from app_logging.users import NAMES, id_of

Scope = MutableMapping[str, Any]


def authenticated_user(scope: Scope) -> object:
    """Return the id of the user that an authentication middleware has left in the scope or in its state, or None."""
    state: Any = scope.get("state") or {}
    if not state and "user" not in scope:
        return None
    return id_of((scope.get("user"), *(state.get(name) for name in NAMES)))


def listen_to_quart() -> None:
    """Have Quart tell what it leaves nowhere: the rule of each request, and the exception behind a 500.

    Does nothing without Quart, or twice.
    """
    quart = sys.modules.get("quart")
    if quart is not None:
        quart.request_started.connect(_keep_rule)
        quart.got_request_exception.connect(_keep_exception)


async def _keep_rule(_app: object, **_more: object) -> None:
    request = sys.modules["quart"].request
    if request.url_rule is not None:
        request.scope[TOLD_ROUTE] = request.url_rule.rule


async def _keep_exception(_app: object, *, exception: BaseException, **_more: object) -> None:
    sys.modules["quart"].request.scope[TOLD_ERROR] = exception
