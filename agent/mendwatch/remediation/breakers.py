"""The circuit breaker of a rule on a target: open after so many failures in a row, and closed by a person, never by time.

What does not help is not done again and again. The runs themselves say how many failures there were; all that is kept beside
them is up to when a person has forgiven them. The decisions are pure; what is told is told once, when the breaker opens.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from mendwatch.model.controls import Control, ControlKind, breaker_name
from mendwatch.model.notices import Notice
from mendwatch.model.runs import FAILURES, SETTLED, Run
from mendwatch.remediation.parts import AGENT, Parts
from mendwatch.store.interface import Store


@dataclass(frozen=True, slots=True)
class Breaker:
    """How it stands: `failures` in a row, and how many of them open it (None: there is no such rule)."""

    rule: str
    target: str
    failures: int
    last: datetime
    limit: int | None

    @property
    def open(self) -> bool:
        """Whether it lets nothing through."""
        return self.limit is not None and self.failures >= self.limit


def failures(runs: Iterable[Run], forgiven: datetime | None) -> list[Run]:
    """Give the failures in a row at the end of some runs of one rule on one target, newest first."""
    ended = [(run.ended_at, run) for run in runs if run.state in SETTLED and run.ended_at]
    row: list[Run] = []
    for moment, run in sorted(ended, key=lambda pair: pair[0], reverse=True):
        if run.state not in FAILURES or (forgiven is not None and moment <= forgiven):
            break
        row.append(run)
    return row


def standing(runs: Iterable[Run], resets: Iterable[Control], limits: Mapping[str, int]) -> list[Breaker]:
    """Give every breaker that has counted a failure, open ones first; `limits` are the rules' own."""
    forgiven = {control.name: control.at for control in resets}
    groups: dict[tuple[str, str], list[Run]] = {}
    for run in runs:
        groups.setdefault((run.rule, run.target), []).append(run)
    found = []
    for (rule, target), several in groups.items():
        row = failures(several, forgiven.get(breaker_name(rule, target)))
        if row and row[0].ended_at:
            found.append(Breaker(rule, target, len(row), row[0].ended_at, limits.get(rule)))
    return sorted(found, key=lambda one: (not one.open, one.rule, one.target))


def words(count: int, target: str, rule: str) -> str:
    """Say that one is open, and what closes it."""
    told = f"{count} runs in a row" if count > 1 else "the last run"
    return f"the breaker is open: {told} failed on {target}; a person closes it: mendwatch breaker reset {rule} {target}"


async def forgiven_until(store: Store, rule: str, target: str) -> datetime | None:
    """Give up to when failures are forgiven."""
    found = await store.controls.get(ControlKind.BREAKER, breaker_name(rule, target))
    return None if found is None else found.at


async def reset(store: Store, rule: str, target: str, actor: str, reason: str) -> Control:
    """Close a breaker: what failed before now counts no more."""
    name, detail = breaker_name(rule, target), {"rule": rule, "target": target, "reason": reason}
    return await store.controls.set(ControlKind.BREAKER, name, detail, actor=actor, what="breaker.reset", detail=detail)


async def tally(parts: Parts, run: Run) -> None:
    """After a run that failed: audit and announce a breaker that this failure opened."""
    rule = parts.rules(run.rule)
    if run.state not in FAILURES or rule is None or rule.remediate is None:
        return
    limit = rule.remediate.guard.breaker_failures
    newest: Sequence[Run] = await parts.store.runs.settled(run.rule, run.target, limit + 1)
    row = failures(newest, await forgiven_until(parts.store, run.rule, run.target))
    if len(row) != limit:  # fewer: it is closed; more: it was told when it opened
        return
    facts = {"rule": run.rule, "target": run.target, "runs": [one.id for one in row], "remediation": run.remediation}
    await parts.store.audit.append(AGENT, "breaker.opened", breaker_name(run.rule, run.target), facts)
    text = f"{run.rule} on {run.target}: {words(limit, run.target, run.rule)}"
    parts.announce(Notice(parts.clock.now(), "breaker.opened", text, facts))
