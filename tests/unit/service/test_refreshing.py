"""What a probe asks of a target: never more than the schedule would, however many ask."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from mendwatch.errors import NotFound, Unreachable
from mendwatch.model.samples import Reading, Sample
from mendwatch.model.targets import Target
from mendwatch.polling.poller import Poller
from mendwatch.polling.watches import Probe, Watch
from mendwatch.service.probing import Prober
from mendwatch.testing.clock import FakeClock
from mendwatch.testing.collectors import RecordingSink, ScriptedCollector, ScriptedProvider, VirtualTimetable

ONE = Reading((Sample("scripted_load", 1.0),))


@dataclass
class Scene:
    """A poller of one target, and who refreshes it."""

    poller: Poller
    prober: Prober
    clock: FakeClock
    collector: ScriptedCollector
    opened: asyncio.Event

    @property
    def polls(self) -> int:
        return len(self.collector.calls)

    async def begin(self, number: int = 1, patience: float = 30.0) -> list[asyncio.Task[None]]:
        tasks = [asyncio.create_task(self.prober.refresh("lab", patience)) for _ in range(number)]
        for _ in range(20):
            await asyncio.sleep(0)
        return tasks


@asynccontextmanager
async def probing() -> AsyncIterator[Scene]:
    clock, opened = FakeClock(), asyncio.Event()

    async def work() -> Reading:
        await opened.wait()
        return ONE

    collector = ScriptedCollector("load", default=work)
    provider = ScriptedProvider([collector])
    probes = tuple(Probe(collector.spec, collector) for collector in provider.collectors())
    watch = Watch(Target("lab", provider.name, "lab.example"), provider, probes, lambda: None)
    poller = Poller([watch], RecordingSink(), clock=clock, announce=lambda _: None, timetable=VirtualTimetable(clock, clock.move))
    try:
        yield Scene(poller, Prober(poller, clock), clock, collector, opened)
    finally:
        await poller.stop()


async def test_a_flood_of_probes_is_one_poll() -> None:
    async with probing() as scene:
        waiting = await scene.begin(200)
        scene.opened.set()
        await asyncio.gather(*waiting)
        await asyncio.gather(*await scene.begin(200))

        assert scene.polls == 1


async def test_a_poll_that_is_under_way_is_waited_for_and_not_made_again() -> None:
    async with probing() as scene:
        scheduled = asyncio.create_task(scene.poller.poll_now("lab"))
        (waiting,) = await scene.begin()
        assert not waiting.done()
        scene.opened.set()
        await asyncio.gather(scheduled, waiting)

        assert scene.polls == 1


async def test_who_waits_no_longer_leaves_the_poll_to_the_others() -> None:
    async with probing() as scene:
        (patient,) = await scene.begin()
        (leaving,) = await scene.begin(patience=0.01)
        (cancelled,) = await scene.begin()
        cancelled.cancel()
        await leaving
        assert not patient.done()
        scene.opened.set()
        await patient

        assert scene.polls == 1


async def test_what_is_fresh_or_stands_by_is_not_asked() -> None:
    async with probing() as scene:
        scene.opened.set()
        await asyncio.gather(*await scene.begin())
        scene.clock.move(25)
        await asyncio.gather(*await scene.begin())
        assert scene.polls == 1
        scene.clock.move(10)
        await asyncio.gather(*await scene.begin())
        assert scene.polls == 2


async def test_a_target_that_stands_by_is_not_asked() -> None:
    async with probing() as scene:
        scene.collector.default = Unreachable("nothing there")
        await asyncio.gather(*await scene.begin())
        scene.clock.move(1)
        await asyncio.gather(*await scene.begin(5))

        assert scene.polls == 1


async def test_an_agent_that_stops_lets_probes_go() -> None:
    async with probing() as scene:
        waiting = await scene.begin(3)
        await scene.poller.stop()
        await asyncio.wait_for(asyncio.gather(*waiting), 5)


async def test_an_unknown_target_is_told_at_once() -> None:
    async with probing() as scene:
        with pytest.raises(NotFound):
            await scene.prober.refresh("nobody", 1.0)
