"""An agent that was away tells what came and went on a cluster meanwhile, once."""

from __future__ import annotations

import pytest
from worlds import World, until

from mendwatch_onefs_sim.events.groups import EventGroup

SNAPSHOT = ("SNAP_CREATE_FAILED", "Snapshot creation failed", 600_010_001)


def opened(world: World, path: str) -> str:
    cluster = world.sim.cluster
    group = EventGroup("", 0, SNAPSHOT, "warning", "failed", 5, 2, cluster.epoch(cluster.elapsed), {"path": path}, 3.5)
    return cluster.events.open(group).id


def cleared(world: World, *keys: str) -> None:
    for key in keys:
        world.sim.cluster.events.clear(key, world.sim.cluster.epoch(world.sim.cluster.elapsed))


async def told(world: World) -> int:
    """Run an agent until it has polled several times, and give how many events it says came and went."""
    asked = len(world.sim.requests)
    agent = await world.start()
    maintenance = "event/maintenance"  # the last question of a poll of events; the next poll's comes when the first was told
    await until(lambda: sum(maintenance in one.path for one in world.sim.requests[asked:]) >= 3)
    page = await world.page(agent, "/metrics")
    assert await agent.stop() == 0
    numbers = [line.split()[-1] for line in page.splitlines() if line.startswith('mendwatch_notices_total{kind="event.passed"}')]
    return sum(int(float(number)) for number in numbers)


@pytest.mark.long
async def test_what_came_and_went_while_no_agent_ran_is_told_once(world: World) -> None:
    before, held = opened(world, "/ifs/before"), opened(world, "/ifs/held")
    cleared(world, before)
    assert await told(world) == 0

    meanwhile = opened(world, "/ifs/meanwhile")
    cleared(world, held, meanwhile)
    assert [await told(world) for _ in range(2)] == [2, 0]
