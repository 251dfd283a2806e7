"""What the store promises, whatever is behind it: SQL (`store.sql`) or the in-memory twin (`mendwatch.testing.store`).

Every method that changes a run or a token writes its audit row in the same transaction: no audit row, no change.
A request that the table of states forbids raises Refused and changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from mendwatch.model.alerts import Alert
from mendwatch.model.audits import AuditEntry, ChainVerdict
from mendwatch.model.principals import Principal, Role, Token
from mendwatch.model.runs import Plan, Run, RunState


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

    async def create(self, name: str, role: Role, *, expires_at: datetime | None, actor: str) -> tuple[Token, str]:
        """Make a token and give its secret, which is shown this once and can never be read again."""
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
        """Give every alert that is not inactive."""
        ...

    async def save(self, alerts: Iterable[Alert]) -> None:
        """Keep alerts as they are now (upsert by fingerprint); inactive ones are dropped."""
        ...


class Store(Protocol):
    """All of it; one database."""

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

    async def close(self) -> None:
        """Let go of every connection."""
        ...
