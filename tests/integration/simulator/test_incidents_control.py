"""Incidents over the control API and by the command's help: listed, begun, ended, refused."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

from mendwatch.testing.clock import FakeClock
from mendwatch_onefs_sim.incidents.registry import INCIDENTS
from mendwatch_onefs_sim.server import Simulator

Client = Any  # the PapiClient of conftest.py, which is not imported


async def test_every_incident_is_listed_with_its_words_and_arguments(stranger: Client) -> None:
    listed = (await stranger.control("GET", "/incidents")).body["incidents"]
    assert [one["name"] for one in listed] == sorted(INCIDENTS)
    psu = next(one for one in listed if one["name"] == "psu-failed")
    assert psu["words"] == "A power supply of a node fails."
    assert [argument["name"] for argument in psu["arguments"]] == ["lnn", "supply", "lasts"]
    assert psu["arguments"][1]["default"] == 1


async def test_an_incident_begins_is_seen_and_ends(monitor: Client, clock: FakeClock) -> None:
    begun = await monitor.control("POST", "/incidents/psu-failed", {"lnn": 3})
    assert (begun.status, begun.body["subject"], begun.body["ended"]) == (201, "node 3 PS1", None)
    (event,) = begun.body["events"]
    clock.move(30)
    status = (await monitor.get("16/cluster/nodes/3/status"))["nodes"][0]
    assert status["powersupplies"]["failures"] == 1
    ended = await monitor.control("DELETE", "/incidents/psu-failed")
    assert (ended.status, [one["ended"] for one in ended.body["incidents"]]) == (200, [30])
    assert (await monitor.get("16/cluster/nodes/3/status"))["nodes"][0]["powersupplies"]["failures"] == 0
    (group,) = (await monitor.get(f"19/event/eventgroup-occurrences/{event}"))["eventgroups"]
    assert (group["resolved"], group["resolver"]) == (True, f"3.{group['sequence'] + 1}")
    (kept,) = (await monitor.control("GET", "/state")).body["incidents"]
    assert kept["ended"] == 30


async def test_an_end_that_makes_no_sense_is_refused_with_a_hint(stranger: Client) -> None:
    for name in ("psu-failed", "earthquake"):
        answered = await stranger.control("DELETE", f"/incidents/{name}")
        assert (answered.status, set(answered.body)) == (400, {"error", "hint"})


async def test_an_unknown_argument_is_refused_with_those_that_there_are(stranger: Client) -> None:
    answered = await stranger.control("POST", "/incidents/psu-failed", {"colour": "red"})
    assert (answered.status, answered.body["hint"]) == (400, "There are: lnn, supply, lasts.")


async def test_revoked_sessions_are_refused_until_somebody_logs_in_and_are_revoked_again(monitor: Client, clock: FakeClock) -> None:
    assert (await monitor.control("POST", "/incidents/session-revoked", {"times": 2, "every": 60})).status == 201
    seen = []
    for seconds in (0, 59, 1):
        clock.move(seconds)
        seen.append((await monitor.ask("GET", "/platform/latest")).status)
        monitor.session.cookie_jar.clear()
        monitor.session.headers.pop("X-CSRF-Token", None)
        assert (await monitor.login("monitor")).status == 201
    assert seen == [401, 200, 401]
    assert (await monitor.ask("GET", "/platform/latest")).status == 200


async def test_a_hung_node_makes_the_others_wait_for_as_long_as_they_are_told(
    monitor: Client, clock: FakeClock, simulator: Simulator
) -> None:
    simulator.begin("node-hung", lnn=3)
    asking = asyncio.create_task(monitor.get("3/cluster/time", timeout="2"))
    while not clock.sleepers:  # noqa: ASYNC110 - the request is on its way through real sockets
        await asyncio.sleep(0)
    await clock.advance(2)
    answer = await asking
    assert [error["lnn"] for error in answer["errors"]] == [3]
    assert [node["lnn"] for node in answer["nodes"] if "time" in node] == [1, 2, 4]


async def test_the_command_tells_every_incident() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "mendwatch_onefs_sim", "--help", stdout=asyncio.subprocess.PIPE
    )
    output, _ = await process.communicate()
    text = output.decode()
    assert process.returncode == 0
    assert all(f"  {name}: {kind.words}" in text for name, kind in INCIDENTS.items())
