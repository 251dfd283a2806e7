"""Event groups poll by poll: what opens, ends, is ignored, came and went unseen, and what the cluster calls it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from mendwatch.errors import BadAnswer
from mendwatch.model.samples import Event, Reading, Severity
from mendwatch.testing.clock import FakeClock
from mendwatch_onefs.event_lists import AT_ONCE
from mendwatch_onefs.events import EventsCollector
from mendwatch_onefs.session import OneFSSession
from mendwatch_onefs_sim.events.groups import EventGroup
from mendwatch_onefs_sim.faults import Fault
from mendwatch_onefs_sim.server import Simulator

Open = Callable[..., OneFSSession]
SNAPSHOT = ("SNAP_CREATE_FAILED", "Snapshot creation failed", 600_010_001)


def _open(simulator: Simulator, severity: str = "warning", message: str = "a message") -> str:
    cluster = simulator.cluster
    group = EventGroup("", 0, SNAPSHOT, severity, message, 5, 2, cluster.epoch(cluster.elapsed), {"path": "/ifs/a"}, 3.5)
    return cluster.events.open(group).id


def _clear(simulator: Simulator, key: str) -> None:
    simulator.cluster.events.clear(key, simulator.cluster.epoch(simulator.cluster.elapsed))


def _series(reading: Reading) -> Mapping[tuple[str, tuple[str, ...]], float]:
    return {(sample.metric, sample.labels): sample.value for sample in reading.each()}


async def _poll(session: OneFSSession, clock: FakeClock) -> Reading:
    clock.move(30)
    return await EventsCollector().collect(session, clock.now())


def _by_key(reading: Reading) -> dict[str, Event]:
    assert reading.events_complete
    return {event.key: event for event in reading.events}


def _asked(simulator: Simulator, part: str) -> int:
    return sum(part in request.path for request in simulator.requests)


async def test_an_open_group_is_named_numbered_and_described_by_the_cluster(
    simulator: Simulator, opened: Open, clock: FakeClock
) -> None:
    key = _open(simulator, message="Snapshot of /ifs/a failed: {{ 1 }}")
    event = _by_key(await _poll(opened(), clock))[key]
    assert (event.kind, event.severity, event.active) == ("SNAP_CREATE_FAILED", Severity.WARNING, True)
    assert (event.subject, event.message) == ("/ifs/a", "Snapshot of /ifs/a failed: {{ 1 }}")
    expected = {"code": "600010001", "category": "SNAP_EVENTS", "lnn": "2", "devid": "5", "value": "3.5", "events": "1"}
    assert event.attributes == {**expected, "path": "/ifs/a"}


async def test_what_opened_and_was_resolved_while_nobody_looked_is_told_exactly_once(
    simulator: Simulator, opened: Open, clock: FakeClock
) -> None:
    session = opened()
    await _poll(session, clock)
    clock.move(3600)
    key = _open(simulator)
    clock.move(60)
    _clear(simulator, key)
    clock.move(7200)
    polls = [_by_key(await _poll(session, clock)) for _ in range(3)]
    assert [key in found for found in polls] == [True, False, False]
    missed = polls[0][key]
    assert missed.active is None
    assert missed.attributes["resolver"].startswith("5.")
    assert missed.attributes["code"] == "600010001"


async def test_a_group_that_was_seen_open_just_ends(simulator: Simulator, opened: Open, clock: FakeClock) -> None:
    session, key = opened(), _open(simulator)
    assert key in _by_key(await _poll(session, clock))
    _clear(simulator, key)
    assert [key in _by_key(await _poll(session, clock)) for _ in range(2)] == [False, False]


async def test_what_was_over_before_the_first_poll_is_never_told(simulator: Simulator, opened: Open, clock: FakeClock) -> None:
    key = _open(simulator)
    clock.move(60)
    _clear(simulator, key)
    session = opened()
    assert [key in _by_key(await _poll(session, clock)) for _ in range(3)] == [False, False, False]


async def test_an_agent_that_starts_again_tells_what_came_and_went_meanwhile_and_nothing_twice(
    simulator: Simulator, opened: Open, clock: FakeClock
) -> None:
    before, first = _open(simulator), opened()
    held = _open(simulator)
    await _poll(first, clock)
    _clear(simulator, before)
    clock.move(60)
    mark = (await _poll(first, clock)).mark
    assert mark is not None

    clock.move(3 * 86_400)
    meanwhile = _open(simulator)
    clock.move(60)
    _clear(simulator, held)
    _clear(simulator, meanwhile)
    clock.move(3600)
    second = opened()
    EventsCollector().resume(second, mark)
    polls = [_by_key(await _poll(second, clock)) for _ in range(3)]

    passed = [{key for key, event in found.items() if event.active is None} for found in polls]
    assert passed == [{held, meanwhile}, set(), set()]
    assert not any(before in found for found in polls)


@pytest.mark.parametrize("mark", ["", "{}", "[1, 2]", '{"newest": "x", "over": []}', '{"newest": 1.0, "over": 5}', "\ud800"])
async def test_a_mark_that_cannot_be_read_is_as_good_as_none(
    simulator: Simulator, opened: Open, clock: FakeClock, mark: str
) -> None:
    key = _open(simulator)
    clock.move(60)
    _clear(simulator, key)
    session = opened()
    EventsCollector().resume(session, mark)
    assert [key in _by_key(await _poll(session, clock)) for _ in range(2)] == [False, False]


async def test_a_quiet_cluster_gives_the_same_mark(simulator: Simulator, opened: Open, clock: FakeClock) -> None:
    _open(simulator)
    session = opened()
    assert len({(await _poll(session, clock)).mark for _ in range(4)}) == 1


async def test_a_poll_that_breaks_off_loses_no_event(simulator: Simulator, opened: Open, clock: FakeClock) -> None:
    session = opened()
    await _poll(session, clock)
    key = _open(simulator)
    clock.move(1)
    _clear(simulator, key)
    simulator.faults.add(Fault("truncated_body", path="/platform/12/event/maintenance"))
    with pytest.raises(BadAnswer):
        await _poll(session, clock)
    assert key in _by_key(await _poll(session, clock))


async def test_an_ignored_group_says_so_and_is_counted(simulator: Simulator, opened: Open, clock: FakeClock) -> None:
    key = _open(simulator, "critical")
    simulator.cluster.events.mark([key], {"ignore": True}, simulator.cluster.epoch(0))
    reading = await _poll(opened(), clock)
    assert _by_key(reading)[key].attributes["ignored"] == "true"
    series = _series(reading)
    assert series[("powerscale_events_ignored", ())] == 1.0
    assert series[("powerscale_events_open", ("critical",))] == 1.0
    assert series[("powerscale_events_oldest_age_seconds", ("critical",))] == 30.0


async def test_a_group_that_grows_is_read_again_and_one_that_does_not_is_not(
    simulator: Simulator, opened: Open, clock: FakeClock
) -> None:
    session, key = opened(), _open(simulator)
    for _ in range(3):
        await _poll(session, clock)
    assert _asked(simulator, "/event/eventlists/") == 1
    simulator.cluster.events.repeat(key, simulator.cluster.epoch(simulator.cluster.elapsed))
    assert _by_key(await _poll(session, clock))[key].attributes["events"] == "2"
    assert _asked(simulator, "/event/eventlists/") == 2


async def test_many_new_groups_are_described_a_few_at_a_time_and_all_told_at_once(
    simulator: Simulator, opened: Open, clock: FakeClock
) -> None:
    session, keys = opened(), {_open(simulator) for _ in range(AT_ONCE + 5)}
    assert keys <= set(_by_key(await _poll(session, clock)))
    assert _asked(simulator, "/event/eventlists/") == AT_ONCE
    assert all(event.attributes["lnn"] == "2" for event in (await _poll(session, clock)).events)
    assert _asked(simulator, "/event/eventlists/") == AT_ONCE + 5


async def test_definitions_are_read_at_the_start_and_when_the_release_changes(
    simulator: Simulator, opened: Open, clock: FakeClock
) -> None:
    session = opened()
    await session.identify()
    for _ in range(3):
        await _poll(session, clock)
    assert _asked(simulator, "eventgroup-definitions") == 1
    session.release = "9.99.0.0"
    await _poll(session, clock)
    assert _asked(simulator, "eventgroup-definitions") == 2


async def test_a_release_without_definitions_lists_or_maintenance_still_tells_its_events(
    simulator: Simulator, opened: Open, clock: FakeClock
) -> None:
    for resource in ("eventgroup-definitions", "maintenance"):
        simulator.faults.add(Fault("status", path=f"/platform/12/event/{resource}", status=404, times=None))
    simulator.faults.add(Fault("status", path="/platform/7/event/eventlists", status=404, times=None))
    key = _open(simulator)
    reading = await _poll(opened(), clock)
    event = _by_key(reading)[key]
    assert (event.kind, event.message) == ("SNAP_CREATE_FAILED", "Snapshot creation failed")
    assert ("powerscale_events_maintenance", ()) not in _series(reading)


async def test_damaged_definitions_and_lists_cost_no_event_and_are_read_again(
    simulator: Simulator, opened: Open, clock: FakeClock
) -> None:
    session, key = opened(), _open(simulator)
    for path in ("/platform/12/event/eventgroup-definitions", "/platform/7/event/eventlists"):
        simulator.faults.add(Fault("truncated_body", path=path))
    first = await _poll(session, clock)
    assert (_by_key(first)[key].kind, _by_key(first)[key].attributes.get("code")) == ("SNAP_CREATE_FAILED", None)
    assert first.drift == {"event/eventgroup-definitions": 1, "event/eventlists": 1}
    second = await _poll(session, clock)
    assert (_by_key(second)[key].attributes["code"], second.drift) == ("600010001", {})


async def test_maintenance_mode_is_told(simulator: Simulator, opened: Open, clock: FakeClock) -> None:
    session = opened()
    assert _series(await _poll(session, clock))[("powerscale_events_maintenance", ())] == 0.0
    simulator.cluster.maintenance.switch(simulator.cluster.epoch(0), on=True)
    assert _series(await _poll(session, clock))[("powerscale_events_maintenance", ())] == 1.0


async def test_heartbeats_are_no_trouble_and_tell_when_they_beat(opened: Open, clock: FakeClock) -> None:
    reading = await _poll(opened(), clock)
    series = _series(reading)
    assert reading.events == ()
    assert sum(value for (metric, _), value in series.items() if metric == "powerscale_events_open") == 0.0
    assert series[("powerscale_events_heartbeat_timestamp_seconds", ())] == pytest.approx(clock.now().timestamp() - 86_430)
