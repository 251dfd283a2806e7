"""What a person's word does to a run: a pure function from a row and a word to the next row, or Refused with the reason.

The rules of approval stand here and nowhere above: whoever reaches the store cannot get around them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from mendwatch.errors import Refused
from mendwatch.model.controls import Control
from mendwatch.model.principals import PERMISSIONS, Permission, Principal, Token
from mendwatch.model.runs import Decision, Run, RunState
from mendwatch.store import bearer, delegations, editing, people, transitions
from mendwatch.store.chain import Fact
from mendwatch.store.interface import Edit, NewRun, RunChange

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
class Standing:
    """What the store knows of who speaks, at this moment: the token they came with, and the words that were lent."""

    token: Token | None = None
    lent: Sequence[Control] = ()


@dataclass(frozen=True, slots=True)
class Ruling:
    """What a word does: the run afterwards (the same row where it was said before) and the audit row."""

    after: Run
    fact: Fact


def judge(run: Run, word: Word, now: datetime, standing: Standing) -> Ruling:
    """Give what a word does. Raises Refused with the reason where it may not."""
    may_decide(word, standing, now)
    if _said_before(run, word):
        return Ruling(run, _fact("run.decision_repeated", run, word))
    if word.verdict == APPROVE:
        return _approve(run, word, now)
    if word.verdict == DENY and not word.reason.strip():
        raise Refused("a denial needs a reason: somebody will ask", hint="Say why in a few words.")
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


def edited(run: Run, edit: Edit, new_id: str, now: datetime, standing: Standing) -> tuple[Ruling, NewRun]:
    """Give what a person's edit does: the run is overtaken, and the one that takes its place. Raises Refused."""
    word = Word(CANCEL, edit.plan_hash, edit.principal, edit.reason)
    may_decide(word, standing, now)
    if transitions.overdue(run, now):
        raise Refused(f"the question about {run.id} ran out at {run.expires_at}", hint="Let it be planned anew.")
    new = editing.successor(run, edit)
    change = RunChange(to=RunState.SUPERSEDED, actor=edit.principal.actor, note=f"edited by {edit.principal.actor}: see {new_id}")
    after = transitions.changed(run, change, now)
    lower = {name: [run.variables.get(name), value] for name, value in edit.values.items()}
    detail = {**_detail(word), "verdict": "edit", "edited_to": new_id, "values": lower}
    return Ruling(after, transitions.changed_fact(run, after, edit.principal.actor, detail)), new


def edit_refusal(run_id: str, edit: Edit, why: Refused) -> Fact:
    """Give the audit row of an edit that was refused."""
    names = sorted(name[:_HASH_SIGNS] for name in edit.values)[:10]
    return Fact(
        edit.principal.actor, "run.edit_refused", run_id, {"why": str(why), "values": names, "reason": edit.reason[:REASON_SIGNS]}
    )


def _approve(run: Run, word: Word, now: datetime) -> Ruling:
    _may_approve(run, word, now)
    voiced = replace(run, decisions=(*run.decisions, _decision(word, now)))
    missing = run.quorum - sum(decision.verdict == APPROVE for decision in voiced.decisions)  # each by other people: _may_approve
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


def may_decide(word: Word, standing: Standing, now: datetime) -> None:
    """Raise Refused where who speaks may not decide at all, as it is at this moment and not when they came in."""
    who = word.principal
    if word.verdict not in {APPROVE, DENY, CANCEL}:
        raise Refused(f"{word.verdict[:_HASH_SIGNS]!a} is no decision", hint="Say approve, deny or cancel.")
    if who.model or Permission.DECIDE not in who.permissions:
        raise Refused(f"{who.actor} may not decide on runs", hint="A person with the role approver must do this.")
    if who.token:
        _still_may(who, standing, now)
    if who.acting_for and delegations.held_by(standing.lent, who.human, now, who.acting_for) is None:
        raise Refused(f"{who.actor} may not decide for {who.acting_for} now", hint="See `mendwatch delegation list`.")


def _still_may(who: Principal, standing: Standing, now: datetime) -> None:
    """The token may have been ended, or have got another role, since its request came in."""
    token = standing.token
    if token is None or token.model or not bearer.alive(token, now):
        raise Refused(f"{who.actor} may not decide on runs: the token has ended", hint="Ask with a token that is valid now.")
    if Permission.DECIDE not in PERMISSIONS[token.role] and not who.acting_for:
        raise Refused(f"{who.actor} may not decide on runs any more", hint="A person with the role approver must do this.")
    if people.folded(token.person or token.name) != people.folded(who.human):
        raise Refused(f"the token of {who.actor} is somebody else's", hint="Ask with a token of your own.")


def _may_approve(run: Run, word: Word, now: datetime) -> None:
    if run.state is not RunState.PENDING:
        raise Refused(f"{run.id} is {run.state}: only a pending run can be approved")
    if transitions.overdue(run, now):
        raise Refused(f"the question about {run.id} ran out at {run.expires_at}", hint="Let it be planned anew.")
    if run.plan_hash is None or word.plan_hash != run.plan_hash:
        raise Refused(
            f"the plan hash is not that of {run.id}'s plan", hint="Read the plan again, then give the hash that it shows now."
        )
    if not people.plain(word.principal.human):
        raise Refused(
            f"the name {ascii(word.principal.human)[:_HASH_SIGNS]} can be mistaken for another one",
            hint="Use a name of ASCII signs.",
        )
    voices = people.speaking(word.principal)
    if run.not_proposer and any(people.same_person(name, run.proposer) for name in voices):
        raise Refused(f"{word.principal.actor} proposed {run.id} and may not approve it", hint="Somebody else must approve it.")
    if not voices.isdisjoint(people.spoken(one for one in run.decisions if one.verdict == APPROVE)):
        raise Refused(
            f"{word.principal.actor} is no other person than those who approved {run.id}", hint="Somebody else must approve."
        )
    if not people.may_approve(word.principal.via, run.risk):
        raise Refused(
            f"{run.id} is of {run.risk} risk and is not approved over {word.principal.via.upper()}",
            hint="A person approves it in the console or the CLI.",
        )


def _said_before(run: Run, word: Word) -> bool:
    """Whether the same person said the same, about the same plan, and it still counts."""
    mine = people.folded(word.principal.human)
    if not any(
        one.verdict == word.verdict and people.folded(one.person or people.bare(one.actor)) == mine for one in run.decisions
    ):
        return False
    return word.verdict != APPROVE or (run.state not in _UNDONE and word.plan_hash == run.plan_hash)


def _decision(word: Word, now: datetime) -> Decision:
    who = word.principal
    return Decision(who.actor, who.via, word.verdict, now, _reason(word), person=who.person, acting_for=who.acting_for)


def _fact(what: str, run: Run, word: Word) -> Fact:
    return Fact(
        word.principal.actor, what, run.id, {**_detail(word), "state": run.state, "version": run.version, "target": run.target}
    )


def _detail(word: Word) -> dict[str, object]:
    detail = {"verdict": word.verdict, "via": word.principal.via, "reason": _reason(word), "plan_hash": word.plan_hash}
    who = {"person": word.principal.person, "acting_for": word.principal.acting_for, "token": word.principal.token}
    return {**detail, **{name: value for name, value in who.items() if value}}


def _reason(word: Word) -> str:
    return word.reason[:REASON_SIGNS]
