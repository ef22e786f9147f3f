"""Gaps are the times in which nothing was logged for unusually long, wherever they lie, whatever the chunks."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from logship.replay.gaps import SHORTEST_SECONDS, UNUSUAL_TIMES, Coverage, Gap


def times(lines: bytes) -> list[float]:
    told = lines[:-1].split(b"\n")
    return [float(each) for each in (told[0], told[-1]) if each]


def see(coverage: Coverage, lines: bytes) -> None:
    coverage.see(lines, times(lines), times)


def seen(at: Sequence[float], size: int) -> Coverage:
    coverage = Coverage()
    for start in range(0, len(at), size):
        see(coverage, b"".join(b"%r\n" % each for each in at[start : start + size]))
    return coverage


def every(step: float, start: float, end: float) -> list[float]:
    return [start + number * step for number in range(int((end - start) / step) + 1)]


def test_a_gap_within_a_chunk_and_one_between_chunks_are_found() -> None:
    at = [*every(0.5, 0, 100), *every(0.5, 400, 500), *every(0.5, 1000, 1100)]
    for size in (1, 7, 50, 201, 1000):
        assert seen(at, size).gaps() == [Gap(100, 400), Gap(500, 1000)]


def test_what_is_usual_is_no_gap() -> None:
    slow = every(90, 0, 90_000)
    assert seen(slow, 10).gaps() == []
    assert seen([*slow, *every(90, 120_000, 150_000)], 10).gaps() == [Gap(90_000, 120_000)]


def test_files_that_overlap_leave_no_gap() -> None:
    coverage = Coverage()
    for at in (every(1, 0, 1000), every(1, 5000, 6000), every(1, 900, 5100)):
        see(coverage, b"".join(b"%r\n" % each for each in at))
    assert coverage.gaps() == []


def test_lines_without_a_time_do_not_hide_a_gap() -> None:
    coverage = Coverage()
    see(coverage, b"\n".join([b"1.0"] * 50 + [b""] + [b"600.0"] * 50) + b"\n")
    assert coverage.gaps() == [Gap(1.0, 600.0)]


def test_lines_without_a_time_make_no_gap() -> None:
    coverage = Coverage()
    for start in (0, 200, 400):
        lines = [b"", *(b"%r" % each for each in every(1, start, start + 199)), b""]
        see(coverage, b"\n".join(lines) + b"\n")
    assert coverage.gaps() == []


def test_a_chunk_that_begins_with_long_lines_is_no_trouble() -> None:
    coverage = Coverage()
    at = [number * 100 for number in range(2000)]
    lines = [b"%d." % each + b"0" * (9000 if number < 3 else 1) for number, each in enumerate(at)]
    see(coverage, b"\n".join(lines) + b"\n")
    assert coverage.gaps() == []


def test_nothing_has_no_gaps() -> None:
    assert Coverage().gaps() == []
    assert seen([5.0], 1).gaps() == []


def test_endless_sparse_logs_take_bounded_memory() -> None:
    at = [float(number * 200) for number in range(25_000)]
    coverage = seen(at, 100)
    assert len(coverage._starts) <= 10_100
    assert coverage.gaps() == []


@given(st.lists(st.integers(0, 5000).map(float), min_size=1, max_size=60), st.integers(1, 20))
def test_all_times_are_covered_and_no_gap_is_where_one_is(at: list[float], size: int) -> None:
    rising = sorted(at)
    gaps = seen(rising, size).gaps()
    assert not any(gap.start < each < gap.end for gap in gaps for each in rising)
    assert all(gap.seconds > SHORTEST_SECONDS and {gap.start, gap.end} <= set(rising) for gap in gaps)


@given(st.floats(0.01, 100), st.integers(150, 500), st.integers(1, 149), st.integers(1, 200))
def test_the_one_gap_of_a_steady_log_is_found_wherever_chunks_end(
    step: float, lines: int, place: int, size: int
) -> None:
    silence = max(SHORTEST_SECONDS, UNUSUAL_TIMES * step) * 1.1
    at = [number * step + (silence if number >= place else 0.0) for number in range(lines)]
    (gap,) = seen(at, size).gaps()
    assert (gap.start, gap.end) == (at[place - 1], at[place])
