"""A cluster of which one node does not answer: data for whoever accepts it, an error for whoever does not."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from mendwatch_onefs_sim.server import Simulator, SimulatorOptions

Client = Any  # the PapiClient of conftest.py, which is not imported


CURRENT = "1/statistics/current"


@pytest.fixture
async def simulator(tmp_path: Path) -> AsyncIterator[Simulator]:
    async with Simulator(SimulatorOptions(tmp_path, nodes=3, down=frozenset({2}))) as simulator:
        yield simulator


async def test_a_node_that_is_down_is_data_in_the_envelope(monitor: Client) -> None:
    body = await monitor.get("3/cluster/version")
    assert [(error["id"], error["lnn"], error["status"]) for error in body["errors"]] == [(5, 2, 503)]
    assert ["release" in node for node in body["nodes"]] == [True, False, True]
    devices = (await monitor.get("17/cluster/config"))["devices"]
    assert [device["is_up"] for device in devices] == [True, False, True]


async def test_a_degraded_answer_has_an_error_code_for_each_key_and_keeps_the_cluster_values(monitor: Client) -> None:
    query = {"keys": "cluster.node.count.down,node.health", "devid": "all", "degraded": "true"}
    stats = (await monitor.get(CURRENT, **query))["stats"]
    assert [(stat["devid"], stat["value"], stat["error_code"]) for stat in stats] == [
        (0, 1, 3),
        (1, 0, None),
        (5, None, 5),
        (3, 0, None),
    ]


async def test_without_degraded_the_whole_request_fails(monitor: Client) -> None:
    answered = await monitor.ask("GET", f"/platform/{CURRENT}", params={"key": "node.health", "devid": "all"})
    assert (answered.status, answered.body["errors"][0]["code"]) == (400, "AEC_BAD_REQUEST")
