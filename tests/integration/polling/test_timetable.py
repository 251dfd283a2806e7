"""The real APScheduler on short intervals."""

from __future__ import annotations

import asyncio
import logging
from itertools import pairwise

import pytest

from mendwatch.clock import SystemClock
from mendwatch.model.targets import Target
from mendwatch.polling import schedule
from mendwatch.polling.poller import Poller
from mendwatch.polling.timetable import SchedulerTimetable
from mendwatch.polling.watches import Probe, Watch
from mendwatch.testing.collectors import RecordingSink, ScriptedCollector, ScriptedProvider


async def until(count: int, calls: list[float] | list[str]) -> None:
    async with asyncio.timeout(10):
        while len(calls) < count:  # noqa: ASYNC110 - the scheduler has no event to wait for
            await asyncio.sleep(0.01)


async def test_calls_stay_on_the_hashed_phase_and_the_interval_does_not_stretch() -> None:
    clock, calls = SystemClock(), list[float]()
    timetable = SchedulerTimetable(clock)

    async def due() -> None:
        calls.append(clock.now().timestamp())

    timetable.add("cluster", "load", 0.25, due)
    offset = schedule.phase("cluster", "load", 0.25)
    timetable.start(lambda *_: None)
    planned = []
    try:
        for count in range(1, 6):
            await until(count, calls)
            planned.append(timetable._scheduler.get_jobs()[0].next_run_time.timestamp())
    finally:
        await timetable.stop()

    off_phase = [(moment - offset + 0.125) % 0.25 - 0.125 for moment in planned]
    assert max(map(abs, off_phase)) < 0.001
    assert all(later > earlier for earlier, later in pairwise(calls))


async def test_late_polls_are_made_once_and_never_jittered() -> None:
    timetable = SchedulerTimetable(SystemClock())

    async def due() -> None:
        raise AssertionError

    timetable.add("cluster", "load", 30.0, due)
    timetable._scheduler.start(paused=True)
    job = timetable._scheduler.get_job("cluster\0load")
    await timetable.stop()

    assert (job.coalesce, job.max_instances, job.misfire_grace_time) == (True, 1, 30)
    assert job.trigger.jitter is None


async def test_a_call_that_still_runs_is_not_made_twice_and_is_counted(caplog: pytest.LogCaptureFixture) -> None:
    timetable = SchedulerTimetable(SystemClock())
    started, missed, free = list[float](), list[str](), asyncio.Event()

    async def due() -> None:
        started.append(0.0)
        await free.wait()

    timetable.add("cluster", "load", 0.1, due)
    with caplog.at_level(logging.DEBUG, logger="root"):
        timetable.start(lambda target, collector, why: missed.append(f"{target}/{collector} {why}"))
        try:
            await until(3, missed)
        finally:
            free.set()
            await timetable.stop()

    assert len(started) == 1
    assert set(missed) == {"cluster/load still_running"}
    assert not caplog.records  # misses are counted, not logged one by one


async def test_nothing_is_called_after_stop() -> None:
    timetable = SchedulerTimetable(SystemClock())
    calls = list[float]()

    async def due() -> None:
        calls.append(0.0)

    timetable.add("cluster", "load", 0.1, due)
    timetable.start(lambda *_: None)
    await until(1, calls)
    await timetable.stop()
    before = len(calls)
    await asyncio.sleep(0.25)

    assert len(calls) == before


async def test_a_poller_polls_two_targets_and_stops_while_one_hangs() -> None:
    async def hang() -> object:
        await asyncio.Event().wait()
        raise AssertionError

    quick = ScriptedCollector("load", interval=0.1)
    slow = ScriptedCollector("load", default=hang, interval=0.1, timeout=60.0)  # type: ignore[arg-type]
    providers = [ScriptedProvider([quick]), ScriptedProvider([slow])]
    watches = [
        Watch(Target(f"target-{number}", "scripted", "x"), provider, (Probe(*_parts(provider)),), lambda: None)
        for number, provider in enumerate(providers)
    ]
    clock = SystemClock()
    poller = Poller(watches, RecordingSink(), clock=clock, announce=lambda _: None)

    await poller.start()
    await until(5, quick.calls)  # type: ignore[arg-type]
    stopping = clock.monotonic()
    await poller.stop()

    assert clock.monotonic() - stopping < 1.9
    assert len(slow.calls) == 1
    assert [provider.closes for provider in providers] == [1, 1]


async def test_one_of_fifty_targets_that_hangs_delays_no_other_by_a_second() -> None:
    async def hang() -> object:
        await asyncio.Event().wait()
        raise AssertionError

    interval = 1.5
    hanging = ScriptedCollector("load", default=hang, interval=interval, timeout=60.0)  # type: ignore[arg-type]
    collectors = [hanging, *(ScriptedCollector("load", interval=interval) for _ in range(49))]
    providers = [ScriptedProvider([collector]) for collector in collectors]
    watches = [
        Watch(Target(f"target-{number}", "scripted", "x"), provider, (Probe(*_parts(provider)),), lambda: None)
        for number, provider in enumerate(providers)
    ]
    sink = RecordingSink()
    poller = Poller(watches, sink, clock=SystemClock(), announce=lambda _: None)
    await poller.start()
    for collector in collectors[1:]:
        await until(2, collector.calls)  # type: ignore[arg-type]
    await poller.stop()

    made = [outcome for outcome in sink.outcomes if outcome.reading is not None]
    late = [(outcome.at.timestamp() - schedule.phase(outcome.target.id, "load", interval)) % interval for outcome in made]
    assert len(made) >= 98
    assert len(hanging.calls) == 1
    assert max(late) < 1.0


def _parts(provider: ScriptedProvider) -> tuple[object, ...]:
    (collector,) = provider.collectors()
    return collector.spec, collector
