"""The history in memory: what was appended is summarized exactly, bounded, and explained where it is empty."""

from __future__ import annotations

import json
import math
from collections import Counter
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from itertools import chain

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mendwatch.errors import UserError
from mendwatch.history.answers import slope_per_hour, summarize
from mendwatch.history.memory import Bounds, MemoryHistory
from mendwatch.history.reading import MAX_NUMBERS
from mendwatch.history.selection import MAX_LOOKS, MAX_SERIES
from mendwatch.history.sources import COLUMN, NUMBER, ROW
from mendwatch.model.samples import MetricSpec, Sample
from mendwatch.model.targets import Target

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
USAGE = MetricSpec("powerscale_quota_usage_bytes", "Usage that the limits apply to.", unit="bytes", labels=("path",))
LOAD = MetricSpec("powerscale_node_cpu_busy_ratio", "CPU time spent (node.cpu.idle.avg).", unit="ratio", labels=("node",))
#: Bytes that a poll of one series is counted as.
POLL = ROW + NUMBER
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


def test_a_target_that_is_polled_no_more_is_forgotten_by_the_polls_of_others() -> None:
    kept, lab = history(Bounds(age=HOUR)), Target("lab", "onefs", "x")
    put(kept, 1.0, ago=HOUR * 2, target=lab)
    put(kept, 2.0, ago=HOUR)
    assert (kept.sample_count, kept.series_count) == (2, 2)
    put(kept, 2.0, ago=HOUR / 2)
    assert (kept.sample_count, kept.series_count) == (2, 1)


def test_the_memory_is_bounded_and_the_oldest_go_first() -> None:
    kept = history(Bounds(size=10 * POLL + COLUMN))
    for n in range(100):
        put(kept, float(n), ago=timedelta(seconds=100 - n))
    (one,) = kept.query(USAGE.name, since=HOUR, now=NOW).series
    assert (kept.sample_count, one.count, one.min, one.max) == (10, 10, 90, 99)


def test_a_large_target_evicts_itself_and_not_a_small_one() -> None:
    kept = history(Bounds(size=50 * POLL))
    small, large = Target("small", "onefs", "x"), [Sample(USAGE.name, float(n), (f"/ifs/{n}",)) for n in range(10)]
    for n in range(20):
        put(kept, 1.0, ago=timedelta(seconds=100 - n), target=small)
        kept.append(PROD, "cluster", large, NOW - timedelta(seconds=100 - n))
    (one,) = kept.query('{cluster="small"}', since=HOUR, now=NOW).series
    assert one.count == 20
    assert 0 < kept.query('{cluster="prod"}', since=HOUR, now=NOW).series[0].count < 20


def test_a_poll_that_is_larger_than_all_the_room_is_not_kept() -> None:
    kept = history(Bounds(size=POLL))
    put(kept, 1.0)
    assert (kept.sample_count, kept.series_count) == (0, 0)


def test_an_answer_tells_since_when_its_series_are_held() -> None:
    kept, lab = history(), Target("lab", "onefs", "x")
    put(kept, 1.0, ago=HOUR * 3)
    put(kept, 1.0, ago=HOUR)
    put(kept, 1.0, ago=HOUR / 2, target=lab)
    assert kept.query('{cluster="prod"}', since=HOUR * 9, now=NOW).held_since == NOW - HOUR * 3
    assert kept.query(USAGE.name, since=HOUR * 9, now=NOW).held_since == NOW - HOUR / 2
    assert kept.query("nothing", since=HOUR * 9, now=NOW).held_since is None


def test_a_series_goes_on_when_others_come_and_go() -> None:
    kept = history()
    polls: list[tuple[str, ...]] = [
        ("a", "b"),
        ("b", "a"),
        ("a", "b", "c"),
        ("x", "a", "y", "z"),
        ("a",),
        ("d", "a", "e", "b", "f", "g"),
    ]
    for n, paths in enumerate(polls):
        samples = [Sample(USAGE.name, float(ord(path) + 1000 * n), (path,)) for path in paths]
        kept.append(PROD, "cluster", samples, NOW - timedelta(minutes=10 - n))
    found = {one.labels["path"]: one for one in kept.query(USAGE.name, since=HOUR, now=NOW).series}
    assert {path: one.count for path, one in found.items()} == dict(Counter(chain(*polls)))
    for path, one in found.items():
        moments = [n for n, paths in enumerate(polls) if path in paths]
        assert (one.min, one.last) == (ord(path) + 1000 * moments[0], ord(path) + 1000 * moments[-1])
        assert (one.first_at, one.last_at) == tuple(NOW - timedelta(minutes=10 - n) for n in (moments[0], moments[-1]))
    assert (kept.series_count, kept.sample_count) == (6, sum(map(len, polls)))


def test_two_sources_of_one_series_are_one_series() -> None:
    kept = history()
    for n in range(4):
        sample = Sample(USAGE.name, float(n), ("/a",))
        kept.append(PROD, "cluster", [sample], NOW - timedelta(minutes=10 - n), source=("odd" if n % 2 else "even"))
    (one,) = kept.query(USAGE.name, since=HOUR, now=NOW).series
    assert (one.count, one.last, one.first_at) == (4, 3, NOW - timedelta(minutes=10))
    assert one.slope_per_hour == pytest.approx(60)


def test_a_poll_of_nothing_is_no_poll() -> None:
    kept = history()
    put(kept, 1.0, ago=HOUR / 2)
    kept.append(PROD, "cluster", [], NOW)
    put(kept, math.nan)
    assert (kept.sample_count, kept.series_count) == (1, 1)
    assert kept.query(USAGE.name, since=HOUR, now=NOW).series[0].last_at == NOW - HOUR / 2


def many(count: int, polls: int = 1) -> MemoryHistory:
    kept = history(Bounds(size=2**30))
    samples = [Sample(USAGE.name, float(n), (f"/ifs/{n}",)) for n in range(count)]
    for n in range(polls):
        kept.append(PROD, "cluster", samples, NOW - timedelta(seconds=n))
    return kept


def test_a_query_of_too_many_series_is_refused_with_what_to_do() -> None:
    assert many(MAX_SERIES).query(USAGE.name, since=HOUR, now=NOW).series_total == MAX_SERIES
    for selector in (USAGE.name, '{__name__=~".+"}', '{path!=""}', '{cluster="prod"}'):
        with pytest.raises(UserError, match=f"more than {MAX_SERIES} series") as caught:
            many(MAX_SERIES + 1).query(selector, since=HOUR, now=NOW)
        assert "label matcher" in caught.value.hint
    assert len(many(MAX_SERIES + 1).query('{path="/ifs/7"}', since=HOUR, now=NOW).series) == 1


def test_a_query_of_too_many_numbers_is_refused_with_what_to_do() -> None:
    kept = many(1000, polls=MAX_NUMBERS // 1000 + 1)
    with pytest.raises(UserError, match=f"may read {MAX_NUMBERS}") as caught:
        kept.query(USAGE.name, since=HOUR, now=NOW)
    assert "shorter window" in caught.value.hint
    assert kept.query(USAGE.name, since=HOUR / 60, now=NOW).series_total == 1000


def test_a_search_for_values_among_too_many_is_refused() -> None:
    with pytest.raises(UserError, match="looked at"):
        many(MAX_LOOKS + 1).query('{path="/ifs/7"}', since=HOUR, now=NOW)


def test_what_is_no_finite_number_or_was_not_declared_is_dropped_and_counted() -> None:
    kept = history()
    bad: list[Sample] = [Sample(USAGE.name, value, ("/a",)) for value in (math.nan, math.inf, 10**400)]
    bad += [Sample("unheard_of", 1.0), Sample(USAGE.name, 1.0), Sample(USAGE.name, "1", ("/a",))]  # type: ignore[arg-type]
    kept.append(PROD, "cluster", bad, NOW)
    assert (kept.dropped, kept.sample_count) == (6, 0)


def test_a_series_that_is_given_twice_in_one_poll_is_taken_once() -> None:
    kept = history()
    kept.append(PROD, "cluster", [Sample(USAGE.name, value, ("/a",)) for value in (1.0, 2.0)], NOW)
    assert (kept.dropped, kept.sample_count, ask(kept)) == (1, 1, [("/a", 1.0)])


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
    kept.append(PROD, "cluster", [Sample(USAGE.name, 1.0, (f"/ifs/{n}",)) for n in range(7)], NOW)
    assert "cluster has the values 'prod'" in hint(kept, f'{USAGE.name}{{cluster="nowhere"}}')
    assert "path has the values '/ifs/0', '/ifs/1', '/ifs/2', '/ifs/3', '/ifs/4' and 2 more" in hint(kept, '{path="/x"}')


def test_a_series_that_is_gone_from_the_window_and_from_memory_says_so() -> None:
    kept = history(Bounds(age=HOUR))
    others = [Sample(LOAD.name, 1.0, (str(n),)) for n in range(20)]
    kept.append(PROD, "cluster", [*others, Sample(USAGE.name, 1.0, ("/a",))], NOW - HOUR * 2)
    for hours in (1.5, 1.0, 0.5, 0.0):
        kept.append(PROD, "cluster", others, NOW - HOUR * hours)
    assert hint(kept, USAGE.name) == f"{USAGE.name} exists; its last sample is 2h old and is no longer held"


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
