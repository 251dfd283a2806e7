"""The history in memory: what was appended is summarized exactly, bounded, and explained where it is empty."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mendwatch.errors import UserError
from mendwatch.history.answers import slope_per_hour, summarize
from mendwatch.history.memory import Bounds, MemoryHistory
from mendwatch.model.samples import MetricSpec, Sample
from mendwatch.model.targets import Target

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
USAGE = MetricSpec("powerscale_quota_usage_bytes", "Usage that the limits apply to.", unit="bytes", labels=("path",))
LOAD = MetricSpec("powerscale_node_cpu_busy_ratio", "CPU time spent (node.cpu.idle.avg).", unit="ratio", labels=("node",))
PROD = Target("prod", "onefs", "https://prod:8080", {"site": "muc"})

#: A shared machine stalls for longer than a property's default deadline.
unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def history(bounds: Bounds | None = None) -> MemoryHistory:
    made = MemoryHistory(bounds) if bounds else MemoryHistory()
    made.declare("cluster", (USAGE, LOAD))
    return made


def put(to: MemoryHistory, value: float, *, ago: timedelta = timedelta(0), path: str = "/ifs/a", target: Target = PROD) -> None:
    to.append(target, "cluster", [Sample(USAGE.name, value, (path,))], NOW - ago)


def ask(of: MemoryHistory, selector: str = USAGE.name, **options: int) -> list[tuple[str, float]]:
    answer = of.query(selector, since=HOUR, now=NOW, **options)
    return [(one.labels["path"], one.last) for one in answer.series]


def test_a_series_is_summarized_with_the_time_of_its_maximum() -> None:
    kept = history()
    for minutes, value in ((30, 10.0), (20, 40.0), (10, 10.0), (0, 20.0)):
        put(kept, value, ago=timedelta(minutes=minutes))
    (one,) = kept.query(USAGE.name, since=HOUR, now=NOW).series
    assert (one.count, one.min, one.mean, one.max, one.last) == (4, 10, 20, 40, 20)
    assert (one.first_at, one.max_at, one.last_at) == (NOW - HOUR / 2, NOW - HOUR / 3, NOW)
    assert one.labels == {"cluster": "prod", "site": "muc", "path": "/ifs/a"}
    assert one.slope_per_hour == pytest.approx(0.0)


def test_the_slope_is_in_units_per_hour() -> None:
    assert slope_per_hour([(0.0, 1e15), (1800.0, 1e15 + 5), (3600.0, 1e15 + 10)]) == pytest.approx(10)
    assert slope_per_hour([(0.0, 1.0)]) is None
    assert slope_per_hour([(5.0, 1.0), (5.0, 2.0)]) is None


def test_the_window_includes_both_ends_and_nothing_else() -> None:
    kept = history()
    for ago in (HOUR * 2, HOUR, timedelta(0)):
        put(kept, 1.0, ago=ago)
    assert kept.query(USAGE.name, since=HOUR, now=NOW).series[0].count == 2
    assert kept.query(USAGE.name, since=HOUR, now=NOW - timedelta(seconds=1)).series[0].count == 1


def test_a_range_in_the_selector_wins_and_an_offset_shifts_the_end() -> None:
    kept = history()
    for hours in (3, 2, 1, 0):
        put(kept, float(hours), ago=HOUR * hours)
    assert kept.query(f"{USAGE.name}[150m]", since=HOUR, now=NOW).series[0].count == 3
    shifted = kept.query(f"{USAGE.name}[30m] offset 2h", since=HOUR, now=NOW)
    assert (shifted.start, shifted.end) == (NOW - HOUR * 2.5, NOW - HOUR * 2)
    assert shifted.series[0].last == 2


def test_the_largest_come_first_and_what_is_left_out_is_told() -> None:
    kept = history()
    for n in range(5):
        put(kept, float(n), path=f"/ifs/{n}")
    answer = kept.query(USAGE.name, since=HOUR, now=NOW, limit=2)
    assert [one.labels["path"] for one in answer.series] == ["/ifs/4", "/ifs/3"]
    assert (answer.series_total, answer.shown, answer.truncated, answer.hint) == (5, 2, True, None)
    assert not kept.query(USAGE.name, since=HOUR, now=NOW).truncated


def test_matchers_select_by_the_target_the_operators_labels_and_the_metrics_own() -> None:
    kept = history()
    put(kept, 1.0)
    put(kept, 2.0, path="/ifs/b")
    put(kept, 3.0, target=Target("lab", "onefs", "x"))
    assert ask(kept, 'powerscale_quota_usage_bytes{cluster="prod",path=~"/ifs/b.*"}') == [("/ifs/b", 2.0)]
    assert ask(kept, '{site="",cluster!=""}') == [("/ifs/a", 3.0)]


def test_more_than_a_selector_is_refused_by_name() -> None:
    with pytest.raises(UserError, match=r"rate\(\)"):
        history().query("rate(powerscale_quota_usage_bytes[5m])", since=HOUR, now=NOW)


@pytest.mark.parametrize("selector", ["m[9000y]", "m offset 9000y"])
def test_a_window_before_all_time_is_refused(selector: str) -> None:
    with pytest.raises(UserError, match="calendar"):
        history().query(selector, since=HOUR, now=NOW)


def test_old_samples_are_forgotten_and_their_series_with_them() -> None:
    kept = history(Bounds(age=HOUR))
    put(kept, 1.0, ago=HOUR * 2)
    put(kept, 2.0, path="/ifs/b")
    assert (kept.sample_count, kept.series_count) == (1, 1)


def test_the_number_of_samples_is_bounded_and_the_oldest_go_first() -> None:
    kept = history(Bounds(samples=10))
    for n in range(100):
        put(kept, float(n), ago=timedelta(seconds=100 - n), path=f"/ifs/{n % 3}")
    assert kept.sample_count == 10
    assert {value for _, value in ask(kept)} == {97, 98, 99}
    assert sum(one.count for one in kept.query(USAGE.name, since=HOUR, now=NOW).series) == 10


def test_what_is_no_finite_number_or_was_not_declared_is_dropped_and_counted() -> None:
    kept = history()
    bad: list[Sample] = [Sample(USAGE.name, value, ("/a",)) for value in (math.nan, math.inf, 10**400)]
    bad += [Sample("unheard_of", 1.0), Sample(USAGE.name, 1.0), Sample(USAGE.name, "1", ("/a",))]  # type: ignore[arg-type]
    kept.append(PROD, "cluster", bad, NOW)
    assert (kept.dropped, kept.sample_count) == (6, 0)


@unhurried
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=20))
def test_a_summary_is_always_json(values: list[float]) -> None:
    summary = asdict(summarize("m", {}, [(60.0 * n, value) for n, value in enumerate(values)]))
    json.dumps({name: value for name, value in summary.items() if not name.endswith("_at")}, allow_nan=False)
    assert summary["min"] <= summary["max"]


def hint(of: MemoryHistory, selector: str) -> str:
    answer = of.query(selector, since=HOUR, now=NOW)
    assert (answer.series, answer.series_total) == ((), 0)
    assert answer.hint is not None
    return answer.hint


def test_an_empty_window_tells_how_old_the_last_sample_is() -> None:
    kept = history()
    put(kept, 1.0, ago=HOUR * 3)
    assert hint(kept, USAGE.name) == f"{USAGE.name} exists, but not in this window: its last sample is 3h old"


def test_a_forgotten_metric_tells_when_it_was_last_seen() -> None:
    kept = history(Bounds(age=HOUR))
    put(kept, 1.0, ago=HOUR * 50)
    kept.append(PROD, "cluster", [Sample(LOAD.name, 1.0, ("1",))], NOW)
    assert hint(kept, USAGE.name) == f"{USAGE.name} exists; its last sample is 2d old and is no longer held"


def test_a_matcher_that_finds_nothing_tells_the_values_there_are() -> None:
    kept = history()
    for n in range(7):
        put(kept, 1.0, path=f"/ifs/{n}")
    assert "cluster has the values 'prod'" in hint(kept, f'{USAGE.name}{{cluster="nowhere"}}')
    assert "path has the values '/ifs/0', '/ifs/1', '/ifs/2', '/ifs/3', '/ifs/4' and 2 more" in hint(kept, '{path="/x"}')


def test_matchers_that_never_hold_together_say_so() -> None:
    kept = history()
    put(kept, 1.0)
    put(kept, 1.0, path="/ifs/b", target=Target("lab", "onefs", "x"))
    assert "none has all" in hint(kept, f'{USAGE.name}{{cluster="prod",path="/ifs/b"}}')


def test_a_declared_metric_without_a_sample_and_an_unknown_one_are_told_apart() -> None:
    kept = history()
    assert "no target has given a sample" in hint(kept, USAGE.name)
    assert f"did you mean {USAGE.name}" in hint(kept, "powerscale_quota_usage")
    assert "search for it by words" in hint(kept, "zzz")
    assert "no series is held" in hint(kept, '{cluster="x"}')


def test_search_finds_metrics_by_their_meaning_best_first() -> None:
    kept = history()
    put(kept, 1.0)
    assert [found.name for found in kept.search("quotas usage")] == [USAGE.name]
    assert kept.search("how busy is the CPU of a node")[0].name == LOAD.name
    assert [found.name for found in kept.search("cluster bytes usage")] == [USAGE.name, LOAD.name]
    assert kept.search("snapshots") == ()
    (found,) = kept.search("quota", limit=1)
    assert (found.kind, found.unit, found.labels, found.series) == ("gauge", "bytes", ("cluster", "path"), 1)
