"""Two agents on one PostgreSQL, as processes: one polls and acts, the other one follows it within seconds; never both."""

from __future__ import annotations

import asyncio
import shutil
import signal
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from postgresql_server import Databases, serving
from worlds import GIB, AgentProcess, World, a_world, until

from mendwatch.clock import SystemClock
from mendwatch.model.runs import TERMINAL, RunState
from mendwatch.service.tenure import LASTS
from mendwatch.store.fleet import LEASE
from mendwatch_onefs_sim.faults import Fault

pytestmark = [pytest.mark.timeout(120)]
PATH = "/ifs/data/projects"
CLOCK = SystemClock()
#: The lease, a look of the one that stands by, and what a busy machine takes beside.
FOLLOWED = LEASE.total_seconds() + 0.5 + 2.0


@pytest.fixture(scope="module")
def databases() -> Iterator[Databases]:
    with serving() as server:
        yield Databases(server)


@dataclass
class Pair:
    """One world that two agents are about: each with a state folder of its own, and one key."""

    world: World
    url: str

    def use(self, name: str) -> None:
        """Write the configuration of one of them."""
        self.world.configure(state=self.url, state_dir=name)

    async def begin(self, name: str) -> AgentProcess:
        """Start one without waiting for it."""
        self.use(name)
        shutil.copyfile(self.world.folder / "key", self.world.folder / name / "audit.key")
        (self.world.folder / name / "audit.key").chmod(0o600)
        return await self.world.begin()

    async def logins(self) -> int:
        """Count the sessions that were opened on the cluster so far: each agent that polls opens its own."""
        return len(
            [one for one in self.world.sim.requests if one.method == "POST" and "/session/" in one.path and one.status == 201]
        )


@pytest.fixture
async def pair(tmp_path: Path, databases: Databases) -> AsyncIterator[Pair]:
    async with databases.one() as url, a_world(tmp_path) as world:
        (tmp_path / "key").write_bytes(bytes(range(32)))
        for name in ("one", "two"):
            (tmp_path / name).mkdir(mode=0o700)
        yield Pair(world, url)


def acts(agent: AgentProcess) -> bool:
    return "listening on " in agent.text()


async def ready(pair: Pair, agent: AgentProcess) -> None:
    """Wait until an agent acts and has polled everything once."""
    await until(lambda: acts(agent) or agent.process.returncode is not None)
    assert agent.process.returncode is None, agent.text()
    agent.url = agent.text().split("listening on ")[1].split()[0]
    await pair.world.page(agent, "/-/ready", 200)


async def both(pair: Pair) -> tuple[AgentProcess, AgentProcess]:
    """Start two; the first acts, the second stands by."""
    first = await pair.begin("one")
    await ready(pair, first)
    second = await pair.begin("two")
    await until(lambda: "standing by" in second.text() or second.process.returncode is not None)
    assert second.process.returncode is None, second.text()
    return first, second


@pytest.mark.long
async def test_a_killed_agent_is_followed_and_its_run_is_carried_to_its_end_once(pair: Pair) -> None:
    world = pair.world
    first, second = await both(pair)
    assert await pair.logins() == 1
    world.quota(PATH, used=95 * GIB)
    pending = await world.run_in(RunState.PENDING)
    world.sim.faults.add(Fault("hang", path="/platform", method="PUT", times=1, seconds=2))
    assert (await world.cli("runs", "approve", pending.id, "--hash", str(pending.plan_hash), "--yes")).code == 0
    await until(lambda: not world.sim.faults.waiting())

    killed = CLOCK.monotonic()
    await first.kill()
    await until(lambda: acts(second))
    assert CLOCK.monotonic() - killed < FOLLOWED

    ended = await world.run_in(*TERMINAL)
    assert (ended.state, world.hard_limit(PATH)) == (RunState.VERIFIED, 125 * GIB)
    assert len([write for write in world.writes("/quota/") if write.status == 204]) == 1
    assert (await world.cli("audit", "verify")).code == 0
    await until(lambda: world.leftovers() == set())


@pytest.mark.long
async def test_an_agent_that_stood_still_for_two_leases_changes_nothing_and_ends(pair: Pair) -> None:
    first, second = await both(pair)
    first.process.send_signal(signal.SIGSTOP)
    await ready(pair, second)
    await asyncio.sleep(max(0.0, 2 * LEASE.total_seconds() - FOLLOWED))
    before, rows = await pair.logins(), (await pair.world.cli("audit", "show", "--json")).json()
    assert before == 2

    first.process.send_signal(signal.SIGCONT)
    assert await asyncio.wait_for(first.process.wait(), 40) == 1
    assert "another agent took over" in first.text()
    assert await pair.logins() == before
    assert (await pair.world.cli("audit", "show", "--json")).json() == rows
    listed = (await pair.world.cli("agents", "list", "--json")).json()
    assert [one["acting"] for one in listed if one["badge"]["pid"] == second.process.pid] == [True]


@pytest.mark.long
async def test_a_drained_agent_hands_over_within_seconds_and_ends(pair: Pair) -> None:
    first, second = await both(pair)
    (acting,) = [one["badge"]["id"] for one in (await pair.world.cli("agents", "list", "--json")).json() if one["acting"]]
    assert (await pair.world.cli("agents", "drain", acting)).code == 0

    begun = CLOCK.monotonic()
    await until(lambda: acts(second))
    assert CLOCK.monotonic() - begun < LASTS
    assert await asyncio.wait_for(first.process.wait(), 40) == 1


@pytest.mark.long
async def test_one_that_stands_by_stops_when_it_is_told_to(pair: Pair) -> None:
    _, second = await both(pair)

    assert await second.stop() == 0
    assert not acts(second)


@pytest.mark.long
async def test_a_database_that_is_gone_for_half_a_minute_stops_nothing_but_decisions(tmp_path: Path) -> None:
    with serving() as server:
        async with Databases(server).one(drop=False) as url, a_world(tmp_path) as world:
            (tmp_path / "key").write_bytes(bytes(range(32)))
            (tmp_path / "one").mkdir(mode=0o700)
            pair = Pair(world, url)
            agent = await pair.begin("one")
            await ready(pair, agent)
            world.quota(PATH, used=95 * GIB)
            pending = await world.run_in(RunState.PENDING)
            server.stop(signal.SIGQUIT)
            asked = len(world.sim.requests)
            await asyncio.sleep(30)
            assert agent.process.returncode is None, agent.text()
            assert len(world.sim.requests) > asked + 20  # it goes on watching
            server.start()
            approved = await world.cli("runs", "approve", pending.id, "--hash", str(pending.plan_hash), "--yes")
            assert approved.code == 0, approved.err
            begun = CLOCK.monotonic()
            await world.run_in(RunState.APPLYING, RunState.VERIFYING, RunState.VERIFIED)
            assert CLOCK.monotonic() - begun < 5
            assert (await world.run_in(*TERMINAL)).state is RunState.VERIFIED
            assert (await world.cli("audit", "verify")).code == 0


async def test_a_second_process_on_one_state_folder_is_refused(pair: Pair) -> None:
    await ready(pair, await pair.begin("one"))
    second = await pair.world.begin()

    assert await asyncio.wait_for(second.process.wait(), 40) == 1
    assert "uses the state folder" in second.text()
