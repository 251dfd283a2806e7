"""A poll that gives more series than its collector may fails as a whole, and visibly."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest
import structlog
from pydantic import ValidationError

from mendwatch import errors
from mendwatch.config.settings import TargetSettings
from mendwatch.model.samples import Columns, Layout, MetricSpec, Reading, Sample
from mendwatch.model.targets import Target
from mendwatch.polling import budget
from mendwatch.polling.poller import Poller
from mendwatch.polling.standby import Ending
from mendwatch.polling.watches import Probe, Watch, watch
from mendwatch.provider import CollectorSpec
from mendwatch.testing.clock import FakeClock
from mendwatch.testing.collectors import RecordingSink, ScriptedCollector, ScriptedProvider, VirtualTimetable

SPEC = CollectorSpec("quotas", 60.0, 10.0, (MetricSpec("scripted_load", ""),), budget=3)


def gives(count: int) -> Reading:
    return Reading(tuple(Sample("scripted_load", 1.0, (str(number),)) for number in range(count)))


class Scene:
    """One collector with a budget of three series, and everything around it."""

    def __init__(self, *answers: Reading | Exception) -> None:
        self.collector = ScriptedCollector("quotas", answers, default=gives(2))
        self.clock, self.sink = FakeClock(), RecordingSink()
        self.timetable = VirtualTimetable(self.clock, self.clock.move)
        probe = Probe(replace(self.collector.spec, budget=3), self.collector)
        one = Watch(Target("one", "scripted", ""), ScriptedProvider([self.collector]), (probe,), lambda: None)
        self.poller = Poller([one], self.sink, clock=self.clock, announce=lambda _: None, timetable=self.timetable)

    async def run(self, seconds: float) -> None:
        await self.poller.start()
        await self.timetable.run(seconds)
        await self.poller.stop()


async def test_a_poll_over_its_budget_fails_and_the_next_round_is_made() -> None:
    scene = Scene(gives(3), gives(4))
    await scene.run(90)

    assert [outcome.ending for outcome in scene.sink.outcomes] == [Ending.OK, Ending.OVER_BUDGET, Ending.OK]
    failed = scene.sink.outcomes[1]
    assert failed.reading is None
    assert isinstance(failed.error, errors.OverBudget)
    assert "gave 4 series, the budget is 3" in str(failed.error)
    assert "budget: 4" in failed.error.hint
    assert failed.error.code == "over_budget"


async def test_the_status_tells_the_series_of_the_last_success_and_the_budget() -> None:
    scene = Scene(gives(3), gives(4))
    await scene.run(60)
    (status,) = scene.poller.status_of("one").collectors

    assert (status.series, status.budget, status.error_code) == (3, 3, "over_budget")


async def test_a_collector_that_stays_over_its_budget_is_told_once_and_its_recovery_once() -> None:
    with structlog.testing.capture_logs() as logs:
        await Scene(*[gives(9)] * 5).run(300)

    words = [(line["event"], line["log_level"]) for line in logs if line["event"].startswith("collector")]
    assert words == [("collector_failing", "warning"), ("collector_recovered", "info")]


async def test_what_a_release_does_not_have_is_told_once_and_is_no_warning() -> None:
    with structlog.testing.capture_logs() as logs:
        await Scene(*[errors.Unsupported("no such endpoint")] * 3).run(7300)

    words = [(line["event"], line["log_level"]) for line in logs if line["event"].startswith("collector")]
    assert words == [("collector_unsupported", "info")]


def test_each_series_counts_once_and_an_absent_one_not() -> None:
    layout = Layout([("a", ("1",)), ("a", ("2",)), ("b", ("1",))])
    twice = Reading((*gives(1).samples, *gives(1).samples), columns=(Columns(layout, [1.0, math.nan, 2.0], absent=1),))

    assert budget.series_of(twice) == 3
    assert budget.within(SPEC, twice) is twice
    with pytest.raises(errors.OverBudget):
        budget.within(replace(SPEC, budget=2), twice)


def test_the_configuration_raises_a_budget_for_one_target(tmp_path: Path) -> None:
    settings = TargetSettings.model_validate(
        {"name": "one", "provider": "scripted", "address": "x", "collectors": {"quotas": {"budget": 50000}}}
    )
    provider = ScriptedProvider([ScriptedCollector("quotas"), ScriptedCollector("events")])
    built = watch(settings, provider, tmp_path)

    assert [probe.spec.budget for probe in built.probes] == [50_000, 10_000]
    assert provider.collectors()[0].spec.budget == 10_000


@pytest.mark.parametrize("wrong", [0, -1, "many"])
def test_a_budget_of_nothing_is_refused(wrong: object) -> None:
    with pytest.raises(ValidationError):
        TargetSettings.model_validate(
            {"name": "one", "provider": "scripted", "address": "x", "collectors": {"quotas": {"budget": wrong}}}
        )
