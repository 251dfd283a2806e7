"""Gathering what the guards look at: the only place that reads runs from the store for them."""

from __future__ import annotations

from mendwatch.model.proposals import Proposal
from mendwatch.model.rules import Remediate, Rule
from mendwatch.model.runs import OPEN, Run
from mendwatch.model.targets import Target
from mendwatch.remediation import breakers, guards, planning, stopping
from mendwatch.remediation.guards import Request
from mendwatch.remediation.parts import Parts

#: More open runs than this are not looked at; guards allow one at a time by default.
_MANY = 10_000


async def first(parts: Parts, proposal: Proposal, stanza: Remediate) -> Request:
    """Gather for a proposal. Raises NotFound where its target is not configured."""
    target = parts.access.target(proposal.alert.target)
    remediation = parts.catalogue.get(stanza.remediation)
    given = planning.variables(proposal.variables, remediation.parameters if remediation else {})
    return Request(
        rule=proposal.rule,
        stanza=stanza,
        target=target,
        fingerprint=proposal.alert.fingerprint,
        subject=planning.subject(proposal, stanza),
        variables=given,
        remediation=remediation,
        runs=await _runs(parts, proposal.rule, stanza, target),
        stopped=await stopping.stopped(parts),
        forgiven=await breakers.forgiven_until(parts.store, proposal.rule.alert, target.id),
        readable=parts.access.has(target, "read"),
        writable=parts.access.has(target, "write"),
        now=parts.clock.now(),
    )


async def again(parts: Parts, rule: Rule, stanza: Remediate, target: Target, run: Run) -> Request:
    """Gather for a run that is about to start; it does not stand in its own way."""
    return Request(
        rule=rule,
        stanza=stanza,
        target=target,
        fingerprint=run.fingerprint,
        subject=run.subject,
        variables=run.plan.variables if run.plan else run.variables,
        remediation=parts.catalogue.get(run.remediation),
        runs=[other for other in await _runs(parts, rule, stanza, target) if other.id != run.id],
        stopped=await stopping.stopped(parts),
        forgiven=await breakers.forgiven_until(parts.store, rule.alert, target.id),
        readable=parts.access.has(target, "read"),
        writable=parts.access.has(target, "write"),
        now=parts.clock.now(),
    )


async def _runs(parts: Parts, rule: Rule, stanza: Remediate, target: Target) -> list[Run]:
    """Give every open run, those created or ended within the guards' window, and what the breaker counts however old it is."""
    runs = parts.store.runs
    recent = await runs.since(parts.clock.now() - guards.window(stanza))
    still = await runs.list(states=OPEN, limit=_MANY)
    settled = await runs.settled(rule.alert, target.id, stanza.guard.breaker_failures)
    return list({run.id: run for run in (*still, *recent, *settled)}.values())
