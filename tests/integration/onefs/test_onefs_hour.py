"""Hours of the real poller with all collectors on three clusters of different releases over HTTPS, and what they must not cost.

Time is virtual; connections, TLS and sessions are real and are counted where the clusters are.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from statistics import quantiles

import pytest
from simulated import series

from mendwatch.model.notices import Notice
from mendwatch.model.targets import Credential, Secret, Target
from mendwatch.polling.poller import Poller
from mendwatch.polling.standby import Ending
from mendwatch.polling.watches import Probe, Watch
from mendwatch.testing.clock import FakeClock
from mendwatch.testing.collectors import RecordingSink, VirtualTimetable
from mendwatch_onefs.provider import OneFSProvider
from mendwatch_onefs_sim.conditions import Condition
from mendwatch_onefs_sim.faults import Fault
from mendwatch_onefs_sim.fleet import Fleet
from mendwatch_onefs_sim.quotas.quota import Limits, Quota, Usage
from mendwatch_onefs_sim.server import Simulator, SimulatorOptions
from mendwatch_onefs_sim.sessions import ABSOLUTE

MINUTE, HOUR = 60.0, 3600.0
LOGIN = "/session/1/session"
OLD, MIDDLE, NEW = "prod-old", "prod-middle", "prod-new"
RELEASES = {OLD: "9.5.0.0", MIDDLE: "9.10.0.0", NEW: "9.14.0.0"}
#: With these, every collector has something to ask.
EVERYTHING = {"client_top": 20, "heat_top": 5, "workload_datasets": ("System",)}
#: Seconds by which a target that hangs may delay another one.
DELAY = 1.0
#: The first numbers of the addresses that the nodes of a cluster have, where each has its own.
NETWORK = "127.77.9"


class HttpsTimetable(VirtualTimetable):
    """Calls what is due at its virtual moment and waits until that is done, unless the target is said to hang.

    `only` is the one collector that is due, None for all. `took` is how many real seconds each call took, by target.
    """

    def __init__(self, clock: FakeClock) -> None:
        super().__init__(clock, clock.move)
        self.hanging: set[str] = set()
        self.only: str | None = None
        self.took: dict[str, list[float]] = {}

    async def _call(self, key: tuple[str, str]) -> None:
        if self.only not in {None, key[1]}:
            return
        loop = asyncio.get_running_loop()
        started = loop.time()
        await super()._call(key)
        if key[0] not in self.hanging:
            await self._running[key]
            self.took.setdefault(key[0], []).append(loop.time() - started)

    async def settled(self) -> None:
        """Wait until everything that was called has ended."""
        await asyncio.gather(*self._running.values(), return_exceptions=True)


@dataclass
class Scene:
    """Clusters, the poller that watches them, and what came of it."""

    clock: FakeClock
    fleet: Fleet
    timetable: HttpsTimetable
    poller: Poller
    sink: RecordingSink
    connections: dict[str, Counter[str]]
    notices: list[Notice] = field(default_factory=list)

    def endings(self, name: str) -> Counter[Ending]:
        """Count how the polls of a cluster ended."""
        return Counter(outcome.ending for outcome in self.sink.outcomes if outcome.target.id == name)

    def asked(self, name: str, method: str) -> int:
        """Count the requests of a cluster that are about its sessions."""
        return sum(one.method == method and one.path == LOGIN for one in self.fleet.named(name).requests)

    def statuses(self, name: str) -> set[int]:
        """Give every status that a cluster answered with."""
        return {one.status for one in self.fleet.named(name).requests}

    def sessions(self, name: str) -> int:
        """Count the sessions that a cluster holds."""
        simulator = self.fleet.named(name)
        return simulator.sessions.count(simulator.cluster.elapsed)

    def cookies(self, name: str) -> list[str]:
        """Give the beginnings of the cookies that a cluster was shown, each once, in order."""
        return list(dict.fromkeys(one.session for one in self.fleet.named(name).requests if one.session))


def _counted(simulator: Simulator) -> Counter[str]:
    """Count the connections that a cluster takes: how many there ever were, and how many at a time."""
    assert simulator._listeners is not None
    server = simulator._listeners._runner.server
    assert server is not None
    counts, made = Counter[str](), server.connection_made

    def counting(*arguments: object) -> None:
        made(*arguments)  # type: ignore[arg-type] # as they come
        counts["ever"] += 1
        counts["most"] = max(counts["most"], len(server.connections))

    server.connection_made = counting  # type: ignore[method-assign] # the one place that sees every connection
    return counts


def _watch(simulator: Simulator, clock: FakeClock) -> Watch:
    provider = OneFSProvider(clock=clock)
    nodes = [f"{NETWORK}.{lnn}" for lnn in range(1, 5)] if NETWORK in simulator.url else []
    options = {"ca_file": simulator.ca_file, "addresses": nodes, **EVERYTHING}
    target = Target(simulator.name, "onefs", simulator.url, options=options)
    probes = tuple(Probe(collector.spec, collector) for collector in provider.collectors())
    return Watch(target, provider, probes, lambda: Credential("monitor", Secret(simulator.accounts["monitor"])))


async def _scene(stack: AsyncExitStack, folder: Path, names: tuple[str, ...], apart: str | None) -> Scene:
    clock, sink, notices = FakeClock(), RecordingSink(), list[Notice]()
    options = [
        SimulatorOptions(
            folder=folder / name, clock=clock, name=name, release=RELEASES[name], network=NETWORK if name == apart else None
        )
        for name in names
    ]
    fleet = await stack.enter_async_context(Fleet(options))
    connections = {simulator.name: _counted(simulator) for simulator in fleet.simulators}
    timetable = HttpsTimetable(clock)
    watches = [_watch(simulator, clock) for simulator in fleet.simulators]
    poller = Poller(watches, sink, clock=clock, announce=notices.append, timetable=timetable)
    await poller.start()
    stack.push_async_callback(poller.stop)
    return Scene(clock, fleet, timetable, poller, sink, connections, notices)


Start = Callable[..., Awaitable[Scene]]


@pytest.fixture
async def start(tmp_path: Path) -> AsyncIterator[Start]:
    """Give what starts clusters of the named releases, which are about to be polled."""
    async with AsyncExitStack() as stack:

        async def started(*names: str, apart: str | None = None) -> Scene:
            """Start these; each node of the one that is `apart` has an address of its own."""
            return await _scene(stack, tmp_path, names, apart)

        yield started


def _polls(seconds: float, most: float = HOUR) -> Counter[str]:
    """Count how often each collector is due in so many seconds, of those that are due at least every `most`."""
    specs = [collector.spec for collector in OneFSProvider().collectors()]
    return Counter({spec.name: int(seconds / spec.interval) for spec in specs if spec.interval <= most})


def _made(scene: Scene, name: str, since: int = 0) -> Counter[str]:
    found = [one for one in scene.sink.outcomes[since:] if one.target.id == name and one.ending is Ending.OK]
    return Counter(outcome.spec.name for outcome in found)


def _judge_hours(scene: Scene, hours: int) -> None:
    """See that hours of polling were whole, and that each cluster was logged in to once."""
    for simulator in scene.fleet.simulators:
        name, expected = simulator.name, _polls(hours * HOUR)
        if name != NEW:
            del expected["repairs"]  # these releases have none
        assert _made(scene, name) == expected
        assert set(scene.endings(name)) <= {Ending.OK, Ending.UNSUPPORTED}
        assert (scene.asked(name, "POST"), scene.asked(name, "DELETE"), scene.sessions(name)) == (1, 0, 1)
        assert scene.connections[name]["ever"] == scene.connections[name]["most"] <= 2
        assert scene.statuses(name) - {404} == {200, 201}
        assert len(scene.cookies(name)) > 3  # they were replaced in use, without a login
    assert {(collector, why) for _, collector, why in scene.sink.missed} <= {("repairs", "standing_by")}


async def test_an_hour_is_one_session_and_two_connections_and_its_end_is_renewed_once(start: Start) -> None:
    scene = await start(OLD, NEW)
    await scene.timetable.run(HOUR)
    _judge_hours(scene, 1)

    scene.timetable.only = "cluster"
    await scene.timetable.run(ABSOLUTE - HOUR - 3 * MINUTE)
    before = {name: scene.cookies(name)[-1] for name in (OLD, NEW)}
    scene.timetable.only = None
    await scene.timetable.run(5 * MINUTE)
    for name in (OLD, NEW):
        assert (scene.asked(name, "POST"), scene.sessions(name)) == (2, 1)
        assert 401 not in scene.statuses(name)
        assert scene.fleet.named(name).requests[-1].session not in {None, before[name]}
        assert scene.connections[name]["ever"] <= 2

    await scene.poller.stop()
    assert [(scene.asked(name, "DELETE"), scene.sessions(name)) for name in (OLD, NEW)] == [(1, 0), (1, 0)]


@pytest.mark.long
@pytest.mark.timeout(600)
async def test_two_hours_of_three_clusters_of_which_one_has_5000_quotas_are_one_session_each(start: Start) -> None:
    scene = await start(*RELEASES)
    _fill(scene.fleet.named(MIDDLE), 5000)
    await scene.timetable.run(2 * HOUR)
    _judge_hours(scene, 2)
    await scene.poller.stop()
    assert [(scene.asked(name, "DELETE"), scene.sessions(name)) for name in RELEASES] == [(1, 0)] * 3


async def test_a_cluster_that_hangs_delays_no_other_one_and_goes_on_with_its_session(start: Start) -> None:
    scene, others = await start(*RELEASES), {OLD, NEW}
    await scene.timetable.run(2 * MINUTE)
    scene.fleet.named(MIDDLE).faults.add(Fault("hang", path="/", times=None, seconds=10 * MINUTE))
    scene.timetable.hanging.add(MIDDLE)
    scene.timetable.took.clear()
    began = len(scene.sink.outcomes)
    await scene.timetable.run(3 * MINUTE)
    meanwhile = scene.sink.outcomes[began:]
    assert {outcome.target.id for outcome in meanwhile if outcome.ending is Ending.OK} == others
    for name in others:
        assert _made(scene, name, began) >= _polls(3 * MINUTE, MINUTE)
        assert quantiles(scene.timetable.took[name], n=10)[-1] < DELAY  # a machine that is busy may hold up a single one
    assert {missed[2] for missed in scene.sink.missed if missed[0] in others} <= {"standing_by"}
    assert {missed[2] for missed in scene.sink.missed if missed[0] == MIDDLE} >= {"still_running"}

    scene.fleet.named(MIDDLE).faults.clear()
    scene.clock.move(10 * MINUTE)  # what hung is answered at last
    await scene.timetable.settled()
    scene.timetable.hanging.clear()
    began = len(scene.sink.outcomes)
    await scene.timetable.run(5 * MINUTE)
    assert _made(scene, MIDDLE, began) >= _polls(5 * MINUTE, MINUTE)
    assert scene.asked(MIDDLE, "POST") <= 2  # the hang was longer than a cookie lives unused
    await scene.poller.stop()
    assert [scene.sessions(name) for name in RELEASES] == [0, 0, 0]


@pytest.mark.parametrize("node", [1, 3], ids=["the node that is asked", "another node"])
async def test_one_node_that_hangs_delays_no_other_cluster(start: Start, node: int) -> None:
    scene, others = await start(*RELEASES, apart=MIDDLE), {OLD, NEW}
    await scene.timetable.run(2 * MINUTE)
    conditions = scene.fleet.named(MIDDLE).cluster.conditions
    conditions.put(node, Condition(hung=True))
    scene.timetable.hanging.add(MIDDLE)
    scene.timetable.took.clear()
    began = len(scene.sink.outcomes)
    await scene.timetable.run(3 * MINUTE)
    for name in others:
        assert _made(scene, name, began) >= _polls(3 * MINUTE, MINUTE)
        assert quantiles(scene.timetable.took[name], n=10)[-1] < DELAY
    assert {missed[2] for missed in scene.sink.missed if missed[0] in others} <= {"standing_by"}
    went_on = {outcome.spec.name for outcome in scene.sink.outcomes[began:] if outcome.target.id == MIDDLE}
    assert ("cluster" in went_on) is (node == 3)  # what does not need the hung node is still read

    conditions.put(node, Condition())
    await scene.poller.stop()


async def test_a_storm_of_401_is_one_new_login_and_then_one_try_an_hour(start: Start) -> None:
    alone = await start(NEW)
    await alone.timetable.run(5 * MINUTE)
    assert alone.asked(NEW, "POST") == 1
    alone.fleet.named(NEW).faults.add(Fault("html_401", path="/platform", times=None))
    await alone.timetable.run(50 * MINUTE)
    assert alone.asked(NEW, "POST") == 2
    assert alone.endings(NEW)[Ending.AUTHENTICATION_FAILED] >= 1
    asked = len(alone.fleet.named(NEW).requests)
    await alone.timetable.run(5 * MINUTE)
    assert len(alone.fleet.named(NEW).requests) == asked
    await alone.timetable.run(10 * MINUTE)
    assert alone.asked(NEW, "POST") <= 4  # the one try, and its own new login
    alone.fleet.named(NEW).faults.clear()
    began = len(alone.sink.outcomes)
    await alone.timetable.run(65 * MINUTE)
    assert alone.sink.outcomes[-1].ending is Ending.OK
    assert len(alone.sink.outcomes) - began > 50
    assert alone.asked(NEW, "POST") <= 5
    assert sum(notice.kind.endswith("authentication_failed") for notice in alone.notices) <= 2


def _fill(simulator: Simulator, count: int) -> dict[str, int]:
    """Give a cluster so many quotas of directories, each with numbers of its own; gives the new ones."""
    quotas = simulator.cluster.quotas
    more = {f"/ifs/projects/p{at:04}": at for at in range(count - sum(one.type == "directory" for one in quotas.all()))}
    for path, number in more.items():
        quotas.add(Quota("", path, Limits(hard=10**9 + number), Usage(10**6 + number)))
    return more


async def test_5000_of_5000_quotas_over_all_pages_and_with_their_own_numbers(start: Start) -> None:
    scene = await start(NEW)
    more = _fill(scene.fleet.named(NEW), 5000)
    (outcome,) = await scene.poller.poll_now(NEW, ["quotas"])
    assert outcome.reading is not None
    assert outcome.reading.complete == {"quota"}
    found = series(outcome.reading)
    assert len({labels for metric, labels in found if metric == "powerscale_quota_ready" and labels[1] == "directory"}) == 5000
    for path, number in more.items():
        assert found["powerscale_quota_hard_limit_bytes", (path, "directory")] == 10**9 + number
    pages = [one for one in scene.fleet.named(NEW).requests if one.path.endswith("/quota/quotas")]
    assert len(pages) == 6  # five of a thousand, and the one of default quotas
