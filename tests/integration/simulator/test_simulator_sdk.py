"""Dell's own SDK, whose models refuse what a real cluster would not say, calls every endpoint that the simulator serves."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sdk_client import sdk_client

from mendwatch_onefs_sim.quotas.inventory import DEMO_PATH
from mendwatch_onefs_sim.server import Simulator, SimulatorOptions

RELEASES = ("v9_5_0", "v9_12_0")

Calls = dict[str, Callable[[Any, Any], Any]]

READS: Calls = {
    "cluster config": lambda sdk, api: sdk.ClusterApi(api).get_cluster_config(),
    "cluster identity": lambda sdk, api: sdk.ClusterApi(api).get_cluster_identity(),
    "cluster nodes": lambda sdk, api: sdk.ClusterApi(api).get_cluster_nodes(timeout=5),
    "one node": lambda sdk, api: sdk.ClusterApi(api).get_cluster_node(2),
    "cluster version": lambda sdk, api: sdk.ClusterApi(api).get_cluster_version(),
    "cluster time": lambda sdk, api: sdk.ClusterApi(api).get_cluster_time(),
    "cluster statfs": lambda sdk, api: sdk.ClusterApi(api).get_cluster_statfs(),
    "own identity": lambda sdk, api: sdk.AuthApi(api).get_auth_id(),
    "licenses": lambda sdk, api: sdk.LicenseApi(api).list_license_licenses(),
    "statistics keys": lambda sdk, api: sdk.StatisticsApi(api).get_statistics_keys(limit=50),
    "one statistics key": lambda sdk, api: sdk.StatisticsApi(api).get_statistics_key("cluster.health"),
    "all statistics": lambda sdk, api: sdk.StatisticsApi(api).get_statistics_current(
        keys=["cluster", "node", "ifs"], substr=True, devid=["all"], degraded=True, show_nodes=True, timeout=5
    ),
    "event groups": lambda sdk, api: sdk.EventApi(api).get_event_eventgroup_occurrences(resolved=False, limit=10),
    "one event group": lambda sdk, api: sdk.EventApi(api).get_event_eventgroup_occurrence("724901"),
    "event lists": lambda sdk, api: sdk.EventApi(api).get_event_eventlists(),
    "one event list": lambda sdk, api: sdk.EventApi(api).get_event_eventlist("724901"),
    "quotas": lambda sdk, api: sdk.QuotaApi(api).list_quota_quotas(resolve_names=True),
    "quotas summary": lambda sdk, api: sdk.QuotaApi(api).get_quota_quotas_summary(),
}


@pytest.fixture
def real_time_options(tmp_path: Path) -> SimulatorOptions:
    return SimulatorOptions(tmp_path / "cluster")


def read_everything(release: str, simulator: Simulator) -> dict[str, Any]:
    with sdk_client(release, simulator) as (sdk, api):
        return {name: call(sdk, api) for name, call in READS.items()}


@pytest.mark.parametrize("release", RELEASES)
async def test_the_sdk_understands_every_answer(release: str, real_time_options: SimulatorOptions) -> None:
    async with Simulator(real_time_options) as simulator:
        answers = await asyncio.to_thread(read_everything, release, simulator)
        assert [record.path for record in simulator.requests if not 200 <= record.status < 300] == []
    assert len(answers["quotas"].quotas) == 8
    assert [(node.lnn, node.id) for node in answers["cluster nodes"].nodes] == [(1, 1), (2, 5), (3, 3), (4, 4)]
    assert {stat.error_code for stat in answers["all statistics"].stats} == {None}


def raise_and_resolve(simulator: Simulator, event: str) -> None:
    with sdk_client("v9_12_0", simulator) as (sdk, api):
        quotas = sdk.QuotaApi(api)
        quota = quotas.list_quota_quotas(path=DEMO_PATH, type="directory").quotas[0]
        limits = sdk.QuotaQuotaThresholds(hard=3 * 2**40)
        quotas.update_quota_quota(sdk.QuotaQuota(thresholds=limits), quota.id)
        sdk.EventApi(api).update_event_eventgroup_occurrence(sdk.EventEventgroupOccurrence(resolved=True), event)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            api.logout()


async def test_the_sdk_raises_a_quota_resolves_an_event_and_logs_out(real_time_options: SimulatorOptions) -> None:
    async with Simulator(real_time_options) as simulator:
        open_event = next(group.id for group in simulator.cluster.events.all() if not group.resolved)
        await asyncio.to_thread(raise_and_resolve, simulator, open_event)
        quota = simulator.cluster.quotas.directory(DEMO_PATH)
        assert quota is not None
        assert quota.limits.hard == 3 * 2**40
        assert simulator.cluster.events.get(open_event).resolver == "USER"
        assert simulator.sessions.count(simulator.cluster.elapsed) == 0
