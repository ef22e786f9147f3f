from __future__ import annotations

import threading

from app_logging.in_flight import InFlight


def test_each_request_counts_itself() -> None:
    counter = InFlight()
    assert (counter.entered(), counter.entered(), counter.count) == (1, 2, 2)
    assert (counter.left(), counter.left(), counter.count) == (2, 1, 0)


def test_a_request_that_began_before_a_fork_ends_without_harm() -> None:
    counter = InFlight()
    counter.entered()
    counter.after_fork_in_child()
    assert (counter.count, counter.left(), counter.count) == (0, 1, 0)


def test_threads_lose_no_count() -> None:
    counter = InFlight()

    def come_and_go() -> None:
        for _ in range(2000):
            counter.entered()
            counter.left()
        counter.entered()

    threads = [threading.Thread(target=come_and_go, name=f"requests {number}") for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counter.count == 4
