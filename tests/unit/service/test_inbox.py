"""Received alerts are kept before anything else, judged after, and nothing that goes wrong in between loses one."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import cast

import pytest
from foreign_worlds import an_alert, read, resolved

from mendwatch.alerting.foreign_messages import Message
from mendwatch.errors import Refused, StoreError
from mendwatch.metrics.agent import AgentMetrics
from mendwatch.model.received import Received
from mendwatch.service import inbox
from mendwatch.service.inbox import Inbox
from mendwatch.service.judgement import Judgement
from mendwatch.testing.clock import FakeClock
from mendwatch.testing.store import MemoryStore

DAY = 86_400.0


class Judge:
    """Takes what is to be judged; `fault` is raised instead, once."""

    def __init__(self) -> None:
        self.words: list[Received] = []
        self.turns = 0
        self.fault: Exception | None = None

    async def receive(self, words: Sequence[Received], at: datetime) -> None:
        del at
        fault, self.fault = self.fault, None
        if fault is not None:
            raise fault
        self.words += words
        self.turns += bool(words)

    @property
    def said(self) -> list[tuple[str, bool]]:
        return [(word.labels["path"], word.resolved) for word in self.words]


class Desk:
    """An inbox with everything around it in memory."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.store, self.judge, self.metrics = MemoryStore(self.clock), Judge(), AgentMetrics(self.clock.now())
        self.inbox = self.another()

    def another(self) -> Inbox:
        return Inbox(self.store.received, cast("Judgement", self.judge), self.metrics, self.clock)

    def message(self, *paths: str, over: bool = False) -> Message:
        now = self.clock.now()
        began = (now - timedelta(minutes=1)).isoformat() if not over else self.began
        self.began = began
        alerts = [an_alert(path=path, startsAt=began) for path in paths]
        return Message("alertmanager", read([resolved(one, now) for one in alerts] if over else alerts, now))

    def count(self, name: str, **labels: str) -> float | None:
        return self.metrics.registry.get_sample_value(name, labels)


@pytest.fixture
def desk() -> Desk:
    return Desk()


async def ran(desk: Desk, box: Inbox | None = None) -> asyncio.Task[None]:
    task = asyncio.create_task((box or desk.inbox).run())
    await desk.clock.settle()
    return task


async def ended(task: asyncio.Task[None]) -> None:
    assert not task.done()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_what_is_taken_is_kept_and_judged_after(desk: Desk) -> None:
    await desk.inbox.take(desk.message("/a", "/b"))
    assert (len(await desk.store.received.standing()), desk.judge.said) == (2, [])

    task = await ran(desk)
    await desk.inbox.take(desk.message("/a", over=True))
    await desk.clock.settle()

    assert set(desk.judge.said) == {("/a", False), ("/b", False), ("/a", True)}
    assert desk.count("mendwatch_webhook_alerts_total", source="alertmanager", result="firing") == 2.0
    assert desk.count("mendwatch_webhook_alerts_total", source="alertmanager", result="resolved") == 1.0
    await ended(task)


async def test_another_agent_judges_what_this_one_kept(desk: Desk) -> None:
    await desk.inbox.take(desk.message(*(f"/{number}" for number in range(120))))

    task = await ran(desk, desk.another())

    assert (len(desk.judge.words), desk.judge.turns) == (120, 1)  # an alert that silences another may be in a later page
    await ended(task)


async def test_what_is_not_kept_is_not_judged(desk: Desk) -> None:
    task = await ran(desk)
    desk.store.received.broken = True
    with pytest.raises(StoreError):
        await desk.inbox.take(desk.message("/a"))
    await desk.clock.settle()

    assert desk.judge.said == []
    await ended(task)


async def test_too_many_that_wait_are_refused(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox, "BACKLOG", 1)
    await desk.inbox.take(desk.message("/a", "/b"))

    with pytest.raises(Refused, match="wait to be judged"):
        await desk.inbox.take(desk.message("/c"))

    assert len(await desk.store.received.standing()) == 2


async def test_a_fault_of_ours_is_counted_and_stops_nothing(desk: Desk) -> None:
    task = await ran(desk)
    desk.judge.fault = ValueError("a bug")
    await desk.inbox.take(desk.message("/a"))
    await desk.clock.settle()
    assert desk.count("mendwatch_bugs_total", where="webhook") == 1.0

    await desk.inbox.take(desk.message("/b"))
    await desk.clock.settle()

    assert desk.judge.said == [("/b", False)]
    await ended(task)


async def test_a_store_that_does_not_answer_at_the_start_is_asked_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    await desk.inbox.take(desk.message("/a"))
    answer, asked = desk.store.received.standing, []

    async def standing(*, after: str = "", limit: int = 50) -> Sequence[Received]:
        asked.append(after)
        if len(asked) < 3:
            raise StoreError("gone")
        return await answer(after=after, limit=limit)

    monkeypatch.setattr(desk.store.received, "standing", standing)
    task = await ran(desk)
    assert desk.judge.said == []

    await desk.clock.advance(10)

    assert ("/a", False) in desk.judge.said
    await ended(task)


async def test_what_is_old_is_forgotten_when_something_comes(desk: Desk) -> None:
    task = await ran(desk)
    await desk.inbox.take(desk.message("/resolved"))
    await desk.inbox.take(desk.message("/resolved", over=True))
    await desk.inbox.take(desk.message("/silent"))
    await desk.clock.advance(8 * DAY)
    await desk.inbox.take(desk.message("/new"))
    await desk.clock.settle()
    assert {one.labels["path"] for one in await desk.store.received.standing()} == {"/silent", "/new"}

    await desk.clock.advance(23 * DAY)
    await desk.inbox.take(desk.message("/newest"))
    await desk.clock.settle()

    assert {one.labels["path"] for one in await desk.store.received.standing()} == {"/new", "/newest"}
    await ended(task)


async def test_left_out_alerts_are_counted(desk: Desk) -> None:
    await desk.inbox.take(Message("grafana", (), truncated=4))

    assert desk.count("mendwatch_webhook_alerts_total", source="grafana", result="truncated") == 4.0
