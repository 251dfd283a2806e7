"""What an agent costs while a thousand runs wait for somebody's word.

usage: python bench/waiting.py [RUNS] [SECONDS]

The runs lie in the state when the agent starts; it watches no target, so that what is measured is the waiting. First nobody writes,
then somebody else writes to the state once a second, after each of which the agent reads what waits anew. CPU is user and system
time of the whole agent, after its start.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from time import perf_counter, sleep
from typing import TypeVar

from parts.agents import RunningAgent

from mendwatch.clock import SystemClock
from mendwatch.config.settings import Settings
from mendwatch.model.runs import Change, Plan, RunState
from mendwatch.service.state import open_state
from mendwatch.store.interface import NewRun, RunChange, Store

T = TypeVar("T")
RUNS, SECONDS, SETTLING = 1000, 30, 5
GOAL = 0.05


def main() -> None:
    """Print the share of a core, quiet and with a writer."""
    runs, seconds = (int(sys.argv[1:][at]) if len(sys.argv) > at + 1 else given for at, given in enumerate((RUNS, SECONDS)))
    with tempfile.TemporaryDirectory() as name:
        agent = RunningAgent(Path(name) / "agent", {})
        settings = Settings(state_dir=Path(name) / "agent" / "state")
        asyncio.run(with_state(settings, lambda store: wait(store, runs)))
        with agent:
            sleep(SETTLING)
            quiet = share(agent, seconds, lambda: None)
            busy = share(agent, seconds, lambda: asyncio.run(with_state(settings, touch)))
            found = asyncio.run(with_state(settings, pending))
    print(f"{found} runs wait; nobody writes: {quiet:.2%} of a core; somebody writes each second: {busy:.2%}; goal {GOAL:.0%}")
    sys.exit(max(quiet, busy) > GOAL or found != runs)


def share(agent: RunningAgent, seconds: float, each_second: Callable[[], None]) -> float:
    """Give the agent's share of a core over a window."""
    cpu, begun = agent.cpu(), perf_counter()
    while perf_counter() - begun < seconds:
        each_second()
        sleep(1.0)
    return (agent.cpu() - cpu) / (perf_counter() - begun)


async def with_state(settings: Settings, work: Callable[[Store], Awaitable[T]]) -> T:
    """Do something with the state, as another process does."""
    store = await open_state(settings)
    try:
        return await work(store)
    finally:
        await store.close()


async def wait(store: Store, runs: int) -> None:
    """Put runs there that wait for a word."""
    until = SystemClock().now() + timedelta(hours=12)
    for number in range(runs):
        path = f"/ifs/data/{number}"
        variables = {"path": path, "new_hard_limit_bytes": 11 * 2**40}
        new = NewRun(
            path, "QuotaFull", "d" * 64, "f", "prod-1", "onefs/quota_raise", "low", "approve", "rule:QuotaFull", {}, variables
        )
        run = await store.runs.propose(new)
        assert run is not None
        changes = (Change(path, "hard: 10995116277760", "hard: 12094627905536"),)
        plan = Plan("onefs/quota_raise", "e" * 64, "prod-1", "https://192.0.2.1:8080", variables, changes, {"ansible-core": "2.19"})
        await store.runs.change(run.id, RunChange(RunState.PENDING, "bench", plan=plan, expires_at=until))


async def touch(store: Store) -> None:
    """Write something."""
    await store.audit.append("bench", "bench.touched", "bench", {})


async def pending(store: Store) -> int:
    """Count what waits."""
    return (await store.runs.counts()).get(RunState.PENDING, 0)


if __name__ == "__main__":
    main()
