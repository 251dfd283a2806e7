"""Run directories go a day after their run is over and settled, and no sooner."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import structlog

from mendwatch.model.notices import Notice
from mendwatch.model.runs import Run, RunState
from mendwatch.service import garbage, logs
from mendwatch.service.housekeeping import Housekeeping, spent
from mendwatch.store.interface import NewRun
from mendwatch.testing.clock import NOON, FakeClock
from mendwatch.testing.store import MemoryStore

DAY = timedelta(days=1)


async def a_run(store: MemoryStore) -> Run:
    run = await store.runs.propose(NewRun("k", "R", "d", "f", "lab", "x/y", "low", "approve", "rule:R", {}, {}))
    assert run is not None
    return run


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


@pytest.mark.parametrize(
    ("state", "settled", "age", "gone"),
    [
        (RunState.FAILED, False, 2 * DAY, True),
        (RunState.FAILED, False, DAY / 2, False),
        (RunState.VERIFIED, True, 2 * DAY, True),
        (RunState.VERIFIED, False, 2 * DAY, False),
        (RunState.APPLYING, False, 2 * DAY, False),
        (RunState.INTERRUPTED, False, 2 * DAY, False),
    ],
)
async def test_a_directory_is_spent_when_its_run_is(state: RunState, age: timedelta, *, settled: bool, gone: bool) -> None:
    run = replace(await a_run(MemoryStore()), state=state, ended_at=NOON, events_resolved=("1",) if settled else None)

    assert spent(run, NOON + age) is gone


async def test_only_the_directories_of_known_runs_that_are_over_are_removed(tmp_path: Path) -> None:
    clock = FakeClock()
    store = MemoryStore(clock)
    over = await a_run(store)
    store.runs._runs[over.id] = replace(over, state=RunState.DENIED, ended_at=clock.now())
    waiting = await a_run(store)
    for name in (over.id, waiting.id, "something-else"):
        (tmp_path / name / "plan-1").mkdir(parents=True)
    clock.move((2 * DAY).total_seconds())

    await Housekeeping(tmp_path, store, clock).go_round()

    assert names(tmp_path) == {waiting.id, "something-else"}


async def test_a_folder_that_is_no_folder_is_no_fault(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    await Housekeeping(tmp_path / "file", MemoryStore(), FakeClock()).go_round()


async def test_a_folder_that_is_not_there_is_no_fault(tmp_path: Path) -> None:
    await Housekeeping(tmp_path / "absent", MemoryStore(), FakeClock()).go_round()


@pytest.mark.parametrize(
    ("kind", "logged"), [("alert.firing", True), ("run.pending", True), ("run.task", False), ("target.up", False)]
)
def test_what_is_judged_and_decided_is_logged_and_every_task_is_not(kind: str, *, logged: bool) -> None:
    with structlog.testing.capture_logs() as lines:
        logs.tell(Notice(NOON, kind, "words"))

    assert [line["event"] for line in lines] == ([kind] if logged else [])


async def test_the_garbage_is_looked_through_when_memory_has_grown_and_not_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, used, looks = FakeClock(), [1000], list[int]()
    monkeypatch.setattr(garbage, "in_use", lambda: used[0])
    monkeypatch.setattr(garbage, "look_through", lambda: looks.append(used[0]))
    task = asyncio.create_task(Housekeeping(tmp_path / "absent", MemoryStore(), clock).run())
    try:
        for day, blocks in enumerate((1_000, 150_000, 300_000, 300_000), start=1):
            await _hours(clock, 1 if day == 1 else 0)
            used[0] = blocks
            await _hours(clock, 23 if day == 1 else 24)
            assert looks == ([300_000] if day > 2 else []), day
    finally:
        task.cancel()


async def _hours(clock: FakeClock, count: int) -> None:
    """Let hours pass; each round looks for directories in a thread."""
    for _ in range(count):
        await _asleep(clock)
        clock.move(3600)
        await asyncio.sleep(0)
    await _asleep(clock)


async def _asleep(clock: FakeClock) -> None:
    for _ in range(10_000):
        if clock.sleepers:
            return
        await asyncio.sleep(0.001)
