"""Generations that are not open are known again by their bytes; what is sought is never forgotten."""

from __future__ import annotations

import tracemalloc

from logship.model import FileKey, Position
from logship.read.identity import excerpt
from logship.read.known import MAX_KNOWN, Known, KnownGenerations

CONTENT = b"one\ntwo\nthree\n"
HERE, ELSEWHERE = FileKey(1, 10), FileKey(1, 11)


def at(offset: int, key: FileKey = HERE, content: bytes = CONTENT) -> Position:
    counted = content[:offset]
    return Position("combined.log", key, offset, len(content), excerpt(counted), excerpt(counted[-256:]))


def read_at(offset: int, length: int) -> bytes:
    return CONTENT[offset : offset + length]


def test_a_file_is_taken_once_for_the_generation_that_was_last_seen_in_it() -> None:
    known = KnownGenerations({}, {1: at(4)})
    taken = known.take(HERE, read_at)
    assert taken is not None
    assert (taken.number, taken.position) == (1, at(4))
    assert known.take(HERE, read_at) is None


def test_the_same_bytes_in_another_file_are_a_new_file_unless_they_are_sought() -> None:
    known = KnownGenerations({1: at(4)}, {})
    assert known.take(ELSEWHERE, read_at) is None
    (sought,) = known.sought()
    assert known.take(ELSEWHERE, read_at, sought) == sought
    assert known.sought() == []


def test_a_reused_inode_with_other_bytes_proves_nothing() -> None:
    known = KnownGenerations({}, {1: at(4, content=b"uno\n")})
    assert known.take(HERE, read_at) is None


def test_of_several_generations_in_one_file_the_latest_that_fits_is_taken() -> None:
    known = KnownGenerations({}, {1: at(4), 2: at(8), 3: at(8, content=b"another\n")})
    assert [taken.number for _ in range(2) if (taken := known.take(HERE, read_at))] == [2, 1]


def test_an_ended_generation_of_which_nothing_was_counted_is_forgotten() -> None:
    known = KnownGenerations({}, {1: at(0)})
    assert known.take(HERE, read_at) is None


def test_a_sought_generation_of_which_nothing_was_counted_is_kept() -> None:
    known = KnownGenerations({1: at(0)}, {})
    assert [each.number for each in known.sought()] == [1]


def test_what_was_given_up_is_still_known_when_it_comes_by_itself() -> None:
    known = KnownGenerations({1: at(4)}, {})
    known.give_up(1)
    assert known.sought() == []
    taken = known.take(HERE, read_at)
    assert taken is not None
    assert taken.number == 1


def test_what_is_parked_can_be_sought_again_and_what_is_unknown_cannot() -> None:
    known = KnownGenerations({}, {})
    known.park(Known(1, at(4)))
    assert known.sought() == []
    assert known.seek(1)
    assert [each.number for each in known.sought()] == [1]
    assert not known.seek(2)


def test_a_generation_is_held_once_whatever_becomes_of_it() -> None:
    known = KnownGenerations({1: at(4)}, {1: at(4)})
    known.park(Known(1, at(4)))
    known.add(Known(1, at(8)))
    taken = known.take(HERE, read_at)
    assert taken is not None
    assert taken.position.offset == 8
    assert known.take(HERE, read_at) is None


def test_memory_is_bounded_by_what_ended_and_never_at_the_cost_of_what_is_followed() -> None:
    many = 3 * MAX_KNOWN
    known = KnownGenerations(
        {number: at(4, FileKey(1, number)) for number in range(many)},
        {many + number: at(4, FileKey(2, number)) for number in range(many)},
    )
    for number in range(many):
        known.park(Known(2 * many + number, at(4, FileKey(3, number))))
    assert len(known.sought()) == many
    assert all(known.take(FileKey(3, number), read_at) for number in range(many)), "parked ones are all there"
    ended = [number for number in range(many) if known.take(FileKey(2, number), read_at)]
    assert ended == list(range(many - MAX_KNOWN, many)), "the latest ones"
    for each in known.sought():
        known.give_up(each.number)
    assert len([number for number in range(many) if known.take(FileKey(1, number), read_at)]) == MAX_KNOWN


def test_a_generation_that_ended_takes_little_memory() -> None:
    many = 2000
    tracemalloc.start()
    try:
        known = KnownGenerations({}, {})
        for number in range(many):
            known.add(Known(number, at(4, FileKey(1, number), b"%09d" % number)))
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert taken / many < 700, "a dict for each in an index would make it 820"
    assert known.take(FileKey(1, 0), lambda _offset, _length: b"0000"), "and it is still known"


def test_of_those_that_begin_alike_each_can_go_and_the_others_stay() -> None:
    known = KnownGenerations({}, {number: at(4, FileKey(1, number)) for number in (1, 2, 3)})
    for number in (2, 3, 1):
        assert known.recognise(CONTENT, len(CONTENT), read_at)
        known.drop(number)
    assert not known.recognise(CONTENT, len(CONTENT), read_at)
