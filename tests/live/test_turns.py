"""Many scrapes ask, one turn serves all that asked before it began."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor, wait

import pytest

from logship.live.turns import TurnGate

DEADLINE = 60.0


class Asked:
    """A gate, and a way to wait until so many have asked."""

    def __init__(self) -> None:
        self._rings = threading.Semaphore(0)
        self.gate = TurnGate(self._rings.release)

    def wait_for(self, askers: int) -> None:
        for _ in range(askers):
            assert self._rings.acquire(timeout=DEADLINE)


@pytest.mark.parametrize("scrapes", [1, 2, 8])
def test_one_turn_serves_all_that_asked_before_it_began(scrapes: int) -> None:
    asked = Asked()
    with ThreadPoolExecutor(scrapes) as pool:
        answers = [pool.submit(asked.gate.freshen, DEADLINE) for _ in range(scrapes)]
        asked.wait_for(scrapes)
        asked.gate.served(asked.gate.begin())
        assert all(answer.result(DEADLINE) for answer in answers)


def test_a_turn_that_began_before_the_question_does_not_serve_it() -> None:
    asked = Asked()
    ticket = asked.gate.begin()
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(asked.gate.freshen, DEADLINE)
        asked.wait_for(1)
        asked.gate.served(ticket)
        done, _ = wait([answer], timeout=0.05)
        assert not done
        asked.gate.served(asked.gate.begin())
        assert answer.result(DEADLINE)


def test_a_question_rings_even_while_a_turn_is_under_way() -> None:
    asked = Asked()
    asked.gate.begin()
    assert asked.gate.freshen(0) is False
    asked.wait_for(1)


def test_the_answer_is_no_when_the_time_is_over_first() -> None:
    assert TurnGate(lambda: None).freshen(0.01) is False


def test_a_turn_within_the_ring_itself_is_seen_at_once() -> None:
    def serve() -> None:
        gate.served(gate.begin())

    gate = TurnGate(serve)
    assert gate.freshen(0) is True


def test_closing_releases_who_waits_and_who_comes_later() -> None:
    asked = Asked()
    with ThreadPoolExecutor(3) as pool:
        answers = [pool.submit(asked.gate.freshen, DEADLINE) for _ in range(3)]
        asked.wait_for(3)
        asked.gate.close()
        assert [answer.result(DEADLINE / 2) for answer in answers] == [False] * 3
    assert asked.gate.freshen(DEADLINE) is False


def test_an_older_turn_never_takes_back_what_a_newer_one_served() -> None:
    rings: list[bool] = []
    gate = TurnGate(lambda: rings.append(True))
    old = gate.begin()
    gate.freshen(0)
    gate.served(gate.begin())
    gate.served(old)
    assert gate._served == gate.begin()
