"""Old decisions are forgotten every minute, also after the store did not answer; the newest of every rule stay."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

from mendwatch.errors import StoreError
from mendwatch.model.journal import Decision, DecisionKind
from mendwatch.service.forgetting import DECISIONS, KEPT, Forgetting
from mendwatch.testing.clock import FakeClock
from mendwatch.testing.store import MemoryStore


async def test_of_each_rule_the_newest_decisions_stay() -> None:
    clock = FakeClock()
    store = MemoryStore(clock)
    row = Decision(clock.now(), "Full", "f", "lab", DecisionKind.TRANSITION, "firing", "why")
    old = replace(row, rule="Down", at=clock.now() - KEPT - timedelta(minutes=5))
    prune, moods = store.journal.prune, iter([False, True, True])

    async def prune_moodily(*, keep_per_rule: int = 1000, before: datetime | None = None) -> int:
        if not next(moods):
            raise StoreError("the state database does not answer: a test said so")
        return await prune(keep_per_rule=keep_per_rule, before=before)

    store.journal.prune = prune_moodily  # type: ignore[method-assign]
    working = asyncio.create_task(Forgetting(store.journal, clock).run())
    await store.alerts.save([], [*[row] * (DECISIONS + 500), *[old] * 150])
    left = []
    for _ in range(2):
        await clock.advance(60)
        left.append([len(await store.journal.of_rule(rule, limit=10_000)) for rule in ("Full", "Down")])
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)

    assert left == [[1500, 150], [1000, 100]]
