"""The agent dies while a playbook runs: afterwards the record tells the truth, and the cluster was changed at most once."""

from __future__ import annotations

import pytest
from canaries import leaks
from worlds import GIB, World, until

from mendwatch.model.runs import TERMINAL, RunState
from mendwatch_onefs_sim.faults import Fault

PATH = "/ifs/data/mortal"


async def approved(world: World, fault: Fault) -> str:
    """Approve the run; the fault waits for its playbook, not for its plan."""
    pending = await world.run_in(RunState.PENDING)
    world.sim.faults.add(fault)
    answer = await world.cli("runs", "approve", pending.id, "--hash", str(pending.plan_hash), "--yes")
    assert answer.code == 0, answer.err
    return pending.id


async def chain_is_whole(world: World) -> bool:
    return (await world.cli("audit", "verify")).code == 0


async def test_a_playbook_that_outlives_the_agent_is_adopted(world: World) -> None:
    world.quota(PATH, used=95 * GIB)
    agent = await world.start()
    # The cluster takes its time with the write, so that the agent dies in the middle of it.
    run_id = await approved(world, Fault("hang", path="/platform", method="PUT", times=1, seconds=2))
    await until(lambda: not world.sim.faults.waiting())

    await agent.kill()
    assert leaks(world) == []  # while the playbook lives on
    await world.start()
    ended = await world.run_in(*TERMINAL)

    assert (ended.id, ended.state) == (run_id, RunState.VERIFIED), ended.note
    assert world.hard_limit(PATH) == 125 * GIB
    assert len([write for write in world.writes("/quota/") if write.status == 204]) == 1
    assert len(await world.runs()) == 1
    assert await chain_is_whole(world)
    await until(lambda: world.leftovers() == set())
    assert leaks(world) == []


@pytest.mark.long
async def test_an_agent_that_is_told_to_stop_cuts_no_playbook_and_the_next_one_goes_on(world: World) -> None:
    world.quota(PATH, used=95 * GIB)
    agent = await world.start()
    run_id = await approved(world, Fault("hang", path="/platform", method="PUT", times=1, seconds=2))
    await until(lambda: not world.sim.faults.waiting())

    code = await agent.stop()
    await world.start()
    ended = await world.run_in(*TERMINAL)

    assert code == 0, agent.text()
    assert (ended.id, ended.state) == (run_id, RunState.VERIFIED), ended.note
    assert len(world.writes("/quota/")) == 1
    assert await chain_is_whole(world)


@pytest.mark.parametrize("moment", [pytest.param("before the write", marks=pytest.mark.long), "after the write"])
async def test_when_everything_dies_the_run_is_measured_and_never_repeated(world: World, moment: str) -> None:
    world.quota(PATH, used=95 * GIB)
    agent = await world.start()
    # A playbook that cannot log in has written nothing; one that cannot log out has written.
    method = "POST" if moment == "before the write" else "DELETE"
    run_id = await approved(world, Fault("hang", path="/session", method=method, times=1, seconds=30))
    await until(lambda: not world.sim.faults.waiting())

    await agent.kill()
    world.kill_runs()
    assert leaks(world) == []  # what a death leaves behind
    world.sim.faults.clear()
    await world.start()
    ended = await world.run_in(*TERMINAL)

    mended = world.hard_limit(PATH) == 125 * GIB
    assert ended.id == run_id
    assert ended.state is (RunState.VERIFIED if mended else RunState.FAILED), ended.note
    assert mended is (moment == "after the write")
    assert len([write for write in world.writes("/quota/") if write.status == 204]) == int(mended)
    assert await chain_is_whole(world)
    await until(lambda: world.leftovers() == set())
    assert leaks(world) == []
