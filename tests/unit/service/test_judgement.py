"""What the alert engine decided is kept, told and offered: once each, and a reason why not too."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from datetime import timedelta
from pathlib import Path
from typing import cast

import pytest

from mendwatch.alerting import loading, schemas
from mendwatch.alerting.engine import AlertEngine
from mendwatch.metrics.agent import AgentMetrics
from mendwatch.model.alerts import Alert, AlertState
from mendwatch.model.journal import Decision
from mendwatch.model.notices import Notice
from mendwatch.model.proposals import Proposal
from mendwatch.model.samples import MetricSpec, Reading, RecordSchema, Sample
from mendwatch.model.silences import NewSilence
from mendwatch.model.targets import Target
from mendwatch.provider import CollectorSpec, Provider
from mendwatch.remediation.engine import RemediationEngine
from mendwatch.render.renderer import Renderer
from mendwatch.service.judgement import Judgement
from mendwatch.testing.clock import FakeClock
from mendwatch.testing.collectors import ScriptedCollector, ScriptedProvider
from mendwatch.testing.store import MemoryStore

FULLNESS = MetricSpec("storage_pool_full_ratio", "How full.", labels=("pool",))
SPARE = MetricSpec("storage_pool_spare_bytes", "What is spare.", labels=("pool",))
SCHEMA = RecordSchema("pool", ("pool",), {"full": FULLNESS.name, "spare": SPARE.name})
SPEC = CollectorSpec("pools", 30.0, 10.0, (FULLNESS, SPARE), (SCHEMA,))
RULES = """
groups:
- name: pools
  rules:
  - alert: PoolFull
    on: pool
    when: full > 0.9
    remediate: {remediation: storage/mend, variables: {spare: spare}, mode: approve}
"""
LAB = Target("lab", "storage", "x")


class Remedy:
    """Takes proposals; each offer ends when the test says so."""

    def __init__(self) -> None:
        self.offered: list[Proposal] = []
        self.resolved: list[str] = []
        self.free = asyncio.Event()

    async def offer(self, proposal: Proposal) -> None:
        self.offered.append(proposal)
        await self.free.wait()

    async def alert_resolved(self, fingerprint: str) -> None:
        self.resolved.append(fingerprint)


class Bench:
    """A judgement with everything around it in memory."""

    def __init__(self, rules: Path) -> None:
        pools = ScriptedCollector("pools", metrics=SPEC.metrics, schemas=SPEC.schemas)
        provider: Provider = ScriptedProvider((pools,), name="storage")
        self.clock, self.notices, self.remedy = FakeClock(), list[Notice](), Remedy()
        self.store = MemoryStore(self.clock)
        known = schemas.of_providers([provider])
        self.engine = AlertEngine(loading.load([rules], known), Renderer(rules.parent))
        self.metrics = AgentMetrics(self.clock.now())
        self.judgement = Judgement(self.engine, self.store, self.metrics, self.clock, self.notices.append)
        self.judgement.connect(cast("RemediationEngine", self.remedy))

    async def read(self, full: float, spare: float | None = 5.0) -> None:
        samples = [Sample(FULLNESS.name, full, ("a",))]
        if spare is not None:
            samples.append(Sample(SPARE.name, spare, ("a",)))
        await self.judgement.observe(LAB, "target", SPEC, Reading(tuple(samples)), self.clock.now())
        await self.clock.settle()

    def kinds(self) -> list[str]:
        return [notice.kind for notice in self.notices]


@pytest.fixture
def make(tmp_path: Path) -> Callable[[], Bench]:
    rules = tmp_path / "rules.yaml"
    rules.write_text(RULES, "utf-8")
    return lambda: Bench(rules)


async def test_a_firing_rule_is_kept_told_and_offered(make: Callable[[], Bench]) -> None:
    bench = make()

    await bench.read(0.95)
    await bench.judgement.stop()

    assert [alert.state for alert in await bench.store.alerts.load()] == [AlertState.FIRING]
    assert bench.kinds() == ["alert.firing"]
    assert [dict(proposal.variables) for proposal in bench.remedy.offered] == [{"spare": 5.0}]


async def test_while_an_offer_is_under_way_the_same_alert_is_not_offered_again(make: Callable[[], Bench]) -> None:
    bench = make()
    await bench.read(0.95)
    clocks = asyncio.create_task(bench.judgement.run())

    for _ in range(30):
        await bench.clock.advance(1)
    during = len(bench.remedy.offered)
    bench.remedy.free.set()
    for _ in range(15):
        await bench.clock.advance(1)
    clocks.cancel()
    await asyncio.gather(clocks, return_exceptions=True)
    await bench.judgement.stop()

    assert during == 1
    assert len(bench.remedy.offered) > 1


async def test_why_nothing_is_asked_is_audited_once(make: Callable[[], Bench]) -> None:
    bench = make()
    for _ in range(3):
        await bench.read(0.95, spare=None)
    clocks = asyncio.create_task(bench.judgement.run())
    for _ in range(25):
        await bench.clock.advance(1)
    clocks.cancel()
    await asyncio.gather(clocks, return_exceptions=True)

    rows = await bench.store.audit.entries()
    assert [(row.actor, row.what, row.detail["guard"]) for row in rows] == [("agent:alerting", "run.blocked", "variables")]
    assert bench.kinds().count("run.blocked") == 1
    assert bench.remedy.offered == []


async def test_what_is_silenced_is_kept_and_journaled_and_tells_nobody_until_the_silence_is_over(make: Callable[[], Bench]) -> None:
    bench = make()
    now = bench.clock.now()
    new = NewSilence(("alertname=PoolFull",), now, now + timedelta(seconds=35), "ann", "new disks")
    silence = await bench.store.silences.add(new, actor="cli:ann")
    clocks = asyncio.create_task(bench.judgement.run())
    await bench.clock.advance(1)
    await bench.read(0.95)
    for _ in range(30):
        await bench.clock.advance(1)
    during = (bench.kinds(), len(bench.remedy.offered), [one.word for one in await bench.store.journal.newest()])
    await bench.read(0.95)
    for _ in range(6):
        await bench.clock.advance(1)
    clocks.cancel()
    await asyncio.gather(clocks, return_exceptions=True)
    await bench.judgement.stop()

    assert during == ([], 0, ["silenced", "firing"])
    assert silence.id in (await bench.store.journal.newest())[-1 - 1].reason
    assert bench.kinds() == ["alert.firing"]
    assert "its silence is over, and it fires since" in bench.notices[0].text
    assert len(bench.remedy.offered) == 1
    assert [row.what for row in await bench.store.audit.entries()] == ["silence.added"]


async def test_a_silence_that_is_ended_by_hand_is_noticed_within_a_second_or_so(make: Callable[[], Bench]) -> None:
    bench = make()
    now = bench.clock.now()
    new = NewSilence(("alertname=PoolFull",), now, now + timedelta(days=1), "ann", "new disks")
    silence = await bench.store.silences.add(new, actor="cli:ann")
    clocks = asyncio.create_task(bench.judgement.run())
    await bench.clock.advance(1)
    await bench.read(0.95)
    await bench.store.silences.expire(silence.id, actor="cli:ann")
    before = len(bench.remedy.offered)
    await bench.clock.advance(1)
    clocks.cancel()
    await asyncio.gather(clocks, return_exceptions=True)
    await bench.judgement.stop()

    assert (before, len(bench.remedy.offered), bench.kinds()) == (0, 1, ["alert.firing"])


async def test_an_alert_that_is_over_is_told_as_resolved_and_overtakes_its_runs(make: Callable[[], Bench]) -> None:
    bench = make()
    await bench.read(0.95)
    bench.clock.move(60)
    await bench.read(0.5)
    await bench.judgement.stop()

    assert bench.kinds() == ["alert.firing", "alert.resolved"]
    assert len(bench.remedy.resolved) == 1
    assert [alert.state for alert in await bench.store.alerts.load()] == [AlertState.INACTIVE]  # for as long as it may flap


async def test_the_loop_has_its_turns_while_a_large_reading_is_judged(make: Callable[[], Bench]) -> None:
    bench = make()
    turns = 0

    async def live() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    living = asyncio.create_task(live())
    quiet = Reading(tuple(Sample(FULLNESS.name, 0.5, (f"{number}",)) for number in range(5000)))
    await bench.judgement.observe(LAB, "target", SPEC, quiet, bench.clock.now())
    while_meeting, turns = turns, 0
    await bench.judgement.observe(LAB, "target", SPEC, quiet, bench.clock.now())
    while_quiet, turns = turns, 0
    full = Reading(tuple(Sample(FULLNESS.name, 0.95, (f"{number}",)) for number in range(5000)))
    await bench.judgement.observe(LAB, "target", SPEC, full, bench.clock.now())
    living.cancel()
    await asyncio.gather(living, return_exceptions=True)

    assert (while_meeting > 40, while_quiet > 5, turns > 400) == (True, True, True)
    assert bench.kinds().count("alert.firing") == 5000


async def test_time_does_not_pass_in_the_middle_of_a_reading(make: Callable[[], Bench]) -> None:
    bench = make()
    start = bench.clock.now()
    first = Reading(tuple(Sample(FULLNESS.name, 0.95, (f"{number}",)) for number in range(2000)))
    await bench.judgement.observe(LAB, "target", SPEC, first, start)
    judged = asyncio.create_task(bench.judgement.observe(LAB, "target", SPEC, first, start + timedelta(seconds=89)))
    for _ in range(10):
        await asyncio.sleep(0)  # it has begun, and is far from its end
    began = len({alert.last_seen for alert in bench.engine.alerts()})
    silence = await bench.judgement.in_turn(bench.engine.ticking(start + timedelta(seconds=90)))
    await judged

    assert began == 2
    assert silence.transitions == ()


async def test_of_two_steps_about_one_alert_the_newer_is_the_one_that_is_kept(make: Callable[[], Bench]) -> None:
    bench = make()
    save, slow = bench.store.alerts.save, iter(range(100, 0, -10))

    async def save_slowly(alerts: Iterable[Alert], decisions: Iterable[Decision] = ()) -> None:
        for _ in range(next(slow, 0)):
            await asyncio.sleep(0)
        await save(alerts, decisions)

    bench.store.alerts.save = save_slowly  # type: ignore[method-assign]

    def reading(full: float) -> Reading:
        return Reading(tuple(Sample(FULLNESS.name, full, (f"{number}",)) for number in range(500)))

    polls = [
        asyncio.create_task(bench.judgement.observe(LAB, "target", SPEC, reading(full), bench.clock.now()))
        for full in (0.95, 0.5, 0.96, 0.5)
    ]
    await asyncio.gather(*polls)
    await bench.judgement.stop()

    assert {alert.state for alert in await bench.store.alerts.load()} == {AlertState.INACTIVE}
    told = [kind for kind in bench.kinds() if kind.startswith("alert")]
    assert told == (["alert.firing"] * 500 + ["alert.resolved"] * 500) * 2


async def test_a_restart_takes_up_alerts_and_ends_those_of_targets_that_are_gone(make: Callable[[], Bench]) -> None:
    bench = make()
    await bench.read(0.95)
    await bench.judgement.stop()
    second, third = make(), make()
    second.store, third.store = bench.store, bench.store
    for other in (second, third):
        other.judgement = Judgement(other.engine, bench.store, other.metrics, other.clock, other.notices.append)

    await second.judgement.restore({"lab"})
    kept = [alert.fired_at for alert in second.engine.alerts()]
    await third.judgement.restore({"another"})

    assert kept == [bench.engine.alerts()[0].fired_at]
    assert third.engine.alerts() == ()
    assert await bench.store.alerts.load() == []
    assert third.notices[-1].text.endswith("its target is not in the configuration any more")
    assert (await bench.store.journal.newest(1))[0].word == "inactive"


async def test_a_store_that_does_not_answer_stops_no_judging(make: Callable[[], Bench]) -> None:
    bench = make()
    bench.store.audit.broken = True

    await bench.read(0.95, spare=None)
    bench.store.audit.broken = False
    bench.clock.move(timedelta(seconds=30).total_seconds())
    await bench.read(0.95, spare=None)
    clocks = asyncio.create_task(bench.judgement.run())
    for _ in range(12):
        await bench.clock.advance(1)
    clocks.cancel()
    await asyncio.gather(clocks, return_exceptions=True)

    assert bench.kinds().count("alert.firing") == 1
    assert [row.what for row in await bench.store.audit.entries()] == ["run.blocked"]
