"""Running one phase of a run: its job, its slot, its live events.

At most `concurrent` playbooks run at a time. The secret is in the job's environment and nowhere else.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping
from pathlib import Path
from typing import Any

from mendwatch.model.remediations import Remediation
from mendwatch.model.runs import Run
from mendwatch.playbooks.interface import Job, OnEvent, Phase, Result, TaskEvent
from mendwatch.remediation.ledger import Ledger
from mendwatch.remediation.parts import Parts


def job(run: Run, phase: Phase, remediation: Remediation, variables: Mapping[str, object], attempt: int = 1) -> Job:
    """Make a job without its secret: enough to know its directory."""
    timeouts = {
        Phase.PLAN: remediation.timeouts.plan,
        Phase.APPLY: remediation.timeouts.apply,
        Phase.RESOLVE: remediation.timeouts.resolve,
    }
    playbook = remediation.playbook
    if phase is Phase.RESOLVE and remediation.resolve:
        playbook = remediation.folder / remediation.resolve.playbook
    return Job(
        run_id=run.id,
        phase=phase,
        attempt=attempt,
        playbook=playbook,
        collections=remediation.collections,
        variables=variables,
        environment={},
        timeout=timeouts[phase],
    )


class Phases:
    """The executor, with a limit on how much runs at a time."""

    def __init__(self, parts: Parts, ledger: Ledger) -> None:
        self._parts = parts
        self._ledger = ledger
        self.slots = asyncio.Semaphore(parts.limits.concurrent)

    async def run(self, run: Run, wanted: Job) -> Result:
        """Run one phase to its end; the caller holds a slot. A stopping agent gives it some grace.

        Raises:
            ExecutionError: the worker could not be started.
        """
        return await self._to_the_end(self._parts.executor.run(wanted, self._teller(run, wanted.phase)))

    async def recover(self, run: Run, directory: Path, phase: Phase = Phase.APPLY) -> Result:
        """Find out what became of a phase whose agent died."""
        return await self._parts.executor.recover(directory, self._teller(run, phase))

    def _teller(self, run: Run, phase: Phase) -> OnEvent:
        def tell(event: TaskEvent) -> None:
            self._ledger.task(run, phase.value, event)

        return tell

    async def _to_the_end(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Wait for a playbook; when the agent stops, let it finish within the grace before it is ended."""
        task = asyncio.ensure_future(work)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            await self._grace(task)
            raise

    async def _grace(self, task: asyncio.Future[Result]) -> None:
        end: asyncio.Future[Any] = asyncio.ensure_future(self._parts.clock.sleep(self._parts.limits.grace))
        try:
            await asyncio.wait([task, end], return_when=asyncio.FIRST_COMPLETED)
        finally:
            for waiting in (task, end):
                waiting.cancel()
            await asyncio.gather(task, end, return_exceptions=True)
