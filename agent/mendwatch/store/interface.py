"""What the store promises, whatever is behind it: SQL (`store.sql`) or the in-memory twin (`mendwatch.testing.store`).

Every method that changes a run, a token or a silence writes its audit row in the same transaction: no audit row, no change.
A request that the table of states forbids raises Refused and changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from mendwatch.model.alerts import Alert
from mendwatch.model.audits import AuditEntry, ChainVerdict
from mendwatch.model.controls import Control, ControlKind
from mendwatch.model.journal import Decision
from mendwatch.model.members import Badge, Member, Tenure
from mendwatch.model.principals import Principal, Role, Token
from mendwatch.model.received import Received
from mendwatch.model.runs import Plan, Run, RunState
from mendwatch.model.silences import NewSilence, Silence
from mendwatch.store.receipts import Receipt


@dataclass(frozen=True, slots=True)
class NewRun:
    """What a run is made of before it has a plan; it starts in state planning.

    `quorum` is how many different people must approve; `not_proposer` keeps the proposer from being one of them.
    """

    dedup_key: str
    rule: str
    rule_digest: str
    fingerprint: str
    target: str
    remediation: str
    risk: str
    mode: str
    proposer: str
    subject: Mapping[str, str]
    variables: Mapping[str, object]
    quorum: int = 1
    not_proposer: bool = True


@dataclass(frozen=True, slots=True)
class RunChange:
    """One requested change of state.

    Fields that are None stay as they are. `expect_version` and `expect_fence` refuse a change that was
    decided on an older row. `detail` goes into the audit row beside what changed.

    A plan is given while the run leaves planning, and never again; its hash is computed from it. On a run that has a plan,
    `plan_hash` is an expectation: another hash refuses the change (the check immediately before a start).
    Where they are not given, `started_at` is the moment of applying, `ended_at` that of a terminal state, and `expires_at`
    of an approved run is ten minutes after the approval: later it cannot start any more.
    """

    to: RunState
    actor: str
    note: str = ""
    expect_version: int | None = None
    expect_fence: int | None = None
    plan: Plan | None = None
    plan_hash: str | None = None
    expires_at: datetime | None = None
    run_dir: str | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    outcome: Mapping[str, object] | None = None
    new_fence: bool = False
    detail: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Edit:
    """Which values of a pending run a person wants lower, on which plan."""

    values: Mapping[str, object]
    plan_hash: str | None
    principal: Principal
    reason: str


class Runs(Protocol):
    """The table of runs."""

    async def propose(self, new: NewRun) -> Run | None:
        """Open a run, or give None where an open run for the same problem exists (decided by a unique index)."""
        ...

    async def change(self, run_id: str, change: RunChange) -> Run:
        """Make one change of state by a guarded UPDATE; the only way a state ever changes.

        Raises:
            Refused: the table of transitions, the version or the fence forbids it, or another run is active on the target.
                From pending, only `decide` approves or denies.
            NotFound: there is no such run.
        """
        ...

    async def expire(self, *, actor: str = "agent:expiry") -> Sequence[Run]:
        """Turn every pending run whose question ran out, and every approved one that did not start in time, into expired.

        Gives the runs it changed. Expiry denies: an unanswered question is never a yes.
        """
        ...

    async def decide(self, run_id: str, *, plan_hash: str | None, verdict: str, principal: Principal, reason: str) -> Run:
        """Record a person's word: `approve`, `deny` or `cancel`.

        Approving needs the hash of the plan as it stands now, an unexpired question, and somebody else than the proposer.
        A run that needs more voices stays pending. Denied attempts are audited too (`run.decision_refused`), then raise Refused.
        The same word by the same person again is no fault: it gives the run as it stands.
        """
        ...

    async def edit(self, run_id: str, edit: Edit) -> Run:
        """Overtake a pending run by one with a lower value (`store.editing`), in state planning; gives that one.

        Refused attempts are audited too (`run.edit_refused`), then raise Refused.
        """
        ...

    async def mark_resolved(self, run_id: str, keys: Sequence[str], *, actor: str, note: str) -> Run:
        """Record which of the target's events a verified run settled; the state stays verified."""
        ...

    async def get(self, run_id: str) -> Run:
        """Give one run; an unambiguous prefix of at least six characters is enough, here as in every `run_id`. Raises NotFound."""
        ...

    async def list(self, *, states: Iterable[RunState] | None = None, target: str | None = None, limit: int = 100) -> Sequence[Run]:
        """Give runs, newest first."""
        ...

    async def counts(self) -> Mapping[RunState, int]:
        """Tell how many runs there are in each state; a state that no run is in may be absent."""
        ...

    async def settled(self, rule: str, target: str, limit: int) -> Sequence[Run]:
        """Give the newest runs of a rule on a target that failed or were verified, by their end, newest first."""
        ...

    async def since(self, moment: datetime) -> Sequence[Run]:
        """Give every run created or ended at or after a moment, for the guards."""
        ...


class Audit(Protocol):
    """The HMAC chain."""

    async def append(self, actor: str, what: str, subject: str, detail: Mapping[str, object]) -> AuditEntry:
        """Write one row that belongs to no other change (a refused attempt, a change of rules)."""
        ...

    async def head(self) -> AuditEntry | None:
        """Give the newest row, without checking it; None where there is none yet."""
        ...

    async def entries(self, *, after: int = 0, subject: str | None = None, limit: int = 1000) -> Sequence[AuditEntry]:
        """Give rows in order, from the one after `after`."""
        ...

    async def verify(self, anchor: tuple[int, str] | None = None) -> ChainVerdict:
        """Recompute the chain from the first row.

        An anchor is a (seq, mac) that was written down elsewhere; only with one can a cut tail or a chain that was rewritten
        with the key be told.
        """
        ...


class Tokens(Protocol):
    """Bearer tokens; only their SHA-256 is kept."""

    async def create(
        self, name: str, role: Role, *, expires_at: datetime | None, actor: str, person: str = "", model: bool = False
    ) -> tuple[Token, str]:
        """Make a token and give its secret, which is shown this once and can never be read again.

        `person` is whose it is: all tokens of one person are one voice. A `model`'s token decides nothing, whatever happens.
        """
        ...

    async def authenticate(self, secret: str) -> Token | None:
        """Give the token that a secret belongs to, or None where it is unknown, expired or revoked."""
        ...

    async def list(self) -> Sequence[Token]:
        """Give all tokens, newest first."""
        ...

    async def revoke(self, token_id: str, *, actor: str) -> Token:
        """End a token now. Raises NotFound."""
        ...


class Alerts(Protocol):
    """The states of alerts, so that no clock is lost over a restart."""

    async def load(self) -> Sequence[Alert]:
        """Give every alert that is kept: what is not inactive, and what ended so lately that it may be flapping (`changes`)."""
        ...

    async def save(self, alerts: Iterable[Alert], decisions: Iterable[Decision] = ()) -> None:
        """Keep alerts as they are now, by fingerprint, and add rows to the journal, in one transaction.

        An inactive alert without `changes` is dropped.
        """
        ...


class Journal(Protocol):
    """What was decided about alerts; rows come in by `Alerts.save`."""

    async def of_rule(self, rule: str, *, fingerprint: str | None = None, limit: int = 100) -> Sequence[Decision]:
        """Give the newest decisions about a rule, or about one subject of it, newest first."""
        ...

    async def newest(self, limit: int = 100) -> Sequence[Decision]:
        """Give the newest decisions about anything, newest first."""
        ...

    async def words(self) -> Mapping[str, Decision]:
        """Give, by fingerprint, the last row `proposed`, `withheld` or `told` of each alert that is kept."""
        ...

    async def prune(self, *, keep_per_rule: int = 1000, before: datetime | None = None) -> int:
        """Forget all but the newest rows of each rule, and those from before a moment; gives how many.

        The newest 100 of every rule stay in any case.
        """
        ...


class Silences(Protocol):
    """Silences; every change is audited in the same transaction (`silence.added`, `silence.expired`)."""

    async def add(self, new: NewSilence, *, actor: str) -> Silence:
        """Make a silence. Raises UserError where it has no matcher, no author, no comment, or is over before it begins."""
        ...

    async def list(self, *, after: datetime | None = None) -> Sequence[Silence]:
        """Give silences, newest first; with `after` only those that end later than that."""
        ...

    async def expire(self, silence_id: str, *, actor: str) -> Silence:
        """End a silence now; one that is over stays as it is. Raises NotFound."""
        ...


class ReceivedAlerts(Protocol):
    """What other programs said of their alerts."""

    async def take(self, words: Sequence[Received]) -> Receipt:
        """Take the words of one message, whole or not at all; when this returns they are on disk.

        Raises:
            Refused: too many alerts would be open.
        """
        ...

    async def standing(self, *, after: str = "", limit: int = 50) -> Sequence[Received]:
        """Give how alerts stand, resolved ones too, by their mark, from the one after `after`."""
        ...

    async def prune(self, *, resolved_before: datetime, silent_before: datetime) -> int:
        """Forget what was resolved, and what nobody has spoken of, since these moments; gives how many words."""
        ...


class Marks(Protocol):
    """Where collectors stopped, in their own words."""

    async def of(self, target: str, collector: str) -> str | None:
        """Give the mark that was kept last, None where there is none."""
        ...

    async def keep(self, target: str, collector: str, mark: str) -> None:
        """Keep a mark in place of the one before."""
        ...


class Controls(Protocol):
    """What people set by hand; every change is audited in the same transaction as `what`, about the control's name."""

    async def get(self, kind: ControlKind, name: str) -> Control | None:
        """Give one control, None where it is not set."""
        ...

    async def all(self, kind: ControlKind) -> Sequence[Control]:
        """Give all of a kind, by name."""
        ...

    async def set(
        self, kind: ControlKind, name: str, value: Mapping[str, object], *, actor: str, what: str, detail: Mapping[str, object]
    ) -> Control:
        """Set a control in place of the one before."""
        ...

    async def clear(self, kind: ControlKind, name: str, *, actor: str, what: str, detail: Mapping[str, object]) -> Control | None:
        """Clear a control and give it as it was; None, and no audit row, where it was not set."""
        ...


class Fleet(Protocol):
    """The agents that share a state: one of them acts, the others stand by."""

    async def beat(self, badge: Badge, fence: int | None) -> Tenure:
        """Say that an agent is there, and hold or take the lease of the one that acts.

        From then on, what its process writes is refused with a StoreError once another agent has taken the lease.
        """
        ...

    async def leave(self, badge: Badge, fence: int | None) -> None:
        """Be gone in order: the lease is free at once."""
        ...

    async def members(self) -> Sequence[Member]:
        """Give every agent that was there within a day."""
        ...

    async def drain(self, agent: str, *, wanted: bool, actor: str) -> None:
        """Have an agent hand over to another one, and keep it from acting; or let it act again. Raises NotFound."""
        ...


class Store(Protocol):
    """All of it; one database."""

    @property
    def fleet(self) -> Fleet | None:
        """The agents that share this database; None where only one can use it."""
        ...

    @property
    def runs(self) -> Runs:
        """The table of runs."""
        ...

    @property
    def audit(self) -> Audit:
        """The chain."""
        ...

    @property
    def tokens(self) -> Tokens:
        """Bearer tokens."""
        ...

    @property
    def alerts(self) -> Alerts:
        """States of alerts."""
        ...

    @property
    def journal(self) -> Journal:
        """What was decided about alerts."""
        ...

    @property
    def silences(self) -> Silences:
        """Silences."""
        ...

    @property
    def received(self) -> ReceivedAlerts:
        """Alerts that others judge."""
        ...

    @property
    def marks(self) -> Marks:
        """Where collectors stopped."""
        ...

    @property
    def controls(self) -> Controls:
        """What people set by hand."""
        ...

    def version(self) -> int | None:
        """Give a number that is another one after every change, whoever made it; None where that cannot be told without a query.

        Ask before a query, and leave out the next one as long as the number stays the same. It costs microseconds.
        """
        ...

    def hear(self, heard: Callable[[], None]) -> None:
        """Have something called as soon as another process has written, where the database says so by itself.

        Where it does not, nothing is called: look at `version` now and then.
        """
        ...

    async def close(self) -> None:
        """Let go of every connection."""
        ...
