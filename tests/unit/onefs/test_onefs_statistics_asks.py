"""Which keys are asked for, in which requests: units settled, lines short, answers small, no metric torn apart."""

from __future__ import annotations

import json
from array import array
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from mendwatch_onefs.failures import Rejected
from mendwatch_onefs.statistic_groups import GROUPS
from mendwatch_onefs.statistics_answers import Answer
from mendwatch_onefs.statistics_asks import ANSWER, BATCH, arrange, batches, together
from mendwatch_onefs.statistics_catalogue import Catalogue, Entry, Facts, facts_of
from mendwatch_onefs.statistics_choice import choose
from mendwatch_onefs.statistics_codes import hopeless, mend, worth_another_try
from mendwatch_onefs.statistics_refusals import refused_keys
from mendwatch_onefs.statistics_sheets import changed, sane
from mendwatch_onefs.statistics_standing import Standing

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)


@pytest.fixture
def catalogue(recorded: Callable[[str], bytes]) -> Catalogue:
    """Give the catalogue of a real cluster."""
    entries = json.loads(recorded("statistics-keys-catalogue-2016.json"))["keys"]
    return facts_of(Entry(e["key"], e["units"], e["type"], e["policies"]) for e in entries)


def test_the_interval_of_a_key_is_the_shortest_of_its_policies(catalogue: Catalogue) -> None:
    intervals = [facts.interval for facts in catalogue.values()]
    assert {interval: intervals.count(interval) for interval in set(intervals)} == {0.0: 278, 5.0: 272, 10.0: 28, 300.0: 26}


def test_entries_that_are_not_understood_are_left_out_or_lack_what_they_lack() -> None:
    odd = [Entry(), Entry(7), Entry(""), Entry("a", None, 5, "x"), Entry("b", "Permil ", "INT32", [{"interval": "5"}, 3, {}])]
    assert facts_of(odd) == {"a": Facts("", "5", 0.0), "b": Facts("permil", "int32", 5.0)}


def test_every_key_of_our_table_is_in_the_real_catalogue_with_a_unit_that_agrees(catalogue: Catalogue) -> None:
    groups = tuple(GROUPS)
    assert dict(choose(groups, catalogue, ()).left) == {}
    assert {one.key for one in choose(groups, catalogue, ()).wanted} == {s.key for group in GROUPS.values() for s in group}


def test_all_is_everything_with_a_number_and_the_rest_is_told_with_the_reason(catalogue: Catalogue) -> None:
    choice = choose(("all",), catalogue, ())
    named = {one.key for one in choice.wanted}
    assert "node.sensor.volt.volts.12v" in named
    assert "node.ifs.bytes.in" in named
    assert set(choice.left.values()) == {"type"}
    assert choice.left["node.clientstats.proto.nfs3"] == "type"
    assert len(named) + len(choice.left) == len([key for key in catalogue if not key.startswith(("test.", "invalid."))])


def test_the_units_of_the_cluster_win_where_they_measure_the_same() -> None:
    told = {"node.load.1min": Facts("none"), "node.disk.busy.avg": Facts("percent"), "node.uptime": Facts("milliseconds")}
    divisors = {one.key: one.terms[0].divisor for one in choose(("default",), told, ()).wanted}
    assert divisors == {"node.load.1min": 100, "node.disk.busy.avg": 100, "node.uptime": 1000}


@pytest.mark.parametrize("unit", ["bytes", "furlongs"])
def test_a_unit_that_measures_something_else_gives_no_number(unit: str) -> None:
    choice = choose(("default",), {"node.disk.busy.avg": Facts(unit)}, ())
    assert choice.wanted == ()
    assert choice.left["node.disk.busy.avg"] == "unit"
    assert choose(("all",), {"node.new.key": Facts("furlongs", "int32")}, ()).left["node.new.key"] == "unit"


def test_a_new_key_of_a_release_is_a_series_of_the_family_of_its_unit() -> None:
    told = {
        "node.new.share": Facts("permil", "int32"),
        "cluster.new.size": Facts("bytes", "uint64"),
        "node.new.start": Facts("epoch seconds", "int32"),
    }
    found = {one.key: one.terms[0] for one in choose(("all",), told, ()).wanted}
    shown = {key: (term.statistic.metric, term.statistic.label_names, term.divisor) for key, term in found.items()}
    assert shown == {
        "node.new.share": ("powerscale_statistic_ratio", ("node", "key"), 1000),
        "cluster.new.size": ("powerscale_statistic_bytes", ("node", "key"), 1),
        "node.new.start": ("powerscale_statistic_timestamp_seconds", ("node", "key"), 1),
    }
    assert found["cluster.new.size"].statistic.label_values == ("", "cluster.new.size")


def test_parked_keys_are_not_asked_for() -> None:
    assert "node.health" not in {one.key for one in choose(("default",), None, {"node.health"}).wanted}


@pytest.mark.parametrize("nodes", [3, 64, 252])
@pytest.mark.parametrize("group", ["default", "drives", "all"])
def test_requests_are_short_and_their_answers_small(catalogue: Catalogue, nodes: int, group: str) -> None:
    wanted = choose((group,), catalogue, ()).wanted
    asks = [ask for sheet in arrange(wanted, nodes, 5.0) for ask in sheet]
    assert sorted(key for ask in asks for key in ask.keys) == sorted(one.key for one in wanted)
    for ask in asks:
        assert len(",".join(ask.keys)) <= BATCH
        loads = [one.weight * (nodes if one.terms[0].statistic.per_node else 1) for one in ask.wanted]
        assert sum(loads) <= ANSWER or len(loads) == 1


def test_no_metric_is_on_two_sheets(catalogue: Catalogue) -> None:
    seen: dict[str, int] = {}
    for at, sheet in enumerate(arrange(choose(("all",), catalogue, ()).wanted, 64, 5.0)):
        for metric in {term.statistic.metric for ask in sheet for one in ask.wanted for term in one.terms}:
            assert seen.setdefault(metric, at) == at, metric


def test_keys_that_share_a_metric_by_way_of_others_are_together() -> None:
    wanted = choose(("default",), None, ()).wanted
    groups = together(wanted)
    assert sum(map(len, groups)) == len(wanted)
    (protocols,) = [group for group in groups if any("protostats" in one.key for one in group)]
    assert len(protocols) == 10


def test_a_small_cluster_is_asked_once_for_all_that_every_poll_needs(catalogue: Catalogue) -> None:
    sheets = arrange(choose(("default",), catalogue, ()).wanted, 4, 5.0)
    assert sorted(ask.interval for sheet in sheets for ask in sheet) == [0.0, 10.0, 300.0]


def test_keys_are_not_told_apart_by_intervals_below_the_pace_of_the_polls(catalogue: Catalogue) -> None:
    wanted = choose(("default",), catalogue, ()).wanted
    assert {ask.interval for sheet in arrange(wanted, 4, 30.0) for ask in sheet} == {0.0, 300.0}
    assert {ask.interval for sheet in arrange(wanted, 4, 1.0) for ask in sheet} == {0.0, 5.0, 10.0, 300.0}


def test_the_keys_of_one_request_stay_below_the_limit_of_its_line() -> None:
    many = {f"node.invented.key.with.a.long.name.{number}": 1 for number in range(1000)}
    made = list(batches(many))
    assert [key for batch in made for key in batch] == list(many)
    assert all(len(",".join(batch)) <= BATCH for batch in made)
    assert list(batches({})) == []


def test_a_single_key_above_a_limit_is_still_asked_alone() -> None:
    assert list(batches({"x" * 50: 1, "y": 1}, size=10)) == [["x" * 50], ["y"]]
    assert list(batches({"x": 90, "y": 1}, answer=10)) == [["x"], ["y"]]


def _answer(*entries: tuple[str, int, int | None]) -> Answer:
    keys, devids, codes = (list(column) for column in zip(*entries, strict=True))
    return Answer(keys, devids, list(devids), [1.0] * len(keys), codes, [None if code else 5.0 for code in codes])


def test_a_key_is_hopeless_when_no_device_will_give_it() -> None:
    answer = _answer(("a", 1, 1), ("a", 2, 1), ("b", 1, 9), ("b", 2, None), ("c", 1, 10), ("c", 2, 5), ("d", 1, 77))
    assert hopeless(answer) == {"a": "not_present", "d": "other"}


def test_only_what_a_living_device_may_still_give_is_worth_another_try() -> None:
    answer = _answer(("a", 1, None), ("b", 1, 4), ("c", 1, 8), ("d", 1, 9), ("a", 2, 5), ("b", 2, 5))
    assert worth_another_try(answer) == ["b", "c"]


def test_the_second_try_fills_gaps_and_changes_nothing_else() -> None:
    answer = _answer(("a", 1, None), ("b", 1, 4), ("c", 1, 8))
    mend(answer, Answer(["b", "a", "c"], [1, 1, 1], [1, 1, 1], [2.0, 2.0, 2.0], [None, None, 8], [7.0, 7.0, None]))
    assert answer.values == [5.0, 7.0, None]
    assert answer.times == [1.0, 2.0, 1.0]
    assert answer.codes == [None, None, 8]


def test_times_that_are_missing_or_absurd_are_those_of_the_poll() -> None:
    now = NOW.timestamp()
    assert list(sane([], now)) == []
    assert list(sane([now, now], now + 5)) == [now]
    assert list(sane([None, None], now)) == [now]
    assert list(sane([now - 5, None, 0.0, 9e12, now], now)) == [now - 5, now, now, now, now]


@pytest.mark.parametrize(
    ("before", "after", "count", "new"),
    [
        ([1.0], [1.0], 4, 0),
        ([1.0], [2.0], 4, 4),
        ([1.0], [1.0, 2.0], 2, 1),
        ([1.0, 2.0], [2.0], 2, 1),
        ([1.0, 2.0], [1.0, 2.0], 2, 0),
    ],
)
def test_a_value_is_new_when_its_time_is_another_one(before: list[float], after: list[float], count: int, new: int) -> None:
    assert changed(array("d", before), array("d", after), count) == new


@pytest.mark.parametrize("bad", [set(), {"k7"}, {"k0", "k63"}, {f"k{at}" for at in range(64)}])
async def test_refused_keys_are_found_by_halves(bad: set[str]) -> None:
    asked = []

    async def ask(keys: object) -> None:
        asked.append(keys)
        if bad & set(keys):  # type: ignore[call-overload]
            raise Rejected("no such key")

    found = await refused_keys([f"k{at}" for at in range(64)], ask)
    assert found == (frozenset(bad) if len(bad) < 64 else None)
    assert len(asked) <= 40


def test_requests_stay_the_same_objects_while_nothing_changes() -> None:
    standing = Standing()
    standing.learn("9.12", None, {1: 1})
    for _ in range(3):
        standing.arranged(("default",), NOW + timedelta(seconds=5))
    pages = [page for sheet in standing.sheets for page in sheet.pages]
    standing.park({"node.health": "not_present"}, NOW)
    standing.arranged(("default",), NOW + timedelta(seconds=10))
    assert standing.parked() == {"not_present": 1}
    assert [page for sheet in standing.sheets for page in sheet.pages] != pages
    standing.arranged(("default",), NOW + timedelta(hours=1, seconds=1))
    assert standing.parked() == {}


def test_another_release_is_learned_anew() -> None:
    standing = Standing()
    assert standing.outdated(None)
    standing.learn("9.12", None, {})
    assert not standing.outdated("9.12")
    assert not standing.outdated(None)
    assert standing.outdated("9.13")
