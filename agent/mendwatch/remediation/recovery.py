"""What becomes of the runs of an agent that died: each ends in a state that tells the truth, and no playbook starts twice.

The run directory's gate tells whether a phase lives, has ended, or never began (and then never will). What a dead phase did is
measured by reading, never by doing it again.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import structlog

from mendwatch.errors import ExecutionError
from mendwatch.model.runs import ACTIVE, Run, RunState
from mendwatch.playbooks.interface import Ending, Result
from mendwatch.remediation import conclusions, planning
from mendwatch.remediation.ledger import Ledger
from mendwatch.remediation.lifecycle import Lifecycle
from mendwatch.remediation.parts import Parts
from mendwatch.remediation.phases import Phases
from mendwatch.remediation.resolving import Resolver

log = structlog.get_logger(__name__)

_MANY = 10_000
#: How many of the newest verified runs are looked at for events that were not settled.
_VERIFIED = 100
#: Seconds: how long a playbook may run of which nothing is known, and what clocks may differ by and a worker needs to end.
_LONGEST, _MARGIN = 3600.0, 10.0


class Recovery:
    """Goes on where an earlier agent stopped."""

    def __init__(self, parts: Parts, ledger: Ledger, lifecycle: Lifecycle, phases: Phases, resolver: Resolver) -> None:
        self._parts = parts
        self._ledger = ledger
        self._lifecycle = lifecycle
        self._phases = phases
        self._resolver = resolver

    async def left_behind(self) -> list[Run]:
        """Give the runs that an earlier agent was working on, oldest first. Ask before this agent begins any."""
        runs = self._parts.store.runs
        working = await runs.list(states=ACTIVE | {RunState.PLANNING}, limit=_MANY)
        verified = await runs.list(states={RunState.VERIFIED}, limit=_VERIFIED)
        found = (run for run in (*working, *verified) if self.unfinished(run) and not _to_be_planned(run))
        return sorted(found, key=lambda run: run.created_at)

    def unfinished(self, run: Run) -> bool:
        """Tell whether somebody must go on with a run: it is being planned or has begun, or its events are not settled."""
        return run.state in ACTIVE | {RunState.PLANNING} or self._resolver.waits(run)

    async def go_on(self, run: Run) -> Run:
        """Bring one run that was left behind to its end."""
        if run.state is RunState.PLANNING:
            return await self._ledger.change(
                run, RunState.SUPERSEDED, "the planning did not come to its end; nothing was changed", new_fence=True
            )
        if run.state is RunState.VERIFIED:
            return await self._resolver.settle(run)
        if run.state is RunState.ROLLING_BACK:
            note = "the agent ended while a change was being taken back: look at the target"
            return await self._ledger.change(run, RunState.ROLLBACK_FAILED, note, new_fence=True)
        return await self._active(run, await self._found(run))

    async def _active(self, run: Run, result: Result) -> Run:
        if run.state is RunState.APPLYING:
            return await self._lifecycle.conclude(run, result, take_over=True)
        cut = conclusions.cut(result)
        if run.state is RunState.INTERRUPTED:
            note = "the agent was started again; measured by reading only"
            run = await self._ledger.change(run, RunState.VERIFYING, note, new_fence=True)
        return await self._lifecycle.verify(run, cut)

    async def _found(self, run: Run) -> Result:
        """Find out what became of the playbook. The gate is put up in any case, so that no late worker begins."""
        if run.run_dir is None:
            return conclusions.LOST
        directory = Path(run.run_dir)
        existed = await asyncio.to_thread(directory.is_dir)
        if not existed and self._parts.store.fleet is not None:
            await self._outlast(run)
        result = await self._patiently(run, directory)
        return conclusions.LOST if result.ending is Ending.NEVER_STARTED and not existed else result

    async def _outlast(self, run: Run) -> None:
        """Wait until a playbook that another agent began on its own machine has no time left: nobody here can see it."""
        remediation = self._parts.catalogue.get(run.remediation)
        allowed = _LONGEST if remediation is None else float(remediation.timeouts.apply)
        begun = run.started_at or run.updated_at
        left = allowed + _MARGIN - (self._parts.clock.now() - begun).total_seconds()
        if left > 0:
            log.info("another agent's playbook may still run", run=run.id, seconds=round(left))
            await self._parts.clock.sleep(left)

    async def _patiently(self, run: Run, directory: Path) -> Result:
        """Ask the directory; one that cannot be looked at now (no file handle, no space) may still hold a playbook that works."""
        limits, clock = self._parts.limits, self._parts.clock
        last = clock.monotonic() + limits.interrupted_within
        while True:
            try:
                return await self._phases.recover(run, directory)
            except (ExecutionError, OSError) as problem:
                if isinstance(problem, ExecutionError) or clock.monotonic() >= last:
                    log.warning("run directory cannot be read", run=run.id, reason=str(problem))
                    return conclusions.UNREADABLE
            await clock.sleep(limits.hold)


def _to_be_planned(run: Run) -> bool:
    """Whether a person edited it: planning reads only, so that it is simply done again."""
    return run.state is RunState.PLANNING and planning.edited(run)
