"""The state file keeps the samples of own metrics exactly, for as long as their definition stays."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from logship.checkpoint import Ledger, SqliteStore, salvage, verify
from logship.checkpoint.schema import APPLICATION_ID, VERSIONS
from logship.errors import StateDamagedError, StateError
from logship.measure import DEFAULT_BUCKETS, Admission, Dated, OwnMetric, OwnMetrics, OwnValue, Sample, Tally
from logship.model import Constant, OwnKey

A = OwnMetric("a_total", "counter")
B = OwnMetric("b_total", "counter")
BOTH = OwnMetrics((A, B))
SERVICE: Constant = (("service", "x"),)

values = st.tuples(st.text(st.characters(exclude_categories=["Cs"]), max_size=4))
finite = st.floats(allow_nan=False, allow_infinity=False)
samples = st.builds(
    Sample,
    st.integers(0, 2**62),
    st.integers(0, 10**40),
    st.lists(st.integers(0, 2**62), max_size=3).map(tuple),
    st.none() | st.builds(Dated, finite, finite),
)
own = st.dictionaries(st.builds(OwnKey, st.sampled_from(["a_total", "b_total"]), values), samples, max_size=5)


def store_of(path: Path, own: OwnMetrics = BOTH) -> SqliteStore:
    store = SqliteStore(str(path), buckets=DEFAULT_BUCKETS, definitions=own.definitions)
    store.open()
    return store


def ledger_of(path: Path, own: OwnMetrics = BOTH) -> Ledger:
    return Ledger(Admission(), store_of(path, own), own=own, now=lambda: 7.0)


def tally_of(plain: Mapping[OwnKey, Sample], labelled: Mapping[OwnKey, Sample]) -> Tally:
    tally = Tally(own=dict(plain))
    if labelled:
        tally.part(SERVICE).own = dict(labelled)
    return tally


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(own, own)
def test_what_was_written_is_read_back_to_the_last_digit(
    tmp_path: Path, plain: dict[OwnKey, Sample], labelled: dict[OwnKey, Sample]
) -> None:
    path = tmp_path / "state.db"
    for suffix in ("", "-wal", "-shm"):
        Path(f"{path}{suffix}").unlink(missing_ok=True)
    ledger = ledger_of(path)
    ledger.restore()
    ledger.commit(tally_of(plain, labelled), {})
    shown = ledger.published
    ledger.close()
    again = ledger_of(path)
    assert again.restore() == ()
    assert again.published.tally.own == shown.tally.own
    assert again.published.tally.part(SERVICE).own == shown.tally.part(SERVICE).own
    assert again.published.created == shown.created
    again.close()


def test_a_file_of_an_older_schema_gets_the_table(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    with closing(sqlite3.connect(path)) as database:
        database.executescript("".join(VERSIONS[:3]))
        database.executescript(f"PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = 3;")
    ledger = ledger_of(path)
    ledger.restore()
    ledger.commit(Tally(own={OwnKey("a_total", ()): Sample(1, 1)}), {})
    ledger.close()
    again = ledger_of(path)
    again.restore()
    assert again.published.tally.own == {OwnKey("a_total", ()): Sample(1, 1)}
    again.close()


def test_another_definition_begins_anew_in_one_transaction_with_the_rest(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    ledger = ledger_of(path)
    ledger.restore()
    ledger.commit(Tally(own={OwnKey("a_total", ()): Sample(5, 5), OwnKey("b_total", ()): Sample(6, 6)}), {})
    ledger.close()
    changed = OwnMetrics((OwnMetric("a_total", "counter", value=OwnValue("x")), B))
    for _ in range(2):  # what was not committed is not changed
        other = ledger_of(path, changed)
        assert other.restore() == ("a_total",)
        assert other.published.tally.own == {OwnKey("b_total", ()): Sample(6, 6)}
        other.close()
    again = ledger_of(path)
    again.restore()
    assert again.published.tally.own[OwnKey("a_total", ())] == Sample(5, 5)
    again.close()
    other = ledger_of(path, changed)
    other.restore()
    other.commit(Tally(own={OwnKey("a_total", ()): Sample(1, 1)}), {})
    other.close()
    last = ledger_of(path, changed)
    assert last.restore() == ()
    assert last.published.tally.own == {OwnKey("a_total", ()): Sample(1, 1), OwnKey("b_total", ()): Sample(6, 6)}
    last.close()


def test_a_commit_that_failed_forgets_with_the_next_one(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    store = store_of(path)
    ledger = Ledger(Admission(), store, own=BOTH)
    ledger.restore()
    ledger.commit(Tally(own={OwnKey("a_total", ("x",)): Sample(5, 5)}), {})
    assert ledger.use_metrics(OwnMetrics((B,))) == ()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("logship.checkpoint.store.count_rows", _fail)
        ledger.commit(Tally(), {})
    assert not ledger.is_saved
    ledger.commit(Tally(), {})
    ledger.close()
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("SELECT count(*) FROM own").fetchone() == (0,)


def _fail(_tally: Tally) -> None:
    raise StateError("no space left")


@pytest.mark.parametrize("column", ["labels", "total", "buckets", "records"])
def test_a_value_that_is_not_ours_is_damage(tmp_path: Path, column: str) -> None:
    path = tmp_path / "state.db"
    ledger = ledger_of(path)
    ledger.restore()
    ledger.commit(Tally(own={OwnKey("a_total", ()): Sample(1, 1)}), {})
    ledger.close()
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute(f"UPDATE own SET {column} = 'x'")  # noqa: S608 - named above
    with pytest.raises(StateDamagedError, match="damaged"):
        store_of(path)


def test_salvage_keeps_own_metrics(tmp_path: Path) -> None:
    path, saved = tmp_path / "state.db", tmp_path / "saved.db"
    ledger = ledger_of(path)
    ledger.restore()
    ledger.commit(Tally(own={OwnKey("a_total", ()): Sample(1, 1)}), {})
    ledger.close()
    assert verify(str(path)) == []
    assert salvage(str(path), str(saved)).rows["own"] == 1
    again = ledger_of(saved)
    again.restore()
    assert again.published.tally.own == {OwnKey("a_total", ()): Sample(1, 1)}
    again.close()
