"""What WSGI frameworks leave for us: the rule of the route, the user, the exception behind a 500.

No framework is imported: what an application uses has been imported by it.
"""

from __future__ import annotations

import sys
from typing import Any

from app_logging.request_record import TOLD_ERROR
from app_logging.route_template import TOLD_ROUTE
from app_logging.users import NAMES, id_of

Environ = dict[str, Any]


def route_of(environ: Environ, script_name: str, path_info: str) -> str | None:
    """Return the template of the route that answers, or None.

    Flask and other users of werkzeug leave the request with its rule; other frameworks are told about in `docs`.

    Args:
        environ: As the application has it when it starts its response.
        script_name: The server's prefix, which is in no template.
        path_info: The path behind it.
    """
    rule = environ.get(TOLD_ROUTE)
    if rule is None:
        rule = getattr(getattr(environ.get("werkzeug.request"), "url_rule", None), "rule", None)
    if rule is None:
        return None
    # A dispatcher moves its own prefix from PATH_INFO to SCRIPT_NAME. A prefix that comes from elsewhere, such as a
    # proxy's header, is no part of the application, and clients might choose it.
    inner_name, inner_path = environ.get("SCRIPT_NAME", ""), environ.get("PATH_INFO", "")
    is_mounted = inner_name + inner_path == script_name + path_info
    return (inner_name.removeprefix(script_name) if is_mounted else "") + str(rule)


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
