"""From the agent's nouns to the shapes of the answers: pure, so that every desk answers alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mendwatch.history.answers import Answer, SeriesSummary
from mendwatch.mcp_server.cleaning import exact
from mendwatch.mcp_server.shapes import (
    ChangeShape,
    CollectorShape,
    DecisionShape,
    MetricAnswer,
    RunDetail,
    RunList,
    RunSummary,
    SeriesShape,
    TargetList,
    TargetShape,
)
from mendwatch.model.remediations import Risk
from mendwatch.model.runs import Decision, Run, RunState
from mendwatch.polling.outcomes import TargetStatus

#: How much of one run is told; the rest is for the command line.
MAX_CHANGES, MAX_VARIABLES, MAX_VARIABLE, MAX_OUTCOME, MAX_DECISIONS, MAX_EVENTS = 20, 30, 1000, 20, 10, 20
_TOO_LONG = '"(too long to show here)"'


def run_list(runs: Sequence[Run], limit: int) -> RunList:
    """Give at most `limit` of the runs; pass one more than that, so that `truncated` is true where there are more."""
    shown = tuple(run_summary(run) for run in runs[:limit])
    return RunList(runs=shown, shown=len(shown), truncated=len(runs) > limit)


def run_summary(run: Run) -> RunSummary:
    """Give one run as it stands in a list."""
    return RunSummary.model_validate(_common(run))


def run_detail(run: Run) -> RunDetail:
    """Give one run with its plan."""
    plan = run.plan
    variables = plan.variables if plan is not None else run.variables
    changes = plan.changes if plan is not None else ()
    outcome = run.outcome or {}
    return RunDetail.model_validate(
        {
            **_common(run),
            "mode": run.mode,
            "proposer": run.proposer,
            "plan_hash": run.plan_hash,
            "variables": _variables(variables),
            "changes": tuple(ChangeShape(subject=c.subject, before=c.before, after=c.after) for c in changes[:MAX_CHANGES]),
            "decisions": tuple(map(_decision, run.decisions[-MAX_DECISIONS:])),
            "outcome": {key: _plain(value) for key, value in list(outcome.items())[:MAX_OUTCOME]},
            "started_at": run.started_at,
            "ended_at": run.ended_at,
            "events_resolved": (run.events_resolved or ())[:MAX_EVENTS],
            "next": _next(run),
            "truncated": len(changes) > MAX_CHANGES or len(variables) > MAX_VARIABLES or any(map(_long, variables.values())),
        }
    )


def target_list(statuses: Sequence[TargetStatus]) -> TargetList:
    """Give every target."""
    targets = tuple(map(target_shape, statuses))
    return TargetList(targets=targets, shown=len(targets), total=len(targets))


def target_shape(status: TargetStatus) -> TargetShape:
    """Give one target as it stands."""
    identity = status.identity
    return TargetShape(
        id=status.target.id,
        provider=status.provider,
        address=status.address,
        up=status.up,
        state=status.state.value,
        product=identity.product if identity else None,
        version=identity.version if identity else None,
        error=status.error,
        hint=status.hint,
        until=status.until,
        collectors=tuple(
            CollectorShape(name=c.name, state=c.state.value, last_success=c.last_success, error=c.error) for c in status.collectors
        ),
    )


def metric_answer(answer: Answer) -> MetricAnswer:
    """Give what the history found."""
    return MetricAnswer(
        selector=answer.selector,
        start=answer.start,
        end=answer.end,
        series=tuple(map(_series, answer.series)),
        shown=answer.shown,
        total=answer.series_total,
        truncated=answer.truncated,
        hint=answer.hint,
        held_since=answer.held_since,
    )


def _series(found: SeriesSummary) -> SeriesShape:
    return SeriesShape(
        metric=found.metric,
        labels=dict(found.labels),
        count=found.count,
        min=found.min,
        mean=found.mean,
        max=found.max,
        max_at=found.max_at,
        last=found.last,
        last_at=found.last_at,
        slope_per_hour=found.slope_per_hour,
    )


def _common(run: Run) -> dict[str, object]:
    return {
        "id": run.id,
        "state": run.state.value,
        "target": run.target,
        "remediation": run.remediation,
        "rule": run.rule,
        "risk": run.risk,
        "subject": dict(run.subject),
        "created_at": run.created_at,
        "expires_at": run.expires_at,
        "note": run.note,
    }


def _decision(decision: Decision) -> DecisionShape:
    return DecisionShape(actor=decision.actor, verdict=decision.verdict, at=decision.at, reason=decision.reason)


def _variables(values: Mapping[str, object]) -> dict[str, str]:
    return {name: _TOO_LONG if _long(value) else exact(value) for name, value in list(values.items())[:MAX_VARIABLES]}


def _long(value: object) -> bool:
    return len(exact(value)) > MAX_VARIABLE


def _plain(value: object) -> str:
    return value if isinstance(value, str) else exact(value)


def _next(run: Run) -> str:
    if run.state is not RunState.PENDING:
        return "Nothing to decide: the run is over." if run.terminal else "Nothing to decide now; ask again later."
    if run.risk == Risk.HIGH.value:
        return high_risk(run.id)
    return "Waits for a decision on this plan_hash: run_decide, or on the command line `mendwatch runs show`."


def high_risk(run_id: str) -> str:
    """Say where a run of high risk is decided."""
    return f"High risk is decided by a person at the agent's own machine only: `mendwatch runs show {run_id}`."
