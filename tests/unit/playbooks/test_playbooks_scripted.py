"""The scripted executor keeps the promises of the real one."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from mendwatch.errors import ExecutionError
from mendwatch.playbooks.interface import Ending, Executor, Job, Phase, TaskEvent
from mendwatch.testing.playbooks import Scene, ScriptedExecutor, failed, succeeded, task


def job(phase: Phase = Phase.PLAN, attempt: int = 1) -> Job:
    return Job("r", phase, attempt, Path("/p"), Path("/c"), {}, {}, 1.0)


async def test_it_plays_its_scenes_in_order_and_keeps_the_jobs() -> None:
    executor: Executor = (scripted := ScriptedExecutor())
    scripted.play(Phase.PLAN, Scene(succeeded("planned", bind={"a": 1}), events=(task(1, "T"),)), failed("precondition_failed"))
    events: list[TaskEvent] = []

    first = await executor.run(job(), events.append)
    second = await executor.run(job(attempt=2))

    assert first.outcome == {"outcome": "planned", "bind": {"a": 1}}
    assert second.ending is Ending.FAILED
    assert [event.task for event in events] == ["T"]
    assert scripted.jobs == [job(), job(attempt=2)]


async def test_a_phase_runs_once_per_directory() -> None:
    executor = ScriptedExecutor()
    executor.play(Phase.PLAN, succeeded("planned"), succeeded("planned"))
    await executor.run(job())

    with pytest.raises(ExecutionError, match="begun before"):
        await executor.run(job())


async def test_recovering_what_never_began_closes_it_for_good() -> None:
    executor = ScriptedExecutor()
    executor.play(Phase.APPLY, succeeded("applied"))

    assert (await executor.recover(executor.directory(job(Phase.APPLY)))).ending is Ending.NEVER_STARTED
    with pytest.raises(ExecutionError, match="begun before"):
        await executor.run(job(Phase.APPLY))


async def test_a_held_phase_can_be_cancelled_or_released() -> None:
    executor = ScriptedExecutor()
    executor.play(Phase.APPLY, Scene(succeeded("applied"), held=True), Scene(succeeded("applied"), held=True))
    cancelled = asyncio.create_task(executor.run(job(Phase.APPLY)))
    await asyncio.sleep(0)
    cancelled.cancel()
    with pytest.raises(asyncio.CancelledError):
        await cancelled

    released = asyncio.create_task(executor.run(job(Phase.APPLY, 2)))
    executor.release()

    assert (await executor.recover(executor.directory(job(Phase.APPLY)))).ending is Ending.CANCELLED
    assert (await released).ending is Ending.SUCCEEDED
