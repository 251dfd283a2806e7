"""A cluster of several nodes behind one name, whose sessions belong to the node that opened them."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from mendwatch.errors import Unreachable
from mendwatch.model.targets import Credential, Secret, Target
from mendwatch.testing.clock import FakeClock
from mendwatch_onefs import lines
from mendwatch_onefs.cluster import ClusterConfig
from mendwatch_onefs.provider import OneFSProvider
from mendwatch_onefs.session import OneFSSession
from mendwatch_onefs_sim.faults import Fault
from mendwatch_onefs_sim.server import Simulator, SimulatorOptions

LOGIN = "/session/1/session"
SLOW = "/platform/1/slow"


@dataclass
class Zone(AbstractResolver):
    """A SmartConnect zone: every question leads to another node first."""

    nodes: list[Simulator] = field(default_factory=list)

    async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET) -> list[ResolveResult]:
        del port
        await asyncio.sleep(0)
        self.nodes.append(self.nodes.pop(0))
        ports = [int(node.url.rpartition(":")[2]) for node in self.nodes]
        return [ResolveResult(hostname=host, host="127.0.0.1", port=at, family=family, proto=0, flags=0) for at in ports]

    async def close(self) -> None:
        """Nothing is open."""

    def count(self, method: str, path: str) -> list[int]:
        """How often each node was asked this, the busiest first."""
        asked = (sum((seen.method, seen.path) == (method, path) for seen in node.requests) for node in self.nodes)
        return sorted(asked, reverse=True)

    def statuses(self) -> set[int | None]:
        return {seen.status for node in self.nodes for seen in node.requests}

    def hang(self, path: str, nodes: list[Simulator] | None = None) -> None:
        for node in self.nodes if nodes is None else nodes:
            node.faults.add(Fault("hang", path=path, times=None, seconds=3600))

    def heal(self) -> None:
        for node in self.nodes:
            node.faults.clear()


@pytest.fixture
async def zone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Zone]:
    """Give three nodes behind the name `localhost`."""
    found = Zone()
    monkeypatch.setattr(lines, "DefaultResolver", lambda: found)
    async with AsyncExitStack() as stack:
        for number in range(3):
            options = SimulatorOptions(folder=tmp_path / str(number), accounts={"monitor": "secret"}, clock=FakeClock())
            found.nodes.append(await stack.enter_async_context(Simulator(options)))
        yield found


@pytest.fixture
async def session(zone: Zone, tmp_path: Path) -> AsyncIterator[OneFSSession]:
    """Give a session with the cluster by its name."""
    authorities = tmp_path / "authorities.pem"
    authorities.write_text("".join(node.ca_file.read_text() for node in zone.nodes))
    options = {"ca_file": authorities, "timeout": 0.4, "concurrency": 8}
    target = Target("c1", "onefs", "localhost", options=options)
    opened = OneFSProvider(clock=FakeClock()).open(target, Credential("monitor", Secret("secret")))
    yield opened
    await opened.close()


async def _ask(session: OneFSSession, times: int) -> list[object]:
    """Read something at once, several times."""
    questions = (session.get(3, "cluster/config", ClusterConfig) for _ in range(times))
    return await asyncio.gather(*questions, return_exceptions=True)


def _failures(outcomes: list[object]) -> list[object]:
    return [outcome for outcome in outcomes if isinstance(outcome, BaseException)]


async def test_after_a_slow_answer_everything_goes_to_one_other_node_with_one_new_login(zone: Zone, session: OneFSSession) -> None:
    assert not _failures(await _ask(session, 8))  # eight connections to the first node are open now
    zone.hang(SLOW)
    with pytest.raises(Unreachable):
        await session.get(1, "slow", ClusterConfig)
    before = zone.count("GET", "/platform/3/cluster/config")
    for _ in range(3):
        assert not _failures(await _ask(session, 8))
    assert before == [8, 0, 0]
    assert zone.count("GET", "/platform/3/cluster/config") == [24, 8, 0]
    assert zone.count("POST", LOGIN) == [1, 1, 0]
    assert zone.statuses() <= {200, 201, None}


async def test_one_slow_answer_in_every_round_never_costs_the_others_their_answers(zone: Zone, session: OneFSSession) -> None:
    zone.hang(SLOW)
    for _ in range(3):
        slow = asyncio.create_task(session.get(1, "slow", ClusterConfig))
        assert not _failures(await _ask(session, 12))
        with pytest.raises(Unreachable):
            await slow
    assert zone.count("POST", LOGIN) == [1, 1, 1]  # one at each node: each was left once
    assert zone.statuses() <= {200, 201, None}


async def test_who_waited_for_a_turn_at_a_dead_node_is_served_by_the_next_one_with_a_session_of_its_own(
    zone: Zone, session: OneFSSession
) -> None:
    await session.identify()
    zone.hang("/platform/3", [node for node in zone.nodes if node.requests])
    outcomes = await _ask(session, 20)
    assert [type(failure) for failure in _failures(outcomes)] == [Unreachable] * 8
    assert zone.count("POST", LOGIN) == [1, 1, 0]
    assert zone.statuses() <= {200, 201, None}  # no node was shown the session of another one


async def test_an_answer_that_is_under_way_is_not_lost_when_another_one_fails(zone: Zone, session: OneFSSession) -> None:
    await session.identify()
    zone.hang(SLOW)
    slow = asyncio.create_task(session.get(1, "slow", ClusterConfig))
    await asyncio.sleep(0.2)
    zone.heal()
    zone.hang("/platform/3")
    late = asyncio.create_task(session.get(3, "cluster/config", ClusterConfig))
    await asyncio.wait({slow})
    for node in zone.nodes:
        node.faults.clear()
        clock = node._options.clock
        assert isinstance(clock, FakeClock)
        clock.move(3600)
    assert isinstance(slow.exception(), Unreachable)
    assert (await late).name == "demo-cluster"


async def test_the_third_node_is_found_when_two_are_dead(zone: Zone, session: OneFSSession) -> None:
    *dead, alive = zone.nodes
    zone.hang("/", dead)
    outcomes = [_failures(await _ask(session, 4)) for _ in range(4)]
    assert outcomes[-1] == []
    assert all(isinstance(failure, Unreachable) for failed in outcomes for failure in failed)
    assert alive.requests[0].status == 201


async def test_closing_lets_go_of_the_nodes_that_were_left_as_well(zone: Zone, session: OneFSSession) -> None:
    zone.hang("/")
    for _ in range(3):
        assert len(_failures(await _ask(session, 4))) == 4
    zone.heal()
    await session.identify()
    await session.close()
    assert zone.count("DELETE", LOGIN) == [1, 0, 0]
