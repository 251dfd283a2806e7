"""One approved run from its start to its end: the last look, apply, verify, resolve.

It holds no state of its own: the row in the store is the truth, and every step begins with a guarded change of that row. So
an agent that dies anywhere leaves a row from which `recovery` goes on.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from mendwatch.errors import MendwatchError
from mendwatch.model.runs import Run, RunState
from mendwatch.playbooks.interface import Job, Phase, Result
from mendwatch.remediation import conclusions, measuring, starting
from mendwatch.remediation.ledger import Ledger
from mendwatch.remediation.parts import Parts
from mendwatch.remediation.phases import Phases, job
from mendwatch.remediation.resolving import Resolver
from mendwatch.remediation.starting import Ready, Stop


class Lifecycle:
    """Carries runs."""

    def __init__(self, parts: Parts, ledger: Ledger, phases: Phases, resolver: Resolver) -> None:
        self._parts = parts
        self._ledger = ledger
        self._phases = phases
        self._resolver = resolver

    async def carry(self, run: Run) -> Run:
        """Bring an approved run to its end; gives it as it ended.

        Raises:
            Refused: the store did not let it start (another run is active on the target, somebody else was first).
            StoreError: the store does not answer; nothing was decided.
        """
        async with self._phases.slots:
            found = await starting.look(self._parts, run)
            if isinstance(found, Stop):
                return await self._ledger.change(run, found.to, found.reason, expect_version=run.version)
            run, result = await self._apply(run, found)
        return await self.conclude(run, result)

    async def conclude(self, run: Run, result: Result, *, take_over: bool = False) -> Run:
        """Go on from the end of the apply phase; `take_over` gives the row a new owner with the first change."""
        conclusion = conclusions.of_apply(result)
        changed = await self._ledger.change(run, conclusion.to, conclusion.note, outcome=result.outcome, new_fence=take_over)
        if changed.state is RunState.INTERRUPTED:
            changed = await self._ledger.change(changed, RunState.VERIFYING, "measured by reading only")
        return await self.verify(changed, conclusions.cut(result)) if changed.state is RunState.VERIFYING else changed

    async def verify(self, run: Run, cut: str = "") -> Run:
        """Measure success on fresh polls, then settle the target's events."""
        rule = self._parts.rules(run.rule)
        if rule is None or rule.remediate is None:
            return await self._ledger.change(
                run, RunState.FAILED, f"{cut}; " * bool(cut) + f"success cannot be measured: the rule {run.rule} is gone"
            )
        patience = measuring.patience(rule, self._parts.limits, cut=bool(cut))
        verdict = await measuring.measure(self._parts, rule, run, self._parts.clock.now(), patience)
        note = f"{cut}; " * bool(cut) + measuring.words(verdict, patience)
        if not verdict.holds:
            return await self._ledger.change(run, RunState.FAILED, note, detail={"values": dict(verdict.values)})
        verified = await self._ledger.change(run, RunState.VERIFIED, note, detail={"values": dict(verdict.values)})
        return await self._resolver.settle(verified)

    async def _apply(self, run: Run, ready: Ready) -> tuple[Run, Result]:
        """Record where the playbook will run, then run it: never the other way round."""
        wanted = job(run, Phase.APPLY, ready.remediation, ready.plan.variables)
        directory = self._parts.executor.directory(wanted)
        applying = await self._ledger.change(
            run,
            RunState.APPLYING,
            "the playbook runs with the write account",
            expect_version=run.version,
            plan_hash=ready.plan_hash,
            run_dir=str(directory),
            new_fence=True,
        )
        return applying, await self._run(applying, replace(wanted, environment=ready.environment), directory)

    async def _run(self, run: Run, wanted: Job, directory: Path) -> Result:
        """Run the playbook; when the executor itself fails, its gate tells whether anything was begun."""
        try:
            return await self._phases.run(run, wanted)
        except (MendwatchError, OSError):
            return await self._phases.recover(run, directory)
