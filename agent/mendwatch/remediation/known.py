"""The runs that wait for a word or for their turn, as the store has them; read anew only when something was written there.

A decision may come from another process, so the engine looks five times a second. A query each time was half of what an agent
with nothing to do costs.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from mendwatch.model.runs import Run, RunState
from mendwatch.remediation.parts import Parts

#: States in which a run waits: for a word, for its turn, or to be planned as a person has edited it.
WAITING = frozenset({RunState.PENDING, RunState.APPROVED, RunState.PLANNING})
_MANY = 10_000


class Known:
    """Remembers what the last query gave, and what the store's version was before it."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._version: int | None = None
        self._runs: Sequence[Run] = ()
        self._read = -math.inf

    async def runs(self) -> Sequence[Run]:
        """Give the pending, approved and planned-for runs, newest first.

        Raises:
            StoreError: the store does not answer; it is asked again the next time.
        """
        version, now = self._parts.store.version(), self._parts.clock.monotonic()
        same = version is not None and version == self._version
        if not same or now - self._read >= self._parts.limits.unasked:
            self._version = None
            self._runs = await self._parts.store.runs.list(states=WAITING, limit=_MANY)
            self._version, self._read = version, now
        return self._runs
