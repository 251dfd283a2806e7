"""Dell's own SDK makes the changes that a remediation of hardware or network would make, and reads them back."""

from __future__ import annotations

import asyncio
import importlib
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mendwatch_onefs_sim.server import Simulator, SimulatorOptions

POOL = ("groupnet0", "subnet0", "pool0")


@contextmanager
def sdk_client(simulator: Simulator) -> Iterator[tuple[Any, Any]]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the SDK's own, at import
        sdk = importlib.import_module("isilon_sdk.v9_12_0")
    configuration = sdk.Configuration()
    configuration.host = simulator.url
    configuration.username, configuration.password = "remediate", simulator.accounts["remediate"]
    configuration.ssl_ca_cert = str(simulator.ca_file)
    api = sdk.ApiClient(configuration)
    try:
        yield sdk, api
    finally:
        api.rest_client.pool_manager.clear()


def change_nodes(simulator: Simulator) -> tuple[Any, Any, Any]:
    with sdk_client(simulator) as (sdk, api):
        nodes = sdk.ClusterNodesApi(api)
        nodes.update_node_state_readonly(sdk.NodeStateNodeReadonly(enabled=True), 2)
        nodes.update_node_state_servicelight(sdk.NodeStateServicelightExtended(enabled=True), 2)
        failed = nodes.create_drives_drive_smartfail_item(sdk.Empty(), 2, "4")
        return failed, nodes.get_node_state(2).nodes[0], nodes.get_node_drive("4", 2).nodes[0].drives[0]


async def test_a_node_is_made_read_only_lit_and_relieved_of_a_drive(tmp_path: Path) -> None:
    async with Simulator(SimulatorOptions(tmp_path / "cluster")) as simulator:
        failed, state, drive = await asyncio.to_thread(change_nodes, simulator)
        machine = simulator.cluster.machines.of(2)
    assert [(node.lnn, node.status) for node in failed.nodes] == [(2, 200)]
    assert (state.readonly.mode, state.servicelight.enabled, drive.ui_state) == (True, True, "SMARTFAIL")
    assert (machine.mode, machine.light, machine.unhealthy) == (True, True, 1)


def change_network(simulator: Simulator) -> tuple[Any, Any]:
    with sdk_client(simulator) as (sdk, api):
        subnets, network = sdk.NetworkGroupnetsSubnetsApi(api), sdk.NetworkApi(api)
        subnets.create_pools_pool_sc_suspend_node(sdk.PoolsPoolScResumeNode(lnn=[2, 3]), *POOL)
        subnets.create_pools_pool_sc_resume_node(sdk.PoolsPoolScResumeNode(lnn=[2]), *POOL)
        subnets.create_pools_pool_rebalance_ip(sdk.Empty(), *POOL)
        network.create_dnscache_flush_item(sdk.Empty())
        return network.get_network_pools().pools[0], subnets.get_pools_pool_status(*POOL, show_all=True).status


async def test_nodes_are_suspended_and_resumed_addresses_rebalanced_and_the_cache_flushed(tmp_path: Path) -> None:
    async with Simulator(SimulatorOptions(tmp_path / "cluster")) as simulator:
        pool, status = await asyncio.to_thread(change_network, simulator)
        fabric = simulator.cluster.fabric
        assert (fabric.rebalances, fabric.flushes) == ({"pool0": 1}, 1)
    assert pool.sc_suspended_nodes == [3]
    assert [node.lnn for node in status.nodes if not node.sc_dns_resolvable] == [3]
