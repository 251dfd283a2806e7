"""A wire without sockets: real sessions and collectors ask a simulated cluster by function calls, so thousands of polls are quick.

A `Bend` may change or refuse any answer on its way: that is where tests damage them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from yarl import URL

from mendwatch.model.samples import Reading
from mendwatch.model.targets import Credential, Secret, Target
from mendwatch.provider import Collector
from mendwatch.testing.clock import FakeClock
from mendwatch_onefs.addresses import base_url
from mendwatch_onefs.logins import PATH, Logins
from mendwatch_onefs.options import OneFSOptions
from mendwatch_onefs.provider import OneFSProvider
from mendwatch_onefs.session import OneFSSession
from mendwatch_onefs.wire import Answer, Question, Wire
from mendwatch_onefs_sim.calls import Query
from mendwatch_onefs_sim.cluster import Cluster
from mendwatch_onefs_sim.events.groups import VAR_FULL, EventGroup
from mendwatch_onefs_sim.hardware import GIB, make_hardware
from mendwatch_onefs_sim.quotas.quota import Limits, Quota, Usage
from mendwatch_onefs_sim.releases import USUAL
from mendwatch_onefs_sim.resources.dispatch import Request, dispatch
from mendwatch_onefs_sim.sessions import Account
from mendwatch_onefs_sim.snapshots.snapshot import Lock, Snapshot

#: Options with which every collector has something to ask.
EVERYTHING: Mapping[str, Any] = {"client_top": 20, "heat_top": 10, "workload_datasets": ("System",)}
PLATFORM = "/platform/"
READER = Account("monitor", "", writes=False)
LOGIN = Answer(201, {}, {"isisessid": "cookie-2f81", "isicsrf": "csrf-9c04"}, b'{"timeout_absolute": 14400}')
JSON = {"Content-Type": "application/json"}

#: Gets the number of the question (from 0, logins not counted), the question and the true answer; gives what comes instead.
Bend = Callable[[int, Question, Answer], Answer]


def as_it_is(_: int, __: Question, answer: Answer) -> Answer:
    """Change nothing."""
    return answer


@dataclass
class Source:
    """The true answers of one cluster, each computed once: its time stands still."""

    cluster: Cluster
    account: Account = READER
    known: dict[tuple[str, tuple[tuple[str, str], ...]], Answer] = field(default_factory=dict)

    def answer(self, question: Question) -> Answer:
        """Give the true answer."""
        key = (question.path, tuple(sorted(question.query.items())))
        if key not in self.known:
            self.known[key] = self._asked(question)
        return self.known[key]

    def _asked(self, question: Question) -> Answer:
        query = Query({name: [value] for name, value in question.query.items()})
        found = dispatch(self.cluster, Request(question.method, question.path.removeprefix(PLATFORM), query, None, self.account))
        return Answer(int(found.status), JSON, {}, json.dumps(found.body).encode())


class SimulatedWire(Wire):
    """Answers from a source, bent on the way. `asked` are all questions but logins; `certificate` is what TLS would have shown."""

    def __init__(self, source: Source, options: OneFSOptions, bend: Bend = as_it_is) -> None:
        super().__init__(URL("https://cluster.example:8080"), options)
        self.asked: list[Question] = []
        self.login = LOGIN
        self.logins = 0
        self._source = source
        self._bend = bend

    async def exchange(self, question: Question) -> Answer:
        """Answer at once."""
        if question.path == PATH:
            self.logins += question.method == "POST"
            return self.login
        number = len(self.asked)
        self.asked.append(question)
        return self._bend(number, question, self._source.answer(question))


class WiredSession(OneFSSession):
    """A session as the provider makes it, over another wire."""

    def __init__(self, source: Source, clock: FakeClock, bend: Bend = as_it_is, **options: Any) -> None:  # noqa: ANN401 - options
        chosen = OneFSOptions.model_validate({**EVERYTHING, **options})
        credential = Credential("monitor", Secret("secret"))
        super().__init__(Target("c1", "onefs", "cluster.example"), chosen, credential, clock)
        self.wire = SimulatedWire(source, chosen, bend)
        self.wire.url = base_url("cluster.example")
        self._wire = self.wire
        self._logins = Logins(self.wire, credential, clock)


@dataclass
class World:
    """A cluster whose time stands still, and its answers."""

    clock: FakeClock
    source: Source

    def session(self, bend: Bend = as_it_is, **options: Any) -> WiredSession:  # noqa: ANN401 - options of the target
        """Open a new session."""
        return WiredSession(self.source, self.clock, bend, **options)

    async def reading(self, collector: Collector, bend: Bend = as_it_is, **options: Any) -> Reading:  # noqa: ANN401 - as above
        """Poll once with a new session."""
        return await collector.collect(self.session(bend, **options), self.clock.now())

    def collectors(self) -> Mapping[str, Collector]:
        """Give every collector by its name."""
        return {collector.spec.name: collector for collector in OneFSProvider(clock=self.clock).collectors()}


def make_world(nodes: int = 3, release: str = USUAL, down: frozenset[int] = frozenset()) -> World:
    """Make a cluster with something to tell about everything."""
    clock = FakeClock()
    cluster = Cluster(make_hardware(nodes, 1, "demo-cluster", down, release), clock)
    cluster.quotas.add(Quota("", "/ifs/data/full", Limits(hard=4 * GIB, soft=3 * GIB, advisory=2 * GIB), Usage(3 * GIB + 1)))
    clock.move(1000.0)
    return World(clock, Source(cluster))


def make_troubled_world() -> World:
    """Make a cluster on which something is wrong everywhere, so that lists are longer and counts are not 0."""
    world = make_world()
    cluster, now = world.source.cluster, world.clock.monotonic()
    start = cluster.epoch(0)
    for ago, severity in ((4000, "warning"), (3000, "warning"), (2000, "critical"), (1000, "emergency")):
        full = EventGroup("", 0, VAR_FULL, severity, "The /var partition is near capacity", 5, 2, start - ago, {"val": 91.5}, 91.5)
        cluster.events.open(full)
    cluster.machines.fail_drive(1, 3)
    cluster.machines.fail_supply(2)
    cluster.machines.weaken_battery(3)
    cluster.machines.set_readonly(2, on=True)
    cluster.operations.jobs.protect(now)
    cluster.operations.checks.fail("mirror_health", "2")
    cluster.operations.checks.fail("node_uptime", status="WARNING", value=70)
    cluster.operations.checks.run("basic", now)
    cluster.fabric.suspend("pool0", [2])
    cluster.syncs.fail("projects-to-dr", "the target does not answer", cluster.epoch(now))
    for number, locked in ((901, False), (902, True), (903, False)):
        locks = (Lock(1, "kept"),) if locked else ()
        old = Snapshot(number, f"old{number}", "/ifs/data", start - 9000 + number, start - 500, None, 5 * GIB, 7, locks)
        cluster.snapshots.add(old)
    cluster.snapshots.settings["autodelete"] = False
    world.clock.move(3000.0)
    return world
