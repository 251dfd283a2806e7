"""Every incident, seen by every collector over HTTPS: it changes what the table says, and nothing else; then all is as before.

The table is tests/golden/incidents.txt; tests/golden/renew_incidents.py writes it anew after a change that was meant.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

import pytest
from incident_world import GOLDEN, Poll, Story, play, table, told

from mendwatch_onefs_sim.incidents.registry import INCIDENTS

#: Incidents whose events stay open until a person resolves them.
OPEN_AFTERWARDS = {"quota-fill"}

Key = tuple[str, tuple[str, ...], float | None]
#: The signal of each incident that nobody may lose: a series and its value meanwhile (None: it is gone).
KEYS: Mapping[str, tuple[Key, ...]] = {
    "ad-offline": (("auth_provider_online", ("EXAMPLE.COM", "ads", "groupnet0"), 0),),
    "battery-failed": (("node_battery_test_passed", ("2", "1"), 0), ("node_readonly", ("2",), 1)),
    "certificate-expiring": (("events_open", ("warning",), 1),),
    "clock-skew": (("node_time_skew_seconds", ("1",), 90.5), ("ntp_servers", (), 0)),
    "cloud-offline": (("cloud_account_ok", ("cloud-account-1",), 0),),
    "cluster-split": (("cluster_nodes_down", (), 2), ("cluster_health", (), 2), ("cluster_quorum", (), 0)),
    "drive-failed": (
        ("drive_healthy", ("2", "4"), 0),
        ("node_disk_unhealthy", ("2",), 1),
        ("job_engine_protection_jobs", (), 1),
        ("job_engine_cluster_degraded", (), 1),
        ("cluster_health", (), 1),
    ),
    "drive-slow": (("drive_busy_ratio", ("2", "4"), 0.995),),
    "events-storm": (("events_open", ("warning",), 200),),
    "healthcheck-failed": (("healthcheck_item_repair_needed", ("basic", "mirror_health", "cluster"), 1),),
    "hot-client": (("clients_active", (), 41),),
    "interface-down": (("interface_up", ("2", "ext-1"), 0), ("node_health", ("2",), 1)),
    "job-engine-stuck": (("job_engine_connected", (), 0), ("job_engine_disconnected_nodes", (), 1)),
    "job-paused": (("job_paused_by_user", ("275", "MediaScan"), 1),),
    "licence-expiring": (("licence_expiring_alert", ("SYNCIQ",), 1),),
    "nfs-locks-stale": (("nfs_lock_sessions_failing", (), 1), ("nfs_locks", (), 27)),
    "nfs-service-off": (("service_enabled", ("nfs",), 0), ("node_protocol_operations_per_second", ("1", "nfs3"), 0)),
    "node-down": (("cluster_nodes_down", (), 1), ("cluster_health", (), 1), ("node_cpu_idle_ratio", ("2",), None)),
    "node-hung": (("node_answers", ("2",), 0), ("node_cpu_idle_ratio", ("2",), None)),
    "node-read-only": (("node_readonly", ("2",), 1), ("cluster_nodes_readonly", (), 1)),
    "node-slow": (("node_answers", ("2",), 1),),
    "pool-fill": (
        ("node_pool_health_flag", ("h700_60tb_96gb", "devices_down"), 0),
        ("healthcheck_passed", ("cluster_capacity",), 0),
    ),
    "psu-failed": (("node_power_supplies_failed", ("2",), 1), ("node_health", ("2",), 1)),
    "quota-fill": (("quota_advisory_exceeded", ("/ifs/data/projects/apollo", "directory"), 1),),
    "s3-service-off": (("service_enabled", ("s3",), 0),),
    "session-revoked": (("cluster_health", (), 0),),
    "smartconnect-suspended": (("network_pool_suspended_nodes", ("groupnet0.subnet0.pool0",), 1),),
    "smb-file-stuck": (("smb_open_files_locked", (), 1),),
    "smb-service-off": (("service_enabled", ("smb",), 0), ("node_protocol_operations_per_second", ("1", "smb2"), 0)),
    "snapshot-delete-stuck": (("snapshots_deleting", (), 40),),
    "snapshots-expired": (("snapshots_expired", (), 40), ("snapshot_autodelete_enabled", (), 0)),
    "synciq-failing": (("synciq_policy_last_errors", ("projects-to-dr",), 1),),
    "synciq-rpo": (("synciq_policy_enabled", ("projects-to-dr",), 0),),
    "synciq-service-off": (("synciq_service_on", (), 0),),
    "upgrade-stuck": (("upgrade_error", (), 1), ("upgrade_committed", (), 0)),
    "var-full": (("node_partition_used_ratio", ("2", "/var"), 0.96),),
}


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Story:
    """Give the polls of a cluster on which nothing happens."""
    return asyncio.run(play(tmp_path_factory.mktemp("quiet")))


def expected(name: str) -> str:
    """Give the part of the table that is about an incident."""
    parts = GOLDEN.read_text("utf-8").split("\n\n")
    return next((part.strip("\n") + "\n" for part in parts if part.split("\n", 1)[0] == name), "")


def lacking(poll: Poll, name: str) -> list[Key]:
    """Give the signals of an incident that are not in a poll."""
    values = [(key, poll.series.get((f"powerscale_{key[0]}", key[1]))) for key in KEYS[name]]
    return [key for key, value in values if value != (None if key[2] is None else pytest.approx(key[2]))]


def test_every_incident_has_a_signal_that_is_looked_for() -> None:
    assert set(KEYS) == set(INCIDENTS)


@pytest.mark.parametrize("name", sorted(INCIDENTS))
async def test_an_incident_changes_what_the_table_says_and_nothing_else(name: str, quiet: Story, tmp_path: Path) -> None:
    story = await play(tmp_path, name)
    assert told(quiet.before, story.before) == []
    assert story.during.failures == {}
    assert lacking(story.during, name) == []
    assert bool([event for event in story.after.events if event.active]) == (name in OPEN_AFTERWARDS)
    assert table(name, story, quiet) == expected(name)
