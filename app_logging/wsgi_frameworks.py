"""What WSGI frameworks leave for us: the rule of the route, the user, the exception behind a 500.

No framework is imported: what an application uses has been imported by it.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from app_logging.request_record import TOLD_ERROR
from app_logging.route_template import TOLD_ROUTE
from app_logging.users import NAMES, id_of

Environ = dict[str, Any]


MAX_WRAPPERS = 16
"""Middlewares around a dispatcher that are looked through."""


def route_of(environ: Environ, app: object, script_name: str) -> str | None:
    """Return the template of the route that answers, or None.

    Flask and other users of werkzeug leave the request with its rule; other frameworks are told about in `docs`.

    Args:
        environ: As the application has it when it starts its response.
        app: The application, in which mounts are looked for.
        script_name: The server's prefix, which is in no template.
    """
    rule = environ.get(TOLD_ROUTE)
    if rule is None:
        rule = getattr(getattr(environ.get("werkzeug.request"), "url_rule", None), "rule", None)
    if rule is None:
        return None
    # Dispatchers move prefixes from PATH_INFO to SCRIPT_NAME. One that is no mount that we know, such as a tenant's
    # name or what a proxy's header says, clients might choose.
    prefix = (environ.get("SCRIPT_NAME") or "").removeprefix(script_name)
    return (prefix if prefix and _is_mount(app, prefix) else "") + str(rule)


def _is_mount(app: object, prefix: str) -> bool:
    """Say whether the prefix is where werkzeug's dispatcher, found through middlewares, has mounted something."""
    for _ in range(MAX_WRAPPERS):
        mounts = getattr(app, "mounts", None)
        if isinstance(mounts, Mapping):
            for mount, below in mounts.items():
                if prefix == mount or (prefix.startswith(f"{mount}/") and _is_mount(below, prefix[len(mount) :])):
                    return True
        app = getattr(app, "app", None) or getattr(app, "wsgi_app", None)
    return False


def authenticated_user(environ: Environ) -> object:
    """Return the id of the user that Flask-Login or the application has left in Flask's `g`, or REMOTE_USER."""
    flask = sys.modules.get("flask")
    if flask is not None and environ.get("werkzeug.request") is not None and flask.has_app_context():
        found = id_of(flask.g.get(name) for name in ("_login_user", *NAMES))
        if found is not None:
            return found
    return environ.get("REMOTE_USER")


def listen_to_flask() -> None:
    """Have Flask tell the exception behind a 500; does nothing without Flask, or twice."""
    flask = sys.modules.get("flask")
    if flask is not None:
        flask.got_request_exception.connect(_keep_exception)


def _keep_exception(_app: object, *, exception: BaseException, **_more: object) -> None:
    sys.modules["flask"].request.environ[TOLD_ERROR] = exception
