"""What the agent tells about itself between events: how late the loop is, how many runs there are, where the audit ends."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from mendwatch.clock import Clock
from mendwatch.errors import StoreError
from mendwatch.metrics.agent import AgentMetrics
from mendwatch.store.interface import Store

#: Seconds between two measurements of the loop.
BEAT = 0.5
#: Beats between two looks at the store.
LOOK_EVERY = 10


class Gauges:
    """Measures until cancelled; `also` is somebody else's look, made as often."""

    def __init__(
        self, metrics: AgentMetrics, store: Store, clock: Clock, also: Callable[[], Awaitable[None]] | None = None
    ) -> None:
        self._metrics = metrics
        self._store = store
        self._clock = clock
        self._also = also

    async def run(self) -> None:
        """Measure the loop at every beat, and look at the store now and then."""
        beat = 0
        while True:
            if beat % LOOK_EVERY == 0:
                await self.look()
                if self._also is not None:
                    await self._also()
            before = self._clock.monotonic()
            await self._clock.sleep(BEAT)
            self._metrics.loop_lagged(max(0.0, self._clock.monotonic() - before - BEAT))
            beat += 1

    async def look(self) -> None:
        """Read the numbers of the store; where it does not answer they stay as they were."""
        try:
            self._metrics.runs_are(await self._store.runs.counts())
            head = await self._store.audit.head()
        except StoreError:
            return
        if head is not None:
            self._metrics.audit_head(head.seq)
