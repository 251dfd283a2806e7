"""An agent stands by until it may act, and stops for good when another one took over; a silent database changes nothing."""

from __future__ import annotations

import asyncio
import stat
from collections.abc import Sequence
from pathlib import Path

import pytest

from mendwatch.errors import StoreError
from mendwatch.model.members import Badge, Member
from mendwatch.model.members import Tenure as Answer
from mendwatch.service.tenure import LASTS, LOOK, RENEW, Tenure, badge
from mendwatch.testing.clock import FakeClock

ME = Badge("me-1", "here", 1, "0.1.0")


class ScriptedFleet:
    """Gives the answers it was told to, the last one again and again; None is a database that does not answer."""

    def __init__(self, *answers: Answer | None) -> None:
        self.answers = list(answers)
        self.asked: list[int | None] = []
        self.left: list[int | None] = []

    async def beat(self, badge: Badge, fence: int | None) -> Answer:
        assert badge == ME
        self.asked.append(fence)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if answer is None:
            raise StoreError("gone")
        return answer

    async def leave(self, badge: Badge, fence: int | None) -> None:
        assert badge == ME
        self.left.append(fence)

    async def members(self) -> Sequence[Member]:
        return ()

    async def drain(self, agent: str, *, wanted: bool, actor: str) -> None:
        raise AssertionError(agent, wanted, actor)


async def acting(fleet: ScriptedFleet, clock: FakeClock) -> Tenure:
    tenure = Tenure(fleet, ME, clock)
    await tenure.take()
    return tenure


async def test_it_stands_by_until_the_lease_is_its_own() -> None:
    fleet, clock = ScriptedFleet(Answer(None, "other"), None, Answer(None, "other"), Answer(7, "me-1")), FakeClock()
    waiting = asyncio.create_task(Tenure(fleet, ME, clock).take())
    await clock.advance(2 * LOOK)
    assert not waiting.done()
    await clock.advance(LOOK)

    assert waiting.done()
    assert fleet.asked == [None] * 4


async def test_while_the_lease_lasts_nothing_is_asked_before_a_poll() -> None:
    fleet, clock = ScriptedFleet(Answer(1, "me-1")), FakeClock()
    tenure = await acting(fleet, clock)
    clock.move(LASTS - 0.1)

    assert await tenure.sure()
    assert fleet.asked == [None]


async def test_an_agent_that_stood_still_asks_before_it_polls_and_does_not_poll_any_more() -> None:
    fleet, clock = ScriptedFleet(Answer(1, "me-1"), Answer(None, "other")), FakeClock()
    tenure = await acting(fleet, clock)
    clock.move(LASTS + 60)

    assert not await tenure.sure()
    assert tenure.lost.is_set()
    assert not await tenure.sure()
    assert fleet.asked == [None, 1]  # what is lost is lost for good


async def test_while_the_database_is_silent_it_goes_on_watching_and_asks_each_time() -> None:
    fleet, clock = ScriptedFleet(Answer(1, "me-1"), None, None, Answer(1, "me-1")), FakeClock()
    tenure = await acting(fleet, clock)
    clock.move(LASTS + 60)

    assert [await tenure.sure() for _ in range(3)] == [True] * 3
    assert not tenure.lost.is_set()


async def test_it_renews_by_itself_and_ends_when_it_lost() -> None:
    fleet, clock = ScriptedFleet(Answer(1, "me-1"), Answer(1, "me-1"), Answer(None, "other")), FakeClock()
    tenure = await acting(fleet, clock)
    keeping = asyncio.create_task(tenure.keep())
    await clock.advance(RENEW)
    assert not keeping.done()
    await clock.advance(RENEW)

    assert keeping.done()
    await tenure.leave()
    assert fleet.left == [None]


def test_a_badge_stays_and_belongs_to_one_process_at_a_time(tmp_path: Path) -> None:
    with badge(tmp_path) as first:
        with pytest.raises(StoreError, match="uses the state folder") as caught, badge(tmp_path):
            pass
        assert "audit.key" in caught.value.hint
    with badge(tmp_path) as second:
        assert second.id == first.id
    assert stat.S_IMODE((tmp_path / "agent.lock").stat().st_mode) == 0o600
