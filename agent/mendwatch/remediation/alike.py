"""Which plans are equal but for where they are carried out, so that one word may be given for all of them. Pure.

Equal means: the same remediation with the same files, the same versions, and the same variables and changes but for the things that
name the subject. What differs in anything else is read and approved by itself.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from mendwatch.model.runs import Run


def likeness(run: Run) -> str | None:
    """Give a text that is the same for runs with equal plans; None where there is no plan."""
    plan = run.plan
    if plan is None:
        return None
    where = set(run.subject.values()) | {plan.target, plan.address}
    what = {
        "remediation": [plan.remediation, plan.remediation_digest],
        "rule": [run.rule, run.rule_digest, run.risk, run.quorum],
        "versions": dict(plan.versions),
        "variables": {name: value for name, value in plan.variables.items() if not (isinstance(value, str) and value in where)},
        "changes": [[change.before, change.after] for change in plan.changes],
    }
    return json.dumps(what, sort_keys=True, default=str)


def different(runs: Sequence[Run]) -> Run | None:
    """Give the first run whose plan is not equal to that of the first one; None where all are equal."""
    first = likeness(runs[0])
    return next((run for run in runs if likeness(run) is None or likeness(run) != first), None)
