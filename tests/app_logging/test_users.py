from __future__ import annotations

from typing import Any

import pytest

from app_logging.users import id_of


class User:
    def __init__(self, *, is_authenticated: bool = True, **attributes: Any) -> None:
        self.is_authenticated = is_authenticated
        vars(self).update(attributes)


class WithoutIdentity:
    is_authenticated = True
    username = "diana"

    @property
    def identity(self) -> str:
        raise NotImplementedError


@pytest.mark.parametrize(
    ("candidates", "found"),
    [
        ((), None),
        ((None,), None),
        ((User(id=17),), 17),
        ((User(is_authenticated=False, id=17),), None),
        ((User(),), None),
        ((User(pk=3),), 3),
        ((WithoutIdentity(),), "diana"),
        (("u-17",), "u-17"),
        (({"id": 5},), 5),
        ((None, User(is_authenticated=False, id=1), User(id=2), User(id=3)), 2),
    ],
)
def test_the_first_who_is_somebody_is_found_by_the_usual_attributes(candidates: Any, found: object) -> None:
    assert id_of(candidates) == found
