"""What a person's word does to a run: a pure function from a row and a word to the next row, or Refused with the reason.

The rules of approval stand here and nowhere above: whoever reaches the store cannot get around them.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, replace
from datetime import datetime

from mendwatch.errors import Refused
from mendwatch.model.principals import Permission, Principal
from mendwatch.model.runs import Decision, Run, RunState
from mendwatch.store import transitions
from mendwatch.store.chain import Fact
from mendwatch.store.interface import RunChange

APPROVE, DENY, CANCEL = "approve", "deny", "cancel"
_ENDS = {DENY: RunState.DENIED, CANCEL: RunState.CANCELLED}
#: The states in which an earlier approval no longer means anything.
_UNDONE = frozenset({RunState.DENIED, RunState.CANCELLED, RunState.EXPIRED, RunState.SUPERSEDED, RunState.REFUSED})

#: Signs of a reason that are kept; a reason is a sentence, and what comes over the network may be a book.
REASON_SIGNS = 1000
_HASH_SIGNS = 64


@dataclass(frozen=True, slots=True)
class Word:
    """What somebody said about a run."""

    verdict: str
    plan_hash: str | None
    principal: Principal
    reason: str


@dataclass(frozen=True, slots=True)
class Ruling:
    """What a word does: the run afterwards (the same row where it was said before) and the audit row."""

    after: Run
    fact: Fact


def judge(run: Run, word: Word, now: datetime) -> Ruling:
    """Give what a word does. Raises Refused with the reason where it may not."""
    _may_decide(word)
    if _said_before(run, word):
        return Ruling(run, _fact("run.decision_repeated", run, word))
    if word.verdict == APPROVE:
        return _approve(run, word, now)
    return _moved(run, run, word, RunChange(to=_ENDS[word.verdict], actor=word.principal.actor, note=_reason(word)), now)


def refusal(run_id: str, word: Word, why: Refused) -> Fact:
    """Give the audit row of an attempt that was refused."""
    return Fact(
        word.principal.actor,
        "run.decision_refused",
        run_id,
        {
            "verdict": word.verdict[:_HASH_SIGNS],
            "plan_hash": (word.plan_hash or "")[:_HASH_SIGNS],
            "why": str(why),
            "reason": _reason(word),
        },
    )


def same_person(name: str, other: str) -> bool:
    """Whether two names, each with or without its channel (`cli:ann`), are one person's."""
    return not {_bare(name), _folded(name)}.isdisjoint({_bare(other), _folded(other)})


def _approve(run: Run, word: Word, now: datetime) -> Ruling:
    _may_approve(run, word, now)
    voiced = replace(run, decisions=(*run.decisions, _decision(word, now)))
    missing = run.quorum - len({_bare(decision.actor) for decision in voiced.decisions if decision.verdict == APPROVE})
    if missing <= 0:
        change = RunChange(to=RunState.APPROVED, actor=word.principal.actor, note=f"approved by {word.principal.actor}")
        return _moved(run, voiced, word, change, now, spoken=True)
    waiting = replace(voiced, version=run.version + 1, updated_at=now, note=f"waits for {missing} more approval(s)")
    return Ruling(waiting, _fact("run.decision", waiting, word))


def _moved(run: Run, voiced: Run, word: Word, change: RunChange, now: datetime, *, spoken: bool = False) -> Ruling:
    after = transitions.changed(voiced, change, now)
    if not spoken:
        after = replace(after, decisions=(*run.decisions, _decision(word, now)))
    return Ruling(after, transitions.changed_fact(run, after, word.principal.actor, _detail(word)))


def _may_decide(word: Word) -> None:
    if word.verdict not in {APPROVE, DENY, CANCEL}:
        raise Refused(f"{word.verdict[:_HASH_SIGNS]!a} is no decision", hint="Say approve, deny or cancel.")
    if Permission.DECIDE not in word.principal.permissions:
        raise Refused(f"{word.principal.actor} may not decide on runs", hint="A person with the role approver must do this.")


def _may_approve(run: Run, word: Word, now: datetime) -> None:
    if run.state is not RunState.PENDING:
        raise Refused(f"{run.id} is {run.state}: only a pending run can be approved")
    if transitions.overdue(run, now):
        raise Refused(f"the question about {run.id} ran out at {run.expires_at}", hint="Let it be planned anew.")
    if run.plan_hash is None or word.plan_hash != run.plan_hash:
        raise Refused(
            f"the plan hash is not that of {run.id}'s plan", hint="Read the plan again, then give the hash that it shows now."
        )
    if run.not_proposer and same_person(word.principal.name, run.proposer):
        raise Refused(f"{word.principal.actor} proposed {run.id} and may not approve it", hint="Somebody else must approve it.")
    if run.risk == "high" and word.principal.via == "mcp":
        raise Refused(
            f"{run.id} is of high risk and is not approved over MCP", hint="A person approves it in the console or the CLI."
        )


def _said_before(run: Run, word: Word) -> bool:
    """Whether the same person said the same, about the same plan, and it still counts."""
    if not any(one.verdict == word.verdict and same_person(one.actor, word.principal.actor) for one in run.decisions):
        return False
    return word.verdict != APPROVE or (run.state not in _UNDONE and word.plan_hash == run.plan_hash)


def _decision(word: Word, now: datetime) -> Decision:
    return Decision(actor=word.principal.actor, via=word.principal.via, verdict=word.verdict, at=now, reason=_reason(word))


def _fact(what: str, run: Run, word: Word) -> Fact:
    return Fact(
        word.principal.actor, what, run.id, {**_detail(word), "state": run.state, "version": run.version, "target": run.target}
    )


def _detail(word: Word) -> dict[str, object]:
    return {"verdict": word.verdict, "via": word.principal.via, "reason": _reason(word), "plan_hash": word.plan_hash}


def _reason(word: Word) -> str:
    return word.reason[:REASON_SIGNS]


def _bare(name: str) -> str:
    """Give the name without its channel."""
    return _folded(name.partition(":")[2] or name)


def _folded(name: str) -> str:
    """Give the name so that Ann, ann and a full-width ann are one."""
    return unicodedata.normalize("NFKC", name).casefold().strip()
