"""Dell's own SDK reads and changes snapshots, replication, summaries and event definitions of the simulated cluster."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sdk_client import sdk_client

from mendwatch_onefs_sim.server import Simulator, SimulatorOptions
from mendwatch_onefs_sim.snapshots.snapshot import Snapshot

RELEASES = ("v9_5_0", "v9_12_0")
POLICY = "projects-to-dr"

Calls = dict[str, Callable[[Any, Any], Any]]

READS: Calls = {
    "definitions": lambda sdk, api: sdk.EventApi(api).get_event_eventgroup_definitions(limit=5),
    "one definition": lambda sdk, api: sdk.EventApi(api).get_event_eventgroup_definition("500010001"),
    "categories": lambda sdk, api: sdk.EventApi(api).get_event_categories(),
    "maintenance": lambda sdk, api: sdk.EventApi(api).get_event_maintenance(),
    "snapshots": lambda sdk, api: sdk.SnapshotApi(api).list_snapshot_snapshots(limit=5),
    "one snapshot": lambda sdk, api: sdk.SnapshotApi(api).get_snapshot_snapshot("before-migration"),
    "locks": lambda sdk, api: sdk.SnapshotSnapshotsApi(api).list_snapshot_locks("SIQ-5f0c-latest"),
    "snapshots summary": lambda sdk, api: sdk.SnapshotApi(api).get_snapshot_snapshots_summary(),
    "snapshot settings": lambda sdk, api: sdk.SnapshotApi(api).get_snapshot_settings(),
    "schedules": lambda sdk, api: sdk.SnapshotApi(api).list_snapshot_schedules(),
    "one schedule": lambda sdk, api: sdk.SnapshotApi(api).get_snapshot_schedule("daily-home"),
    "pending": lambda sdk, api: sdk.SnapshotApi(api).get_snapshot_pending(limit=5),
    "policies": lambda sdk, api: sdk.SyncApi(api).list_sync_policies(),
    "one policy": lambda sdk, api: sdk.SyncApi(api).get_sync_policy(POLICY),
    "reports": lambda sdk, api: sdk.SyncApi(api).get_sync_reports(reports_per_policy=2),
    "jobs": lambda sdk, api: sdk.SyncApi(api).list_sync_jobs(),
    "sync settings": lambda sdk, api: sdk.SyncApi(api).get_sync_settings(),
    "target policies": lambda sdk, api: sdk.SyncApi(api).get_target_policies(),
    "protocols": lambda sdk, api: sdk.StatisticsApi(api).get_summary_protocol(degraded=True, totalby="protocol,class,operation"),
    "clients": lambda sdk, api: sdk.StatisticsApi(api).get_summary_client(degraded=True, numeric=True, totalby="remote_addr"),
    "drives": lambda sdk, api: sdk.StatisticsApi(api).get_summary_drive(degraded=True),
    "heat": lambda sdk, api: sdk.StatisticsApi(api).get_summary_heat(degraded=True),
    "system": lambda sdk, api: sdk.StatisticsApi(api).get_summary_system(nodes="all", degraded=True),
    "workloads": lambda sdk, api: sdk.StatisticsApi(api).get_summary_workload(dataset="users", degraded=True),
}
WRITES: Calls = {
    "maintenance": lambda sdk, api: sdk.EventApi(api).update_event_maintenance(sdk.EventMaintenanceExtended(maintenance=True)),
    "settings": lambda sdk, api: sdk.SnapshotApi(api).update_snapshot_settings(sdk.SnapshotSettingsExtended(autodelete=False)),
    "expiry": lambda sdk, api: sdk.SnapshotApi(api).update_snapshot_snapshot(sdk.SnapshotSnapshot(expires=4102444800), "rename-me"),
    "deletion": lambda sdk, api: sdk.SnapshotApi(api).delete_snapshot_snapshot("before-migration"),
    "pause": lambda sdk, api: sdk.SyncApi(api).update_sync_job(sdk.SyncJob(state="paused"), POLICY),
    "policy": lambda sdk, api: sdk.SyncApi(api).update_sync_policy(sdk.SyncPolicy(enabled=False), "archive-to-dr"),
    "service": lambda sdk, api: sdk.SyncApi(api).update_sync_settings(sdk.SyncSettingsExtended(service="paused")),
}


def _make(calls: Calls, release: str, simulator: Simulator) -> dict[str, Any]:
    with sdk_client(release, simulator) as (sdk, api):
        return {name: call(sdk, api) for name, call in calls.items()}


def _prepare(simulator: Simulator) -> None:
    cluster = simulator.cluster
    if cluster.syncs.get(POLICY).job is None:  # at some minutes of an hour its schedule has begun one
        cluster.syncs.start(POLICY, None, cluster.epoch(cluster.elapsed))
    cluster.syncs.fail("archive-to-dr", "the target cannot be reached", cluster.epoch(cluster.elapsed))
    cluster.snapshots.add(Snapshot(0, "rename-me", "/ifs/data", cluster.epoch(0)))


@pytest.fixture
def options(tmp_path: Path) -> SimulatorOptions:
    return SimulatorOptions(tmp_path / "cluster")


@pytest.mark.parametrize("release", RELEASES)
async def test_the_sdk_understands_every_answer(release: str, options: SimulatorOptions) -> None:
    async with Simulator(options) as simulator:
        _prepare(simulator)
        answers = await asyncio.to_thread(_make, READS, release, simulator)
        assert [record.path for record in simulator.requests if not 200 <= record.status < 300] == []
    assert len(answers["definitions"].eventgroup_definitions) == 5
    assert answers["snapshots"].resume
    assert {job.policy_name for job in answers["jobs"].jobs} == {POLICY}
    assert answers["system"].system[0].node == "All"


async def test_the_sdk_makes_every_change_that_remediations_need(options: SimulatorOptions) -> None:
    async with Simulator(options) as simulator:
        _prepare(simulator)
        await asyncio.to_thread(_make, WRITES, "v9_12_0", simulator)
        cluster = simulator.cluster
        assert cluster.maintenance.on
        assert cluster.snapshots.settings["autodelete"] is False
        assert cluster.snapshots.get("rename-me").expires == 4102444800
        job = cluster.syncs.get(POLICY).job
        assert job is not None
        assert job.state == "paused"
        assert cluster.syncs.get("archive-to-dr").enabled is False
        assert cluster.syncs.settings["service"] == "paused"
