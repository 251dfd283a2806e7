"""The demo's verdict: the timeline and the checks that must all hold; pure functions over notices and facts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime

from mendwatch.model.audits import ChainVerdict
from mendwatch.model.notices import Notice
from mendwatch.model.runs import Run, RunState
from mendwatch.render.words import gib

#: The steps of the timeline, and the notice that begins each.
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

_APPROVED = "run.approved"
#: From here on, a whole number in a proof is a size.
_GIB = 2**30


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


def timeline(notices: Sequence[Notice], begin: float, decided: datetime | None = None) -> tuple[Step, ...]:
    """Give the first notice of each step, by time; `begin` is a POSIX time.

    `decided` is when the last approval was given: the agent, which the notice comes from, hears of it a moment later.
    """
    first: dict[str, Notice] = {}
    applying = False
    for notice in notices:
        applying = applying or notice.kind == "run.applying"
        # A plan has tasks too; the one that counts comes after the playbook was let loose.
        if notice.kind != "run.task" or applying:
            first.setdefault(notice.kind, notice)
    at = {kind: notice.at for kind, notice in first.items()} | ({_APPROVED: decided} if decided else {})
    steps = [Step(name, round(at[kind].timestamp() - begin, 3), first[kind].text) for name, kind in STEPS if kind in first]
    return tuple(sorted(steps, key=lambda step: step.seconds))


def checks(run: Run | None, notices: Sequence[Notice], chain: ChainVerdict, proof: Mapping[str, object]) -> tuple[Check, ...]:
    """Give everything that must hold for the demo to have shown the loop."""
    kinds = {notice.kind for notice in notices}
    resolved = "alert.resolved" in kinds
    return (
        Check("raised on the cluster", proof.get("mended") is True, in_words(proof)),
        Check("run verified", run is not None and run.state is RunState.VERIFIED, f"{run.state}: {run.note}" if run else "no run"),
        Check("alert cleared", resolved, _alert_fact(kinds)),
        Check("audit chain holds", chain.fault is None, chain.fault or f"{chain.rows} rows, head {chain.head_mac[:12]}"),
    )


def outcome(
    run: Run | None, notices: Sequence[Notice], chain: ChainVerdict, proof: Mapping[str, object], *, begin: float, seconds: float
) -> Outcome:
    """Put it together; done only if every check holds."""
    steps = timeline(notices, begin, _decided(run))
    found = checks(run, notices, chain, proof)
    failed = [check for check in found if not check.holds]
    at = {step.name: step.seconds for step in steps}
    latency = at["first task"] - at["approved"] if {"first task", "approved"} <= at.keys() else -1.0
    reason = "; ".join(f"not {check.name}" for check in failed)
    return Outcome(not failed, reason, round(seconds, 3), round(latency, 3), steps, found, run, dict(proof))


def in_words(proof: Mapping[str, object]) -> str:
    """Write what the target says of itself as words: `hard limit after 10.00 GiB, event group resolved yes`."""
    return ", ".join(
        f"{name.removesuffix('_bytes').replace('_', ' ')} {_amount(value)}" for name, value in proof.items() if name != "mended"
    )


def _amount(value: object) -> str:
    if value is None or value in ([], ()):
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int) and value >= _GIB:
        return gib(value)
    return " ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)


def _alert_fact(kinds: AbstractSet[str]) -> str:
    if "alert.resolved" in kinds:
        return "resolved"
    return "still firing" if "alert.firing" in kinds else "never fired"


def _decided(run: Run | None) -> datetime | None:
    """Give the moment of the last approval: the one that let the run go."""
    return max((decision.at for decision in run.decisions if decision.verdict == "approve"), default=None) if run else None
