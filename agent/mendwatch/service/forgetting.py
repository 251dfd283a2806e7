"""Forgets old decisions, so that a storm of alerts does not fill the disk; of every rule the newest stay."""

from __future__ import annotations

from datetime import timedelta

import structlog

from mendwatch.clock import Clock
from mendwatch.errors import StoreError
from mendwatch.store.interface import Journal

_log = structlog.get_logger(__name__)

#: Seconds between two looks at the journal, how many decisions of each rule stay, and for how long.
ROUND, DECISIONS, KEPT = 60.0, 1000, timedelta(days=90)


class Forgetting:
    """Looks at the journal until cancelled."""

    def __init__(self, journal: Journal, clock: Clock) -> None:
        self._journal = journal
        self._clock = clock

    async def run(self) -> None:
        """Forget what is old, every minute."""
        while True:
            await self._clock.sleep(ROUND)
            try:
                await self._journal.prune(keep_per_rule=DECISIONS, before=self._clock.now() - KEPT)
            except StoreError as problem:
                _log.info("decisions not forgotten", reason=str(problem))
