"""From a poll to the page, the history, the events and the rules."""

from __future__ import annotations

import gc
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import structlog

from mendwatch import errors
from mendwatch.alerting import loading, schemas
from mendwatch.alerting.engine import AlertEngine
from mendwatch.history.memory import MemoryHistory
from mendwatch.metrics import health
from mendwatch.metrics.agent import AgentMetrics
from mendwatch.metrics.families import Families
from mendwatch.model.notices import Notice
from mendwatch.model.samples import MetricSpec, Reading, RecordSchema, Sample
from mendwatch.model.targets import Target
from mendwatch.polling.outcomes import CollectorStanding, CollectorStatus, PollOutcome
from mendwatch.polling.standby import Ending, State, ending_of
from mendwatch.provider import Provider
from mendwatch.render.renderer import Renderer
from mendwatch.service.events import OpenEvents
from mendwatch.service.judgement import Judgement
from mendwatch.service.pipeline import Outlets, Pipeline
from mendwatch.testing.clock import FakeClock
from mendwatch.testing.collectors import ScriptedCollector, ScriptedProvider
from mendwatch.testing.store import MemoryStore

FULL = MetricSpec("storage_pool_full_ratio", "How full.", labels=("pool",))
POOLS = ScriptedCollector("pools", metrics=(FULL,), schemas=(RecordSchema("pool", ("pool",), {"full": FULL.name}),))
RULE = "groups: [{name: pools, rules: [{alert: PoolFull, on: pool, when: full > 0.9}]}]"
HEALTH = """groups: [{name: health, rules: [
  {alert: Unreachable, on: storage_target, when: up == 0},
  {alert: Failing, on: storage_collector, when: failing == 1}]}]"""
LAB = Target("lab", "storage", "x")


class Bench:
    """A pipeline with everything around it in memory; `status` is how the collector stands."""

    def __init__(self, folder: Path, text: str = RULE) -> None:
        provider: Provider = ScriptedProvider((POOLS,), name="storage", metric_prefix="storage")
        rules = folder / "rules.yaml"
        rules.write_text(text, "utf-8")
        clock, self.notices = FakeClock(), list[Notice]()
        self.families, history = Families(), MemoryHistory()
        for specs in ((FULL,), health.specs("storage")):
            self.families.declare("target", specs)
            history.declare("target", specs)
        self.engine = AlertEngine(loading.load([rules], schemas.of_providers([provider])), Renderer(folder))
        self.metrics = AgentMetrics(clock.now())
        judgement = Judgement(self.engine, MemoryStore(clock), self.metrics, clock, self.notices.append)
        outlets = Outlets(self.families, history, OpenEvents(), self.metrics, judgement, clock, self.notices.append)
        self.status = CollectorStatus("pools", 30.0, State.POLLING, None, clock.now(), clock.now(), 0.1, None, None, 1, 10)
        self.up = True
        self.pipeline = Pipeline(outlets, self._standing)
        self.clock, self.provider = clock, provider

    def _standing(self, target: str, collector: str) -> CollectorStanding:
        assert (target, collector) == ("lab", "pools")
        return CollectorStanding(up=self.up, collector=self.status)

    async def poll(self, answer: Reading | Exception) -> None:
        self.clock.move(timedelta(seconds=30).total_seconds())
        reading, error = (None, answer) if isinstance(answer, Exception) else (answer, None)
        ending = ending_of(error)
        if error is not None:
            self.status = replace(self.status, error=str(error), error_code=ending.value)
        outcome = PollOutcome(LAB, self.provider, POOLS.spec, reading, error, ending, self.clock.now(), 0.1)
        await self.pipeline.poll_done(outcome)

    def page(self) -> str:
        return self.families.render(self.clock.monotonic()).decode()


def pools(count: int, full: float = 0.5) -> Reading:
    return Reading(tuple(Sample(FULL.name, full, (str(number),)) for number in range(count)))


async def test_when_a_poll_is_done_it_is_published_and_judged(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    await bench.poll(pools(5000, 0.95))

    assert 'storage_pool_full_ratio{target="lab",pool="4999"} 0.95' in bench.page()
    assert len(bench.engine.alerts()) == 5000
    assert [notice.kind for notice in bench.notices] == ["alert.firing"] * 5000


async def test_what_a_large_poll_leaves_is_put_out_of_the_way_of_the_garbage_collector(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    gc.unfreeze()
    try:
        await bench.poll(pools(10))
        assert gc.get_freeze_count() == 0
        await bench.poll(pools(2000))
        assert gc.get_freeze_count() > 2000
    finally:
        gc.unfreeze()


async def test_a_poll_over_its_budget_publishes_nothing_and_says_so(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    await bench.poll(errors.OverBudget("pools gave 11 series, the budget is 10"))

    assert "storage_pool_full_ratio" not in bench.page()
    assert 'storage_collector_state{target="lab",collector="pools",state="over_budget"} 1.0' in bench.page()
    assert 'storage_collector_budget_series{target="lab",collector="pools"} 10.0' in bench.page()
    assert ending_of(errors.OverBudget("x")) is Ending.OVER_BUDGET


async def test_a_field_that_drifts_is_counted_always_and_logged_once(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    with structlog.testing.capture_logs() as logs:
        for _ in range(3):
            await bench.poll(replace(pools(1), drift={"quota/quotas: usage\x1b[0m": 2}))

    (line,) = [line for line in logs if line["event"] == "decode drift"]
    assert (line["target"], line["collector"]) == ("lab", "pools")
    assert "\x1b" not in line["field"]
    assert bench.metrics.drifted("lab", "pools", {"quota/quotas: usage\x1b[0m": 1}) == ()


async def test_rules_over_targets_and_collectors_are_judged_also_after_a_poll_that_failed(tmp_path: Path) -> None:
    bench = Bench(tmp_path, HEALTH)
    await bench.poll(pools(1))
    assert bench.engine.alerts() == ()
    bench.up = False
    await bench.poll(errors.Unreachable("no answer"))

    assert sorted((alert.rule, *alert.key.values()) for alert in bench.engine.alerts()) == [
        ("Failing", "lab", "pools"),
        ("Unreachable", "lab"),
    ]
    bench.up, bench.status = True, replace(bench.status, error=None, error_code=None)
    await bench.poll(pools(1))
    assert bench.engine.alerts() == ()
