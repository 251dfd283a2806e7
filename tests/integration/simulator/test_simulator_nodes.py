"""Nodes with addresses of their own: sessions that only one of them knows, and nodes that are down, slow, hung or half dead."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from mendwatch.testing.clock import FakeClock
from mendwatch_onefs_sim.conditions import Condition
from mendwatch_onefs_sim.server import Simulator, SimulatorOptions

Client = Any  # the PapiClient of conftest.py, which is not imported

CONFIG = "/platform/3/cluster/config"
CURRENT = "1/statistics/current"
ALL = {"devid": "all", "degraded": "true", "show_nodes": "true"}


@pytest.fixture
async def simulator(tmp_path: Path, clock: FakeClock) -> AsyncIterator[Simulator]:
    options = SimulatorOptions(tmp_path / "cluster", nodes=4, clock=clock, network="127.0.7")
    async with Simulator(options) as simulator:
        yield simulator


async def local_node(client: Client, url: str) -> int:
    answered = await client.ask("GET", url + CONFIG, headers={"Origin": url})
    assert answered.status == 200, answered.text
    return int(answered.body["local_lnn"])


async def stats(client: Client, key: str, **query: str) -> dict[int, tuple[object, int | None]]:
    """Give value and error code of a key by node number."""
    body = await client.get(CURRENT, key=key, **{**ALL, **query})
    return {stat["node"]: (stat["value"], stat["error_code"]) for stat in body["stats"]}


async def until_asleep(clock: FakeClock) -> None:
    """Wait until the simulator holds an answer back: real bytes travel, so virtual time cannot tell when."""
    while not clock.sleepers:  # noqa: ASYNC110 - the clock has no event to wait for
        await asyncio.sleep(0.001)


async def delayed(clock: FakeClock, seconds: float, question: Callable[[], Awaitable[Any]]) -> Any:  # noqa: ANN401 - any answer
    """Ask, let so many seconds pass, and give the answer."""
    asking = asyncio.ensure_future(question())
    await until_asleep(clock)
    clock.move(seconds - 0.001)
    await asyncio.sleep(0.01)
    assert not asking.done()
    clock.move(0.001)
    return await asking


async def test_every_node_answers_at_its_own_address_for_itself(monitor: Client) -> None:
    addresses = monitor.simulator.addresses
    assert list(addresses) == [1, 2, 3, 4]
    assert len({url.rpartition(":")[2] for url in addresses.values()}) == 1, "all on one port"
    assert await local_node(monitor, addresses[1]) == 1
    body = await monitor.get(CURRENT, key="node.health")
    assert [stat["devid"] for stat in body["stats"]] == [1]


async def test_a_session_is_good_only_at_the_node_that_opened_it(monitor: Client) -> None:
    cookie = monitor.session.cookie_jar.filter_cookies(monitor.session._base_url)["isisessid"].value
    other = monitor.simulator.addresses[2]
    answered = await monitor.ask("GET", other + CONFIG, headers={"Origin": other}, cookies={"isisessid": cookie})
    assert (answered.status, answered.headers["Content-Type"].split(";")[0]) == (401, "text/html")
    assert [record.node for record in monitor.simulator.requests] == [1, 2]


async def test_a_node_that_is_down_refuses_connections_until_it_is_up(monitor: Client) -> None:
    simulator, url = monitor.simulator, monitor.simulator.addresses[3]
    simulator.cluster.power(3, is_up=False)
    with pytest.raises(aiohttp.ClientConnectorError):
        await monitor.ask("GET", url + CONFIG)
    simulator.cluster.power(3, is_up=True)
    await simulator.settled()
    assert (await monitor.ask("GET", url + CONFIG)).status == 401


async def test_going_down_breaks_open_connections_and_forgets_sessions(monitor: Client) -> None:
    assert (await monitor.ask("GET", CONFIG)).status == 200
    monitor.simulator.cluster.power(1, is_up=False)
    with pytest.raises(aiohttp.ClientError):
        await monitor.ask("GET", CONFIG)
    monitor.simulator.cluster.power(1, is_up=True)
    await monitor.simulator.settled()
    assert (await monitor.ask("GET", CONFIG)).status == 401


async def test_a_node_that_is_down_from_the_start_refuses_connections(tmp_path: Path) -> None:
    options = SimulatorOptions(tmp_path, nodes=3, down=frozenset({2}), network="127.0.8")
    async with Simulator(options) as simulator, aiohttp.ClientSession() as session:
        context = ssl.create_default_context(cafile=simulator.ca_file)
        with pytest.raises(aiohttp.ClientConnectorError):
            await session.get(simulator.addresses[2], ssl=context)
        async with session.get(simulator.addresses[3], ssl=context) as answer:
            assert answer.status == 404


async def test_a_hung_node_takes_connections_and_never_answers(monitor: Client) -> None:
    monitor.simulator.cluster.conditions.put(2, Condition(hung=True))
    url = monitor.simulator.addresses[2]
    with pytest.raises(TimeoutError):
        await monitor.ask("GET", url + CONFIG, timeout=aiohttp.ClientTimeout(total=0.3))


async def test_a_slow_node_answers_late(monitor: Client, clock: FakeClock) -> None:
    monitor.simulator.cluster.conditions.put(1, Condition(delay=3))
    answered = await delayed(clock, 3, lambda: monitor.ask("GET", CONFIG))
    assert answered.status == 200


async def test_a_hung_node_costs_its_own_values_and_the_timeout_that_was_asked_for(monitor: Client, clock: FakeClock) -> None:
    monitor.simulator.cluster.conditions.put(3, Condition(hung=True))
    values = await delayed(clock, 2, lambda: stats(monitor, "node.cpu.count", timeout="2"))
    assert values == {1: (16, None), 2: (16, None), 3: (None, 6), 4: (16, None)}


async def test_a_slow_node_is_waited_for_if_the_timeout_allows_it(monitor: Client, clock: FakeClock) -> None:
    monitor.simulator.cluster.conditions.put(3, Condition(delay=2))
    values = await delayed(clock, 2, lambda: stats(monitor, "node.cpu.count", timeout="4"))
    assert values[3] == (16, None)
    versions = await delayed(clock, 1, lambda: monitor.get("3/cluster/version", timeout="1"))
    assert [(error["lnn"], error["status"]) for error in versions["errors"]] == [(3, 503)]


async def test_the_statistics_of_a_partly_dead_node_fail_while_its_api_answers(monitor: Client) -> None:
    monitor.simulator.cluster.conditions.put(2, Condition(statistics=5))
    assert (await stats(monitor, "node.health"))[2] == (None, 5)
    assert (await stats(monitor, "cluster.health"))[0] == (0, 3), "the cluster's values come from the others and say so"
    versions = await monitor.get("3/cluster/version")
    assert [node["lnn"] for node in versions["nodes"] if "release" in node] == [1, 2, 3, 4]


async def test_a_node_whose_clock_is_wrong_tells_its_own_time(monitor: Client, clock: FakeClock) -> None:
    monitor.simulator.cluster.clock_offset = 30.0
    monitor.simulator.cluster.conditions.put(4, Condition(clock=-90.0))
    now = int(clock.now().timestamp())
    times = {node["lnn"]: node["time"] - now for node in (await monitor.get("3/cluster/time"))["nodes"]}
    assert times == {1: 30, 2: 30, 3: 30, 4: -60}
    body = await monitor.get(CURRENT, key="node.process.count", **ALL)
    assert {stat["node"]: stat["time"] - now for stat in body["stats"]} == times


async def test_two_clusters_of_252_nodes_have_all_their_addresses(tmp_path: Path) -> None:
    for number in (9, 10):
        options = SimulatorOptions(tmp_path / str(number), nodes=252, network=f"127.0.{number}")
        async with Simulator(options) as simulator, aiohttp.ClientSession() as session:
            context = ssl.create_default_context(cafile=simulator.ca_file)
            async with session.get(simulator.addresses[252], ssl=context) as answer:
                assert answer.status == 404
