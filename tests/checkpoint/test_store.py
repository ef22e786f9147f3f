"""What was committed comes back, whole or not at all; a file that is not ours, or not sound, is never changed."""

from __future__ import annotations

import gzip
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from words import powerless

from logship.checkpoint import Ledger, NoStore, SqliteStore, move_aside, salvage
from logship.checkpoint.rows import all_series
from logship.checkpoint.schema import APPLICATION_ID, SCHEMA_VERSION, VERSIONS
from logship.checkpoint.store import MAX_ENDED, Change, Saved
from logship.errors import StateDamagedError, StateError
from logship.measure import Admission, Series, Tally, Verdict, Word, Writer, merge, runs_of
from logship.model import Excerpt, FileKey, LabelSet, Position, Reason

BUCKETS = (0.1, 1.0)

texts = st.text(max_size=20)  # any character but surrogates, which no decoded line holds
numbers = st.integers(0, 2**63 - 1)
huge = st.integers(0, 10**40)
times = st.floats(0, 4e9)
series = st.builds(
    lambda requests, buckets, sum_ns, max_ns: Series(requests, tuple(buckets), sum_ns, max_ns, {}),
    numbers,
    st.lists(numbers, min_size=3, max_size=3),
    huge,
    huge,
)
small = st.integers(1, 2**48)
words = st.none() | st.builds(Word, small, st.integers(0, 10**9))
writers = st.builds(
    lambda edges, *more: Writer(runs_of(zip(edges[::2], edges[1::2], strict=True)), (edges[0], edges[-1]), *more),
    st.lists(small, min_size=2, max_size=2, unique=True).map(sorted)
    | st.lists(small, min_size=6, max_size=6, unique=True).map(sorted),
    words,
    words,
    st.none() | st.floats(0.1, 3600),
)
tallies = st.builds(
    lambda span, **parts: Tally(**parts, first_event=span and min(span), last_event=span and max(span)),
    st.none() | st.tuples(times, times),
    series=st.dictionaries(st.builds(LabelSet, texts, texts, texts), series, max_size=4),
    messages=st.builds(Counter, st.dictionaries(texts, numbers, max_size=3)),
    exceptions=st.builds(Counter, st.dictionaries(texts, numbers, max_size=3)),
    not_request=numbers,
    rejected=st.builds(Counter, st.dictionaries(st.sampled_from(Reason), numbers)),
    folded=numbers,
    read_bytes=numbers,
    lost_bytes=numbers,
    lost_lines=numbers,
    dropped=numbers,
    unlogged=numbers,
    checks=st.dictionaries(texts, st.builds(Verdict, times, st.booleans()), max_size=4),
    writers=st.dictionaries(texts, writers | st.just(Writer(((1, 1),))), max_size=4),
)
constants = st.dictionaries(texts, texts, min_size=1, max_size=2).map(lambda labels: tuple(sorted(labels.items())))
tallies_by_source = st.builds(
    lambda tally, parts: replace(tally, parts={labels: replace(part, writers={}) for labels, part in parts.items()}),
    tallies,
    st.dictionaries(constants, tallies, max_size=2),
)
paths = texts | st.binary(min_size=1, max_size=20).map(os.fsdecode)
places = st.builds(
    lambda path, key, offset, more, head, marker, source: Position(
        path, key, offset, offset + more, Excerpt(min(offset, 1024), head), Excerpt(min(offset, 256), marker), source
    ),
    paths,
    st.builds(FileKey, st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1)),
    st.integers(0, 2**62),
    st.integers(0, 2**40),
    st.binary(min_size=16, max_size=16),
    st.binary(min_size=16, max_size=16),
    texts,
)
generations = st.dictionaries(st.integers(1, 2**40), places, max_size=4)


def at(offset: int, path: str = "combined.log") -> Position:
    return Position(path, FileKey(1, 2), offset, offset, Excerpt(min(offset, 9), b"h" * 16), Excerpt(1, b"m" * 16))


def tally_of(route: str, requests: int = 1, buckets: int = 3) -> Tally:
    counts = (requests, *(0 for _ in range(buckets - 1)))
    return Tally(series={LabelSet("GET", route, "200"): Series(requests, counts, 7, 7, {})}, read_bytes=10 * requests)


def change(tally: Tally, positions: Mapping[int, Position] | None = None, **more: Mapping[int, Position]) -> Change:
    series = all_series(tally)
    return Change(tally, series, dict.fromkeys(series, 5.0), positions or {}, more.get("ended", {}))


@contextmanager
def opened(path: Path, buckets: tuple[float, ...] = BUCKETS) -> Iterator[SqliteStore]:
    store = SqliteStore(str(path), buckets=buckets)
    store.open()
    try:
        yield store
    finally:
        store.close()


def load(path: Path, buckets: tuple[float, ...] = BUCKETS) -> Saved:
    with opened(path, buckets) as store:
        return store.load()


def bytes_of(path: Path) -> dict[str, bytes]:
    """Return the file and its write-ahead log; that may come into being empty, and its index at will."""
    files = (path, path.with_name(f"{path.name}-wal"))
    return {each.name: content for each in files if each.exists() and (content := each.read_bytes())}


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state.db"


@given(tallies_by_source, generations, generations)
@settings(max_examples=60)
def test_any_tally_and_any_positions_come_back(
    tally: Tally, positions: dict[int, Position], ended: dict[int, Position]
) -> None:
    with tempfile.TemporaryDirectory() as directory:
        state = Path(directory) / "state.db"
        with opened(state) as store:
            store.write(change(tally, positions, ended=ended))
        saved = load(state)
        assert saved.tally == tally
        assert saved.created == dict.fromkeys(all_series(tally), 5.0)
        assert saved.positions == {number: each for number, each in positions.items() if number not in ended}
        assert saved.ended == ended


def test_a_new_file_holds_nothing(state: Path) -> None:
    assert load(state) == Saved() == NoStore().load()


def test_an_empty_file_begins_anew(state: Path) -> None:
    state.touch()
    assert load(state) == Saved()


def test_a_commit_writes_only_the_rows_that_changed(state: Path) -> None:
    with opened(state) as store:
        ledger = Ledger(Admission(), store)
        database = store._database
        assert database is not None
        first = Tally(messages=Counter({f"level{number}": 1 for number in range(50)}))
        first.series = {LabelSet("GET", f"/{number}", "200"): Series(1, (1, 0, 0), 1, 1, {}) for number in range(100)}
        ledger.commit(first, {number: at(10) for number in range(1, 101)})
        before = database.total_changes
        ledger.commit(tally_of("/7"), {**{number: at(10) for number in range(1, 101)}, 3: at(20)})
        assert database.total_changes - before == 3, "one series, one position, the bytes read"
        before = database.total_changes
        ledger.commit(Tally(), {number: at(10) if number != 3 else at(20) for number in range(1, 101)})
        assert database.total_changes == before
    with opened(state) as store:
        ledger = Ledger(Admission(), store)
        ledger.restore()
        database = store._database
        assert database is not None
        before = database.total_changes
        ledger.commit(Tally(), dict(ledger.published.positions))
        assert database.total_changes - before < 70, (
            "positions that did not move are not written after a restart either"
        )


def test_a_creation_time_stays_what_it_was(state: Path) -> None:
    clock = iter([100.0, 200.0, 300.0])
    with opened(state) as store:
        ledger = Ledger(Admission(), store, now=lambda: next(clock))
        ledger.commit(tally_of("/a"), {})
        ledger.commit(tally_of("/a"), {})
    with opened(state) as store:
        ledger = Ledger(Admission(), store, now=lambda: next(clock))
        ledger.restore()
        ledger.commit(tally_of("/a"), {})
        assert ledger.published.created == {((), LabelSet("GET", "/a", "200")): 100.0}
    assert load(state).created == {((), LabelSet("GET", "/a", "200")): 100.0}
    assert load(state).tally.requests == 3


def test_generations_that_ended_are_kept_up_to_a_bound_the_latest_ones(state: Path) -> None:
    with opened(state) as store:
        store.write(change(Tally(), {1: at(5)}, ended={number: at(5) for number in range(2, MAX_ENDED + 50)}))
    saved = load(state)
    assert saved.positions == {1: at(5)}
    assert sorted(saved.ended) == list(range(50, MAX_ENDED + 50))


_HOLDER = """
import sys
from logship.checkpoint import SqliteStore
store = SqliteStore(sys.argv[1], buckets=(0.1, 1.0))
store.open()
print("open", flush=True)
sys.stdin.read()
"""


@contextmanager
def held_by_another_process(state: Path) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", _HOLDER, str(state)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n"
        yield process
        process.kill()


@pytest.mark.parametrize("is_linked", [False, True], ids=["by its name", "through a link"])
def test_a_second_process_is_refused_and_told_who_holds_the_file(state: Path, *, is_linked: bool) -> None:
    link = state.with_name("link.db")
    link.symlink_to(state)
    with held_by_another_process(state) as process:
        with pytest.raises(StateError, match=f"in use by process {process.pid};"):
            load(link if is_linked else state)
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert load(state) == Saved(), "the lock is gone with its process"


def test_a_lock_that_is_a_link_is_refused(state: Path) -> None:
    victim = state.with_name("victim")
    victim.write_text("precious")
    Path(f"{state}.lock").symlink_to(victim)
    with pytest.raises(StateError, match="cannot be used"):
        load(state)
    assert victim.read_text() == "precious"


def test_a_refusal_lets_go_of_the_lock(state: Path) -> None:
    state.write_text("no database at all, but long enough to be looked at as if it could be one" * 20)
    for _ in range(2):
        with pytest.raises(StateDamagedError, match="damaged or no state file"):
            load(state)


def test_a_file_of_a_newer_version_is_refused_unchanged_with_a_remedy(state: Path) -> None:
    with opened(state) as store:
        store.write(change(tally_of("/a")))
    with closing(sqlite3.connect(state)) as database:
        database.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    before = bytes_of(state)
    with pytest.raises(StateError, match=r"newer logship .* run that version, or give another --state"):
        load(state)
    assert bytes_of(state) == before


def test_a_foreign_database_is_refused_unchanged(state: Path) -> None:
    with closing(sqlite3.connect(state)) as database:
        database.execute("CREATE TABLE precious (thing TEXT)")
        database.execute("INSERT INTO precious VALUES ('ring')")
        database.commit()
    before = bytes_of(state)
    with pytest.raises(StateError, match="no state file of logship; give another --state"):
        load(state)
    assert bytes_of(state) == before


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Return the bytes of a state file with a write-ahead log, as a kill leaves them."""
    state = tmp_path_factory.mktemp("sound") / "state.db"
    with opened(state) as store:
        ledger = Ledger(Admission(), store)
        for number in range(40):
            writers = {f"{number:012x}": Writer(((1, 5), (7, 9)), (1, 9), Word(9, 3), Word(9, 5.5))}
            ledger.commit(replace(tally_of(f"/{number}"), writers=writers), {number + 1: at(10)})
        assert store._database is not None
        store._database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        ledger.commit(replace(tally_of("/last"), messages=Counter(info=3)), {1: at(20)}, {2: at(30)})
        return {suffix: Path(f"{state}{suffix}").read_bytes() for suffix in ("", "-wal")}


def put(directory: Path, files: Mapping[str, bytes]) -> Path:
    state = directory / "state.db"
    for suffix, content in files.items():
        Path(f"{state}{suffix}").write_bytes(content)
    return state


def is_sound(saved: Saved) -> bool:
    """Return whether what was loaded has the shape that the rest of the program relies on."""
    numbers = [number for each in saved.tally.series.values() for number in (each.requests, *each.buckets)]
    places = [*saved.positions.values(), *saved.ended.values()]
    return (
        all(type(number) is int and number >= 0 for number in numbers)
        and all(len(each.buckets) == len(BUCKETS) + 1 for each in saved.tally.series.values())
        and all(0 <= each.marker.length <= each.offset for each in places)
    )


def test_what_a_kill_leaves_is_loaded_whole(tmp_path: Path, sound: dict[str, bytes]) -> None:
    saved = load(put(tmp_path, sound))
    assert saved.tally.requests == 41
    assert saved.positions[1] == at(20)
    assert saved.ended == {2: at(30)}


@pytest.mark.parametrize("suffix", ["", "-wal"])
def test_damage_anywhere_is_refused_unchanged_or_harmless_and_never_a_crash(
    tmp_path: Path, sound: dict[str, bytes], suffix: str
) -> None:
    chance = random.Random(20261123)  # noqa: S311 - the same damage each time
    refused = 0
    for number in range(250):
        damaged = bytearray(sound[suffix])
        start = number * 8 if number < 20 else chance.randrange(len(damaged))
        for at_byte in range(start, min(len(damaged), start + chance.choice([1, 1, 8, 200]))):
            damaged[at_byte] ^= chance.randrange(1, 256)
        directory = tmp_path / str(number)
        directory.mkdir()
        state = put(directory, {**sound, suffix: bytes(damaged)})
        before = bytes_of(state)
        try:
            saved = load(state)
        except StateError:
            refused += 1
            assert bytes_of(state) == before
        else:
            assert is_sound(saved)
    assert suffix or refused >= 10


@pytest.mark.parametrize("share", [0.001, 0.02, 0.3, 0.5, 0.9, 0.999])
def test_a_file_cut_short_is_refused_unchanged(tmp_path: Path, sound: dict[str, bytes], share: float) -> None:
    state = put(tmp_path, {"": sound[""][: int(len(sound[""]) * share)]})
    before = bytes_of(state)
    with pytest.raises(StateDamagedError, match="salvage"):
        load(state)
    assert bytes_of(state) == before


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE series SET buckets = '[1, 2'",
        "UPDATE series SET buckets = '[1]'",
        "UPDATE series SET buckets = '[1, -2, 3]'",
        "UPDATE series SET buckets = '{}'",
        "UPDATE series SET sum_ns = 'many'",
        "UPDATE series SET requests = -1",
        "UPDATE series SET requests = 'x'",
        "UPDATE series SET created = 'x'",
        "UPDATE series SET route = CAST(x'ff' AS TEXT)",
        "UPDATE counts SET name = 'series' WHERE name = 'folded'",
        "INSERT INTO counts VALUES ('', 'rejected', 'whim', 1)",
        "INSERT INTO counts VALUES ('', 'messages', 'info', -1)",
        "UPDATE generations SET inode = 'x'",
        "UPDATE generations SET offset = -5",
        "UPDATE generations SET marker_bytes = offset + 1",
        "UPDATE generations SET head_bytes = 'x'",
        "UPDATE generations SET marker = 'text'",
        "INSERT OR REPLACE INTO facts VALUES ('', 'first_event', 'noon')",
        "UPDATE writers SET runs = '[[5, 1]]'",
        "UPDATE writers SET runs = '[[1, 2], [3, 4]]'",
        "UPDATE writers SET runs = '[]'",
        "UPDATE writers SET runs = 'x'",
        "UPDATE writers SET last = 'x'",
        "UPDATE writers SET heard = 'x'",
        "UPDATE writers SET in_flight_seq = -1",
        "UPDATE writers SET heartbeat_seconds = 'often'",
        "DROP TABLE facts",
        "ALTER TABLE series RENAME TO lost",
        "PRAGMA user_version = 0",
    ],
)
def test_values_that_no_tailer_writes_are_damage(state: Path, damage: str) -> None:
    with opened(state) as store:
        tally = replace(tally_of("/a"), writers={"b": Writer(((1, 9),), (1, 9), Word(9, 3), Word(9, 5.5), 10.0)})
        store.write(change(tally, {1: at(10)}))
    with closing(sqlite3.connect(state)) as database:
        database.execute(damage)
        database.commit()
    before = bytes_of(state)
    with pytest.raises(StateDamagedError, match="salvage"):
        load(state)
    assert bytes_of(state) == before


VERSION_1 = Path(__file__).parent.parent / "data" / "state-v1.db.gz"
"""A state file as the first release wrote it."""


def test_a_file_of_the_first_version_keeps_everything_and_gets_what_it_lacks(state: Path) -> None:
    state.write_bytes(gzip.decompress(VERSION_1.read_bytes()))
    with opened(state) as store:
        ledger = Ledger(Admission(), store)
        ledger.restore()
        before = ledger.published
        assert before.tally.series[LabelSet("GET", "/api/heroes/:id", "200")].sum_ns == 12_345_678_901
        assert (before.tally.requests, before.tally.lines, before.tally.lost_bytes) == (9, 22, 17)
        assert before.tally.messages == {"info": 20, "error": 2}
        assert [position.offset for position in before.positions.values()] == [4000]
        assert list(ledger.ended) == [1]
        ledger.commit(Tally(lost_lines=3, writers={"b": Writer(((1, 9),), (1, 9))}), {})
    saved = load(state)
    assert saved.tally == merge(before.tally, Tally(lost_lines=3, writers={"b": Writer(((1, 9),), (1, 9))}))
    with closing(sqlite3.connect(state)) as database:
        assert database.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)


def test_series_of_a_file_without_numbers_get_them_and_go_on(state: Path) -> None:
    with closing(sqlite3.connect(state)) as database:
        database.executescript("".join(VERSIONS[:4]))
        rows = [("", "GET", route, "200", 1, "[1, 0, 0]", "7", "7", 5.0) for route in ("/a", "/b", "/c")]
        database.executemany("INSERT INTO series VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
        database.execute("INSERT INTO facts VALUES ('', 'buckets', '[0.1, 1.0]')")
        database.executescript(f"PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = 4;")
    with opened(state) as store:
        assert store.load().tally.requests == 3
        store.write(change(merge(tally_of("/b", 5), tally_of("/d", 6))))
    saved = load(state)
    assert saved.tally.series.keys() == {LabelSet("GET", route, "200") for route in ("/a", "/b", "/c", "/d")}
    assert sorted(each.requests for each in saved.tally.series.values()) == [1, 1, 5, 6]
    assert set(saved.created.values()) == {5.0}


def test_a_series_of_a_commit_that_failed_is_written_with_the_next(state: Path) -> None:
    unfit = at(5)._replace(offset=cast("int", None))
    with opened(state) as store:
        store.write(change(tally_of("/a")))
        with pytest.raises(StateError):
            store.write(change(tally_of("/b", 2), {1: unfit}))
        store.write(change(tally_of("/c", 3)))
        store.write(change(tally_of("/b", 4)))
    saved = load(state)
    assert {labels.route: each.requests for labels, each in saved.tally.series.items()} == {"/a": 1, "/b": 4, "/c": 3}


def test_series_that_another_program_took_away_are_told_and_nothing_is_written(state: Path) -> None:
    with opened(state) as store:
        store.write(change(tally_of("/a")))
        with closing(sqlite3.connect(state)) as stranger, stranger:
            stranger.execute("DELETE FROM series")
        with pytest.raises(StateError, match="changed by another program while in use; move it out of the way"):
            store.write(change(tally_of("/a", 2), {1: at(5)}))
    assert load(state).positions == {}


def test_a_file_of_the_first_version_is_salvaged_whole(state: Path) -> None:
    state.write_bytes(gzip.decompress(VERSION_1.read_bytes()))
    target = state.with_name("saved.db")
    assert salvage(str(state), str(target)).damaged == ()
    assert load(target).tally.requests == 9


def test_processes_that_are_forgotten_are_forgotten_in_the_file_and_only_changes_are_written(state: Path) -> None:
    with opened(state) as store:
        writers = {f"p{number}": Writer(((1, 9),), (1, 9), None, Word(9, number)) for number in range(50)}
        store.write(change(Tally(writers=writers)))
        assert store._database is not None
        before = store._database.total_changes
        writers = {**writers, "p7": Writer(((1, 10),), (1, 10), None, Word(10, 70))}
        del writers["p3"]
        store.write(change(Tally(writers=writers)))
        assert store._database.total_changes - before == 2
    saved = load(state).tally.writers
    assert saved == writers
    assert next(iter(saved)) == "p0", "the longest silent one"
    assert list(saved)[-1] == "p7"


def test_a_directory_in_the_place_of_the_file_is_refused(state: Path) -> None:
    state.mkdir()
    with pytest.raises(StateError, match=r"state\.db"):
        load(state)


def test_a_directory_that_is_missing_or_may_not_be_written_is_refused() -> None:
    with powerless() as directory:
        with pytest.raises(StateError, match=r"state\.db.*No such file"):
            load(directory / "missing" / "state.db")
        directory.chmod(0o500)
        with pytest.raises(StateError, match=r"state\.db.*Permission denied"):
            load(directory / "state.db")
        directory.chmod(0o700)


def test_other_buckets_begin_durations_anew_and_keep_requests(state: Path) -> None:
    with opened(state) as store:
        ledger = Ledger(Admission(), store)
        ledger.commit(tally_of("/a", 3), {1: at(10)})
        ledger.commit(tally_of("/idle", 2), {})
    other = (0.5, 1.0, 2.0, 4.0)
    with opened(state, other) as store:
        ledger = Ledger(Admission(), store)
        ledger.restore()
        assert ledger.published.tally.requests == 5
        assert {(each.buckets, each.sum_ns) for each in ledger.published.tally.series.values()} == {((0,) * 5, 0)}
        assert ledger.published.positions == {1: at(10)}
        ledger.commit(tally_of("/a", 1, buckets=5), {})
        published = ledger.published.tally
    assert load(state, other).tally == published, "series that were idle since then are not left in the old buckets"
    assert load(state, other).tally.requests == 6


def test_moving_aside_takes_what_belongs_to_the_file_and_leaves_room_for_a_new_one(
    tmp_path: Path, sound: dict[str, bytes]
) -> None:
    state = put(tmp_path, sound)
    aside = move_aside(str(state), "20261123T064158")
    assert Path(aside).read_bytes() == sound[""]
    assert Path(f"{aside}-wal").read_bytes() == sound["-wal"]
    assert load(state) == Saved()
    assert load(Path(aside)).tally.requests == 41


def test_a_store_that_is_not_open_says_so(state: Path) -> None:
    with pytest.raises(StateError, match="is not open"):
        SqliteStore(str(state), buckets=BUCKETS).load()


class FailingStore(SqliteStore):
    """A store whose disk is full for a while."""

    is_full = False

    def write(self, change: Change) -> None:
        if self.is_full:
            raise StateError("disk is full")
        super().write(change)


@pytest.fixture
def failing(state: Path) -> Iterator[FailingStore]:
    store = FailingStore(str(state), buckets=BUCKETS)
    store.open()
    yield store
    store.close()


def test_what_could_not_be_written_is_written_with_the_next_commit_that_succeeds(
    state: Path, failing: FailingStore
) -> None:
    told: list[str] = []
    clock = iter(range(100, 200))
    ledger = Ledger(Admission(), failing, now=lambda: float(next(clock)), failed=told.append)
    ledger.commit(tally_of("/a"), {1: at(10), 2: at(10)})
    failing.is_full = True
    ledger.commit(tally_of("/b", 2), {1: at(20), 3: at(5)})
    ledger.commit(tally_of("/c", 3), {1: at(30)}, {2: at(15)})
    assert ledger.published.tally.requests == 6, "counting and serving go on"
    assert ledger.published.saved_at == 100.0
    assert told == ["disk is full"] * 2
    failing.is_full = False
    ledger.commit(tally_of("/a"), {1: at(40)})
    assert ledger.published.saved_at == 103.0
    failing.close()
    saved = load(state)
    assert saved.tally == ledger.published.tally
    assert saved.positions == {1: at(40), 3: at(5)}
    assert saved.ended == {2: at(15)}
    assert saved.created == ledger.published.created


def test_an_end_that_could_not_be_written_and_was_taken_back_is_not_written_later(
    state: Path, failing: FailingStore
) -> None:
    """The generation was known again before the disk had room."""
    ledger = Ledger(Admission(), failing)
    ledger.commit(tally_of("/a"), {1: at(10)})
    failing.is_full = True
    ledger.commit(Tally(), {}, {1: at(10)})
    ledger.commit(tally_of("/a"), {1: at(20)})
    failing.is_full = False
    ledger.commit(tally_of("/a"), {1: at(30)})
    failing.close()
    saved = load(state)
    assert (saved.positions, saved.ended) == ({1: at(30)}, {})


def test_a_file_that_may_not_be_written_any_more_fails_the_commit_and_is_written_when_it_may() -> None:
    with powerless() as directory:
        state = directory / "state.db"
        with opened(state) as store:
            told: list[str] = []
            ledger = Ledger(Admission(), store, failed=told.append)
            ledger.commit(tally_of("/a"), {1: at(10)})
            assert store._database is not None
            store._database.execute("PRAGMA query_only = ON")
            ledger.commit(tally_of("/b"), {1: at(20)})
            assert len(told) == 1
            assert "cannot write" in told[0]
            store._database.execute("PRAGMA query_only = OFF")
            ledger.commit(Tally(), {1: at(20)})
        assert load(state).tally == ledger.published.tally


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """Give a file system of 256 KiB."""
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(tmp_path)], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip("file systems cannot be mounted here")
    yield tmp_path
    subprocess.run(["umount", "-l", str(tmp_path)], check=True)


def test_a_disk_that_is_really_full_takes_nothing_back_and_recovers(tiny_disk: Path) -> None:
    state, ballast = tiny_disk / "state.db", tiny_disk / "ballast"
    told: list[str] = []
    with opened(state) as store:
        ledger = Ledger(Admission(), store, failed=told.append)
        ledger.commit(tally_of("/a"), {1: at(10)})
        fill(ballast)
        for number in range(60):
            ledger.commit(tally_of(f"/{number}{'x' * 200}"), {1: at(20 + number)})
        assert told
        assert ledger.published.tally.requests == 61
        ballast.unlink()
        ledger.commit(tally_of("/a"), {1: at(100)})
        count = len(told)
        ledger.commit(tally_of("/a"), {1: at(110)})
        assert len(told) == count
    saved = load(state)
    assert saved.tally == ledger.published.tally
    assert saved.positions == {1: at(110)}


def test_a_full_disk_at_the_start_is_one_error(tiny_disk: Path) -> None:
    fill(tiny_disk / "ballast")
    with pytest.raises(StateError, match=r"state\.db"):
        load(tiny_disk / "state.db")


def fill(path: Path) -> None:
    write: Callable[[bytes], int]
    with path.open("wb", buffering=0) as file:
        write = file.write
        for size in (4096, 1):
            try:
                while write(b"x" * size) == size:
                    pass
            except OSError:
                continue


def test_a_file_that_a_kill_in_the_very_first_start_left_without_tables_is_begun(tmp_path: Path) -> None:
    path = str(tmp_path / "state.db")
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode = WAL")
    store = SqliteStore(path, buckets=BUCKETS)
    store.open()
    assert store.load().tally == Tally()
    store.close()
