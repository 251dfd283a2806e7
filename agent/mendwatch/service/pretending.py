"""The guards of remediation over runs that never were: what a backtest's proposals would have met.

It takes every run that no guard withholds as approved, done and verified at once. So what is withheld is withheld by what rules
and the configuration say (modes, parameters, cooldowns, limits), and not by what people or playbooks might have done.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from mendwatch.model.proposals import Proposal
from mendwatch.model.remediations import Remediation
from mendwatch.model.rules import Remediate
from mendwatch.model.runs import Run, RunState
from mendwatch.model.targets import Target
from mendwatch.remediation import guards, planning, stopping
from mendwatch.remediation.guards import Request


class PretendedRuns:
    """Fits the guard that a tally asks. `enabled` is the kill switch of the configuration."""

    def __init__(self, remediations: Mapping[str, Remediation], *, enabled: bool) -> None:
        self._remediations = remediations
        self._enabled = enabled
        self._runs: dict[str, list[Run]] = {}

    def __call__(self, proposal: Proposal, at: datetime) -> tuple[str, str] | None:
        """Give the guard that would have withheld a run, with its reason; None where it would have come to one."""
        stanza = proposal.rule.remediate
        if stanza is None:
            return None
        remediation = self._remediations.get(stanza.remediation)
        found = guards.blocking(guards.verdicts(self._request(proposal, stanza, remediation, at)))
        if found is not None:
            return found.guard, found.reason
        if remediation is not None:
            runs = self._runs.setdefault(proposal.rule.alert, [])
            runs.append(_run(proposal, stanza, remediation, at, len(runs)))
        return None

    def _request(self, proposal: Proposal, stanza: Remediate, remediation: Remediation | None, at: datetime) -> Request:
        oldest = at - guards.window(stanza)
        runs = [run for run in self._runs.get(proposal.rule.alert, ()) if run.created_at >= oldest]
        if proposal.rule.alert in self._runs:
            self._runs[proposal.rule.alert] = runs
        return Request(
            rule=proposal.rule,
            stanza=stanza,
            target=Target(proposal.alert.target, remediation.provider if remediation else "", ""),
            fingerprint=proposal.alert.fingerprint,
            subject=planning.subject(proposal, stanza),
            variables=planning.variables(proposal.variables, remediation.parameters if remediation else {}),
            remediation=remediation,
            runs=runs,
            readable=True,
            writable=True,
            now=at,
            stopped="" if self._enabled else stopping.OFF,
        )


def _run(proposal: Proposal, stanza: Remediate, remediation: Remediation, at: datetime, number: int) -> Run:
    return Run(
        id=f"pretended-{number}",
        dedup_key=planning.dedup_key(proposal, stanza),
        rule=proposal.rule.alert,
        rule_digest=proposal.rule.digest,
        fingerprint=proposal.alert.fingerprint,
        target=proposal.alert.target,
        remediation=remediation.id,
        risk=remediation.risk.value,
        mode=stanza.mode.value,
        proposer=f"rule:{proposal.rule.alert}",
        state=RunState.VERIFIED,
        version=1,
        fence=0,
        created_at=at,
        updated_at=at,
        subject=planning.subject(proposal, stanza),
        variables=proposal.variables,
        started_at=at,
        ended_at=at,
    )
