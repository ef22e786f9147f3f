"""What a framework calls the user comes in, the id for the record goes out; no database is asked."""

from __future__ import annotations

from collections.abc import Iterable

NAMES = ("user", "facilitator")
"""Under which authentication leaves who asked; the second is the first user's."""

ID_ATTRIBUTES = ("id", "pk", "identity", "username")


def id_of(candidates: Iterable[object]) -> object:
    """Return the id of the first candidate that is somebody, or None."""
    for user in candidates:
        if user is None or not getattr(user, "is_authenticated", True):
            continue
        if isinstance(user, str | int):
            return user
        for attribute in ID_ATTRIBUTES:
            value = user.get(attribute) if isinstance(user, dict) else _attribute(user, attribute)
            if value is not None:
                return value
    return None


def _attribute(user: object, name: str) -> object:
    try:
        return getattr(user, name, None)
    except NotImplementedError:  # Starlette's BaseUser declares `identity` without having one
        return None
