"""The running agent: every part of it in one task group, started and stopped in order.

A part that fails on its own takes the whole agent down, loudly: an agent that polls and no longer judges is worse than none.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from mendwatch.playbooks.interface import Executor
from mendwatch.polling.poller import Poller
from mendwatch.remediation.engine import RemediationEngine
from mendwatch.service.feed import Feed
from mendwatch.service.forgetting import Forgetting
from mendwatch.service.gauges import Gauges
from mendwatch.service.housekeeping import Housekeeping
from mendwatch.service.inbox import Inbox
from mendwatch.service.judgement import Judgement
from mendwatch.service.readings import Readings
from mendwatch.service.reloading import Reloading
from mendwatch.service.remembering import Remembering
from mendwatch.service.tenure import Tenure
from mendwatch.store.interface import Store
from mendwatch.web.server import WebServer


@dataclass(frozen=True, slots=True)
class Machinery:
    """Everything that runs."""

    store: Store
    tenure: Tenure | None
    feed: Feed
    poller: Poller
    judgement: Judgement
    inbox: Inbox
    remedy: RemediationEngine
    executor: Executor
    server: WebServer
    gauges: Gauges
    housekeeping: Housekeeping
    readings: Readings | None
    remembering: Remembering | None
    reloading: Reloading
    forgetting: Forgetting
    targets: frozenset[str]
    address: Path


class Agent:
    """Starts when entered and stops when left; nothing of it outlives the block, except a playbook that must finish."""

    def __init__(self, machinery: Machinery) -> None:
        self._machinery = machinery
        self._stack = AsyncExitStack()
        self._owned = AsyncExitStack()

    def own(self, held: AsyncExitStack) -> None:
        """Say what was opened for it, to be let go of when it has stopped."""
        self._owned = held

    async def stand_by(self) -> None:
        """Wait until it is this agent's turn, where several share the state. It polls nothing and changes nothing meanwhile."""
        if self._machinery.tenure is not None:
            await self._machinery.tenure.take()

    @property
    def overtaken(self) -> bool:
        """Whether another agent took over."""
        return self._machinery.tenure is not None and self._machinery.tenure.lost.is_set()

    async def close(self) -> None:
        """Let go of what was opened for an agent that was never entered."""
        await self._owned.aclose()

    @property
    def store(self) -> Store:
        """The state."""
        return self._machinery.store

    @property
    def feed(self) -> Feed:
        """What happens, live."""
        return self._machinery.feed

    @property
    def url(self) -> str:
        """Where it listens; known once it is entered."""
        return self._machinery.server.url

    def reload(self) -> None:
        """Ask for rules and remediations to be loaded anew, and return at once."""
        self._machinery.reloading.ask()

    async def until(self, stop: asyncio.Event) -> None:
        """Wait for the word to stop, or until another agent took over."""
        if self._machinery.tenure is None:
            await stop.wait()
        else:
            await first(stop.wait(), self._machinery.tenure.lost.wait())

    async def __aenter__(self) -> Self:
        """Start: first the state and the door, then the engines, last the polls that drive them."""
        parts, stack = self._machinery, self._stack
        stack.push_async_callback(self._owned.aclose)
        try:
            await self.stand_by()
            if parts.tenure is not None:
                stack.push_async_callback(parts.tenure.leave)
            await parts.judgement.restore(parts.targets)
            await parts.server.start()
            stack.push_async_callback(parts.server.stop)
            # The command line finds the agent by this file, also where its port was chosen by the system.
            parts.address.write_text(self.url, "utf-8")
            stack.callback(parts.address.unlink, missing_ok=True)
            group = await stack.enter_async_context(asyncio.TaskGroup())
            stack.push_async_callback(parts.poller.stop)
            stack.push_async_callback(parts.judgement.stop)
            engines = (parts.remedy.run(), parts.judgement.run(), parts.inbox.run())
            work = (
                *engines,
                parts.gauges.run(),
                parts.housekeeping.run(),
                parts.reloading.run(),
                parts.forgetting.run(),
                parts.server.wait(),
            )
            tasks = [group.create_task(one) for one in work]
            if parts.tenure is not None:
                tasks.append(group.create_task(parts.tenure.keep()))
            if parts.readings is not None:
                tasks.append(group.create_task(parts.readings.run()))
            stack.push_async_callback(_end, tasks)
            # First of all: from here on, a playbook that outlasts the engine's grace is left to the next agent.
            stack.push_async_callback(parts.executor.close)
            await self._remember()
            await parts.poller.start()
        except BaseException:
            await stack.aclose()
            raise
        return self

    async def _remember(self) -> None:
        """Fill the windows of the rules before anything is polled."""
        parts = self._machinery
        memory = await parts.remembering.memory() if parts.remembering is not None else None
        if memory is not None:
            await parts.judgement.remember(memory)

    async def __aexit__(self, *_: object) -> None:
        """Stop in the opposite order."""
        await self._stack.aclose()


async def first(*waits: Coroutine[Any, Any, object]) -> None:
    """Wait for the first of several, and let go of the others."""
    tasks = [asyncio.ensure_future(wait) for wait in waits]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        await _end(tasks)


async def _end(tasks: Sequence[asyncio.Task[Any]]) -> None:
    """Cancel the engines and wait for them; the remediation engine gives a running playbook its grace."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
