"""How a run changes: pure functions from a row and a wish to the next row, or Refused with the reason.

Both stores decide here. What they add is that nobody changes the row in between.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import cast

from mendwatch.errors import Refused
from mendwatch.model.controls import Control
from mendwatch.model.runs import ACTIVE, OPEN, TERMINAL, TRANSITIONS, Change, Plan, Run, RunState
from mendwatch.store.canonical import digest, plain
from mendwatch.store.chain import Fact
from mendwatch.store.interface import NewRun, RunChange

#: An approval is for now: what was true when a person looked may not be true later.
START_WITHIN = timedelta(minutes=10)

#: Whether a plan is needed to come here: nobody can agree to, or start, what is not written down.
_PLANNED = frozenset({RunState.PENDING, RunState.APPROVED})
#: What waits for somebody, and not for ever.
_EXPIRING = frozenset({RunState.PENDING, RunState.APPROVED})
_DECIDED = frozenset({RunState.APPROVED, RunState.DENIED})


def opened(new: NewRun, run_id: str, now: datetime) -> Run:
    """Give the first row of a run. Raises Refused where its variables cannot be written down."""
    if new.quorum < 1:
        raise Refused(f"a run needs at least one approval, not {new.quorum}", hint="Correct `approval.quorum` of the rule.")
    return Run(
        id=run_id,
        dedup_key=new.dedup_key,
        rule=new.rule,
        rule_digest=new.rule_digest,
        fingerprint=new.fingerprint,
        target=new.target,
        remediation=new.remediation,
        risk=new.risk,
        mode=new.mode,
        proposer=new.proposer,
        state=RunState.PLANNING,
        version=1,
        fence=0,
        created_at=now,
        updated_at=now,
        subject=cast("Mapping[str, str]", plain(new.subject)),
        variables=cast("Mapping[str, object]", plain(new.variables)),
        quorum=new.quorum,
        not_proposer=new.not_proposer,
    )


def sources(to: RunState) -> frozenset[RunState]:
    """Give the states from which a state may be reached."""
    return frozenset(state for state, following in TRANSITIONS.items() if to in following)


def changed(run: Run, change: RunChange, now: datetime) -> Run:
    """Give the row after a change. Raises Refused with the reason."""
    _expect(run, change)
    _allow(run, change, now)
    planned = _planned(run, change)
    if change.to in _PLANNED and planned.plan is None:
        raise Refused(f"{run.id} has no plan: there is nothing to agree to")
    moved = replace(
        planned, state=change.to, version=run.version + 1, fence=run.fence + change.new_fence, updated_at=now, note=change.note
    )
    return _timed(_filled(moved, change), change, now)


def refuse_deciding(run: Run, change: RunChange) -> None:
    """Raise Refused where a change would take the word out of people's mouths: a question is answered by `decide` only."""
    if run.state is RunState.PENDING and change.to in _DECIDED:
        raise Refused(f"{run.id} is pending: only a person's decision makes it {change.to}")


def refuse_stopped(run: Run, change: RunChange, stop: Control | None) -> None:
    """Raise Refused where runs are stopped: asked in the transaction that would start one, so that no start slips through."""
    if stop is not None and change.to is RunState.APPLYING:
        raise Refused(f"{run.id} cannot start: {stopped_words(stop)}", hint="See `mendwatch allow-runs`.")


def stopped_words(stop: Control) -> str:
    """Say who stopped runs, and why."""
    reason = stop.value.get("reason")
    return f"runs were stopped by {stop.by}{f': {reason}' if reason else ''}"


def resolved(run: Run, keys: Sequence[str], note: str, now: datetime) -> Run:
    """Give the row of a verified run after some of its target's events were settled; the same row if nothing is new."""
    if run.state is not RunState.VERIFIED:
        raise Refused(f"{run.id} is {run.state}: only a verified run settles events")
    settled = tuple(dict.fromkeys((*(run.events_resolved or ()), *keys)))
    if settled == run.events_resolved:
        return run
    return replace(run, events_resolved=settled, version=run.version + 1, updated_at=now, note=note)


def overdue(run: Run, now: datetime) -> bool:
    """Whether a question ran out, or an approved run was not started in time."""
    return run.state in _EXPIRING and run.expires_at is not None and run.expires_at <= now


def expiry(run: Run, actor: str) -> RunChange:
    """Give the change that ends an overdue run."""
    note = "nobody approved in time" if run.state is RunState.PENDING else "it was not started in time after its approval"
    return RunChange(to=RunState.EXPIRED, actor=actor, note=note)


def conflict(run: Run, other: Run) -> Refused | None:
    """Give why two runs cannot be so at once: one problem has one open run, one target one active run."""
    if other.id != run.id and run.state in ACTIVE and other.state in ACTIVE and run.target == other.target:
        return Refused(
            f"{other.id} is {other.state} on {run.target}, where one run may work at a time",
            hint="Try again when that run has ended.",
        )
    return None


def open_for(run: Run, dedup_key: str) -> bool:
    """Whether a run is open and about this problem."""
    return run.state in OPEN and run.dedup_key == dedup_key


def proposed_fact(run: Run) -> Fact:
    """Give the audit row of a new run; of the variables only their hash, for they are the rule's and may be anything."""
    names = (
        "dedup_key",
        "rule",
        "rule_digest",
        "fingerprint",
        "target",
        "remediation",
        "risk",
        "mode",
        "quorum",
        "not_proposer",
        "subject",
    )
    detail = {name: getattr(run, name) for name in names}
    return Fact(run.proposer, "run.proposed", run.id, {**detail, "variables_sha256": digest(run.variables)})


def changed_fact(before: Run, after: Run, actor: str, extra: Mapping[str, object]) -> Fact:
    """Give the audit row of a change of state."""
    detail: dict[str, object] = {
        **extra,
        "from": before.state,
        "to": after.state,
        "version": after.version,
        "fence": after.fence,
        "target": after.target,
        "note": after.note,
        "plan_hash": after.plan_hash,
    }
    for name in ("run_dir", "expires_at"):
        if getattr(after, name) != getattr(before, name):
            detail[name] = getattr(after, name)
    if after.outcome != before.outcome:
        detail["outcome_sha256"] = digest(after.outcome)
    return Fact(actor, f"run.{after.state}", after.id, detail)


def resolved_fact(run: Run, keys: Sequence[str], actor: str) -> Fact:
    """Give the audit row of settled events."""
    return Fact(
        actor, "run.events_resolved", run.id, {"keys": list(keys), "version": run.version, "target": run.target, "note": run.note}
    )


def _expect(run: Run, change: RunChange) -> None:
    if change.expect_version is not None and change.expect_version != run.version:
        raise Refused(f"{run.id} was changed meanwhile: version {change.expect_version} was expected, it has {run.version}")
    if change.expect_fence is not None and change.expect_fence != run.fence:
        raise Refused(
            f"{run.id} has another owner by now: fence {change.expect_fence} was expected, it has {run.fence}",
            hint="Stop working on this run: somebody else took it over.",
        )


def _allow(run: Run, change: RunChange, now: datetime) -> None:
    if run.state in TERMINAL:
        raise Refused(f"{run.id} is {run.state}, which is final", hint="A new run is needed; this one never changes again.")
    if change.to not in TRANSITIONS[run.state]:
        raise Refused(f"{run.id} is {run.state} and cannot become {change.to}")
    if change.to is RunState.APPLYING and overdue(run, now):
        raise Refused(
            f"{run.id} was approved too long ago: it had to start before {run.expires_at}", hint="Let it be planned anew."
        )


def _planned(run: Run, change: RunChange) -> Run:
    """Give the run with the plan that the change brings, or hold the change against the plan it has."""
    if change.plan is not None and run.state is not RunState.PLANNING:
        raise Refused(f"{run.id} is {run.state}: its plan stands", hint="Supersede this run and plan a new one.")
    plan = run.plan if change.plan is None else _plain_plan(change.plan)
    plan_hash = run.plan_hash if change.plan is None or plan is None else plan.sha256()
    if change.plan_hash is not None and change.plan_hash != plan_hash:
        raise Refused(f"{run.id} has another plan than the one that was meant: its hash is {plan_hash}")
    return replace(run, plan=plan, plan_hash=plan_hash)


def _plain_plan(plan: Plan) -> Plan:
    return replace(
        plan,
        variables=cast("Mapping[str, object]", plain(plan.variables)),
        versions=cast("Mapping[str, str]", plain(plan.versions)),
        changes=tuple(Change(change.subject, change.before, change.after) for change in plan.changes),
    )


def _filled(run: Run, change: RunChange) -> Run:
    """Give the run with the fields that the change names; the others stay."""
    outcome = run.outcome if change.outcome is None else cast("Mapping[str, object]", plain(change.outcome))
    return replace(run, run_dir=run.run_dir if change.run_dir is None else change.run_dir, outcome=outcome)


def _timed(run: Run, change: RunChange, now: datetime) -> Run:
    """Give the run with its times: those of the change, else what the new state means, else as they were."""
    begins, ends, approved = run.state is RunState.APPLYING, run.state in TERMINAL, run.state is RunState.APPROVED
    return replace(
        run,
        started_at=change.started_at or (now if begins else run.started_at),
        ended_at=change.ended_at or (now if ends else run.ended_at),
        expires_at=change.expires_at or (now + START_WITHIN if approved else run.expires_at),
    )
