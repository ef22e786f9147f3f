"""There is a place for one more as long as anybody only waits, and what is not fetched stays bounded."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from logship.expose.limits import Places


class Client:
    def __init__(self, unsent: int = 0) -> None:
        self.unsent = unsent
        self.is_dropped = False

    def drop(self) -> None:
        self.is_dropped = True

    def unsent_bytes(self) -> int:
        return self.unsent


def test_the_one_that_waited_longest_gives_way() -> None:
    places = Places(lambda: 3)
    clients = [Client() for _ in range(4)]
    for client in clients[:3]:
        assert places.admit(client)
    places.wait(clients[0])
    assert places.admit(clients[3])
    assert [client.is_dropped for client in clients] == [False, True, False, False]


def test_answers_under_way_never_give_way() -> None:
    places = Places(lambda: 2)
    busy = [Client(), Client()]
    for client in busy:
        assert places.admit(client)
        places.work(client)
    assert not places.admit(Client())
    assert not any(client.is_dropped for client in busy)
    places.leave(busy[0])
    assert places.admit(Client())


def test_of_answers_that_are_not_fetched_the_oldest_go_but_never_the_latest() -> None:
    places = Places(lambda: 9, most_unsent_bytes=100)
    clients = [Client(60), Client(0), Client(60), Client(500)]
    for client in clients:
        assert places.admit(client)
    places.bound_unsent(clients[3])
    assert [client.is_dropped for client in clients] == [True, False, True, False]


@given(st.lists(st.tuples(st.sampled_from(["admit", "wait", "work", "leave"]), st.integers(0, 9)), max_size=60))
def test_there_are_never_more_than_there_may_be(steps: list[tuple[str, int]]) -> None:
    places, clients, inside = Places(lambda: 4), [Client() for _ in range(10)], set[int]()
    busy: set[int] = set()
    for step, number in steps:
        if step == "admit" and number not in inside:
            clients[number].is_dropped = False
            if places.admit(clients[number]):
                inside.add(number)
            else:
                assert len(busy) == 4
        elif step != "admit" and number in inside:
            getattr(places, step)(clients[number])
            (busy.add if step == "work" else busy.discard)(number)
            inside -= {number} if step == "leave" else set()
        inside = {each for each in inside if not clients[each].is_dropped}
        assert not any(clients[each].is_dropped for each in busy)
        assert len(places) == len(inside) <= 4
