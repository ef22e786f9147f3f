"""What happened to a followed file is decided on values alone."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from logship.read.identity import MARKER_BYTES
from logship.read.rotation import Content, Held, Seen, can_let_go, classify, names_like, usual_names

LINGER = 30.0


@pytest.mark.parametrize(
    ("held", "seen", "content"),
    [
        pytest.param((0, b""), (0, b""), Content.UNCHANGED, id="empty and still empty"),
        pytest.param((0, b""), (5, b""), Content.GROWN, id="first bytes"),
        pytest.param((4, b"abc\n"), (4, b"abc\n"), Content.UNCHANGED, id="nothing new"),
        pytest.param((4, b"abc\n"), (8, b"abc\n"), Content.GROWN, id="more"),
        pytest.param((4, b"abc\n"), (0, b""), Content.REPLACED, id="cut to nothing"),
        pytest.param((4, b"abc\n"), (2, b"ab"), Content.REPLACED, id="cut short"),
        pytest.param((4, b"abc\n"), (4, b"xyz\n"), Content.REPLACED, id="cut and regrown to the same size"),
        pytest.param((4, b"abc\n"), (9, b"xyz\n"), Content.REPLACED, id="cut and regrown past the offset"),
        pytest.param((4, b"abc\n"), (9, b"\0\0\0\0"), Content.REPLACED, id="writer went on at its old offset"),
    ],
)
def test_content_is_judged_by_size_and_marker(
    held: tuple[int, bytes], seen: tuple[int, bytes], content: Content
) -> None:
    assert classify(Held(*held, modified_ns=1), Seen(*seen, modified_ns=2)) is content


@st.composite
def read_up_to_some_offset(draw: st.DrawFn) -> tuple[bytes, int]:
    content = draw(st.binary(max_size=3 * MARKER_BYTES))
    return content, draw(st.integers(0, len(content)))


def _held(content: bytes, offset: int) -> Held:
    return Held(offset, content[:offset][-MARKER_BYTES:], modified_ns=0)


def _seen(content: bytes, held: Held) -> Seen:
    return Seen(len(content), content[held.offset - len(held.marker) : held.offset], modified_ns=0)


@given(read_up_to_some_offset(), st.binary(max_size=50))
def test_appending_is_never_taken_for_replacing(read: tuple[bytes, int], more: bytes) -> None:
    content, offset = read
    held = _held(content, offset)
    expected = Content.GROWN if len(content + more) > offset else Content.UNCHANGED
    assert classify(held, _seen(content + more, held)) is expected


@given(read_up_to_some_offset(), st.binary(max_size=3 * MARKER_BYTES))
def test_other_bytes_before_the_offset_are_a_replacement(read: tuple[bytes, int], other: bytes) -> None:
    content, offset = read
    held = _held(content, offset)
    assume(len(other) < offset or other[:offset][-MARKER_BYTES:] != held.marker)
    assert classify(held, _seen(other, held)) is Content.REPLACED


@given(read_up_to_some_offset())
def test_a_time_of_change_alone_proves_nothing(read: tuple[bytes, int]) -> None:
    content, offset = read
    held = _held(content, offset)
    seen = _seen(content, held)
    assert classify(held, seen) is classify(held, Seen(seen.size, seen.marker, modified_ns=99))


@pytest.mark.parametrize(
    ("gone_for", "idle_for", "goes"),
    [
        (0, 0, False),
        (LINGER, 0, False),
        (0, LINGER, False),
        (29.9, 99, False),
        (99, 29.9, False),
        (LINGER, LINGER, True),
    ],
)
def test_a_file_goes_when_its_name_is_gone_and_it_is_quiet_for_long_enough(
    gone_for: float, idle_for: float, *, goes: bool
) -> None:
    assert can_let_go(gone_for=gone_for, idle_for=idle_for, linger=LINGER) is goes


@given(st.floats(0, 1e6), st.floats(0, 1e6), st.floats(0, 1e6), st.floats(0, 1e6))
def test_waiting_longer_never_forbids_letting_go(gone: float, idle: float, more: float, linger: float) -> None:
    if can_let_go(gone_for=gone, idle_for=idle, linger=linger):
        assert can_let_go(gone_for=gone + more, idle_for=idle + more, linger=linger)


@pytest.mark.parametrize(
    ("live", "rotated", "likely", "unlikely"),
    [
        ("app.log", "app.log.2", ["app.log.1", "app.log.10", "app.log.3.gz"], ["app.log", "app.log.1.bak", "app1.log"]),
        ("app.log", "app.log.2.gz", ["app.log.1", "app.log.3.zst"], ["app.log.gz"]),
        ("app.log", "app-20261123.log", ["app-20261124.log", "app-20261122.log.gz"], ["app-2.log", "app-x.log"]),
        ("app.log", "app.log-20261123", ["app.log-20261124"], ["app.log-1", "app.log.1"]),
        ("app.log", "app-2026-11-23T10.log", ["app-2026-11-24T09.log.xz"], ["app-2026-11.log"]),
        ("heroes2.log", "heroes2.log.1", ["heroes2.log.2"], ["heroes3.log.1", "heroes22.log.1"]),
        ("app.log.1", "app.log.12", ["app.log.3"], ["app.log.x"]),
        ("combined.log", "combined2.log", ["combined1.log", "combined3.log.gz"], ["combined.log", "combined-1.log"]),
        ("app.log", "a+b.1", ["a+b.2"], ["aab.2"]),
    ],
)
def test_where_one_file_went_shows_what_others_are_called(
    live: str, rotated: str, likely: list[str], unlikely: list[str]
) -> None:
    names = names_like(f"/var/log/{live}", f"/var/log/{rotated}")
    assert names is not None
    for name in (*likely, rotated):
        assert names.fullmatch(f"/var/log/{name}"), name
    for name in unlikely:
        assert not names.fullmatch(f"/var/log/{name}"), name


@pytest.mark.parametrize("rotated", ["app.log.old", "app.log", "archive.log.gz"])
def test_a_name_without_a_number_shows_nothing_of_others(rotated: str) -> None:
    assert names_like("/var/log/app.log", f"/var/log/{rotated}") is None


def test_without_anything_known_names_are_those_of_logrotate() -> None:
    names = usual_names("/var/log/app.log")
    assert all(names.fullmatch(f"/var/log/app.log{each}") for each in (".1", ".12.gz", "-20261123", "-20261123.zst"))
    assert not any(names.fullmatch(f"/var/log/app{each}") for each in (".log", ".log.old", "2.log", "-20261123.log"))
