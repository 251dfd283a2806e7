"""The last look before a playbook may change anything: is all still as it was when the plan was approved?

Everything is asked anew: the kill switch, the rule, the alert on fresh data, the guards, and last the plan hash, recomputed
from the files on disk. What does not hold stops the run, with its reason.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from mendwatch.errors import ContentError, NotFound, UserError
from mendwatch.model.remediations import Remediation
from mendwatch.model.rules import Remediate, Rule
from mendwatch.model.runs import Plan, Run, RunState
from mendwatch.model.targets import Target
from mendwatch.remediation import digests, guards, measuring, requests, stopping
from mendwatch.remediation.parts import Parts


@dataclass(frozen=True, slots=True)
class Ready:
    """All that a start needs; `environment` holds the secret and is dropped with this object."""

    rule: Rule
    remediation: Remediation
    plan: Plan
    plan_hash: str
    environment: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Stop:
    """Why it must not start: `to` is the state that the run ends in."""

    to: RunState
    reason: str


async def look(parts: Parts, run: Run) -> Ready | Stop:
    """Look at everything; the order puts the fresh poll before the files, and the files directly before the start."""
    known = await _may(parts) or _known(parts, run)
    if isinstance(known, Stop):
        return known
    stop = await _recheck(parts, known, run) or _held(parts, known, run) or await _guarded(parts, known, run)
    stop = stop or await _unchanged(parts, known, run) or await _may(parts)
    return stop or _access(parts, known, run)


@dataclass(frozen=True, slots=True)
class _Known:
    rule: Rule
    stanza: Remediate
    target: Target
    remediation: Remediation
    plan: Plan


async def _may(parts: Parts) -> Stop | None:
    """Ask the kill switch: first, and again after all that takes time. The store asks once more in the transaction of the start."""
    reason = await stopping.stopped(parts)
    return Stop(RunState.REFUSED, reason) if reason else None


def _known(parts: Parts, run: Run) -> _Known | Stop:
    """Find what the run names: each of them must still be there, and the rule must be the very same."""
    rule, remediation = parts.rules(run.rule), parts.catalogue.get(run.remediation)
    if rule is None or rule.remediate is None or rule.digest != run.rule_digest:
        return Stop(RunState.SUPERSEDED, f"the rule {run.rule} was changed or removed after the plan was made")
    if remediation is None or run.plan is None:
        return Stop(RunState.SUPERSEDED, f"there is no remediation {run.remediation} any more")
    try:
        target = parts.access.target(run.target)
    except NotFound:
        return Stop(RunState.SUPERSEDED, f"{run.target} is not in the configuration any more")
    return _Known(rule, rule.remediate, target, remediation, run.plan)


async def _recheck(parts: Parts, known: _Known, run: Run) -> Stop | None:
    """Ask whether the alert still holds: a change for a trouble that is over is a change without need."""
    if not known.stanza.approval.recheck:
        return None
    verdict = await measuring.still_firing(parts, known.rule, run)
    if verdict.holds:
        return None
    if verdict.holds is None:
        return Stop(RunState.SUPERSEDED, f"there is no fresh data to act on: {verdict.reason}")
    return Stop(RunState.SUPERSEDED, f"the alert does not hold any more: {verdict.reason}")


def _held(parts: Parts, known: _Known, run: Run) -> Stop | None:
    """Ask whether something holds it back that began after the plan was made; afterwards it is offered anew."""
    reason = parts.judge.held(known.rule, run.fingerprint)
    return Stop(RunState.SUPERSEDED, f"nothing may begin for this alert now: {reason}") if reason else None


async def _guarded(parts: Parts, known: _Known, run: Run) -> Stop | None:
    request = await requests.again(parts, known.rule, known.stanza, known.target, run)
    found = guards.blocking(guards.verdicts(request))
    return Stop(RunState.REFUSED, found.reason) if found else None


async def _unchanged(parts: Parts, known: _Known, run: Run) -> Stop | None:
    """Recompute the plan hash from what would run now, and hold it against the approved one."""
    try:
        digest = await asyncio.to_thread(digests.of, known.remediation)
    except ContentError as problem:
        return Stop(RunState.SUPERSEDED, f"the files of {run.remediation} cannot be read any more: {problem}")
    versions = dict(parts.executor.versions())
    now = replace(known.plan, remediation=known.remediation.id, remediation_digest=digest, versions=versions)
    now = replace(now, target=known.target.id, address=known.target.shown_address)
    if now.sha256() == run.plan_hash == known.plan.sha256():  # the last: nobody changed the row of the plan either
        return None
    return Stop(RunState.SUPERSEDED, f"{_difference(known.plan, now)} changed after the plan was approved; it must be planned anew")


def _difference(approved: Plan, now: Plan) -> str:
    if approved.remediation_digest != now.remediation_digest:
        return f"the files of {approved.remediation}"
    if (approved.target, approved.address) != (now.target, now.address):
        return f"the target {approved.target} or its address"
    return "the versions of Ansible or mendwatch" if approved.versions != now.versions else "the plan itself"


def _access(parts: Parts, known: _Known, run: Run) -> Ready | Stop:
    try:
        environment = parts.access.environment(known.target, "write")
    except UserError as problem:
        return Stop(RunState.REFUSED, f"the write credential of {run.target} cannot be read: {problem}")
    if environment is None:
        return Stop(RunState.REFUSED, f"{run.target} has no write credential: nothing is ever applied to it")
    return Ready(known.rule, known.remediation, known.plan, run.plan_hash or "", environment)
