"""From a proposal to a run, and from a check-mode result to a plan. Pure functions.

What a playbook and a rule give is not trusted here: values are made safe for JSON, checked against the remediation's
parameters, and a plan that would change nothing is no plan.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from mendwatch.model.proposals import Proposal
from mendwatch.model.remediations import Remediation, Risk
from mendwatch.model.rules import Mode, Remediate
from mendwatch.model.runs import Plan, Run, RunState
from mendwatch.model.targets import Target
from mendwatch.playbooks.interface import Ending, Result
from mendwatch.remediation import outcomes
from mendwatch.remediation.guards import invalid
from mendwatch.store.interface import NewRun

#: CEL computes in doubles: a product of whole numbers may miss its whole number by some units of the last place.
_NOISE = 1e-12


@dataclass(frozen=True, slots=True)
class NoPlan:
    """Why there is no plan: `to` is the state that the run ends in."""

    to: RunState
    reason: str


def dedup_key(proposal: Proposal, stanza: Remediate) -> str:
    """Name the problem: at most one open run for one alert and one remediation on one target."""
    return f"{proposal.alert.target}/{stanza.remediation}/{proposal.alert.fingerprint}"


def subject(proposal: Proposal, stanza: Remediate) -> dict[str, str]:
    """Give the alert's key, and the labels by which the guards group (`per`)."""
    grouping = {name: proposal.alert.labels[name] for name in stanza.guard.per if name in proposal.alert.labels}
    return {**grouping, **proposal.alert.key}


def new_run(proposal: Proposal, stanza: Remediate, remediation: Remediation, given: Mapping[str, object]) -> NewRun:
    """Make the row of a run in state planning; the rule is its proposer."""
    rule = proposal.rule
    return NewRun(
        dedup_key=dedup_key(proposal, stanza),
        rule=rule.alert,
        rule_digest=rule.digest,
        fingerprint=proposal.alert.fingerprint,
        target=proposal.alert.target,
        remediation=remediation.id,
        risk=remediation.risk.value,
        mode=stanza.mode.value,
        proposer=f"rule:{rule.alert}",
        subject=subject(proposal, stanza),
        variables=given,
        quorum=stanza.approval.quorum,
        not_proposer=stanza.approval.not_proposer,
    )


def edited(run: Run) -> bool:
    """Whether a person asked for this run by lowering a value of another; a rule proposes all others."""
    return not run.proposer.startswith("rule:")


def variables(given: Mapping[str, object], parameters: Mapping[str, object]) -> dict[str, object]:
    """Make a rule's values fit for JSON: a whole double becomes an integer where the parameters want one.

    What cannot be made to fit is left as it is; the guard `parameters` names it.
    """
    properties = parameters.get("properties")
    known = properties if isinstance(properties, Mapping) else {}
    return {name: _whole(value) if _wants_integer(known.get(name)) else value for name, value in given.items()}


def plan_of(
    result: Result, remediation: Remediation, target: Target, given: Mapping[str, object], versions: Mapping[str, str]
) -> Plan | NoPlan:
    """Read what check mode gave: a plan, or why there is none."""
    refusal = _refusal(result)
    if refusal:
        return refusal
    bound = _bind(given, outcomes.bind(result.outcome), remediation.parameters)
    if isinstance(bound, NoPlan):
        return bound
    return Plan(
        remediation=remediation.id,
        remediation_digest=remediation.digest,
        target=target.id,
        address=target.shown_address,
        variables=bound,
        changes=result.changes,
        versions=dict(versions),
    )


def next_state(mode: Mode, risk: Risk) -> tuple[RunState, str]:
    """Tell where a planned run goes, and why in words. Only low risk may go on without a person."""
    if mode is Mode.CHECK:
        return RunState.CANCELLED, "check mode: the plan is recorded, nobody was asked and nothing was changed"
    if mode is Mode.AUTO and risk is Risk.LOW:
        return RunState.APPROVED, "approved by the rule's mode auto, within the guards"
    if mode is Mode.AUTO:
        return RunState.PENDING, f"the risk is {risk.value}: it waits for a person although the mode is auto"
    return RunState.PENDING, "waits for a person to approve this plan"


def _refusal(result: Result) -> NoPlan | None:
    if outcomes.word(result.outcome) == outcomes.PRECONDITION_FAILED:
        return NoPlan(RunState.REFUSED, f"a precondition does not hold: {outcomes.explain(result)}")
    if result.ending is not Ending.SUCCEEDED:
        return NoPlan(RunState.FAILED, f"the plan could not be made ({result.ending.value}): {outcomes.explain(result)}")
    if not result.changes:
        return NoPlan(RunState.REFUSED, "nothing to change: check mode found the target as it should be")
    return None


def _bind(given: Mapping[str, object], bound: Mapping[str, object], parameters: Mapping[str, object]) -> dict[str, object] | NoPlan:
    """Add what the plan found to be so (the value before, for one); it may never replace what the rule asked for."""
    added = variables(bound, parameters)
    clash = next((name for name, value in added.items() if name in given and given[name] != value), None)
    if clash:
        return NoPlan(RunState.FAILED, f"the plan wants to replace the variable {clash!r} that the rule gave")
    merged = {**given, **added}
    problem = invalid(parameters, merged)
    return NoPlan(RunState.FAILED, f"what the plan found does not fit the remediation: {problem}") if problem else merged


def _wants_integer(schema: object) -> bool:
    return isinstance(schema, Mapping) and schema.get("type") == "integer"


def _whole(value: object) -> object:
    if not isinstance(value, float) or not math.isfinite(value):
        return value
    nearest = round(value)
    return nearest if abs(value - nearest) <= _NOISE * abs(value) else value
