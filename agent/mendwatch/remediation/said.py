"""Why no run was opened, as it was said last about each problem: each reason is said once, and a restart says nothing again.

The audit is the memory. It is asked once for each problem, when there is something to say about it for the first time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from mendwatch.model.audits import AuditEntry
from mendwatch.model.proposals import Proposal
from mendwatch.model.runs import Run
from mendwatch.remediation.parts import AGENT
from mendwatch.store.interface import Audit

BLOCKED, OBSERVED = "run.blocked", "run.observed"
#: The guard, its reason, and since when the alert fires.
Word = tuple[str, str, str]
#: Rows of the audit that are read at a time.
_PAGE = 1000


def word(guard: str, reason: str, fired_at: datetime | None) -> Word:
    """Give what is said, so that the same is equal."""
    return guard, reason, fired_at.isoformat() if fired_at is not None else ""


class Said:
    """What was said, by the problem's key."""

    def __init__(self, audit: Audit) -> None:
        self._audit = audit
        self._words: dict[str, Word | None] = {}

    async def last(self, key: str, proposal: Proposal, runs: Iterable[Run]) -> Word | None:
        """Give what was said last about a problem since its newest run, None where nothing was. Raises StoreError."""
        if key not in self._words:
            since = max((run.created_at for run in runs if run.dedup_key == key), default=None)
            rows = await self._rows(proposal.alert.fingerprint)
            self._words[key] = _last([row for row in rows if since is None or row.at > since], proposal)
        return self._words[key]

    def note(self, key: str, said: Word | None) -> None:
        """Note what is said now; None where the next word is news, whatever it is."""
        self._words[key] = said

    def forget(self, fingerprint: str) -> None:
        """Begin anew for an alert that is gone: its next reason is news again."""
        for key in [key for key in self._words if key.endswith(f"/{fingerprint}")]:
            del self._words[key]

    async def _rows(self, fingerprint: str) -> Sequence[AuditEntry]:
        rows: list[AuditEntry] = []
        while page := await self._audit.entries(after=rows[-1].seq if rows else 0, subject=fingerprint, limit=_PAGE):
            rows += page
            if len(page) < _PAGE:
                break
        return rows


def _last(rows: Iterable[AuditEntry], proposal: Proposal) -> Word | None:
    """Give the last word among some rows that is of this engine, about the same target and remediation."""
    stanza = proposal.rule.remediate
    wanted = (proposal.alert.target, stanza.remediation if stanza is not None else "")
    ours = [row.detail for row in rows if row.actor == AGENT and row.what in {BLOCKED, OBSERVED}]
    about = [one for one in ours if (one.get("target"), one.get("remediation")) == wanted]
    return (str(about[-1]["guard"]), str(about[-1]["reason"]), str(about[-1].get("fired_at", ""))) if about else None
