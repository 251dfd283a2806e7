"""Which events are open: what one poll opens and closes."""

from __future__ import annotations

from datetime import UTC, datetime

from mendwatch.model.samples import Event, Reading, Severity
from mendwatch.service.events import OpenEvents

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def event(key: str, *, active: bool | None = True, kind: str = "QUOTA") -> Event:
    return Event(key, kind, "quota", "text", Severity.WARNING, active, NOW)


def read(*events: Event, complete: bool = True) -> Reading:
    return Reading(events=events, events_complete=complete)


def test_an_event_opens_once() -> None:
    known = OpenEvents()

    first = known.update("a", "events", read(event("1")))
    second = known.update("a", "events", read(event("1")))

    assert [e.key for e in first.opened] == ["1"]
    assert second.opened == ()


def test_an_event_that_a_complete_reading_lacks_is_over() -> None:
    known = OpenEvents()
    known.update("a", "events", read(event("1"), event("2")))

    found = known.update("a", "events", read(event("2")))

    assert [e.key for e in found.closed] == ["1"]
    assert [e.key for e in known.on("a")] == ["2"]


def test_an_event_that_an_incomplete_reading_lacks_stays_open() -> None:
    known = OpenEvents()
    known.update("a", "events", read(event("1")))

    found = known.update("a", "events", read(complete=False))

    assert found.closed == ()
    assert [e.key for e in known.on("a")] == ["1"]


def test_an_event_that_is_said_to_be_over_is_over() -> None:
    known = OpenEvents()
    known.update("a", "events", read(event("1")))

    found = known.update("a", "events", read(event("1", active=False), complete=False))

    assert [e.key for e in found.closed] == ["1"]


def test_an_event_that_came_and_went_unseen_is_told_and_never_open() -> None:
    known = OpenEvents()

    found = known.update("a", "events", read(event("1", active=None), event("2")))

    assert [e.key for e in found.passed] == ["1"]
    assert [e.key for e in found.opened] == ["2"]
    assert [e.key for e in known.on("a")] == ["2"]


def test_a_one_shot_event_is_never_open() -> None:
    known = OpenEvents()

    assert known.update("a", "events", read(event("1", active=None))).opened == ()
    assert known.on("a") == []


def test_targets_do_not_share_events() -> None:
    known = OpenEvents()
    known.update("a", "events", read(event("1")))
    known.update("b", "events", read(event("1")))

    known.update("a", "events", read())

    assert [e.key for e in known.on("b")] == ["1"]


def test_open_events_are_found_by_kind() -> None:
    known = OpenEvents()
    known.update("a", "events", read(event("1"), event("2", kind="OTHER")))

    assert [e.key for e in known.on("a", "OTHER")] == ["2"]
