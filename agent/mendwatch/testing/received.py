"""The twin in memory of the store's received alerts, by the same pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import islice

from mendwatch.errors import StoreError
from mendwatch.model.received import Received
from mendwatch.store import receipts
from mendwatch.store.receipts import Receipt, Register


class MemoryReceived:
    """Rows by alert. `broken` makes every change fail, as a full disk does."""

    def __init__(self) -> None:
        self._rows: dict[str, tuple[Received, ...]] = {}
        self.broken = False

    async def take(self, words: Sequence[Received]) -> Receipt:
        """Take the words of one message, whole or not at all."""
        if self.broken:
            raise StoreError("the state database does not answer: a test said so")
        register = Register({word.mark: self._rows[word.mark] for word in words if word.mark in self._rows})
        register.take(words)
        rows = {**self._rows, **register.rows}
        if words:
            receipts.check_open(sum(not row.resolved for row in _flat(rows)))
        self._rows = rows
        self._forget_beyond()
        return register.receipt()

    async def standing(self, *, after: str = "", limit: int = 50) -> Sequence[Received]:
        """Give how alerts stand, by their mark."""
        return [
            receipts.standing(self._rows[mark]) for mark in islice((name for name in sorted(self._rows) if name > after), limit)
        ]

    async def prune(self, *, resolved_before: datetime, silent_before: datetime) -> int:
        """Forget what was resolved, and what nobody has spoken of."""
        before = len(_flat(self._rows))
        self._keep([row for row in _flat(self._rows) if row.received_at >= (resolved_before if row.resolved else silent_before)])
        self._keep([row for row in _flat(self._rows) if row.received_at >= silent_before])
        return before - len(_flat(self._rows))

    def _forget_beyond(self) -> None:
        resolved = sorted((row.received_at for row in _flat(self._rows) if row.resolved), reverse=True)
        if len(resolved) > receipts.MOST_RESOLVED:
            self._keep([row for row in _flat(self._rows) if not row.resolved or row.received_at > resolved[receipts.MOST_RESOLVED]])

    def _keep(self, rows: Sequence[Received]) -> None:
        self._rows = {}
        for row in rows:
            self._rows[row.mark] = (*self._rows.get(row.mark, ()), row)


def _flat(rows: dict[str, tuple[Received, ...]]) -> list[Received]:
    return [row for kept in rows.values() for row in kept]
