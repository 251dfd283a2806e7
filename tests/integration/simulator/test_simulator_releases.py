"""Releases: which versions, resources, fields and keys there are, and what an upgrade at run time changes."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from mendwatch.errors import UserError
from mendwatch.testing.clock import FakeClock
from mendwatch_onefs_sim.releases import release
from mendwatch_onefs_sim.server import Simulator, SimulatorOptions

Client = Any  # the PapiClient of conftest.py, which is not imported

CURRENT = "/platform/1/statistics/current"


@pytest.fixture
async def simulator(tmp_path: Path, clock: FakeClock) -> AsyncIterator[Simulator]:
    async with Simulator(SimulatorOptions(tmp_path, clock=clock, release="9.11.0.0")) as simulator:
        yield simulator


async def test_an_upgrade_brings_the_next_version_of_the_api_and_ends_every_session(monitor: Client, clock: FakeClock) -> None:
    clock.move(60)
    assert await monitor.get("latest") == {"latest": "22"}
    assert (await monitor.control("POST", "/upgrade", {"release": "9.12.0.0", "node_seconds": 0})).body["release"] == "9.12.0.0"
    assert (await monitor.ask("GET", "/platform/latest")).status == 401
    await monitor.login()
    assert await monitor.get("latest") == {"latest": "23"}
    stats = (await monitor.get("1/statistics/current", key="node.uptime", devid="all"))["stats"]
    assert [stat["value"] for stat in stats] == [0, 0, 0, 0], "every node restarted"
    config = await monitor.get("17/cluster/config")
    assert config["onefs_version"]["release"] == "v9.12.0.0"


async def test_an_upgrade_rolls_through_the_nodes_unless_it_is_told_otherwise(monitor: Client, clock: FakeClock) -> None:
    answered = await monitor.control("POST", "/upgrade", {"release": "9.12.0.0"})
    assert (answered.body["release"], answered.body["upgrade"]) == ("9.11.0.0", "upgrading")
    clock.move(60)
    await monitor.control("GET", "/state")
    await monitor.login()
    nodes = (await monitor.get("3/cluster/version"))["nodes"]
    assert [node["release"] for node in nodes] == ["v9.12.0.0", "v9.11.0.0", "v9.11.0.0", "v9.11.0.0"]
    clock.move(600)
    assert (await monitor.control("GET", "/state")).body["cluster"]["release"] == "9.12.0.0"


async def test_counters_begin_anew_when_a_node_restarts(monitor: Client, clock: FakeClock) -> None:
    async def counted() -> int:
        return int((await monitor.get("1/statistics/current", key="node.ifs.bytes.in", nodes="3"))["stats"][0]["value"])

    clock.move(100)
    before = await counted()
    await monitor.control("POST", "/nodes/3", {"restart": True})
    clock.move(10)
    after = await counted()
    assert 0 < after < before / 100


async def test_resources_come_and_go_with_releases(monitor: Client) -> None:
    assert (await monitor.ask("GET", "/platform/22/repair/settings")).status == 404
    await monitor.control("POST", "/upgrade", {"release": "9.12.0.0", "node_seconds": 0})
    await monitor.login()
    assert (await monitor.ask("GET", "/platform/23/repair/settings")).status == 200


@pytest.mark.parametrize(("version", "shown"), [(3, False), (17, True)])
async def test_an_older_version_does_not_show_newer_fields(monitor: Client, version: int, shown: bool) -> None:  # noqa: FBT001
    assert ("availability_zone" in await monitor.get(f"{version}/cluster/config")) is shown


async def test_keys_that_went_with_a_release_fail_whoever_still_names_them(monitor: Client) -> None:
    keys = {"keys": "node.memory.used,node.memory.cache,node.cpu.throttling"}
    assert (await monitor.ask("GET", CURRENT, params=keys)).status == 200
    await monitor.control("POST", "/upgrade", {"release": "9.14.0.0", "node_seconds": 0})
    await monitor.login()
    assert (await monitor.ask("GET", CURRENT, params={**keys, "degraded": "true"})).status == 200
    assert (await monitor.ask("GET", CURRENT, params={**keys, "degraded": "true", "devid": "all"})).status == 200
    assert (await monitor.ask("GET", CURRENT, params=keys)).status == 404
    stats = (await monitor.get("1/statistics/current", **keys, degraded="true"))["stats"]
    assert [(stat["key"], stat["error_code"]) for stat in stats] == [
        ("node.memory.used", None), ("node.memory.cache", 1), ("node.cpu.throttling", 1),
    ]  # fmt: skip


@pytest.mark.parametrize(("name", "latest", "guessed"), [("9.5.0.3", 16, False), ("9.12.0.1", 23, False), ("9.14.0.0", 25, True)])
def test_a_release_has_its_version_and_says_if_that_is_a_guess(name: str, latest: int, guessed: bool) -> None:  # noqa: FBT001
    assert (release(name).latest, release(name).extrapolated) == (latest, guessed)


@pytest.mark.parametrize("name", ["9.4.0.0", "9.15.0.0", "10.0.0.0", "9.12", "latest", ""])
def test_a_release_that_does_not_exist_is_refused(name: str) -> None:
    with pytest.raises(UserError, match="release"):
        release(name)


async def test_an_upgrade_to_nowhere_is_refused_with_a_hint(monitor: Client) -> None:
    answered = await monitor.control("POST", "/upgrade", {"release": "8.2.0.0"})
    assert (answered.status, set(answered.body)) == (400, {"error", "hint"})
    assert await monitor.get("latest") == {"latest": "22"}


async def test_one_release_tells_no_inactive_end_and_has_one(tmp_path: Path, clock: FakeClock, stranger: Client) -> None:
    assert (await stranger.login()).body["timeout_inactive"] == 900
    async with Simulator(SimulatorOptions(tmp_path / "old", clock=clock, release="9.5.0.3")) as simulator:
        body = {"username": "monitor", "password": simulator.accounts["monitor"], "services": ["platform"]}
        context = ssl.create_default_context(cafile=simulator.ca_file)
        answered = await stranger.ask("POST", f"{simulator.url}/session/1/session", json=body, ssl=context)
        assert (answered.body["timeout_inactive"], answered.body["timeout_absolute"]) == (0, 14_400)
        assert simulator.sessions.count(899.0) == 1
        assert simulator.sessions.count(901.0) == 0
