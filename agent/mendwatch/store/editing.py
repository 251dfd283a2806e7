"""A person asks for less: a pending run is overtaken by one with a lower value, which is planned and approved from the beginning.

Pure. The approvals of the first run are worth nothing for the second: it has another plan and another hash. Whoever edits proposes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from mendwatch.errors import Refused
from mendwatch.model.runs import Run, RunState
from mendwatch.store.interface import Edit, NewRun


def lowered(run: Run, values: Mapping[str, object]) -> dict[str, object]:
    """Give the run's variables with some of them lower. Raises Refused where a value is not a lower number of the same kind."""
    if not values:
        raise Refused("nothing would be changed", hint="Name a value: --set NAME=NUMBER.")
    for name, value in values.items():
        _must_be_lower(run, name, value)
    return {**run.variables, **values}


def successor(run: Run, edit: Edit) -> NewRun:
    """Give the run that takes its place. Raises Refused."""
    if run.state is not RunState.PENDING:
        raise Refused(f"{run.id} is {run.state}: only a pending run can be edited")
    if run.plan_hash is None or edit.plan_hash != run.plan_hash:
        raise Refused(f"the plan hash is not that of {run.id}'s plan", hint="Read the plan again, then give the hash it shows now.")
    return NewRun(
        dedup_key=run.dedup_key,
        rule=run.rule,
        rule_digest=run.rule_digest,
        fingerprint=run.fingerprint,
        target=run.target,
        remediation=run.remediation,
        risk=run.risk,
        mode=run.mode,
        proposer=f"{edit.principal.via}:{edit.principal.human}",
        subject=run.subject,
        variables=lowered(run, edit.values),
        quorum=run.quorum,
        not_proposer=run.not_proposer,
    )


def _must_be_lower(run: Run, name: str, value: object) -> None:
    before = run.variables.get(name)
    if not _number(before):
        numbers = ", ".join(sorted(key for key, one in run.variables.items() if _number(one))) or "none"
        raise Refused(f"{name[:64]!a} is no number that the rule gave", hint=f"These can be lowered: {numbers}.")
    whole = isinstance(before, int)
    if not _number(value) or (whole and not isinstance(value, int)) or not value < before:  # type: ignore[operator] # both are numbers
        raise Refused(f"{name} can only be lowered: it is {before}", hint="Give a lower number of the same kind.")


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
