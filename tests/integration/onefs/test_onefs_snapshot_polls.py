"""Snapshots of a simulated cluster: counted over all pages, missed when they should be gone, absent where a release lacks them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from mendwatch.errors import Unsupported
from mendwatch.model.samples import Reading
from mendwatch.testing.clock import FakeClock
from mendwatch_onefs.session import OneFSSession
from mendwatch_onefs.snapshots import SnapshotsCollector
from mendwatch_onefs_sim.faults import Fault
from mendwatch_onefs_sim.server import Simulator
from mendwatch_onefs_sim.snapshots.snapshot import Snapshot

Open = Callable[..., OneFSSession]


def _series(reading: Reading) -> Mapping[tuple[str, tuple[str, ...]], float]:
    return {(sample.metric, sample.labels): sample.value for sample in reading.each()}


async def _poll(session: OneFSSession, clock: FakeClock) -> Mapping[tuple[str, tuple[str, ...]], float]:
    return _series(await SnapshotsCollector().collect(session, clock.now()))


def _add(simulator: Simulator, count: int, **fields: int) -> None:
    epoch = simulator.cluster.epoch(simulator.cluster.elapsed)
    for number in range(count):
        simulator.cluster.snapshots.add(Snapshot(0, f"many-{number}", "/ifs/data", epoch - 10, size=100, **fields))


async def test_every_page_is_counted_and_agrees_with_the_clusters_own_sum(
    simulator: Simulator, opened: Open, clock: FakeClock
) -> None:
    _add(simulator, 2300, shadow=-8192)
    series = await _poll(opened(), clock)
    every = simulator.cluster.snapshots.all()
    assert series[("powerscale_snapshots_active", ())] == len(every)
    assert series[("powerscale_snapshots_active_bytes", ())] == sum(one.size for one in every)
    assert series[("powerscale_snapshots_shadow_bytes", ())] == 2300 * -8192
    asked = [request.query for request in simulator.requests if request.path.endswith("/snapshot/snapshots")]
    assert [query.startswith("resume=") for query in asked] == [False, True, True]


async def test_schedules_tell_their_next_run_and_what_they_made(opened: Open, clock: FakeClock) -> None:
    session = opened()
    reading = await SnapshotsCollector().collect(session, clock.now())
    series, hourly = _series(reading), ("hourly-projects",)
    assert series[("powerscale_snapshot_schedule_snapshots", hourly)] == 12.0
    assert series[("powerscale_snapshot_schedule_next_run_timestamp_seconds", hourly)] == clock.now().timestamp() + 3600
    assert series[("powerscale_snapshot_schedule_overdue_seconds", hourly)] == 0.0
    assert series[("powerscale_snapshots_pending", ())] == 25.0
    assert reading.complete == {"snapshot_schedule"}


async def test_expired_snapshots_pile_up_while_autodelete_is_off_and_go_once_it_is_on(
    simulator: Simulator, opened: Open, clock: FakeClock
) -> None:
    session, register = opened(), simulator.cluster.snapshots
    register.configure({"autodelete": False})
    _add(simulator, 3, expires=simulator.cluster.epoch(60))
    clock.move(600)
    series = await _poll(session, clock)
    assert series[("powerscale_snapshot_autodelete_enabled", ())] == 0.0
    assert series[("powerscale_snapshots_expired", ())] == 3.0
    assert series[("powerscale_snapshots_expired_overdue_seconds", ())] == 540.0
    register.configure({"autodelete": True})
    series = await _poll(session, clock)
    assert (series[("powerscale_snapshots_expired", ())], series[("powerscale_snapshots_deleting", ())]) == (0.0, 3.0)
    assert series[("powerscale_snapshots_deleting_bytes", ())] == 300.0
    clock.move(600)
    assert (await _poll(session, clock))[("powerscale_snapshots_deleting", ())] == 0.0


async def test_a_release_without_a_part_gives_the_others_and_one_without_all_is_unsupported(
    simulator: Simulator, opened: Open, clock: FakeClock
) -> None:
    session = opened()
    simulator.faults.add(Fault("status", path="/platform/3/snapshot/schedules", status=404, times=None))
    series = await _poll(session, clock)
    assert ("powerscale_snapshots_active", ()) in series
    assert not any(metric.startswith("powerscale_snapshot_schedule") for metric, _ in series)
    for version in (1, 3):
        simulator.faults.add(Fault("status", path=f"/platform/{version}/snapshot", status=404, times=None))
    with pytest.raises(Unsupported):
        await _poll(session, clock)
