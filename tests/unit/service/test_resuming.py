"""Marks of collectors: handed to every new session, kept when a poll was told, and no reason not to poll."""

from __future__ import annotations

from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from mendwatch.errors import StoreError
from mendwatch.model.samples import Reading
from mendwatch.model.targets import Target
from mendwatch.polling.outcomes import PollOutcome
from mendwatch.polling.standby import Ending
from mendwatch.polling.watches import Probe, Watch
from mendwatch.service.resuming import Keeper, Resumed, resuming
from mendwatch.testing.clock import NOON
from mendwatch.testing.collectors import ScriptedCollector, ScriptedProvider, ScriptedSession
from mendwatch.testing.marks import MemoryMarks

TARGET = Target("prod", "scripted", "https://192.0.2.1")


class Goer(ScriptedCollector):
    """A collector that goes on, and notes from where."""

    def __init__(self) -> None:
        super().__init__("events", default=Reading(mark="m"))
        self.resumed: list[tuple[object, str]] = []

    def resume(self, session: ScriptedSession, mark: str) -> None:
        self.resumed.append((session, mark))


class Broken(MemoryMarks):
    """A store that is away while `away`."""

    away = True

    async def of(self, target: str, collector: str) -> str | None:
        self._fail()
        return await super().of(target, collector)

    async def keep(self, target: str, collector: str, mark: str) -> None:
        self._fail()
        await super().keep(target, collector, mark)

    def _fail(self) -> None:
        if self.away:
            raise StoreError("the state database does not answer")


def outcome(mark: str | None) -> PollOutcome:
    return PollOutcome(TARGET, ScriptedProvider(), Goer().spec, Reading(mark=mark), None, Ending.OK, NOON, 0.1)


def session() -> ScriptedSession:
    return ScriptedSession(ScriptedProvider())


async def test_a_mark_is_handed_to_each_new_session_before_its_first_poll() -> None:
    marks, goer = MemoryMarks(), Goer()
    collector, one, two = Resumed(goer, "prod", marks), session(), session()
    await collector.collect(one, NOON)
    await marks.keep("prod", "events", "here")
    for used in (one, two, two):
        await collector.collect(used, NOON)

    assert goer.resumed == [(two, "here")]
    assert len(goer.calls) == 4


async def test_a_store_that_is_away_keeps_nobody_from_polling() -> None:
    goer = Goer()
    with capture_logs() as logs:
        assert (await Resumed(goer, "prod", Broken()).collect(session(), NOON)).mark == "m"

    assert (goer.resumed, [log["event"] for log in logs]) == ([], ["not resumed"])


async def test_a_mark_is_written_when_it_is_another_one() -> None:
    marks = MemoryMarks()
    keeper = Keeper(marks)
    for mark in ("a", "a", None, "a", "b"):
        await keeper.keep(outcome(mark))
    await keeper.keep(replace(outcome(None), reading=None, error=StoreError("no reading")))

    assert (marks.kept, marks.writes) == ({("prod", "events"): "b"}, 2)


async def test_a_mark_that_could_not_be_kept_is_kept_later_and_that_is_logged_once() -> None:
    marks = Broken()
    keeper = Keeper(marks)
    with capture_logs() as logs:
        await keeper.keep(outcome("a"))
        await keeper.keep(outcome("a"))
        marks.away = False
        await keeper.keep(outcome("a"))
        await keeper.keep(outcome("b"))

    assert marks.kept == {("prod", "events"): "b"}
    assert [log["event"] for log in logs] == ["marks not kept", "marks kept again"]


@pytest.mark.parametrize("goes_on", [True, False])
def test_only_a_collector_that_can_go_on_is_given_marks(*, goes_on: bool) -> None:
    collector = Goer() if goes_on else ScriptedCollector("events")
    watch = Watch(TARGET, ScriptedProvider(), (Probe(collector.spec, collector),), lambda: None)

    (probe,) = resuming(watch, MemoryMarks()).probes

    assert isinstance(probe.collector, Resumed) is goes_on
    assert probe.spec is collector.spec
