"""The quick way through an answer and the patient one give the same numbers, whatever the answer; and both give the truth."""

from __future__ import annotations

import copy
import json
import math
import random
from datetime import UTC, datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from stepping import stepped

from mendwatch.errors import BadAnswer
from mendwatch.model.samples import Columns
from mendwatch_onefs.drift import Drift
from mendwatch_onefs.statistics_asks import Ask
from mendwatch_onefs.statistics_choice import choose
from mendwatch_onefs.statistics_sheets import Page, Sheet

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
TIME = 1_768_478_400
WANTED = tuple(one for one in choose(("default", "protocols"), None, ()).wanted if "s.papi" in one.key or ".cpu.sys" in one.key)
NODES = (1, 5)
Series = dict[tuple[str, tuple[str, ...]], float]


def _value(key: str, dice: random.Random) -> object:
    if not key.startswith("node.protostats"):
        return dice.randrange(1000) if dice.random() < 0.5 else dice.random() * 1000
    names = ["total"] if key.endswith(".total") else ["GET", "PUT", "DELETE"]
    fields = ("op_rate", "in_rate", "out_rate", "time_avg")
    return [{"op_name": name, "class_name": "other", **{field: dice.random() * 100 for field in fields}} for name in names]


def _answer(seed: int) -> list[dict[str, Any]]:
    dice = random.Random(seed)  # noqa: S311 - not for secrets
    places = [(one.key, node) for one in WANTED for node in (NODES if one.key.startswith("node.") else (0,))]
    return [
        {"key": key, "devid": node + 10 if node else 0, "node": node, "time": TIME, "value": _value(key, dice), "error_code": None}
        for key, node in places
    ]


def _series(columns: Columns) -> Series:
    assert sum(map(math.isnan, columns.values)) == columns.absent
    return {(sample.metric, sample.labels): sample.value for sample in columns.samples()}


def _truth(stats: list[dict[str, Any]]) -> Series:
    """Work every series out by itself, without a plan."""
    terms = {one.key: one.terms for one in WANTED}
    found: Series = {}
    for stat in stats:
        for term in terms[stat["key"]]:
            statistic, node = term.statistic, (str(stat["node"]),) if stat["node"] else ()
            rows = stat["value"] if isinstance(stat["value"], list) else [stat["value"]]
            for row in rows:
                names = tuple(row[{"operation": "op_name", "class": "class_name"}[label]] for label in statistic.shape.labels)
                raw = row[statistic.field] if statistic.field else row
                found[(statistic.metric, (*node, *statistic.label_values, *names))] = raw / term.divisor
    return found


class Target:
    """One request that is answered again and again."""

    def __init__(self, *, patient: bool) -> None:
        self.page = Page(Ask(WANTED, 0.0, patient))
        self.sheet = Sheet([self.page])

    def read(self, stats: object) -> Series | None:
        body = json.dumps({"stats": stats}).encode()
        try:
            answer = self.page.reader.read(body, Drift())
        except BadAnswer:
            return None
        if self.page.take(answer, NOW):
            self.sheet.turn_over()
        return _series(stepped(self.sheet.columns({}, {})))


def test_every_number_is_the_one_that_the_cluster_gave() -> None:
    stats = _answer(1)
    assert Target(patient=False).read(stats) == _truth(stats)
    assert Target(patient=True).read(stats) == _truth(stats)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 3), min_size=1, max_size=6), st.randoms(use_true_random=False))
def test_answers_in_any_order_give_the_same_as_in_the_order_before(turns: list[int], dice: random.Random) -> None:
    target = Target(patient=False)
    for seed in turns:
        stats = _answer(seed)
        if dice.random() < 0.5:
            dice.shuffle(stats)
        if dice.random() < 0.3:
            stats = stats[: dice.randrange(len(stats))]
        assert target.read(stats) == _truth(stats)


ODD = st.sampled_from([None, True, "7", "n/a", 7, -1, 1.5, 10**30, [], {}, [[]], [{}], [None], {"a": 1}, "\ud800"])


def _mutated(stats: list[dict[str, Any]], data: st.DataObject) -> list[Any]:
    stats = copy.deepcopy(stats)
    for _ in range(data.draw(st.integers(0, 3))):
        at = data.draw(st.integers(0, len(stats) - 1))
        field = data.draw(st.sampled_from(["key", "devid", "node", "time", "value", "error_code"]))
        if data.draw(st.booleans()):
            stats[at].pop(field, None)
        else:
            stats[at][field] = data.draw(ODD)
    return stats


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_the_quick_way_gives_what_the_patient_way_gives(data: st.DataObject) -> None:
    quick, patient = Target(patient=False), Target(patient=True)
    for seed in range(data.draw(st.integers(1, 3))):
        stats = _mutated(_answer(seed), data)
        by_plan, by_hand = quick.read(stats), patient.read(stats)
        assert (by_plan is None) == (by_hand is None)
        if by_plan is not None and by_hand is not None:
            assert by_plan.items() <= by_hand.items() or by_plan == by_hand
            assert by_plan.keys() >= {key for key in by_hand if by_hand[key] == _truth(_answer(seed)).get(key)}


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_no_number_is_published_that_the_cluster_did_not_give(data: st.DataObject) -> None:
    target = Target(patient=False)
    for seed in range(2):
        whole = _answer(seed)
        hit = _mutated(whole, data)
        touched = {(stat["key"], stat["node"]) for stat, now in zip(whole, hit, strict=True) if stat != now}
        truth = _truth([stat for stat in whole if (stat["key"], stat["node"]) not in touched])
        found = target.read(hit)
        if found is not None and not any(stat.get("devid") != old["devid"] for stat, old in zip(hit, whole, strict=True)):
            assert all(math.isclose(found.get(series, value), value) for series, value in truth.items())
