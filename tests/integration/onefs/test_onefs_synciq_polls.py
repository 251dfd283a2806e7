"""Replication of a simulated cluster: good, late, failing, in conflict, switched off."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from mendwatch.errors import Unsupported
from mendwatch.model.samples import Reading
from mendwatch.testing.clock import FakeClock
from mendwatch_onefs.session import OneFSSession
from mendwatch_onefs.synciq import SyncIQCollector
from mendwatch_onefs_sim.faults import Fault
from mendwatch_onefs_sim.server import Simulator

Open = Callable[..., OneFSSession]
HOURLY = ("projects-to-dr",)


def _series(reading: Reading) -> Mapping[tuple[str, tuple[str, ...]], float]:
    return {(sample.metric.removeprefix("powerscale_synciq_"), sample.labels): sample.value for sample in reading.each()}


async def _poll(session: OneFSSession, clock: FakeClock) -> Mapping[tuple[str, tuple[str, ...]], float]:
    return _series(await SyncIQCollector().collect(session, clock.now()))


def _epoch(simulator: Simulator) -> int:
    return simulator.cluster.epoch(simulator.cluster.elapsed)


async def test_policies_that_run_as_they_should(simulator: Simulator, opened: Open, clock: FakeClock) -> None:
    session = opened()
    clock.move(1800)
    reading = await SyncIQCollector().collect(session, clock.now())
    series = _series(reading)
    assert reading.complete == {"sync_policy", "sync_target_policy"}
    assert series[("policies", ())] == len(simulator.cluster.syncs.all())
    assert series[("policy_rpo_age_seconds", HOURLY)] == 1800 - 600 - 240
    assert series[("policy_last_duration_seconds", HOURLY)] == 240.0
    assert series[("policy_next_run_timestamp_seconds", HOURLY)] == clock.now().timestamp() + 2400
    assert series[("service_on", ())] == 1.0
    assert ("policy_rpo_age_seconds", ("media-once",)) not in series


async def test_a_job_at_work_is_seen(opened: Open, clock: FakeClock) -> None:
    session = opened()
    clock.move(700)
    series = await _poll(session, clock)
    assert series[("policy_running", HOURLY)] == 1.0
    assert series[("policy_running_seconds", HOURLY)] == 100.0
    assert series[("policy_running", ("media-once",))] == 0.0


async def test_a_policy_that_fails_gets_older_and_heals_with_the_next_job(
    simulator: Simulator, opened: Open, clock: FakeClock
) -> None:
    session, syncs = opened(), simulator.cluster.syncs
    syncs.fail(HOURLY[0], "the target cannot be reached", _epoch(simulator))
    clock.move(1000)
    series = await _poll(session, clock)
    assert series[("policy_failed", HOURLY)] == series[("policy_last_errors", HOURLY)] == 1.0
    assert series[("policy_rpo_age_seconds", HOURLY)] > 3600
    syncs.heal(HOURLY[0])
    syncs.start(HOURLY[0], None, _epoch(simulator))
    clock.move(300)
    series = await _poll(session, clock)
    assert (series[("policy_failed", HOURLY)], series[("policy_rpo_age_seconds", HOURLY)]) == (0.0, 60.0)


async def test_a_policy_in_conflict_starts_no_more_jobs(simulator: Simulator, opened: Open, clock: FakeClock) -> None:
    simulator.cluster.syncs.fail(HOURLY[0], "target has changed", _epoch(simulator), conflict=True)
    clock.move(7000)
    series = await _poll(opened(), clock)
    assert series[("policy_conflicted", HOURLY)] == series[("policy_failed", HOURLY)] == 1.0
    assert series[("policy_last_job_state", (*HOURLY, "needs_attention"))] == 1.0
    assert ("policy_next_run_timestamp_seconds", HOURLY) not in series


async def test_a_service_that_is_off_is_told(simulator: Simulator, opened: Open, clock: FakeClock) -> None:
    simulator.cluster.syncs.serve("off", _epoch(simulator))
    series = await _poll(opened(), clock)
    assert (series[("service_on", ())], series[("service_state", ("off",))]) == (0.0, 1.0)


async def test_a_cluster_without_synciq_is_unsupported_and_one_without_a_part_gives_the_rest(
    simulator: Simulator, opened: Open, clock: FakeClock
) -> None:
    session = opened()
    simulator.faults.add(Fault("status", path="/platform/15/sync/", status=404, times=None))
    series = await _poll(session, clock)
    assert ("policy_enabled", HOURLY) in series
    assert ("policy_running", HOURLY) not in series
    for version in (1, 14, 16):
        simulator.faults.add(Fault("status", path=f"/platform/{version}/sync/", status=404, times=None))
    with pytest.raises(Unsupported):
        await _poll(session, clock)
