"""A storm: hundreds of targets fire at once, and no more than the rule allows are touched; each of the others says why not."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from mendwatch.model.rules import Guard, Mode
from mendwatch.model.runs import OPEN, RunState
from mendwatch.model.targets import Target
from mendwatch.playbooks.interface import Phase

if TYPE_CHECKING:
    from tests.unit.remediation.conftest import World

MANY, MOST = 500, 5


async def storm(world: World, mode: Mode) -> None:
    world.use(mode, guard=Guard(max_targets=MOST))
    names = [f"box-{number}" for number in range(MANY)]
    world.access.targets = {name: Target(name, "box", f"https://{name}") for name in names}
    await asyncio.gather(*(world.engine.offer(world.proposal(name)) for name in names))


async def test_of_five_hundred_targets_that_fire_at_once_no_more_ask_than_the_rule_allows(world: World) -> None:
    await storm(world, Mode.APPROVE)

    assert len(await world.store.runs.list(states=OPEN, limit=MANY)) == MOST
    blocked = await world.audited("run.blocked")
    assert len({str(row["target"]) for row in blocked}) == MANY - MOST
    assert {row["guard"] for row in blocked} == {"max_targets"}
    assert all(f"{MOST} targets at a time" in str(row["reason"]) for row in blocked)


async def test_where_nobody_is_asked_no_more_start(world: World) -> None:
    world.executor.hangs.add(Phase.APPLY)
    await storm(world, Mode.AUTO)
    async with world.working():
        await world.until(lambda: world.executor.running == world.limits.concurrent)
        assert len({job.run_id for job in world.executor.jobs}) == MOST
        world.executor.release.set()
        await world.until(lambda: sum(run.state is RunState.VERIFIED for run in world.store.runs._runs.values()) == MOST)

    assert (len(world.executor.effects), world.executor.most) == (MOST, world.limits.concurrent)
