"""What is known of writing processes is a commutative sum; what cannot be remembered is told as lost."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from logship.measure import Tally, Word, Writer, in_flight, merge, runs_of
from logship.measure.runs import size
from logship.measure.writers import MAX_GAPS, MAX_WRITERS, SILENT_SECONDS

Seen = dict[str, set[int]]

seen = st.dictionaries(st.sampled_from("abc"), st.sets(st.integers(1, 40), min_size=1))
words = st.none() | st.builds(Word, st.integers(1, 40), st.integers(0, 9))
writers = st.builds(
    lambda numbers, *more: Writer(runs_of((each, each) for each in numbers), (min(numbers), max(numbers)), *more),
    st.sets(st.integers(1, 40), min_size=1),
    words,
    words,
    st.none() | st.floats(1, 60),
)
known = st.dictionaries(st.sampled_from("abc"), writers)


def writer_of(*numbers: int) -> Writer:
    return Writer(runs_of((each, each) for each in numbers), (min(numbers), max(numbers)))


def tally_of(numbers: Seen) -> Tally:
    return Tally(writers={boot_id: writer_of(*each) for boot_id, each in numbers.items()})


def missing(parts: list[Seen]) -> int:
    """Return how many numbers lie between the first and the last seen of each process, and were not seen."""
    lost = 0
    for boot_id in "abc":
        held = set().union(*(part.get(boot_id, set()) for part in parts))
        lost += max(held) - min(held) + 1 - len(held) if held else 0
    return lost


@given(known, known, known)
def test_merging_is_commutative_and_associative(
    one: dict[str, Writer], two: dict[str, Writer], three: dict[str, Writer]
) -> None:
    first, second, third = (Tally(writers=each) for each in (one, two, three))
    assert merge(first, second) == merge(second, first)
    assert merge(merge(first, second), third) == merge(first, merge(second, third))
    assert merge(first, first) == first, "what is seen twice is seen once"


@given(st.lists(seen))
def test_what_is_missing_at_the_end_is_what_plain_sets_miss(parts: list[Seen]) -> None:
    total = Tally()
    for part in parts:
        total.add(tally_of(part))
    total.settle()
    assert total.lost_lines == missing(parts)
    total.settle()
    assert total.lost_lines == missing(parts), "a loss is told once"


@given(seen, seen)
def test_what_was_told_as_lost_and_comes_after_all_is_neither_taken_back_nor_told_again(one: Seen, other: Seen) -> None:
    total = tally_of(one)
    total.settle()
    told = total.lost_lines
    for boot_id, numbers in one.items():
        total.add(tally_of({boot_id: set(range(min(numbers), max(numbers) + 1))}))
    total.settle()
    assert total.lost_lines == told
    total.add(tally_of(other))
    total.settle()
    assert told <= total.lost_lines <= told + missing([one, other])


def test_a_gap_counts_between_records_below_level_error_alone() -> None:
    """`error.log` has those of error and above: who reads nothing else misses all others, and nothing is lost."""
    total = Tally(writers={"a": Writer(runs_of([(3, 3), (9, 9), (20, 20)]))})
    total.settle()
    assert total.lost_lines == 0
    total.add(Tally(writers={"a": Writer(((1, 2), (12, 12)), (1, 12))}))
    total.settle()
    assert total.lost_lines == len({4, 5, 6, 7, 8, 10, 11})


def test_what_came_before_the_first_record_seen_is_not_known_to_be_lost() -> None:
    total = Tally(writers={"a": Writer(((1000, 1010),), (1000, 1010))})
    total.settle()
    assert total.lost_lines == 0


def test_too_many_processes_are_forgotten_the_longest_silent_first_and_their_gaps_told() -> None:
    total = Tally()
    for number in range(MAX_WRITERS + 10):
        total.add(Tally(writers={f"p{number}": writer_of(1, 3)}))
    total.add(Tally(writers={"p0": writer_of(4, 6)}))
    total.bound_writers()
    assert len(total.writers) == MAX_WRITERS
    assert "p0" in total.writers, "it was heard of last"
    assert "p10" not in total.writers
    assert total.lost_lines == 10
    total.settle()
    assert total.lost_lines == MAX_WRITERS + 10 + 1, "all gaps are told in the end, each once"


def test_too_many_gaps_are_told_the_lowest_of_the_longest_silent_process_first() -> None:
    total = Tally(writers={"old": writer_of(*range(1, 21, 2)), "new": writer_of(*range(1, 2 * MAX_GAPS, 2))})
    gaps_before = 9 + MAX_GAPS - 1
    total.bound_writers()
    assert total.lost_lines == gaps_before - MAX_GAPS
    assert total.writers["old"].runs == ((1, 17), (19, 19))
    assert size(total.writers["new"].gaps) == MAX_GAPS - 1
    total.settle()
    assert total.lost_lines == gaps_before


@given(st.lists(known, max_size=6))
def test_within_the_limits_nothing_is_told_early(parts: list[dict[str, Writer]]) -> None:
    total = Tally()
    for part in parts:
        total.add(Tally(writers=part))
        total.bound_writers()
    assert total.lost_lines == 0


def alive(value: int, at: float, heartbeat: float | None = None) -> Writer:
    return Writer(((1, 5),), (1, 5), Word(5, value), Word(5, at), heartbeat)


def test_requests_in_flight_are_those_of_all_processes_that_are_not_silent() -> None:
    held = {"a": alive(2, 1000.0), "b": alive(3, 990.0), "c": Writer(((1, 5),), (1, 5), None, Word(5, 1000.0))}
    assert in_flight(held, 1000.0, 1000.0) == 5
    assert in_flight(held, 990.0 + SILENT_SECONDS, 0.0) == 5
    assert in_flight(held, 991.0 + SILENT_SECONDS, 0.0) == 2
    assert in_flight(held, 5000.0, 0.0) == 0


def test_a_process_with_a_heartbeat_may_miss_two() -> None:
    assert in_flight({"a": alive(2, 1000.0, 100.0)}, 1300.0, 0.0) == 2
    assert in_flight({"a": alive(2, 1000.0, 100.0)}, 1301.0, 0.0) == 0
    assert in_flight({"a": alive(2, 1000.0, 5.0)}, 1016.0, 0.0) == 0


def test_no_word_of_requests_in_flight_is_no_number() -> None:
    assert in_flight({}, 0.0, 0.0) is None
    assert in_flight({"a": writer_of(1, 2)}, 0.0, 0.0) is None


def test_the_latest_word_counts_by_its_number_not_by_its_place() -> None:
    late, early = (Writer(((number, number),), None, Word(number, number)) for number in (9, 4))
    assert late.plus(early).in_flight == early.plus(late).in_flight == Word(9, 9)


def test_a_process_whose_records_have_no_time_is_as_old_as_the_newest_record() -> None:
    assert in_flight({"a": alive(2, 0.0)}, 1000.0, 990.0) == 2
    assert in_flight({"a": alive(2, 0.0)}, 1000.0, 900.0) == 0
