"""Death at every step: whenever an agent dies, the next one ends the run in the truth, and no playbook starts twice."""

from __future__ import annotations

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Awaitable, Callable
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mendwatch.model.runs import Run, RunState
from mendwatch.playbooks.interface import Job, OnEvent, Result
from mendwatch.testing.store import MemoryStore

if TYPE_CHECKING:
    from tests.unit.remediation.conftest import Executor, World

#: More steps than a life has; held against a life without death.
STEPS = 32


class Worker(Enum):
    """What becomes of the playbook's process when its agent dies."""

    DIES_TOO = "dies too"
    LIVES_ON = "lives on"


class Killed(BaseException):
    """The agent is dead; nothing of it runs on."""


class Reaper:
    """Kills the agent at its n-th step outside itself, and at every step that its remains try afterwards."""

    def __init__(self, at: int | None) -> None:
        self.at = at
        self.steps = 0
        self.dead = False

    def step(self) -> None:
        self.steps += not self.dead
        self.dead = self.dead or self.steps == self.at
        if self.dead:
            raise Killed


class Mortal:
    """A part of the store; the agent may die just before and just after each of the named calls."""

    def __init__(self, real: object, reaper: Reaper, *names: str) -> None:
        self._real = real
        self._reaper = reaper
        self._names = names

    def __getattr__(self, name: str) -> Callable[..., Awaitable[object]]:
        found = getattr(self._real, name)
        return self._fatal(found) if name in self._names else found

    def _fatal(self, found: Callable[..., Awaitable[object]]) -> Callable[..., Awaitable[object]]:
        async def call(*args: object, **named: object) -> object:
            self._reaper.step()
            given = await found(*args, **named)
            self._reaper.step()
            return given

        return call


class MortalStore:
    def __init__(self, real: MemoryStore, reaper: Reaper) -> None:
        self.runs = Mortal(real.runs, reaper, "propose", "change", "mark_resolved")
        self.audit = Mortal(real.audit, reaper, "append")
        self.controls = real.controls
        self.version = real.version
        self.fleet = real.fleet


class MortalExecutor:
    """The executor of an agent that may die at every moment of a phase; its worker dies with it or lives on to the end."""

    def __init__(self, real: Executor, reaper: Reaper, starts: defaultdict[str, int], worker: Worker) -> None:
        self._real = real
        self._reaper = reaper
        self._starts = starts
        self._worker = worker
        self.directory = real.directory
        self.versions = real.versions

    async def recover(self, directory: Path, on_event: OnEvent | None = None) -> Result:
        return await self._real.recover(directory, on_event)

    async def run(self, job: Job, on_event: OnEvent | None = None) -> Result:
        del on_event
        directory = self.directory(job)
        self._reaper.step()
        directory.mkdir(parents=True)
        self._reaper.step()
        (directory / "started").touch(exist_ok=False)
        self._starts[f"{job.run_id}/{job.phase}"] += 1
        if self._reaper.dead or (not self._survived() and self._worker_dies):
            raise Killed
        result = self._real._end(job, directory)
        self._reaper.step()
        return result

    def _survived(self) -> bool:
        """Come to the moment between the start and the effect."""
        with contextlib.suppress(Killed):
            self._reaper.step()
        return not self._reaper.dead


class Life:
    """One problem, lived through by agents that die at chosen steps."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.starts: defaultdict[str, int] = defaultdict(int)
        self.store, self.executor = world.store, world.executor
        world.event()
        world.judge.truth = lambda: sum(self.executor.effects.values()) > 0

    async def live(self, at: int | None, worker: Worker) -> int:
        """Let an agent offer and work, and a person approve, until all is over or the agent is dead; gives its steps."""
        reaper = Reaper(at)
        self.world.store = MortalStore(self.store, reaper)
        self.world.executor = MortalExecutor(self.executor, reaper, self.starts, worker)
        self.world.restart()
        tasks = [asyncio.create_task(self.world.engine.run()), asyncio.create_task(self.world.engine.offer(self.world.proposal()))]
        await self.world.until(lambda: reaper.dead or self._over_or_approved())
        while not reaper.dead and not self.over():
            for run in await self.store.runs.list(states={RunState.PENDING}):
                await self.world.approve(run)
            await self.world.until(lambda: reaper.dead or self._over_or_approved())
        for task in tasks:
            task.cancel()
        await self.world.clock.advance(self.world.limits.grace)
        await asyncio.wait(tasks)
        for task in tasks:
            _ = task.cancelled() or task.exception()
        return reaper.steps

    def _over_or_approved(self) -> bool:
        return self.over() or any(run.state is RunState.PENDING for run in self.runs())

    def runs(self) -> list[Run]:
        return list(self.store.runs._runs.values())

    def over(self) -> bool:
        return bool(self.runs()) and all(
            run.terminal and (run.state is not RunState.VERIFIED or run.events_resolved is not None) for run in self.runs()
        )

    def check(self) -> None:
        """Hold the end against the truth."""
        assert self.over()
        assert all(count == 1 for name, count in self.starts.items() if name.endswith("/apply"))
        effects = self.executor.effects
        for run in self.runs():
            assert (run.state is RunState.VERIFIED) == (effects[run.id] == 1), run.note
            assert "nothing was" not in run.note or effects[run.id] == 0


async def test_a_life_without_death_ends_well_in_fewer_steps_than_are_tried(make_world: Callable[[], World]) -> None:
    life = Life(make_world())

    steps = await life.live(None, Worker.DIES_TOO)

    life.check()
    assert [run.state for run in life.runs()] == [RunState.VERIFIED]
    assert life.runs()[0].events_resolved == ("e1",)
    assert 20 < steps < STEPS


@pytest.mark.parametrize("worker", Worker)
@pytest.mark.parametrize("at", range(1, STEPS))
async def test_an_agent_that_dies_at_any_step_leaves_the_truth_to_the_next(
    make_world: Callable[[], World], at: int, worker: Worker
) -> None:
    life = Life(make_world())

    await life.live(at, worker)
    await life.live(None, worker)

    life.check()


@given(st.lists(st.integers(1, STEPS), min_size=2, max_size=4), st.sampled_from(Worker))
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_agents_that_die_one_after_the_other_leave_the_truth_too(
    make_world: Callable[[], World], deaths: list[int], worker: Worker
) -> None:
    life = Life(make_world())

    for at in (*deaths, None):
        await life.live(at, worker)

    life.check()
