"""Names and passwords are checked as rarely as can be, one after the other, and no answer tells who exists."""

from __future__ import annotations

import asyncio
import base64
import threading
from collections.abc import Callable

import bcrypt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from logship.expose.access import has_password
from logship.expose.passwords import MOST_REMEMBERED, MOST_WAITING, BusyError, Passwords, credentials

USERS = {"alice": "hash of a", "bob": "hash of b"}


def header(name: str, password: str) -> bytes:
    return b"Basic " + base64.b64encode(f"{name}:{password}".encode())


class Hashes:
    """Matches `a` with `hash of a`, and notes what was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[bytes, bytes]] = []

    def __call__(self, password: bytes, hashed: bytes) -> bool:
        self.asked.append((password, hashed))
        return hashed == b"hash of " + password


def tried(matches: Callable[[bytes, bytes], bool], *headers: bytes) -> list[bool]:
    async def one_by_one() -> list[bool]:
        passwords = Passwords(matches)
        return [await passwords.are_right(each, USERS) for each in headers]

    return asyncio.run(one_by_one())


def test_a_user_with_the_password_is_right_and_nobody_else() -> None:
    pairs = [("alice", "a"), ("bob", "b"), ("alice", "b"), ("alice", ""), ("eve", "a"), ("", ""), ("Alice", "a")]
    assert tried(Hashes(), *(header(*pair) for pair in pairs)) == [True, True] + 5 * [False]


def test_the_same_is_not_checked_again_whether_right_or_wrong() -> None:
    hashes = Hashes()
    assert tried(hashes, *(3 * [header("alice", "a"), header("alice", "x"), header("eve", "a")])) == (
        3 * [True, False, False]
    )
    assert len(hashes.asked) == 3


def test_an_unknown_name_costs_a_check_as_a_wrong_password_does() -> None:
    hashes = Hashes()
    tried(hashes, header("eve", "x"))
    assert [hashed in {b"hash of a", b"hash of b"} for _, hashed in hashes.asked] == [True]


def test_who_was_nobody_is_let_in_when_made_a_user_of_the_same_hash_and_the_other_way_round() -> None:
    async def before_and_after() -> list[bool]:
        passwords = Passwords(Hashes())
        given = [header("alice", "a"), header("eve", "a")]
        users = [{"alice": "hash of a"}, {"eve": "hash of a"}]
        return [await passwords.are_right(each, known) for known in users for each in given]

    assert asyncio.run(before_and_after()) == [True, False, False, True]


def test_guesses_do_not_push_out_who_is_right() -> None:
    hashes = Hashes()
    guesses = [header("alice", f"x{number}") for number in range(MOST_REMEMBERED + 1)]
    tried(hashes, header("alice", "a"), *guesses, header("alice", "a"))
    assert hashes.asked.count((b"a", b"hash of a")) == 1


def test_what_is_checked_is_no_longer_than_bcrypt_looks() -> None:
    hashes = Hashes()
    tried(hashes, header("alice", "x" * 100))
    assert hashes.asked[0][0] == b"x" * 72


def test_one_is_checked_at_a_time_some_wait_and_more_are_sent_away_but_who_is_known_is_not() -> None:
    at_work, most = [0], [0]
    go_on = threading.Event()

    def slow(password: bytes, hashed: bytes) -> bool:
        at_work[0] += 1
        most[0] = max(most[0], at_work[0])
        if password.startswith(b"x"):
            assert go_on.wait(20)
        at_work[0] -= 1
        return hashed == b"hash of " + password

    async def flood() -> tuple[bool, int]:
        passwords = Passwords(slow)
        assert await passwords.are_right(header("alice", "a"), USERS)
        guesses = [
            asyncio.create_task(passwords.are_right(header("bob", f"x{number}"), USERS))
            for number in range(MOST_WAITING + 5)
        ]
        await asyncio.sleep(0)
        is_known = await passwords.are_right(header("alice", "a"), USERS)
        go_on.set()
        ended = await asyncio.gather(*guesses, return_exceptions=True)
        return is_known, sum(isinstance(each, BusyError) for each in ended)

    assert asyncio.run(flood()) == (True, 5)
    assert most[0] == 1


@pytest.mark.parametrize(
    "authorization",
    [
        b"",
        b"Basic",
        b"Basic ",
        b"Basic !!!!",
        b"Basic YQ==",
        b"Bearer YTpi",
        b"YTpi",
        b"Basic \xff",
        b"Basic YTpi YTpi",
    ],
)
def test_what_holds_no_credentials_names_nobody(authorization: bytes) -> None:
    assert credentials(authorization) == (b"", b"")


def test_the_scheme_may_be_written_otherwise_and_the_password_may_hold_colons() -> None:
    assert credentials(b"  bAsIc   " + base64.b64encode(b"a:b:c")) == (b"a", b"b:c")


@given(st.binary(max_size=100))
def test_any_bytes_are_refused_or_understood(authorization: bytes) -> None:
    assert tried(Hashes(), authorization) == [False]


@pytest.mark.parametrize("prefix", ["2a", "2b", "2y"])
def test_hashes_of_every_tool_are_understood(prefix: str) -> None:
    made = bcrypt.hashpw(b"secret", bcrypt.gensalt(4)).decode()
    stored = f"${prefix}{made[3:]}".encode()
    assert has_password(b"secret", stored)
    assert not has_password(b"Secret", stored)
    assert not has_password(b"secret\0", stored)
