"""The demo's verdict: the timeline and the checks that must all hold; pure functions over notices and facts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mendwatch.model.audits import ChainVerdict
from mendwatch.model.notices import Notice
from mendwatch.model.runs import Run, RunState

#: The steps of the timeline, in the order in which they should come, and the notice that begins each.
STEPS: Sequence[tuple[str, str]] = (
    ("target up", "target.up"),
    ("alert pending", "alert.pending"),
    ("alert firing", "alert.firing"),
    ("planning", "run.planning"),
    ("plan ready", "run.pending"),
    ("approved", "run.approved"),
    ("applying", "run.applying"),
    ("first task", "run.task"),
    ("verifying", "run.verifying"),
    ("verified", "run.verified"),
    ("alert resolved", "alert.resolved"),
    ("event resolved", "run.events_resolved"),
)


@dataclass(frozen=True, slots=True)
class Step:
    """One step; `seconds` since the demo began to watch."""

    name: str
    seconds: float
    text: str


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that must hold at the end."""

    name: str
    holds: bool
    fact: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of the demo. `approval_to_first_task` is in seconds, NaN-free: -1 where it never came to that."""

    done: bool
    reason: str
    seconds: float
    approval_to_first_task: float
    timeline: tuple[Step, ...]
    checks: tuple[Check, ...]
    run: Run | None
    proof: Mapping[str, object]


def timeline(notices: Sequence[Notice], begin: float) -> tuple[Step, ...]:
    """Give the first notice of each step, in the order of STEPS; `begin` is a POSIX time."""
    first: dict[str, Notice] = {}
    applying = False
    for notice in notices:
        applying = applying or notice.kind == "run.applying"
        # A plan has tasks too; the one that counts comes after the playbook was let loose.
        if notice.kind != "run.task" or applying:
            first.setdefault(notice.kind, notice)
    return tuple(
        Step(name, round(first[kind].at.timestamp() - begin, 3), first[kind].text) for name, kind in STEPS if kind in first
    )


def checks(run: Run | None, notices: Sequence[Notice], chain: ChainVerdict, proof: Mapping[str, object]) -> tuple[Check, ...]:
    """Give everything that must hold for the demo to have shown the loop."""
    resolved = any(notice.kind == "alert.resolved" for notice in notices)
    return (
        Check("raised on the cluster", proof.get("mended") is True, ", ".join(f"{k}={v}" for k, v in proof.items())),
        Check("run verified", run is not None and run.state is RunState.VERIFIED, f"{run.state}: {run.note}" if run else "no run"),
        Check("alert cleared", resolved, "resolved" if resolved else "still firing"),
        Check("audit chain holds", chain.fault is None, chain.fault or f"{chain.rows} rows, head {chain.head_mac[:12]}"),
    )


def outcome(
    run: Run | None, notices: Sequence[Notice], chain: ChainVerdict, proof: Mapping[str, object], *, begin: float, seconds: float
) -> Outcome:
    """Put it together; done only if every check holds."""
    steps = timeline(notices, begin)
    found = checks(run, notices, chain, proof)
    failed = [check for check in found if not check.holds]
    at = {step.name: step.seconds for step in steps}
    latency = at["first task"] - at["approved"] if {"first task", "approved"} <= at.keys() else -1.0
    reason = "; ".join(f"not {check.name} ({check.fact})" for check in failed)
    return Outcome(not failed, reason, round(seconds, 3), round(latency, 3), steps, found, run, dict(proof))
