"""Many clusters in one process, and any application served as one."""

from __future__ import annotations

import asyncio
import json
import os
import ssl
import sys
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from mendwatch.testing.clock import FakeClock
from mendwatch_onefs_sim.fleet import Fleet
from mendwatch_onefs_sim.server import SimulatorOptions
from mendwatch_onefs_sim.serving import served


async def test_clusters_of_a_fleet_share_nothing_but_the_process(tmp_path: Path, clock: FakeClock) -> None:
    options = [SimulatorOptions(tmp_path / name, nodes=4, seed=seed, name=name, clock=clock) for seed, name in enumerate("abc")]
    async with Fleet(options) as fleet:
        first, second, third = fleet.simulators
        assert len({one.url for one in fleet.simulators} | {one.control_url for one in fleet.simulators}) == 6
        assert first.accounts["monitor"] != second.accounts["monitor"]
        first.cluster.power(2, is_up=False)
        assert [len(one.cluster.hardware.up) for one in fleet.simulators] == [3, 4, 4]
        assert fleet.named("c") is third
        with pytest.raises(KeyError):
            fleet.named("d")
        body = {"username": "monitor", "password": first.accounts["monitor"], "services": ["platform"]}
        async with aiohttp.ClientSession() as session:
            for one, status in ((first, 201), (second, 401)):
                context = ssl.create_default_context(cafile=one.ca_file)
                async with session.post(f"{one.url}/session/1/session", json=body, ssl=context) as answer:
                    assert answer.status == status


async def test_the_command_starts_many_clusters_and_tells_of_each(tmp_path: Path) -> None:
    arguments = ("--clusters", "3", "--nodes", "2", "--node-addresses", "--release", "9.8.0.0", "--folder", str(tmp_path))
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "mendwatch_onefs_sim", *arguments, stdout=asyncio.subprocess.PIPE, env=dict(os.environ)
    )
    assert process.stdout is not None
    try:
        facts = json.loads(await asyncio.wait_for(process.stdout.readline(), 20))["clusters"]
        assert [one["name"] for one in facts] == ["demo-cluster-1", "demo-cluster-2", "demo-cluster-3"]
        hosts = [one["addresses"]["2"].removeprefix("https://").partition(":")[0] for one in facts]
        assert hosts == ["127.0.0.2", "127.0.1.2", "127.0.2.2"]
        assert {Path(one["password_files"]["monitor"]).parent.name for one in facts} == {one["name"] for one in facts}
        async with aiohttp.ClientSession() as session, session.get(f"{facts[2]['control_url']}/state") as answer:
            assert (await answer.json())["cluster"]["release"] == "9.8.0.0"
    finally:
        process.terminate()
        await asyncio.wait_for(process.communicate(), 10)
    assert process.returncode == 0


@pytest.mark.parametrize("arguments", [("--clusters", "2", "--port", "18443"), ("--release", "7.0.0.0")])
async def test_the_command_refuses_what_cannot_be(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "mendwatch_onefs_sim", "--folder", str(tmp_path), *arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await asyncio.wait_for(process.communicate(), 20)
    assert (process.returncode, output, b"Traceback" in errors) == (2, b"", False)


async def test_any_application_can_be_served_as_a_cluster_is(tmp_path: Path) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.json_response({"latest": "23"})

    application = web.Application()
    application.router.add_get("/platform/latest", answer)
    async with served(application, tmp_path) as place, aiohttp.ClientSession() as session:
        context = ssl.create_default_context(cafile=place.ca_file)
        async with session.get(f"{place.url}/platform/latest", ssl=context) as response:
            assert await response.json() == {"latest": "23"}
    with pytest.raises(aiohttp.ClientConnectorError):
        async with aiohttp.ClientSession() as session:
            await session.get(place.url, ssl=context)
