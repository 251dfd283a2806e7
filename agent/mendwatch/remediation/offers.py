"""From a firing rule to a plan that waits for a word, or to a recorded reason why not.

A reason is announced and audited once, not with every poll. Guards and the opening of the run are one step: two proposals
at the same moment cannot both pass a limit of one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace

from mendwatch.errors import MendwatchError, NotFound, Refused, StoreError
from mendwatch.model.notices import Notice
from mendwatch.model.proposals import Proposal
from mendwatch.model.remediations import Remediation
from mendwatch.model.rules import Mode, Remediate
from mendwatch.model.runs import OPEN, Plan, Run, RunState
from mendwatch.model.targets import Target
from mendwatch.playbooks.interface import Phase, Result
from mendwatch.remediation import guards, planning, requests, said
from mendwatch.remediation.guards import GuardVerdict, Request
from mendwatch.remediation.ledger import Ledger
from mendwatch.remediation.parts import AGENT, AUTO, Parts
from mendwatch.remediation.phases import Phases, job
from mendwatch.remediation.planning import NoPlan
from mendwatch.remediation.said import Said


@dataclass(slots=True)
class _Attempt:
    """One proposal that is being looked at: its run once there is one, and whether its alert went away meanwhile."""

    fingerprint: str
    run_id: str = ""
    gone: bool = False


class Offers:
    """Takes proposals."""

    def __init__(self, parts: Parts, ledger: Ledger, phases: Phases, let_go: Callable[[str], None]) -> None:
        self._parts = parts
        self._let_go = let_go
        self._ledger = ledger
        self._phases = phases
        self._one = asyncio.Lock()
        self._attempts: list[_Attempt] = []
        self._said = Said(parts.store.audit)

    async def offer(self, proposal: Proposal) -> Run | None:
        """Take one proposal through the guards to its plan; None where no run was opened.

        Raises:
            StoreError: the store does not answer; nothing was decided.
        """
        stanza = proposal.rule.remediate
        if stanza is None:
            return None
        attempt = _Attempt(proposal.alert.fingerprint)
        self._attempts.append(attempt)
        try:
            async with self._one:
                opened = await self._open(proposal, stanza)
            return None if opened is None else await self._go_on(attempt, *opened)
        finally:
            self._attempts.remove(attempt)

    async def replan(self, run: Run) -> Run:
        """Plan a run that a person has edited: guards, plan, question. It waits for a person whatever the rule's mode is.

        Raises:
            StoreError: the store does not answer; nothing was decided.
        """
        attempt = _Attempt(run.fingerprint)
        self._attempts.append(attempt)
        try:
            found = await self._asked_again(run)
            if isinstance(found, NoPlan):
                return await self._ledger.change(run, found.to, found.reason)
            return await self._go_on(attempt, run, *found)
        finally:
            self._attempts.remove(attempt)

    async def _asked_again(self, run: Run) -> tuple[Request, Remediation] | NoPlan:
        rule, remediation = self._parts.rules(run.rule), self._parts.catalogue.get(run.remediation)
        if rule is None or rule.remediate is None or rule.digest != run.rule_digest or remediation is None:
            return NoPlan(RunState.SUPERSEDED, f"the rule {run.rule} or its remediation was changed or removed meanwhile")
        try:
            target = self._parts.access.target(run.target)
        except NotFound:
            return NoPlan(RunState.SUPERSEDED, f"{run.target} is not in the configuration any more")
        request = await requests.again(self._parts, rule, rule.remediate, target, run)
        stop = guards.blocking(guards.verdicts(request))
        return NoPlan(RunState.REFUSED, stop.reason) if stop else (request, remediation)

    @property
    def planning(self) -> frozenset[str]:
        """The runs that are being planned here; whatever else is in state planning was left by an earlier agent."""
        return frozenset(attempt.run_id for attempt in self._attempts if attempt.run_id)

    async def why_not(self, proposal: Proposal) -> tuple[GuardVerdict, ...]:
        """Ask every guard about a proposal without doing anything. Raises NotFound where its target is unknown."""
        stanza = proposal.rule.remediate
        return guards.verdicts(await requests.first(self._parts, proposal, stanza)) if stanza else ()

    def forget(self, fingerprint: str) -> None:
        """Begin anew for an alert that is gone: its next reason is news again."""
        self._said.forget(fingerprint)
        for attempt in self._attempts:
            attempt.gone = attempt.gone or attempt.fingerprint == fingerprint

    async def _open(self, proposal: Proposal, stanza: Remediate) -> tuple[Run, Request, Remediation] | None:
        try:
            request = await requests.first(self._parts, proposal, stanza)
        except NotFound:
            return None  # an alert of a target that left the configuration
        key = planning.dedup_key(proposal, stanza)
        if any(run.dedup_key == key and run.state in OPEN for run in request.runs):
            return None
        found = guards.verdicts(request)
        stop = guards.blocking(found)
        if stop or request.remediation is None:
            await self._say_why_not(proposal, request, stop, found)
            return None
        run = await self._parts.store.runs.propose(planning.new_run(proposal, stanza, request.remediation, request.variables))
        self._said.note(key, None)
        return (run, request, request.remediation) if run else None

    async def _go_on(self, attempt: _Attempt, run: Run, request: Request, remediation: Remediation) -> Run:
        attempt.run_id = run.id
        try:
            self._ledger.state(run)
            if attempt.gone:  # the alert ended before there was a run that could have been overtaken
                return await self._ledger.change(run, RunState.SUPERSEDED, "the alert is gone, so nothing is to be done")
            return await self._planned(run, request, remediation)
        except Refused:  # somebody was faster: the alert went away while it was planned
            return await self._parts.store.runs.get(run.id)
        except Exception:
            self._let_go(run.id)  # an open run that nobody plans would hold its problem for ever
            raise

    async def _planned(self, run: Run, request: Request, remediation: Remediation) -> Run:
        """Plan it; by a fault of ours it fails, so that the guards count it."""
        try:
            return await self._plan(run, request, remediation)
        except MendwatchError:
            raise
        except Exception:
            await self._ledger.change(run, RunState.FAILED, "the plan could not be made by a fault of mendwatch: see its log")
            raise

    async def _plan(self, run: Run, request: Request, remediation: Remediation) -> Run:
        plan = await self._made(run, request, remediation)
        if isinstance(plan, NoPlan):
            return await self._ledger.change(run, plan.to, plan.reason)
        mode = Mode.APPROVE if planning.edited(run) else request.stanza.mode
        to, note = planning.next_state(mode, remediation.risk)
        actor = AUTO if to is RunState.APPROVED else AGENT
        expires = self._parts.clock.now() + request.stanza.approval.expires if to is RunState.PENDING else None
        return await self._ledger.change(run, to, note, actor=actor, plan=plan, expires_at=expires)

    async def _made(self, run: Run, request: Request, remediation: Remediation) -> Plan | NoPlan:
        try:
            result = await self._check(run, request.target, remediation, request.variables)
        except StoreError:
            raise
        except (MendwatchError, OSError) as problem:
            return NoPlan(RunState.FAILED, f"the plan could not be made: {problem}")
        return planning.plan_of(result, remediation, request.target, request.variables, self._parts.executor.versions())

    async def _check(self, run: Run, target: Target, remediation: Remediation, given: Mapping[str, object]) -> Result:
        """Run Ansible's check mode with the read account."""
        wanted = job(run, Phase.PLAN, remediation, given)
        async with self._phases.slots:
            environment = self._parts.access.environment(target, "read") or {}
            return await self._phases.run(run, replace(wanted, environment=environment))

    async def _say_why_not(
        self, proposal: Proposal, request: Request, stop: GuardVerdict | None, found: tuple[GuardVerdict, ...]
    ) -> None:
        """Announce and audit a reason, once for as long as it stays the same."""
        if stop is None:
            return
        key, word = planning.dedup_key(proposal, request.stanza), said.word(stop.guard, stop.reason, proposal.alert.fired_at)
        if await self._said.last(key, proposal, request.runs) == word:
            return
        what = said.OBSERVED if request.stanza.mode is Mode.OBSERVE else said.BLOCKED
        facts = _facts(request, stop)
        guards_ = [asdict(verdict) for verdict in found]
        detail = {**facts, "variables": request.variables, "guards": guards_, "fired_at": word[2]}
        await self._parts.store.audit.append(AGENT, what, request.fingerprint, detail)
        self._said.note(key, word)
        verb = "would run" if what == said.OBSERVED else "may not run"
        text = f"{request.stanza.remediation} {verb} on {request.target.id}: {stop.reason}"
        self._parts.announce(Notice(self._parts.clock.now(), what, text, facts))


def _facts(request: Request, stop: GuardVerdict) -> dict[str, object]:
    return {
        "rule": request.rule.alert,
        "target": request.target.id,
        "fingerprint": request.fingerprint,
        "remediation": request.stanza.remediation,
        "guard": stop.guard,
        "reason": stop.reason,
    }
