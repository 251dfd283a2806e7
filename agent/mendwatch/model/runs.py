"""A run: one remediation for one alert, its plan, and the only table of allowed changes of state.

docs/runs.md draws the diagram; a test holds it against TRANSITIONS.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum


class RunState(StrEnum):
    """design.md's states of a run."""

    PLANNING = "planning"
    PENDING = "pending"
    APPROVED = "approved"
    APPLYING = "applying"
    VERIFYING = "verifying"
    VERIFIED = "verified"
    REFUSED = "refused"
    DENIED = "denied"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"
    CANCELLED = "cancelled"
    FAILED = "failed"
    ROLLING_BACK = "rolling_back"
    ROLLED_BACK = "rolled_back"
    ROLLBACK_FAILED = "rollback_failed"
    INTERRUPTED = "interrupted"


_S = RunState

#: From each state, the states that may follow. A state that leads nowhere is terminal and never changes.
TRANSITIONS: Mapping[RunState, frozenset[RunState]] = {
    _S.PLANNING: frozenset({_S.PENDING, _S.APPROVED, _S.REFUSED, _S.FAILED, _S.CANCELLED, _S.SUPERSEDED}),
    _S.PENDING: frozenset({_S.APPROVED, _S.DENIED, _S.EXPIRED, _S.SUPERSEDED, _S.CANCELLED}),
    _S.APPROVED: frozenset({_S.APPLYING, _S.EXPIRED, _S.SUPERSEDED, _S.CANCELLED, _S.REFUSED}),
    _S.APPLYING: frozenset({_S.VERIFYING, _S.FAILED, _S.ROLLING_BACK, _S.ROLLED_BACK, _S.ROLLBACK_FAILED, _S.INTERRUPTED}),
    _S.VERIFYING: frozenset({_S.VERIFIED, _S.FAILED, _S.ROLLING_BACK, _S.INTERRUPTED}),
    _S.INTERRUPTED: frozenset({_S.VERIFYING, _S.FAILED}),
    _S.ROLLING_BACK: frozenset({_S.ROLLED_BACK, _S.ROLLBACK_FAILED}),
    _S.VERIFIED: frozenset(),
    _S.REFUSED: frozenset(),
    _S.DENIED: frozenset(),
    _S.EXPIRED: frozenset(),
    _S.SUPERSEDED: frozenset(),
    _S.CANCELLED: frozenset(),
    _S.FAILED: frozenset(),
    _S.ROLLED_BACK: frozenset(),
    _S.ROLLBACK_FAILED: frozenset(),
}

TERMINAL: frozenset[RunState] = frozenset(state for state, following in TRANSITIONS.items() if not following)
OPEN: frozenset[RunState] = frozenset(RunState) - TERMINAL
#: The states in which a playbook may be changing the target: at most one such run per target.
ACTIVE: frozenset[RunState] = frozenset({_S.APPLYING, _S.VERIFYING, _S.ROLLING_BACK, _S.INTERRUPTED})

#: The endings that say that a remediation did not do what it is for.
FAILURES: frozenset[RunState] = frozenset({_S.FAILED, _S.ROLLED_BACK, _S.ROLLBACK_FAILED})
#: The endings that say whether it did.
SETTLED: frozenset[RunState] = FAILURES | {_S.VERIFIED}


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that a plan would change, from Ansible's diff: `before` and `after` as text, one line per attribute."""

    subject: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run would do; its SHA-256 is what a person approves.

    `variables` are exactly what the playbook gets. `versions` are those of ansible-core, ansible-runner and mendwatch: another
    version may do another thing.
    """

    remediation: str
    remediation_digest: str
    target: str
    address: str
    variables: Mapping[str, object]
    changes: tuple[Change, ...]
    versions: Mapping[str, str]

    def sha256(self) -> str:
        """Give the plan hash: SHA-256 over canonical JSON (sorted keys, no white space, UTF-8)."""
        text = json.dumps(asdict(self), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True)
class Decision:
    """One person's word on a run; `person` is whose it is where the actor does not say, `acting_for` whom a deputy decided for."""

    actor: str
    via: str
    verdict: str  # approve | deny | cancel
    at: datetime
    reason: str = ""
    person: str = ""
    acting_for: str = ""


@dataclass(frozen=True, slots=True)
class Run:
    """A row of the table of runs, as everybody but the store sees it.

    `dedup_key` is the problem: at most one open run per problem. `version` grows with every change; `fence` with
    every change of owner. `outcome` is what the playbook reported by set_stats. `note` says why it is in this state.
    `quorum` different people must approve, none of them the proposer where `not_proposer` is set. `expires_at` is the end of
    the question while pending, and the latest moment to start once approved.
    """

    id: str
    dedup_key: str
    rule: str
    rule_digest: str
    fingerprint: str
    target: str
    remediation: str
    risk: str
    mode: str
    proposer: str
    state: RunState
    version: int
    fence: int
    created_at: datetime
    updated_at: datetime
    subject: Mapping[str, str]
    variables: Mapping[str, object]
    plan: Plan | None = None
    plan_hash: str | None = None
    expires_at: datetime | None = None
    decisions: tuple[Decision, ...] = ()
    run_dir: str | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    outcome: Mapping[str, object] | None = None
    events_resolved: tuple[str, ...] | None = None
    note: str = ""
    quorum: int = 1
    not_proposer: bool = True

    @property
    def terminal(self) -> bool:
        """Whether this run is over for good."""
        return self.state in TERMINAL
