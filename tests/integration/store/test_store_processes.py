"""Several processes hold one database: they wait for each other, and a death in the middle breaks nothing."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from mendwatch.model.runs import RunState
from mendwatch.store.sql import SqlStore, open_store
from mendwatch.testing.clock import FakeClock

if TYPE_CHECKING:
    from tests.integration.store.conftest import Make

KEY = bytes(range(32))

#: Proposes, plans and approves runs for ever, and appends; says after each whole run how many it did.
WRITER = """
import asyncio, sys
from datetime import timedelta
from mendwatch.clock import SystemClock
from mendwatch.model.principals import Permission, Principal
from mendwatch.model.runs import Plan, RunState
from mendwatch.store.interface import NewRun, RunChange
from mendwatch.store.sql import open_store

async def main(url, name):
    store = await open_store(url, key=bytes(range(32)), clock=SystemClock())
    ann = Principal("ann", "cli", frozenset({Permission.DECIDE}))
    plan = Plan("r", "d", "t", "a", {}, (), {})
    print("ready", flush=True)
    count = 0
    while True:
        run = await store.runs.propose(NewRun(f"{name}-{count}", "r", "d", "f", name, "x", "low", "approve", "rule:r", {}, {}))
        expires = store.runs._clock.now() + timedelta(minutes=5)
        await store.runs.change(run.id, RunChange(to=RunState.PENDING, actor="a", plan=plan, expires_at=expires))
        await store.runs.decide(run.id, plan_hash=plan.sha256(), verdict="approve", principal=ann, reason="")
        await store.audit.append("a", "note", run.id, {})
        count += 1
        print(count, flush=True)

asyncio.run(main(*sys.argv[1:]))
"""


@asynccontextmanager
async def writer(url: str, name: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run the writer in a process of its own, which is gone afterwards."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", WRITER, url, name, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGKILL)
        await process.communicate()


async def line(process: asyncio.subprocess.Process) -> str:
    """Give the next line a writer says; what it said on its way out, if it ended."""
    assert process.stdout is not None
    said = (await process.stdout.readline()).decode().strip()
    assert said, f"the writer ended: {(await process.communicate())[1].decode()}"
    return said


async def consistent(store: SqlStore) -> None:
    """Check that the runs are exactly what the chain says happened to them."""
    assert (await store.audit.verify()).fault is None
    told: dict[str, str] = {}
    for entry in await store.audit.entries(limit=100_000):
        if entry.what.startswith("run."):
            told[entry.subject] = str(entry.detail.get("to", RunState.PLANNING))
    assert told == {run.id: run.state.value for run in await store.runs.list(limit=100_000)}


async def test_two_stores_on_one_database_open_one_run_per_problem(both: SqlStore, sql_url: str, make: Make) -> None:
    other = await open_store(sql_url, key=KEY, clock=make.clock, own_clock=False)
    stores = [both, other]

    answers = await asyncio.gather(*(stores[n % 2].runs.propose(make.new(f"problem {n // 10}")) for n in range(40)))

    assert sum(run is not None for run in answers) == 4
    assert await both.runs.list() == await other.runs.list()
    await other.close()


async def test_two_stores_on_one_database_approve_once_and_start_once(both: SqlStore, sql_url: str, make: Make) -> None:
    other = await open_store(sql_url, key=KEY, clock=make.clock, own_clock=False)
    stores, run = [both, other], await make.pending(both)

    words = await asyncio.gather(*(make.approve(stores[n % 2], run, f"p{n}") for n in range(20)), return_exceptions=True)
    starts = await asyncio.gather(
        *(stores[n % 2].runs.change(run.id, make.to(RunState.APPLYING)) for n in range(20)), return_exceptions=True
    )

    assert [sum(not isinstance(answer, Exception) for answer in answers) for answers in (words, starts)] == [1, 1]
    await consistent(other)
    await other.close()


async def test_eight_stores_that_open_a_new_file_at_once_make_one_database(url: str) -> None:
    stores = await asyncio.gather(*(open_store(url, key=KEY, clock=FakeClock()) for _ in range(8)))

    await asyncio.gather(*(store.audit.append("a", "w", "s", {}) for store in stores for _ in range(5)))

    assert (await stores[0].audit.verify()).rows == 40
    await asyncio.gather(*(store.close() for store in stores))


async def test_three_processes_write_one_chain(sql_url: str) -> None:
    async with writer(sql_url, "a") as first, writer(sql_url, "b") as second:
        store = await open_store(sql_url, key=KEY, clock=FakeClock())
        for process in (first, second):
            assert await line(process) == "ready"
        for _ in range(10):
            await store.audit.append("a", "note", "s", {})
            await asyncio.gather(line(first), line(second))

    await consistent(store)
    assert len(await store.runs.list(limit=10_000)) >= 20
    await store.close()


async def killed(url: str, rounds: int) -> int:
    """Kill a writer at random moments, one after the other, and look each time; gives how many runs were acknowledged."""
    moments, total = random.Random(os.getpid()), 0  # noqa: S311 - moments to kill at, no secret
    for round_ in range(rounds):
        async with writer(url, f"round-{round_}") as process:
            assert await line(process) == "ready"
            for _ in range(moments.randrange(1, 8)):
                acknowledged = int(await line(process))
            await asyncio.sleep(moments.random() * 0.01)
            process.send_signal(signal.SIGKILL)
            await process.wait()

        store = await open_store(url, key=KEY, clock=FakeClock())
        await consistent(store)
        done = await store.runs.list(target=f"round-{round_}", states=[RunState.APPROVED], limit=100_000)
        assert len(done) >= acknowledged
        total += acknowledged
        await store.close()
    return total


async def test_a_process_killed_at_any_moment_leaves_a_whole_chain_and_whole_runs(sql_url: str) -> None:
    assert await killed(sql_url, 3) >= 3


@pytest.mark.long
async def test_a_hundred_and_twenty_deaths_lose_nothing_that_was_acknowledged(sql_url: str) -> None:
    assert await killed(sql_url, 120) >= 120
