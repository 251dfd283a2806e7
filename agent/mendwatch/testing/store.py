"""The store's twin in memory: the same decisions and the same answers as SQL, without a file.

It stands on the same pure functions as `store.sql`, and the same test-suite holds both to the same promises. Everything
happens between two awaits, so that no change is ever half done.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from mendwatch.clock import Clock
from mendwatch.errors import NotFound, Refused, StoreError
from mendwatch.model.audits import AuditEntry, ChainVerdict
from mendwatch.model.controls import STOP_NAME, ControlKind
from mendwatch.model.principals import Principal, Role, Token
from mendwatch.model.runs import SETTLED, Run, RunState
from mendwatch.store import bearer, chain, decisions, delegations, ids, transitions
from mendwatch.store.chain import Fact, Link, Verifier
from mendwatch.store.decisions import Standing, Word
from mendwatch.store.interface import Edit, NewRun, RunChange
from mendwatch.testing.alerts import MemoryAlerts, MemoryJournal, MemorySilences
from mendwatch.testing.clock import FakeClock
from mendwatch.testing.controls import MemoryControls
from mendwatch.testing.marks import MemoryMarks
from mendwatch.testing.received import MemoryReceived

_KEY = bytes(range(32))


class MemoryAudit:
    """The chain as a list. `broken` makes every write fail, as a full disk does."""

    def __init__(self, clock: Clock, key: bytes) -> None:
        self._clock = clock
        self._key = key
        self.links: list[Link] = []
        self.broken = False

    def write(self, fact: Fact) -> AuditEntry:
        """Add a row; what was changed with it is kept only if this does not raise."""
        if self.broken:
            raise StoreError("the state database does not answer: a test said so")
        last = (self.links[-1].seq, self.links[-1].mac) if self.links else None
        link = chain.append(self._key, last, fact, self._clock.now())
        self.links.append(link)
        return chain.entry_of(link)

    async def append(self, actor: str, what: str, subject: str, detail: Mapping[str, object]) -> AuditEntry:
        """Write one row that belongs to no other change."""
        return self.write(Fact(actor, what, subject, detail))

    async def head(self) -> AuditEntry | None:
        """Give the newest row."""
        return chain.entry_of(self.links[-1]) if self.links else None

    async def entries(self, *, after: int = 0, subject: str | None = None, limit: int = 1000) -> Sequence[AuditEntry]:
        """Give rows in order."""
        entries = (chain.entry_of(link) for link in self.links[after:])
        return [entry for entry in entries if subject is None or entry.subject == subject][:limit]

    async def verify(self, anchor: tuple[int, str] | None = None) -> ChainVerdict:
        """Recompute the chain up to the first fault."""
        verifier = Verifier(self._key, anchor)
        all(verifier.take(link) for link in self.links)
        return verifier.verdict()


class MemoryRuns:
    """The table of runs as a mapping, in the order of opening."""

    def __init__(self, clock: Clock, audit: MemoryAudit, controls: MemoryControls) -> None:
        self._clock = clock
        self._audit = audit
        self._controls = controls
        self._runs: dict[str, Run] = {}
        #: Shared with the table of tokens, with the SHA-256 of their secrets.
        self.tokens: dict[str, tuple[Token, str]] = {}

    async def propose(self, new: NewRun) -> Run | None:
        """Open a run, or give None where the problem has an open one."""
        run = transitions.opened(new, ids.run_id(), self._clock.now())
        if any(transitions.open_for(other, new.dedup_key) for other in self._runs.values()):
            return None
        return self._keep(run, transitions.proposed_fact(run))

    async def change(self, run_id: str, change: RunChange) -> Run:
        """Make one change of state."""
        run = self._found(run_id)
        transitions.refuse_deciding(run, change)
        transitions.refuse_stopped(run, change, self._controls.now(ControlKind.STOP, STOP_NAME))
        return self._change(run, change)

    async def decide(self, run_id: str, *, plan_hash: str | None, verdict: str, principal: Principal, reason: str) -> Run:
        """Record a person's word, also where it is refused."""
        word, name = Word(verdict, plan_hash, principal, reason), run_id
        try:
            run = self._found(run_id)
            name = run.id
            ruling = decisions.judge(run, word, self._clock.now(), self._standing(principal))
        except Refused as why:
            self._audit.write(decisions.refusal(name, word, why))
            raise
        return self._keep(ruling.after, ruling.fact)

    async def edit(self, run_id: str, edit: Edit) -> Run:
        """Overtake a pending run by one with a lower value."""
        name, new_id, now = run_id, ids.run_id(), self._clock.now()
        try:
            run = self._found(run_id)
            name = run.id
            ruling, new = decisions.edited(run, edit, new_id, now, self._standing(edit.principal))
        except Refused as why:
            self._audit.write(decisions.edit_refusal(name, edit, why))
            raise
        self._keep(ruling.after, ruling.fact)
        opened = transitions.opened(new, new_id, now)
        return self._keep(opened, transitions.proposed_fact(opened))

    async def expire(self, *, actor: str = "agent:expiry") -> Sequence[Run]:
        """End what waited too long."""
        late = [run for run in self._runs.values() if transitions.overdue(run, self._clock.now())]
        return [self._change(run, transitions.expiry(run, actor)) for run in late]

    async def mark_resolved(self, run_id: str, keys: Sequence[str], *, actor: str, note: str) -> Run:
        """Record which events a verified run settled."""
        run = self._found(run_id)
        after = transitions.resolved(run, keys, note, self._clock.now())
        return run if after is run else self._keep(after, transitions.resolved_fact(after, keys, actor))

    async def get(self, run_id: str) -> Run:
        """Give one run, by its id or the beginning of it."""
        return self._found(run_id)

    async def list(self, *, states: Iterable[RunState] | None = None, target: str | None = None, limit: int = 100) -> Sequence[Run]:
        """Give runs, newest first."""
        wanted = frozenset(RunState) if states is None else frozenset(states)
        found = [run for run in reversed(self._runs.values()) if run.state in wanted and target in {None, run.target}]
        return found[:limit]

    async def counts(self) -> Mapping[RunState, int]:
        """Tell how many runs there are in each state."""
        return Counter(run.state for run in self._runs.values())

    async def since(self, moment: datetime) -> Sequence[Run]:
        """Give every run that began or ended since a moment."""
        return [run for run in self._runs.values() if max(run.created_at, run.ended_at or run.created_at) >= moment]

    async def settled(self, rule: str, target: str, limit: int) -> Sequence[Run]:
        """Give the newest runs of a rule on a target that were measured or failed."""
        found = [run for run in self._runs.values() if (run.rule, run.target) == (rule, target) and run.state in SETTLED]
        return sorted(found, key=lambda run: run.ended_at or run.created_at, reverse=True)[:limit]

    def _standing(self, principal: Principal) -> Standing:
        known, _ = self.tokens.get(principal.token, (None, ""))
        return Standing(known, self._controls.listed(ControlKind.DELEGATION))

    def _found(self, typed: str) -> Run:
        prefix = ids.run_prefix(typed)
        return self._runs[ids.only(typed, [name for name in self._runs if name.startswith(prefix)])]

    def _change(self, run: Run, change: RunChange) -> Run:
        after = transitions.changed(run, change, self._clock.now())
        for other in self._runs.values():
            if (why := transitions.conflict(after, other)) is not None:
                raise why
        return self._keep(after, transitions.changed_fact(run, after, change.actor, change.detail))

    def _keep(self, after: Run, fact: Fact) -> Run:
        """Write the audit row, then the next row: where the first fails, nothing was changed."""
        self._audit.write(fact)
        self._runs[after.id] = after
        return after


class MemoryTokens:
    """Tokens by id, with the SHA-256 of their secrets."""

    def __init__(self, clock: Clock, audit: MemoryAudit, controls: MemoryControls, tokens: dict[str, tuple[Token, str]]) -> None:
        self._clock = clock
        self._audit = audit
        self._controls = controls
        self._tokens = tokens

    async def create(
        self, name: str, role: Role, *, expires_at: datetime | None, actor: str, person: str = "", model: bool = False
    ) -> tuple[Token, str]:
        """Make a token and give its secret, this once."""
        token, secret = bearer.made(name, role, expires_at, self._clock.now(), person=person, model=model)
        self._audit.write(bearer.created_fact(token, actor))
        self._tokens[token.id] = (token, bearer.sha256_of(secret))
        return token, secret

    async def authenticate(self, secret: str) -> Token | None:
        """Give the living token of a secret, or None."""
        token_id = bearer.id_of(secret)
        if token_id is None:
            return None
        token, sha256 = self._tokens.get(token_id, (None, None))
        admitted = bearer.admitted(secret, token, sha256, self._clock.now())
        if admitted is None or not bearer.lends_a_word(admitted):
            return admitted
        lent = self._controls.listed(ControlKind.DELEGATION)
        held = delegations.held_by(lent, admitted.person, self._clock.now())
        return admitted if held is None else replace(admitted, acting_for=held.giver)

    async def list(self) -> Sequence[Token]:
        """Give all tokens, newest first."""
        return [token for token, _ in reversed(self._tokens.values())]

    async def revoke(self, token_id: str, *, actor: str) -> Token:
        """End a token now; one that was ended stays as it is."""
        if token_id not in self._tokens:
            raise NotFound(f"there is no token {ids.shown(token_id)}", hint="See `mendwatch token list`.")
        token, sha256 = self._tokens[token_id]
        ended = bearer.revoked(token, self._clock.now())
        if ended is not token:
            self._audit.write(bearer.revoked_fact(ended, actor))
            self._tokens[token_id] = (ended, sha256)
        return ended


class MemoryStore:
    """All of it, gone with the process."""

    def __init__(self, clock: Clock | None = None, *, key: bytes = _KEY) -> None:
        clock = clock or FakeClock()
        self._audit = MemoryAudit(clock, key)
        self._controls = MemoryControls(clock, self._audit.write)
        self._runs = MemoryRuns(clock, self._audit, self._controls)
        self._tokens = MemoryTokens(clock, self._audit, self._controls, self._runs.tokens)
        self._alerts = MemoryAlerts()
        self._received = MemoryReceived()
        self._marks = MemoryMarks()
        self._journal = MemoryJournal(self._alerts)
        self._silences = MemorySilences(clock, self._audit.write)

    @property
    def runs(self) -> MemoryRuns:
        """The table of runs."""
        return self._runs

    @property
    def audit(self) -> MemoryAudit:
        """The chain; its `broken` makes every change of the store fail."""
        return self._audit

    @property
    def tokens(self) -> MemoryTokens:
        """Bearer tokens."""
        return self._tokens

    @property
    def alerts(self) -> MemoryAlerts:
        """States of alerts."""
        return self._alerts

    @property
    def journal(self) -> MemoryJournal:
        """What was decided about alerts."""
        return self._journal

    @property
    def silences(self) -> MemorySilences:
        """Silences."""
        return self._silences

    @property
    def marks(self) -> MemoryMarks:
        """Where collectors stopped."""
        return self._marks

    @property
    def received(self) -> MemoryReceived:
        """Alerts that others judge."""
        return self._received

    @property
    def controls(self) -> MemoryControls:
        """What people set by hand."""
        return self._controls

    @property
    def fleet(self) -> None:
        """One process has it, and no other."""

    def version(self) -> int:
        """Give a number that is another one after every change of a run, a token or a silence: each writes its audit row."""
        return len(self._audit.links)

    def hear(self, heard: Callable[[], None]) -> None:
        """Nobody else writes."""

    async def close(self) -> None:
        """Nothing is held."""
