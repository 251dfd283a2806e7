"""A simulated cluster that is read into a metrics page twice: while all is well, and in many kinds of trouble at once.

The dashboards are tested on it: what is empty while all is well must have data in trouble. Time is virtual, so that what takes
a cluster minutes takes a test nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from mendwatch.metrics import exposition, health
from mendwatch.metrics.agent import OK, AgentMetrics, Watched
from mendwatch.metrics.families import Families
from mendwatch.metrics.formats import Format
from mendwatch.metrics.health import CollectorHealth
from mendwatch.model.alerts import AlertState
from mendwatch.model.runs import RunState
from mendwatch.model.samples import Reading, Sample
from mendwatch.model.targets import Credential, Secret, Target
from mendwatch.provider import Collector, Provider
from mendwatch.testing.clock import FakeClock
from mendwatch_icmp.provider import IcmpProvider
from mendwatch_onefs.provider import OneFSProvider
from mendwatch_onefs_sim.server import Simulator

_FOREVER = 1e9
#: What goes wrong, by the names that the simulator knows, and the rows of the fleet's table of problems that follow.
TROUBLE: tuple[tuple[str, dict[str, object]], ...] = (
    ("drive-failed", {"lnn": 2}),
    ("drive-slow", {"lnn": 1}),
    ("psu-failed", {"lnn": 2}),
    ("battery-failed", {"lnn": 3}),
    ("var-full", {"lnn": 2}),
    ("pool-fill", {}),
    ("quota-fill", {}),
    ("synciq-rpo", {"policy": "projects-to-dr"}),
    ("synciq-failing", {"policy": "archive-to-dr"}),
    ("snapshots-expired", {}),
    ("snapshot-delete-stuck", {}),
    ("healthcheck-failed", {}),
    ("job-paused", {}),
    ("smartconnect-suspended", {}),
    ("interface-down", {}),
    ("ad-offline", {}),
    ("certificate-expiring", {}),
    ("licence-expiring", {}),
    ("clock-skew", {"lnn": 3}),
    ("nfs-locks-stale", {}),
    ("job-engine-stuck", {}),
    ("hot-client", {}),
    ("events-storm", {"count": 5, "seconds": 1.0}),
    ("upgrade-stuck", {}),
    ("node-down", {"lnn": 4}),
)


class Page:
    """What an agent would expose: the readings of every collector of a cluster and of an address, and the agent's own."""

    def __init__(self, simulator: Simulator, clock: FakeClock) -> None:
        self._simulator, self._clock = simulator, clock
        self._onefs, self._icmp = OneFSProvider(clock), IcmpProvider()
        self._families, self._own = Families(), AgentMetrics(clock.now())
        self._refused = 0
        options = {"ca_file": str(simulator.ca_file), "heat_top": 20, "workload_datasets": ("System",)}
        self._cluster = Target("demo", "onefs", simulator.url, {"site": "lab"}, options)
        self._session = self._onefs.open(self._cluster, Credential("monitor", Secret(simulator.accounts["monitor"])))
        port = int(simulator.url.rpartition(":")[2])
        self._address = Target("api", "icmp", "127.0.0.1", {}, {"tcp": (port,), "tls": (port,), "ca_file": str(simulator.ca_file)})
        for provider in (self._onefs, self._icmp):
            _declare(self._families, provider)
        self._own.watch(Watched(lambda: 1, lambda: 1, lambda: 1, lambda: 1, self._refusals))

    def pieces(self, form: Format) -> Iterator[bytes]:
        """Give the page as the agent serves it."""
        return exposition.pieces(self._families, self._own, 1, form)

    async def read(self) -> None:
        """Poll every collector once; nothing may be refused."""
        states = [await self._poll(collector) for collector in self._onefs.collectors()]
        self._publish(self._cluster, "cluster", health.SOURCE, health.samples("powerscale", states, up=True))
        session = self._icmp.open(self._address, None)
        for collector in self._icmp.collectors()[1:]:
            reading = await collector.collect(session, self._clock.now())
            self._publish(self._address, "target", collector.spec.name, reading)
        self._publish(self._address, "target", "reachability", _ping(self._icmp))
        state = CollectorHealth("tcp", success=True, duration=0.1, last_success=self._clock.now(), series=1, budget=10)
        self._publish(self._address, "target", health.SOURCE, health.samples("icmp", [state], up=True))
        await session.close()
        self._account()

    async def later(self) -> None:
        """Let half a minute pass and read again."""
        self._clock.move(30.0)
        await self.read()

    async def trouble(self) -> None:
        """Let everything of TROUBLE happen, let ten minutes pass, and read again; a second cluster does not answer."""
        for name, arguments in TROUBLE:
            self._simulator.begin(name, **arguments)
        for _ in range(10):
            self._clock.move(60.0)
            self._simulator.cluster.settle()
            await asyncio.sleep(0)
        await self.read()
        self.fail()
        dead = Target("dead", "onefs", "dead.example.com", {"site": "lab"}, {})
        states = [CollectorHealth("cluster", success=False, duration=10.0, last_success=None, state="unreachable")]
        self._publish(dead, "cluster", health.SOURCE, health.samples("powerscale", states, up=False))
        old = [
            Sample("powerscale_cluster_quorum", 0.0, ()),
            Sample("powerscale_snapshot_schedule_overdue_seconds", 7200.0, ("daily",)),
        ]
        self._publish(dead, "cluster", "snapshots", old)

    def fail(self) -> None:
        """Count what an agent counts that cannot do its work."""
        self._refused += 1
        self._own.polled("dead", "cluster", "standing_by")
        self._own.poll_failed("dead", "cluster", "unreachable")
        self._own.drifted("demo", "quotas", {"quotas.usage": 1})
        self._own.bug("polling")

    async def close(self) -> None:
        """Log out."""
        await self._session.close()

    async def _poll(self, collector: Collector) -> CollectorHealth:
        now, spec = self._clock.now(), collector.spec
        reading = await collector.collect(self._session, now)
        self._publish(self._cluster, "cluster", spec.name, reading)
        return CollectorHealth(spec.name, success=True, duration=0.1, last_success=now, series=reading.size, budget=spec.budget)

    def _publish(self, target: Target, label: str, source: str, found: Reading | list[Sample]) -> None:
        samples, columns = (found.samples, found.columns) if isinstance(found, Reading) else (found, ())
        refused = self._families.publish(target, label, source, samples, columns=columns, now=0, lifetime=_FOREVER)
        assert refused == ()

    def _account(self) -> None:
        """Count what an agent counts."""
        self._own.polled("demo", "quotas", OK)
        self._own.loop_lagged(0.001)
        self._own.alerts_are({AlertState.FIRING: 1})
        self._own.runs_are({RunState.PENDING: 1})
        self._own.run_entered(RunState.VERIFIED)

    def _refusals(self) -> dict[tuple[str, str], int]:
        return {("m", "undeclared"): self._refused}


def _declare(families: Families, provider: Provider) -> None:
    specs = [spec for collector in provider.collectors() for spec in collector.spec.metrics]
    families.declare(provider.target_label, (*specs, *health.specs(provider.metric_prefix)))


def _ping(provider: Provider) -> list[Sample]:
    """Give an answered round of echo requests: sending real ones needs a privilege that a test may lack."""
    values = {"icmp_reachable": 1.0, "icmp_rtt_avg_seconds": 0.0004, "icmp_loss_ratio": 0.0}
    known = {spec.name for spec in provider.collectors()[0].spec.metrics}
    assert values.keys() <= known
    return [Sample(metric, value, ("127.0.0.1", "127.0.0.1")) for metric, value in values.items()]
