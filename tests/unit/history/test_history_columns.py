"""Columns in the history: kept by their layout, answered like samples."""

from __future__ import annotations

import math
from array import array
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mendwatch.history import tables
from mendwatch.history.memory import Bounds, MemoryHistory
from mendwatch.history.sources import COLUMN, NUMBER, ROW
from mendwatch.model.samples import Columns, Layout, MetricSpec, Sample
from mendwatch.model.targets import Target

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
USAGE = MetricSpec("powerscale_quota_usage_bytes", "Usage that the limits apply to.", unit="bytes", labels=("path",))
LIMIT = MetricSpec("powerscale_quota_limit_bytes", "The limit.", unit="bytes", labels=("path",))
PROD = Target("prod", "onefs", "https://prod:8080", {"site": "muc"})

#: A shared machine stalls for longer than a property's default deadline.
unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def history(bounds: Bounds | None = None) -> MemoryHistory:
    made = MemoryHistory(bounds) if bounds else MemoryHistory()
    made.declare("cluster", (USAGE, LIMIT))
    return made


def layout(*paths: str) -> Layout:
    return Layout((spec.name, (path,)) for spec in (USAGE, LIMIT) for path in paths)


def columns(of: Layout, *values: float) -> Columns:
    return Columns(of, array("d", values) if len(values) % 2 else list(values), absent=sum(map(math.isnan, values)))


def put(to: MemoryHistory, *given: Columns, minutes_ago: float = 0, samples: tuple[Sample, ...] = ()) -> None:
    to.append(PROD, "cluster", samples, NOW - timedelta(minutes=minutes_ago), source="quotas", columns=given)


def found(of: MemoryHistory, selector: str = '{cluster="prod"}') -> dict[tuple[str, str], tuple[int, float, float, float]]:
    """Give, for each series, how many numbers, the least, the largest and the last."""
    answer = of.query(selector, since=HOUR, now=NOW, limit=1000)
    return {(one.metric, one.labels["path"]): (one.count, one.min, one.max, one.last) for one in answer.series}


def test_columns_are_answered_like_samples() -> None:
    kept, same = history(), layout("/a", "/b")
    for minutes, values in ((2, (1.0, 2.0, 10.0, 20.0)), (1, (3.0, 4.0, 10.0, 20.0))):
        put(kept, columns(same, *values), minutes_ago=minutes)
    assert found(kept) == {
        (USAGE.name, "/a"): (2, 1, 3, 3),
        (USAGE.name, "/b"): (2, 2, 4, 4),
        (LIMIT.name, "/a"): (2, 10, 10, 10),
        (LIMIT.name, "/b"): (2, 20, 20, 20),
    }
    assert found(kept, f'{USAGE.name}{{path="/b"}}') == {(USAGE.name, "/b"): (2, 2, 4, 4)}
    assert (kept.series_count, kept.sample_count, kept.dropped) == (4, 8, 0)


def test_nan_is_no_sample_and_not_dropped_and_an_infinity_is() -> None:
    kept = history()
    put(kept, columns(layout("/a", "/b"), 1.0, math.nan, math.nan, math.inf))
    assert found(kept) == {(USAGE.name, "/a"): (1, 1, 1, 1)}
    assert (kept.series_count, kept.sample_count, kept.dropped) == (1, 1, 1)


@pytest.mark.parametrize(
    "then",
    [
        (math.nan, 2.0, 3.0, 4.0),
        (1.0, math.nan, 3.0, 4.0),
        (math.nan, math.nan, 3.0, 4.0),
        (1.0, 2.0, 3.0, 4.0),
        (math.nan, 2.0, 1e308, 1e308),
    ],
)
def test_numbers_are_absent_where_they_are_absent_now_and_not_where_they_were_before(then: tuple[float, ...]) -> None:
    kept, of = history(), layout("/a", "/b")
    put(kept, columns(of, math.nan, 2.0, 3.0, 4.0), minutes_ago=2)
    put(kept, columns(of, *then), minutes_ago=1)
    answers = [kept.query(spec.name, since=timedelta(seconds=90), now=NOW).series for spec in (USAGE, LIMIT)]
    found = {one.last for series in answers for one in series}
    assert found == {value for value in then if not math.isnan(value)}


def test_numbers_whose_sum_no_float_holds_are_kept() -> None:
    kept = history()
    put(kept, columns(layout("/a"), 1e308, 1.7e308))
    assert found(kept)[LIMIT.name, "/a"] == (1, 1.7e308, 1.7e308, 1.7e308)


def test_the_mean_of_the_largest_floats_is_one_of_them() -> None:
    kept, same, largest = history(), layout("/a"), 1.7976931348623157e308
    for minutes in range(3):
        put(kept, columns(same, largest, -largest), minutes_ago=minutes)
    series = kept.query('{cluster="prod"}', since=HOUR, now=NOW).series
    assert [one.mean for one in series] == [largest, -largest]


def test_the_time_of_the_source_is_not_looked_at() -> None:
    kept = history()
    put(kept, Columns(layout("/a"), [1.0, 2.0], [0.0, 1e12]))
    (one, _) = kept.query('{cluster="prod"}', since=HOUR, now=NOW).series
    assert one.last_at == NOW


def test_a_poll_of_absent_numbers_is_no_poll() -> None:
    kept, same = history(), layout("/a")
    put(kept, columns(same, 1.0, 2.0), minutes_ago=1)
    put(kept, columns(same, math.nan, math.nan))
    assert (kept.sample_count, kept.series_count) == (2, 2)
    assert kept.query(USAGE.name, since=HOUR, now=NOW).series[0].last_at == NOW - HOUR / 60


@pytest.mark.parametrize("merged", [0, 10_000])
def test_a_series_goes_on_when_the_layout_changes(merged: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "_MERGED", merged)
    kept = history()
    for minutes, paths in ((4, "ab"), (3, "ab"), (2, "bca"), (1, "a"), (0, "xyzabc")):
        put(kept, columns(layout(*paths), *(float(ord(path) * 10 - minutes) for path in paths * 2)), minutes_ago=minutes)
    seen = {path: one for (metric, path), one in found(kept).items() if metric == USAGE.name}
    assert {path: one[0] for path, one in seen.items()} == {"a": 5, "b": 4, "c": 2, "x": 1, "y": 1, "z": 1}
    assert all(one[3] == ord(path) * 10 for path, one in seen.items())
    assert kept.sample_count == 2 * 14


def test_samples_and_columns_of_one_poll_are_kept_side_by_side() -> None:
    kept, same = history(), layout("/a")
    third = (Sample(USAGE.name, 5.0, ("/c",)),)
    for minutes in (1, 0):
        put(kept, columns(same, 1.0, 2.0), columns(layout("/b"), 3.0, 4.0), minutes_ago=minutes, samples=third)
    counts = {path: one[0] for (metric, path), one in found(kept).items() if metric == USAGE.name}
    assert counts == {"/a": 2, "/b": 2, "/c": 2}


def test_what_was_not_declared_is_dropped_and_the_rest_of_the_layout_kept() -> None:
    kept, odd = history(), Layout([("unheard_of", ("/a",)), (USAGE.name, ("/a",)), (LIMIT.name, ("/a", "one too many"))])
    for minutes in (1, 0):
        put(kept, columns(odd, 1.0, 2.0, 3.0), minutes_ago=minutes)
    assert found(kept) == {(USAGE.name, "/a"): (2, 2, 2, 2)}
    assert kept.dropped == 4


def test_what_is_no_number_is_dropped() -> None:
    kept = history()
    put(kept, Columns(layout("/a"), ["1", 2.0]))  # type: ignore[list-item]
    assert found(kept) == {(LIMIT.name, "/a"): (1, 2, 2, 2)}
    assert kept.dropped == 1


def test_columns_are_forgotten_and_counted_like_samples() -> None:
    kept, same = history(Bounds(size=3 * (ROW + 2 * NUMBER) + 2 * COLUMN)), layout("/a")
    for minutes in range(10, 0, -1):
        put(kept, columns(same, 1.0, float(minutes)), minutes_ago=minutes)
    assert (kept.sample_count, found(kept)[LIMIT.name, "/a"]) == (6, (3, 1, 3, 1))
    old = history(Bounds(age=HOUR))
    put(old, columns(same, 1.0, 2.0), minutes_ago=120)
    old.append(PROD, "cluster", (), NOW)
    assert (old.sample_count, old.series_count) == (0, 0)


def test_a_layout_that_was_seen_is_not_compared_again() -> None:
    kept, same = history(), layout("/a", "/b")
    for minutes in (3, 2, 1):
        put(kept, columns(same, 1.0, 2.0, 3.0, 4.0), minutes_ago=minutes)
    (source,) = kept._targets["prod"].sources.values()
    assert source.newest.labels is same.labels
    assert len(source.tables) == 1


@unhurried
@given(
    st.lists(
        st.tuples(
            st.lists(st.sampled_from("abcdef"), min_size=1, unique=True),
            st.sampled_from([0, 3, 10_000]),
            st.lists(st.floats(), min_size=12, max_size=12),
        ),
        min_size=1,
        max_size=8,
    )
)
def test_any_polls_of_columns_are_answered_as_if_they_were_samples(made: list[tuple[list[str], int, list[float]]]) -> None:
    one, two = history(), history()
    with pytest.MonkeyPatch.context() as patch:
        for minutes, (paths, merged, numbers) in enumerate(made):
            patch.setattr(tables, "_MERGED", merged)
            given_columns = columns(layout(*paths), *numbers[: 2 * len(paths)])
            put(one, given_columns, minutes_ago=30 - minutes)
            put(two, minutes_ago=30 - minutes, samples=tuple(given_columns.samples()))
    assert found(one) == found(two)
    assert (one.sample_count, one.series_count) == (two.sample_count, two.series_count)
