"""Statistics over time: sampled on a schedule, kept as a history, steered by incidents, fast for a large cluster."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from mendwatch.testing.clock import FakeClock
from mendwatch_onefs_sim.calls import Query
from mendwatch_onefs_sim.cluster import Cluster
from mendwatch_onefs_sim.hardware import make_hardware
from mendwatch_onefs_sim.resources.dispatch import Request, dispatch
from mendwatch_onefs_sim.server import Simulator, SimulatorOptions
from mendwatch_onefs_sim.sessions import Account

Client = Any  # the PapiClient of conftest.py, which is not imported

CURRENT = "1/statistics/current"
HISTORY = "1/statistics/history"


async def stat(client: Client, key: str, **query: str) -> dict[str, Any]:
    (found,) = (await client.get(CURRENT, key=key, **query))["stats"]
    return dict(found)


@pytest.mark.parametrize(("key", "interval"), [("node.cpu.user.avg", 5), ("node.uptime", 10), ("ifs.bytes.used", 300)])
async def test_a_value_and_its_time_stand_still_until_the_next_sample(
    monitor: Client, clock: FakeClock, key: str, interval: int
) -> None:
    first = await stat(monitor, key)
    clock.move(interval - 0.5)
    assert await stat(monitor, key) == first
    clock.move(0.5)
    second = await stat(monitor, key)
    assert second["time"] - first["time"] == interval
    assert second["value"] != first["value"]


async def test_a_history_holds_the_samples_that_were_current(monitor: Client, clock: FakeClock) -> None:
    seen = []
    for _ in range(6):
        found = await stat(monitor, "cluster.cpu.user.avg")
        seen.append({"time": found["time"], "value": found["value"]})
        clock.move(5)
    (past,) = (await monitor.get(HISTORY, key="cluster.cpu.user.avg", begin="-30", end="-1"))["stats"]
    assert (past["resolution"], past["devid"]) == (5, 0)
    assert past["values"] == seen


async def test_a_history_that_goes_back_far_is_coarser_and_comes_from_disk(monitor: Client) -> None:
    day = {"key": "node.load.1min", "begin": "-86400", "devid": "all", "show_nodes": "true"}
    far = (await monitor.get(HISTORY, **day))["stats"]
    assert {(item["node"], item["resolution"], len(item["values"])) for item in far} == {(n, 120, 721) for n in (1, 2, 3, 4)}
    near = (await monitor.get(HISTORY, **day, memory_only="true"))["stats"]
    assert {item["resolution"] for item in near} == {5}
    assert {len(item["values"]) for item in near} == {841}, "memory holds 70 minutes"


async def test_a_key_that_nobody_samples_has_no_history(monitor: Client) -> None:
    answered = await monitor.ask("GET", f"/platform/{HISTORY}", params={"key": "cluster.health"})
    assert answered.status == 400
    (past,) = (await monitor.get(HISTORY, key="cluster.health", degraded="true"))["stats"]
    assert (past["error_code"], past["values"]) == (7, [])


@pytest.mark.parametrize("query", [{"begin": "soon"}, {"begin": "-10", "end": "-20"}, {"interval": "x"}])
async def test_a_span_that_makes_no_sense_is_refused(monitor: Client, query: dict[str, str]) -> None:
    answered = await monitor.ask("GET", f"/platform/{HISTORY}", params={"key": "node.load.1min", **query})
    assert (answered.status, answered.body["errors"][0]["code"]) == (400, "AEC_BAD_REQUEST")


async def test_disks_carry_together_what_their_node_carries(monitor: Client) -> None:
    keys = ",".join(f"node.disk.bytes.in.rate.{drive}" for drive in range(15))
    parts = (await monitor.get(CURRENT, keys=keys))["stats"]
    whole = await stat(monitor, "node.disk.bytes.in.rate.sum")
    assert sum(part["value"] for part in parts) == pytest.approx(whole["value"])
    assert len({part["value"] for part in parts}) == 15
    listed = await stat(monitor, "node.disk.bytes.in.rate.all")
    assert listed["value"] == [{str(drive): part["value"]} for drive, part in enumerate(parts)]


async def test_an_alias_has_the_value_of_its_real_key(monitor: Client) -> None:
    (about,) = (await monitor.get("1/statistics/keys/node.protostats.nfs3"))["keys"]
    assert about["real_name"] == "node.protostats.nfs"
    assert (await stat(monitor, about["key"]))["value"] == (await stat(monitor, about["real_name"]))["value"]


async def test_a_value_or_an_error_can_stand_for_the_true_one(monitor: Client) -> None:
    await monitor.control("POST", "/statistics", {"key": "node.open.files", "devid": 3, "value": 7})
    await monitor.control("POST", "/statistics", {"key": "node.open.files", "devid": 4, "error_code": 8})
    stats = (await monitor.get(CURRENT, key="node.open.files", devid="3,4", degraded="true"))["stats"]
    assert [(one["value"], one["error_code"]) for one in stats] == [(7, None), (None, 8)]
    await monitor.control("POST", "/statistics", {"key": "node.open.files", "devid": 3, "forget": True})
    assert (await stat(monitor, "node.open.files", devid="3"))["value"] > 1000


async def test_the_file_system_fills_up_everywhere_at_once(monitor: Client, clock: FakeClock) -> None:
    await monitor.control("POST", "/figures", {"used_share": 0.97, "seconds": 600})
    clock.move(700)
    await monitor.login()
    assert (await stat(monitor, "ifs.percent.used"))["value"] == pytest.approx(97, abs=0.01)
    statfs = await monitor.get("1/cluster/statfs")
    assert statfs["f_bfree"] / statfs["f_blocks"] == pytest.approx(0.03, abs=0.001)
    await monitor.control("POST", "/figures", {"calm": True})
    assert (await stat(monitor, "ifs.percent.used"))["value"] < 60


async def test_a_node_can_be_made_busy(monitor: Client) -> None:
    await monitor.control("POST", "/figures", {"busy": 5, "devid": 5})
    stats = (await monitor.get(CURRENT, key="node.cpu.idle.avg", devid="all"))["stats"]
    assert min(stats, key=lambda one: one["value"])["devid"] == 5


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/statistics", {"key": "no.such.key", "value": 1}),
        ("/statistics", {"key": "node.health", "colour": 1}),
        ("/figures", {}),
        ("/figures", {"busy": "very"}),
        ("/clock", {"offset": "late"}),
        ("/nodes/9", {"is_up": False}),
        ("/nodes/two", {"is_up": False}),
        ("/nodes/2", {"delay": "long"}),
        ("/privileges", {"account": "nobody", "privileges": None}),
        ("/privileges", {"account": "monitor", "privileges": {"ISI_PRIV_QUOTA": "everything"}}),
    ],
)
async def test_a_change_that_makes_no_sense_is_refused_with_a_hint(stranger: Client, path: str, body: object) -> None:
    answered = await stranger.control("POST", path, body)
    assert (answered.status, set(answered.body)) == (400, {"error", "hint"})


def test_a_hundred_keys_of_252_nodes_are_answered_well_within_a_second(clock: FakeClock) -> None:
    cluster = Cluster(make_hardware(252, 1, "large"), clock)
    names = ",".join(name for name in cluster.keys if name.startswith(("node.cpu", "node.net.ext", "node.ifs.bytes", "cluster")))
    query = Query({"keys": [names], "devid": ["all"], "degraded": ["true"]})
    request = Request("GET", CURRENT, query, None, Account("monitor", "", writes=False))
    took = []
    for _ in range(3):
        clock.move(5)
        begun = time.process_time()
        answer = dispatch(cluster, request)
        took.append(time.process_time() - begun)
    assert isinstance(answer.body, dict)
    assert len(answer.body["stats"]) > 25_000
    assert min(took) < 1.0


async def test_a_part_that_a_smaller_node_lacks_is_not_present_there(tmp_path: Path, clock: FakeClock) -> None:
    async with Simulator(SimulatorOptions(tmp_path, nodes=2, clock=clock)) as simulator:
        cluster = simulator.cluster
        small = cluster.hardware.node(2)
        cluster.hardware = cluster.hardware.with_node(type(small)(**{**_fields(small), "drives": 4}))
        query = Query({"key": ["node.disk.busy.9"], "devid": ["all"], "degraded": ["true"]})
        answer = dispatch(cluster, Request("GET", CURRENT, query, None, Account("monitor", "", writes=False)))
    assert isinstance(answer.body, dict)
    assert [one["error_code"] for one in answer.body["stats"]] == [None, 1]


def _fields(node: object) -> dict[str, Any]:
    return {name: getattr(node, name) for name in type(node).__slots__}  # type: ignore[attr-defined]
