"""Samples of own metrics are a commutative sum; the limits before it keep totals, and do not depend on the division."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from logship.measure import Admission, Dated, OwnLabel, OwnMetric, OwnMetrics, OwnValue, Sample, Tally, merge
from logship.model import OTHER, OwnKey

keys = st.builds(OwnKey, st.sampled_from(["m", "n"]), st.tuples(st.sampled_from("abcd"), st.sampled_from("xyz")))
dated = st.none() | st.builds(Dated, st.floats(0, 9), st.floats(-5, 5))
samples = st.builds(Sample, st.integers(0, 9), st.integers(0, 10**20), st.tuples(st.integers(0, 9)), dated)
seen = st.lists(st.tuples(keys, samples), max_size=8)


def tally_of(records: list[tuple[OwnKey, Sample]]) -> Tally:
    """Add one by one."""
    tally = Tally()
    for key, sample in records:
        tally = merge(tally, Tally(own={key: sample}))
    return tally


@given(seen, seen)
def test_merging_equals_having_counted_both_in_any_order(
    one: list[tuple[OwnKey, Sample]], other: list[tuple[OwnKey, Sample]]
) -> None:
    both = tally_of(one + other)
    assert merge(tally_of(one), tally_of(other)) == both
    assert merge(tally_of(other), tally_of(one)) == both


def test_of_values_at_the_same_time_the_greatest_is_shown() -> None:
    early, low, high = (Sample(1, 0, (), Dated(*each)) for each in ((1.0, 9.0), (2.0, 3.0), (2.0, 4.0)))
    assert early.plus(high).plus(low).latest == Dated(2.0, 4.0)


def admitted(records: list[tuple[OwnKey, Sample]], cuts: set[int], max_series: int, max_values: int) -> Tally:
    """Return what is held when the records come in the changes that `cuts` make of them."""
    admission, held, change = Admission(max_series, max_values), Tally(), Tally()
    for number, (key, sample) in enumerate(records):
        change.add(Tally(own={key: sample}))
        if number in cuts or number == len(records) - 1:
            held.add(admission.admit(held, change))
            change = Tally()
    return held


@given(seen, st.sets(st.integers(0, 8)), st.integers(1, 4), st.integers(1, 4))
def test_limits_keep_totals_and_do_not_depend_on_the_division(
    records: list[tuple[OwnKey, Sample]], cuts: set[int], max_series: int, max_values: int
) -> None:
    held = admitted(records, cuts, max_series, max_values)
    assert held == admitted(records, set(), max_series, max_values)
    assert sum(each.total for each in held.own.values()) == sum(sample.total for _, sample in records)
    for metric in ("m", "n"):
        series = {key.values for key in held.own if key.metric == metric}
        assert len(series - {(OTHER, OTHER)}) <= max_series
        assert all(len(set(column) - {OTHER}) <= max_values for column in zip(*series, strict=True))


def test_a_label_with_too_many_values_is_folded_alone_and_counted() -> None:
    records = [(OwnKey("m", (plan, user)), Sample(2, 2)) for plan in "ab" for user in "123"]
    held = admitted(records, set(), 100, 2)
    assert set(held.own) == {OwnKey("m", (plan, user)) for plan in "ab" for user in ("1", "2", OTHER)}
    assert held.folded == 4


def test_a_metric_with_too_many_series_is_folded_with_all_its_labels() -> None:
    records = [(OwnKey("m", (each, each)), Sample(1, 1)) for each in "abcd"]
    held = admitted(records, set(), 2, 100)
    assert held.own == {
        OwnKey("m", ("a", "a")): Sample(1, 1),
        OwnKey("m", ("b", "b")): Sample(1, 1),
        OwnKey("m", (OTHER, OTHER)): Sample(2, 2),
    }
    assert held.folded == 2


def test_series_whose_labels_are_all_known_are_there_from_the_beginning() -> None:
    plans = (OwnLabel("plan", "plan", values=("premium", "none"), default="none"),)
    own = OwnMetrics(
        (
            OwnMetric("bare_total", "counter"),
            OwnMetric("known_total", "counter", labels=plans),
            OwnMetric("open_total", "counter", labels=(*plans, OwnLabel("user", "user"))),
            OwnMetric("seconds", "histogram", value=OwnValue("took"), buckets=(1.0, 2.0)),
            OwnMetric("size", "gauge", value=OwnValue("size")),
        )
    )
    assert own.zeros() == {
        OwnKey("bare_total", ()): Sample(0, 0),
        OwnKey("known_total", ("premium",)): Sample(0, 0),
        OwnKey("known_total", ("none",)): Sample(0, 0),
        OwnKey("seconds", ()): Sample(0, 0, (0, 0, 0)),
    }


def test_a_definition_is_another_one_when_numbers_mean_another_thing_and_only_then() -> None:
    metric = OwnMetric("a_total", "counter", help="one")
    assert metric.definition == OwnMetric("b_total", "counter", help="two").definition
    different = {
        each.definition
        for each in (
            metric,
            OwnMetric("a", "gauge", value=OwnValue("x")),
            OwnMetric("a_total", "counter", value=OwnValue("x")),
            OwnMetric("a_total", "counter", value=OwnValue("x", 0.001)),
            OwnMetric("a_total", "counter", labels=(OwnLabel("l", "x"),)),
            OwnMetric("a_total", "counter", labels=(OwnLabel("l", "x", lower=True),)),
            OwnMetric("a", "histogram", value=OwnValue("x")),
            OwnMetric("a", "histogram", value=OwnValue("x"), buckets=(1.0,)),
        )
    }
    assert len(different) == 8
