"""A collector that stops while an alert fires: through the real poller, the alert has no data, and is never resolved."""

from __future__ import annotations

from pathlib import Path

import pytest

from mendwatch import errors
from mendwatch.alerting import loading, schemas
from mendwatch.alerting.engine import AlertEngine
from mendwatch.history.memory import MemoryHistory
from mendwatch.metrics import health
from mendwatch.metrics.agent import AgentMetrics
from mendwatch.metrics.families import Families
from mendwatch.model.alerts import AlertState
from mendwatch.model.notices import Notice
from mendwatch.model.samples import MetricSpec, Reading, RecordSchema, Sample
from mendwatch.model.targets import Target
from mendwatch.polling.poller import Poller
from mendwatch.polling.watches import Probe, Watch
from mendwatch.render.renderer import Renderer
from mendwatch.service.events import OpenEvents
from mendwatch.service.judgement import Judgement
from mendwatch.service.pipeline import Outlets, Pipeline
from mendwatch.testing.clock import FakeClock
from mendwatch.testing.collectors import ScriptedCollector, ScriptedProvider, VirtualTimetable
from mendwatch.testing.store import MemoryStore

FULL = MetricSpec("storage_pool_full_ratio", "How full.", labels=("pool",))
SCHEMA = RecordSchema("pool", ("pool",), {"full": FULL.name})
RULE = "groups: [{name: pools, rules: [{alert: PoolFull, on: pool, when: full > 0.9}]}]"
TROUBLE, CALM = (Reading((Sample(FULL.name, value, ("a",)),)) for value in (0.95, 0.5))


class Bench:
    """The real poller over a scripted collector, with everything behind it, in virtual time."""

    def __init__(self, folder: Path) -> None:
        self.clock, self.notices = FakeClock(), list[Notice]()
        self.collector = ScriptedCollector("pools", default=TROUBLE, metrics=(FULL,), schemas=(SCHEMA,))
        provider = ScriptedProvider((self.collector,), name="storage", metric_prefix="storage")
        (folder / "rules.yaml").write_text(RULE, "utf-8")
        families, history = Families(), MemoryHistory()
        for specs in ((FULL,), health.specs("storage")):
            families.declare("target", specs)
            history.declare("target", specs)
        self.engine = AlertEngine(loading.load([folder], schemas.of_providers([provider])), Renderer(folder))
        metrics, announce = AgentMetrics(self.clock.now()), self.notices.append
        self.judgement = Judgement(self.engine, MemoryStore(self.clock), metrics, self.clock, announce)
        outlets = Outlets(families, history, OpenEvents(), metrics, self.judgement, self.clock, announce)
        pipeline = Pipeline(outlets, lambda *which: self.poller.standing_of(*which))  # noqa: PLW0108 - it is made below
        watch = Watch(Target("lab", "storage", "x"), provider, (Probe(self.collector.spec, self.collector),), lambda: None)
        self.timetable = VirtualTimetable(self.clock, self.clock.move)
        self.poller = Poller([watch], pipeline, clock=self.clock, announce=announce, timetable=self.timetable)

    async def live(self, seconds: int) -> list[AlertState]:
        """Live through seconds, and give the states of all alerts then."""
        for _ in range(seconds):
            await self.timetable.run(1)
            await self.judgement._carry(self.engine.tick(self.clock.now()))
        return [alert.state for alert in self.engine.alerts()]

    def told(self) -> list[str]:
        return [notice.kind for notice in self.notices if notice.kind.startswith("alert")]


@pytest.mark.parametrize(
    "stop",
    [errors.Unreachable("it does not answer"), errors.BadAnswer("no sense"), Reading(), ValueError("a fault of ours")],
)
async def test_an_alert_whose_collector_stops_has_no_data_and_is_never_resolved(tmp_path: Path, stop: Reading | Exception) -> None:
    bench = Bench(tmp_path)
    await bench.poller.start()
    try:
        assert await bench.live(60) == [AlertState.FIRING]

        bench.collector.default = stop
        assert await bench.live(70) == [AlertState.FIRING]  # a hiccup is no silence
        assert await bench.live(3600) == [AlertState.NO_DATA]
        assert bench.told() == ["alert.firing", "alert.no_data"]

        bench.collector.default = CALM
        assert await bench.live(7200) == []
        assert bench.told() == ["alert.firing", "alert.no_data", "alert.resolved"]
    finally:
        await bench.poller.stop()
