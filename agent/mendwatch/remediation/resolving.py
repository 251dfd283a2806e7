"""Settling the target's open events that a verified run has put right: one playbook run for each event.

Failing to do so changes no state: the trouble is gone, only its notice on the target stays. It is announced and audited.
An audit row is written before each playbook starts, so that an agent that dies in between finds out what it had begun.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from mendwatch.errors import ExecutionError, MendwatchError, StoreError
from mendwatch.model.remediations import Remediation, ResolveEvents
from mendwatch.model.runs import Run, RunState
from mendwatch.model.samples import Event
from mendwatch.playbooks.interface import Ending, Phase, Result
from mendwatch.remediation import outcomes, stopping
from mendwatch.remediation.ledger import Ledger
from mendwatch.remediation.parts import AGENT, Parts
from mendwatch.remediation.phases import Phases, job

#: How often one event is tried, over all starts of the agent.
ATTEMPTS = 3
_BEGUN = "run.resolving"


@dataclass(frozen=True, slots=True)
class _Settled:
    """What became of the events: the keys that are settled, and why others are not."""

    done: tuple[str, ...]
    failed: Mapping[str, str]


def matching(events: Sequence[Event], resolve: ResolveEvents, run: Run) -> tuple[Event, ...]:
    """Give the open events that belong to a run: the kind is right and every pair of `equal` holds."""
    variables = run.plan.variables if run.plan else run.variables
    return tuple(
        event
        for event in events
        if event.kind == resolve.kind
        and all(
            left in event.attributes and right in variables and event.attributes[left] == str(variables[right])
            for left, right in resolve.equal.items()
        )
    )


class Resolver:
    """Runs the resolve phase."""

    def __init__(self, parts: Parts, ledger: Ledger, phases: Phases) -> None:
        self._parts = parts
        self._ledger = ledger
        self._phases = phases

    def waits(self, run: Run) -> bool:
        """Tell whether a run is verified and its events are still to be settled."""
        remediation = self._parts.catalogue.get(run.remediation)
        settles = remediation is not None and remediation.resolve is not None
        return settles and run.state is RunState.VERIFIED and run.events_resolved is None

    async def settle(self, run: Run) -> Run:
        """Settle a verified run's events once; gives the run as it is then: unchanged while runs are off or events not known.

        Raises:
            StoreError: the store does not answer; the next start of the agent goes on from here.
        """
        remediation = self._parts.catalogue.get(run.remediation)
        if remediation is None or remediation.resolve is None or not self.waits(run) or await stopping.stopped(self._parts):
            return run
        events = await self._parts.judge.open_events(run.target, remediation.resolve.kind)
        if events is None:
            return run  # not known yet, as after a start; nothing there and nothing known are not the same
        begun = await self._begun(run)
        done = [key for attempt, key in enumerate(begun, 1) if await self._was_done(run, remediation, attempt)]
        found = matching(events, remediation.resolve, run)
        failed: dict[str, str] = {}
        for key in (event.key for event in found if event.key not in done):
            why = await self._try(run, remediation, key, begun)
            if why is None:
                done.append(key)
            else:
                failed[key] = why
        return await self._finish(run, _Settled(tuple(dict.fromkeys(done)), failed))

    async def _try(self, run: Run, remediation: Remediation, key: str, begun: list[str]) -> str | None:
        """Settle one event; gives why not, or None where it is done."""
        if begun.count(key) >= ATTEMPTS:
            return f"given up after {ATTEMPTS} attempts"
        begun.append(key)
        await self._parts.store.audit.append(AGENT, _BEGUN, run.id, {"key": key, "attempt": len(begun)})
        try:
            result = await self._run(run, remediation, key, len(begun))
        except StoreError:
            raise
        except (MendwatchError, OSError) as problem:
            return str(problem)
        return None if result.ending is Ending.SUCCEEDED else outcomes.explain(result)

    async def _run(self, run: Run, remediation: Remediation, key: str, attempt: int) -> Result:
        given = {
            **(run.plan.variables if run.plan else run.variables),
            "event_key": key,
            "comment": f"settled by mendwatch run {run.id}",
        }
        wanted = job(run, Phase.RESOLVE, remediation, given, attempt)
        target = self._parts.access.target(run.target)
        async with self._phases.slots:
            environment = self._parts.access.environment(target, "write")
            if environment is None:
                raise ExecutionError(
                    f"{run.target} has no write credential", hint="Configure one, or settle the event on the target."
                )
            return await self._phases.run(run, replace(wanted, environment=environment))

    async def _begun(self, run: Run) -> list[str]:
        """Give the events that were begun, in the order of their attempts."""
        rows = await self._parts.store.audit.entries(subject=run.id)
        return [str(row.detail.get("key")) for row in rows if row.what == _BEGUN]

    async def _was_done(self, run: Run, remediation: Remediation, attempt: int) -> bool:
        """Ask the executor what became of an earlier attempt."""
        directory = self._parts.executor.directory(job(run, Phase.RESOLVE, remediation, {}, attempt))
        try:
            result = await self._phases.recover(run, directory, Phase.RESOLVE)
        except (ExecutionError, OSError):
            return False  # not known; an event that is still open is settled anew, which harms nothing
        return result.ending is Ending.SUCCEEDED

    async def _finish(self, run: Run, settled: _Settled) -> Run:
        """Write down what became of the events; the run stays verified, and a person may settle the others on the target."""
        for key, why in settled.failed.items():
            await self._parts.store.audit.append(AGENT, "run.resolve_failed", run.id, {"key": key, "why": why})
            text = f"is verified, but its open event could not be settled on the target: {why}"
            self._ledger.tell(run, "resolve_failed", text, {"key": key, "why": why})
        if not settled.done and not settled.failed:
            return await self._parts.store.runs.mark_resolved(run.id, (), actor=AGENT, note=run.note)
        text = _words(settled)
        changed = await self._parts.store.runs.mark_resolved(run.id, settled.done, actor=AGENT, note=f"{run.note}; {text}")
        self._ledger.tell(changed, "events_resolved", text, {"keys": settled.done})
        return changed


def _words(settled: _Settled) -> str:
    counts = f"{_events(len(settled.done))} of the target settled"
    return f"{counts}, {_events(len(settled.failed))} not" if settled.failed else counts


def _events(count: int) -> str:
    return "1 open event" if count == 1 else f"{count} open events"
