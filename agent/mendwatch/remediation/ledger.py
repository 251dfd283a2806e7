"""Changes of state, each told to whoever watches: the store keeps the row and the audit, the notice is its echo.

It decides nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mendwatch.model.notices import Notice
from mendwatch.model.runs import Run, RunState
from mendwatch.playbooks.interface import TaskEvent
from mendwatch.remediation import breakers
from mendwatch.remediation.parts import AGENT, Parts
from mendwatch.store.interface import RunChange

#: Each state in plain words, as a notice and docs/runs.md say it.
WORDS: Mapping[RunState, str] = {
    RunState.PLANNING: "is being planned",
    RunState.PENDING: "waits for a decision",
    RunState.APPROVED: "is approved",
    RunState.APPLYING: "is being applied",
    RunState.VERIFYING: "is being verified",
    RunState.VERIFIED: "is verified",
    RunState.REFUSED: "was refused",
    RunState.DENIED: "was denied",
    RunState.EXPIRED: "expired",
    RunState.SUPERSEDED: "was overtaken by events",
    RunState.CANCELLED: "was cancelled",
    RunState.FAILED: "failed",
    RunState.ROLLING_BACK: "is being rolled back",
    RunState.ROLLED_BACK: "was rolled back",
    RunState.ROLLBACK_FAILED: "could not be rolled back",
    RunState.INTERRUPTED: "was interrupted",
}


class Ledger:
    """Writes changes and announces them."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def change(self, run: Run, to: RunState, note: str, *, actor: str = AGENT, **fields: Any) -> Run:  # noqa: ANN401 - RunChange's own fields
        """Make one change of state and announce it; the fence of `run` must still be that of the row.

        Raises:
            Refused: the store forbids it; nothing was changed.
            StoreError: the store does not answer.
        """
        wanted = RunChange(to=to, actor=actor, note=note, expect_fence=run.fence, **fields)
        changed = await self._parts.store.runs.change(run.id, wanted)
        self.state(changed)
        await breakers.tally(self._parts, changed)
        return changed

    def state(self, run: Run) -> None:
        """Announce the state that a run is in."""
        facts: dict[str, object] = {"state": run.state.value, "note": run.note, "risk": run.risk, "mode": run.mode}
        if run.state is RunState.PENDING:
            facts |= {"plan_hash": run.plan_hash, "expires_at": run.expires_at}
        self.tell(run, run.state.value, f"{WORDS[run.state]}{': ' if run.note else ''}{run.note}", facts)

    def task(self, run: Run, phase: str, event: TaskEvent) -> None:
        """Announce what a playbook's tasks do. Their names come from its fixed text; messages are left out."""
        if not event.task:
            return
        text = f"{phase}: {event.task}{' - ' if event.status else ''}{event.status}"
        facts = {"phase": phase, "task": event.task, "event": event.event, "status": event.status, "counter": event.counter}
        self.tell(run, "task", text, facts)

    def tell(self, run: Run, what: str, text: str, facts: Mapping[str, object]) -> None:
        """Announce `run.<what>` as one plain line; the run's identity is always among the facts."""
        identity = {"run": run.id, "target": run.target, "rule": run.rule, "remediation": run.remediation}
        line = f"{run.remediation} on {run.target} {text}"
        self._parts.announce(Notice(self._parts.clock.now(), f"run.{what}", line, {**identity, **facts}))
