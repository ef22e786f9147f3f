"""What can be set about request logging, the same for every middleware."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, Generic, TypedDict, TypeVar

from app_logging.settings import SettingsError

Request = TypeVar("Request")
"""What a host's hooks are given: ASGI's scope, WSGI's environ, Django's request."""

PROBES = frozenset({"/healthz", "/livez", "/readyz", "/metrics", "/favicon.ico"})
"""What machines ask for all day; a record of each would drown those of people."""

SLOW_SECONDS = 1.0
"""Who waits longer than a second notices it."""


class RequestOptions(TypedDict, Generic[Request], total=False):
    """The keyword arguments of a middleware.

    Attributes:
        user: Returns who asked, when the application has answered; None means nobody. By default, what
            authentication has left in the usual places is looked up, without asking a database.
        exclude: Exact paths, without the server's prefix, that get no record; they still count as active.
        sample: Exact path or route template to the share that is recorded, one out of a whole number, such as 0.01.
            Failures and slow requests are always recorded, and bear no `sample_rate`.
        slow_seconds: What is longer than this is slow.
        trusted_proxies: Addresses and networks whose `X-Forwarded-For` is believed; "unix" for a Unix socket.
        extra: Returns fields of your own for the record, from the request and the status.
        clock: Seconds that never go backwards.
    """

    user: Callable[[Request], object] | None
    exclude: Collection[str]
    sample: Mapping[str, float]
    slow_seconds: float
    trusted_proxies: Iterable[str]
    extra: Callable[[Request, int], Mapping[str, Any] | None] | None
    clock: Callable[[], float]


def checked_paths(exclude: object) -> frozenset[str]:
    """Return the paths as a set.

    Raises:
        SettingsError: It is one text, or holds something that is no path.
    """
    is_list = isinstance(exclude, Collection) and not isinstance(exclude, str)
    paths: list[Any] = list(exclude) if is_list else [exclude]  # type: ignore[call-overload] # just asked
    for path in paths:
        if not is_list or not isinstance(path, str) or not path.startswith("/"):
            raise SettingsError("exclude", path, "argument", 'give a list of exact paths, such as ["/healthz"]')
    return frozenset(paths)


def checked_seconds(slow_seconds: object) -> float:
    """Return the number.

    Raises:
        SettingsError: It is none, or is negative.
    """
    if isinstance(slow_seconds, bool) or not isinstance(slow_seconds, int | float) or not slow_seconds >= 0:
        raise SettingsError("slow_seconds", slow_seconds, "argument", "it must be a number of seconds, 0 or more")
    return slow_seconds
