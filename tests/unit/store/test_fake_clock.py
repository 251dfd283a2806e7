"""The virtual clock keeps the promises of `mendwatch.clock.Clock`."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from mendwatch.clock import Clock
from mendwatch.testing.clock import NOON, FakeClock


async def test_time_stands_still_until_it_is_moved() -> None:
    clock: Clock = FakeClock()

    assert (clock.now(), clock.monotonic()) == (NOON, 0.0)


async def test_sleepers_wake_at_their_own_moments_and_in_order() -> None:
    clock = FakeClock()
    woke: list[float] = []

    async def sleeper(seconds: float) -> None:
        await clock.sleep(seconds)
        woke.append(clock.monotonic())

    async with asyncio.TaskGroup() as group:
        for seconds in (30, 10, 20):
            group.create_task(sleeper(seconds))
        await clock.advance(25)
        assert woke == [10, 20]
        await clock.advance(5)

    assert woke == [10, 20, 30]


async def test_a_loop_that_sleeps_runs_once_per_interval() -> None:
    clock = FakeClock()
    rounds: list[float] = []

    async def loop() -> None:
        while True:
            await clock.sleep(15)
            rounds.append(clock.monotonic())

    task = asyncio.create_task(loop())
    await clock.advance(60)
    task.cancel()

    assert rounds == [15, 30, 45, 60]


async def test_a_cancelled_sleeper_is_forgotten() -> None:
    clock = FakeClock()
    task = asyncio.create_task(clock.sleep(5))
    await clock.settle()
    assert clock.sleepers == 1
    task.cancel()
    await clock.advance(10)

    assert (clock.sleepers, task.cancelled()) == (0, True)


async def test_moving_wakes_the_due_without_waiting_for_them() -> None:
    clock = FakeClock()
    task = asyncio.create_task(clock.sleep(5))
    await clock.settle()

    clock.move(5)

    await task
    assert clock.now() == NOON + timedelta(seconds=5)


async def test_a_step_of_the_time_of_day_does_not_touch_monotonic_seconds() -> None:
    clock = FakeClock()

    clock.step_wall(-3600)

    assert (clock.now(), clock.monotonic()) == (NOON - timedelta(hours=1), 0.0)
