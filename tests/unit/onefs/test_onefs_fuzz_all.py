"""Damaged answers through the real session into every collector: nothing but BadAnswer is raised, no wrong number published."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import pytest
from damage import Damage, Law, Path, damaged, places, without
from damage_laws import CONDITIONAL, EXCUSES, Excuse, Seen, breaches, seen
from papi_wire import World, make_troubled_world, make_world

from mendwatch.errors import BadAnswer, Unsupported
from mendwatch.provider import Collector
from mendwatch_onefs.wire import Answer, Question

#: Damages of an ordinary run, and of the campaign.
SOME, MANY = 500, 10_000
LATEST = "/platform/latest"


@dataclass(frozen=True)
class Case:
    """One collector on one cluster: what it asks, and the truth that comes of it."""

    world: World
    collector: Collector
    asked: tuple[Question, ...]
    truth: Seen
    ways: Mapping[int, list[Path]] = field(default_factory=dict)

    @cached_property
    def name(self) -> str:
        """The collector's name."""
        return self.collector.spec.name

    def body(self, number: int) -> bytes:
        """Give a true answer."""
        return self.world.source.answer(self.asked[number]).body

    async def read(self, number: int, body: bytes) -> Seen:
        """Poll once with another answer to one of the questions."""
        question = self.asked[number]

        def bend(_: int, one: Question, answer: Answer) -> Answer:
            return replace(answer, body=body) if one == question else answer

        return seen(self.collector.spec, await self.world.reading(self.collector, bend))


async def _case(world: World, collector: Collector) -> Case:
    session = world.session()
    truth = seen(collector.spec, await collector.collect(session, world.clock.now()))
    case = Case(world, collector, tuple(session.wire.asked), truth)
    return replace(case, ways={number: list(places(json.loads(case.body(number)))) for number in range(len(case.asked))})


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    """Give every collector on a cluster that is well and on one that is not."""

    async def made() -> list[Case]:
        return [await _case(world, one) for world in (make_world(), make_troubled_world()) for one in world.collectors().values()]

    return asyncio.run(made())


async def _judged(case: Case, number: int, damage: Damage) -> list[str]:
    """Give what is wrong with how a damage was taken."""
    try:
        found = await case.read(number, damage.body)
    except BadAnswer:
        return []
    except Unsupported:
        return [] if case.asked[number].path == LATEST else ["Unsupported was raised"]
    other = None
    if damage.law is Law.OTHER and damage.path:
        try:
            other = await case.read(number, without(case.body(number), damage.path))
        except BadAnswer:
            other = None
    return list(breaches(damage, case.truth, found, other))


async def _damaged(cases: list[Case], seeds: range) -> dict[str, list[str]]:
    """Damage one answer for each seed, and give what was wrong with how it was taken."""
    wrong: dict[str, list[str]] = {}
    for seed in seeds:
        dice = random.Random(seed)  # noqa: S311 - a failure must come again
        case = cases[seed % len(cases)]
        number = 0 if len(case.asked) == 1 or dice.random() < 1 / 20 else dice.randrange(1, len(case.asked))
        damage = damaged(case.body(number), case.ways[number], dice)
        if found := await _judged(case, number, damage):
            wrong[f"seed {seed}: {case.name}, {case.asked[number]}, {damage.how} at {damage.path}"] = found
    return wrong


def test_every_collector_is_damaged_and_has_a_truth_to_compare_with(cases: list[Case]) -> None:
    assert {case.name for case in cases} == set(make_world().collectors())
    assert 5 * len({case.name for case in cases}) <= SOME
    for case in cases:
        assert case.truth.numbers or case.truth.events, case.name
        assert len(case.asked) >= 2, case.name


async def test_nothing_but_a_bad_answer_is_raised_and_no_wrong_number_published(cases: list[Case]) -> None:
    assert await _damaged(cases, range(SOME)) == {}


@pytest.mark.long
@pytest.mark.timeout(600)
async def test_ten_thousand_damages_raise_nothing_but_a_bad_answer_and_publish_no_wrong_number(cases: list[Case]) -> None:
    assert await _damaged(cases, range(SOME, SOME + MANY)) == {}


LOST = Damage(b"", Law.LOST, "null", ("batterystatus", "result1"), "passed", None)


def _truth(cases: list[Case]) -> Seen:
    return next(case.truth for case in cases if case.name == "nodes")


def test_the_laws_see_a_number_that_became_another(cases: list[Case]) -> None:
    truth = _truth(cases)
    series = ("powerscale_node_nvram_charged", ("2",))
    worse = replace(truth, numbers={**truth.numbers, series: truth.numbers[series] + 1})
    assert [breach.partition(": ")[0] for breach in breaches(LOST, truth, worse, None)] == [str(series)]
    assert list(breaches(replace(LOST, law=Law.SAME), truth, worse, None))
    assert list(breaches(replace(LOST, law=Law.BROKEN), truth, worse, None))
    assert list(breaches(replace(LOST, law=Law.OTHER), truth, worse, truth))
    charge = replace(LOST, law=Law.OTHER, path=("status", "nvram", "charge_status"))
    assert not list(breaches(charge, truth, worse, replace(truth, numbers={})))


def test_the_laws_see_a_series_that_comes_from_nowhere(cases: list[Case]) -> None:
    truth = _truth(cases)
    more = replace(truth, numbers={**truth.numbers, ("powerscale_node_nvram_charged", ("77",)): 5.0}, size=truth.size + 1)
    assert [breach.rpartition(" comes")[2] for breach in breaches(LOST, truth, more, None)] == [" from nowhere"]


def test_the_laws_see_something_that_is_hidden_and_passes_for_gone(cases: list[Case]) -> None:
    truth = _truth(cases)
    assert truth.complete
    left = {(metric, labels): value for (metric, labels), value in truth.numbers.items() if labels[0] != "3"}
    fewer = replace(truth, numbers=left, size=len(left))
    assert len(list(breaches(LOST, truth, fewer, None))) == len(truth.complete)
    assert not list(breaches(LOST, truth, replace(fewer, complete=frozenset()), None))


@pytest.mark.parametrize("excuse", EXCUSES, ids=lambda excuse: excuse.metrics[:40])
def test_an_excuse_is_about_metrics_that_there_are(excuse: Excuse, cases: list[Case]) -> None:
    anywhere = Damage(b"", Law.LOST, "null", tuple(excuse.field.replace("$", "").split("|")[0].split("/")))
    assert any(excuse.covers(metric, anywhere) for case in cases for metric in case.truth.metrics), excuse.why


def test_what_moves_up_is_a_metric_that_there_is(cases: list[Case]) -> None:
    assert CONDITIONAL.keys() <= {metric for case in cases for metric in case.truth.metrics}
