"""The control API: incidents, quotas with hostile paths, and faults of every kind."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import aiohttp
import pytest

from mendwatch.testing.clock import FakeClock
from mendwatch_onefs_sim.faults import KINDS
from mendwatch_onefs_sim.quotas.inventory import DEMO_PATH
from mendwatch_onefs_sim.spoiling import SPOILERS

Client = Any  # the PapiClient of conftest.py, which is not imported


QUOTAS = "19/quota/quotas"
GROUPS = "19/event/eventgroup-occurrences"
CONFIG = "/platform/3/cluster/config"
HOSTILE = "/ifs/{{ lookup('pipe','touch pwned') }}/$(id)/`id`/\"quoted\"/ünï/%2e%2e/\\'\n"


async def quota_at(client: Client, path: str) -> dict:
    return (await client.get(QUOTAS, path=path, type="directory"))["quotas"][0]


async def share(client: Client, path: str) -> float:
    quota = await quota_at(client, path)
    return quota["usage"]["fslogical"] / quota["thresholds"]["hard"]


async def quota_events(client: Client) -> list:
    return (await client.get(GROUPS, cause="QUOTA_THRESHOLD_VIOLATION"))["eventgroups"]


async def test_a_quota_fills_steadily_to_95_percent_and_then_the_event_opens(monitor: Client, clock: FakeClock) -> None:
    start = await share(monitor, DEMO_PATH)
    assert (await monitor.control("POST", "/incidents/quota-fill", {"seconds": 10})).status == 201
    clock.move(5)
    assert await share(monitor, DEMO_PATH) == pytest.approx((start + 0.95) / 2, abs=0.001)
    assert await quota_events(monitor) == []
    clock.move(15)
    assert await share(monitor, DEMO_PATH) == pytest.approx(0.95)
    (event,) = await quota_events(monitor)
    assert event["specifier"] == {"devid": 1, "path": DEMO_PATH}
    assert event["resolved"] is False
    assert int(clock.now().timestamp()) - event["time_noticed"] == 10, (
        "it is noticed when the quota was full, not when somebody looks"
    )


async def test_raising_the_limit_does_not_resolve_the_event(remediate: Client, clock: FakeClock) -> None:
    await remediate.control("POST", "/incidents/quota-fill", {"seconds": 1})
    clock.move(2)
    quota = await quota_at(remediate, DEMO_PATH)
    thresholds = {"hard": quota["thresholds"]["hard"] * 2}
    assert (await remediate.ask("PUT", f"/platform/{QUOTAS}/{quota['id']}", json={"thresholds": thresholds})).status == 204
    assert await share(remediate, DEMO_PATH) == pytest.approx(0.475)
    assert [event["resolved"] for event in await quota_events(remediate)] == [False]


async def test_a_chosen_quota_fills_and_no_other(monitor: Client, clock: FakeClock) -> None:
    before = await share(monitor, DEMO_PATH)
    await monitor.control("POST", "/incidents/quota-fill", {"path": "/ifs/data/projects/gemini", "seconds": 1})
    clock.move(1)
    assert await share(monitor, "/ifs/data/projects/gemini") == pytest.approx(0.95)
    assert await share(monitor, DEMO_PATH) == before


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("earthquake", {}),
        ("quota-fill", {"path": "/ifs/nowhere"}),
        ("quota-fill", {"path": "/ifs/data/archive"}),
        ("quota-fill", {"seconds": 0}),
        ("quota-fill", {"seconds": "soon"}),
        ("quota-fill", []),
    ],
)
async def test_an_incident_that_makes_no_sense_is_refused_with_a_hint(stranger: Client, name: str, body: object) -> None:
    answered = await stranger.control("POST", f"/incidents/{name}", body)
    assert answered.status == 400
    assert set(answered.body) == {"error", "hint"}


async def test_a_hostile_path_comes_back_letter_for_letter(remediate: Client, clock: FakeClock) -> None:
    made = await remediate.control("POST", "/quotas", {"path": HOSTILE, "hard_limit": 1000, "usage_bytes": 100})
    assert made.status == 201
    quota = await quota_at(remediate, HOSTILE)
    assert (quota["path"], quota["id"], quota["usage"]["fslogical"]) == (HOSTILE, made.body["id"], 100)
    await remediate.control("POST", "/incidents/quota-fill", {"path": HOSTILE, "seconds": 1})
    clock.move(1)
    assert [event["specifier"]["path"] for event in await quota_events(remediate)] == [HOSTILE]
    assert (await remediate.ask("PUT", f"/platform/{QUOTAS}/{quota['id']}", json={"thresholds": {"hard": 2000}})).status == 204


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"path": 5},
        {"path": "/ifs/a", "colour": "red"},
        {"path": "/ifs/a", "usage_bytes": -1},
        {"path": "/ifs/a", "type": "heap"},
        {"path": "/ifs/a", "hard_limit": "big"},
        {"path": "/ifs/a", "hard_limit": 10, "advisory_limit": 20},
    ],
)
async def test_a_quota_that_makes_no_sense_is_refused_with_a_hint(stranger: Client, body: object) -> None:
    answered = await stranger.control("POST", "/quotas", body)
    assert (answered.status, set(answered.body)) == (400, {"error", "hint"})


async def test_the_state_tells_what_is_behind_the_api(remediate: Client, clock: FakeClock) -> None:
    clock.move(3)
    state = (await remediate.control("GET", "/state")).body
    assert state["elapsed"] == 3
    assert state["sessions"] == 1
    facts = {"name": "demo-cluster", "release": "9.12.0.0", "upgrade": "committed", "nodes": 4, "down": [], "clock_offset": 0.0}
    assert state["cluster"] == facts
    facts = next(quota for quota in state["quotas"] if quota["path"] == DEMO_PATH)
    assert facts["usage_bytes"] == (await quota_at(remediate, DEMO_PATH))["usage"]["fslogical"]


def test_every_kind_of_fault_can_be_carried_out() -> None:
    assert set(SPOILERS) == set(KINDS)


async def spoil(client: Client, kind: str, **fields: object) -> None:
    answered = await client.control("POST", "/faults", {"kind": kind, "path": "/platform/3/cluster", **fields})
    assert answered.status == 201, answered.text


async def test_a_fault_meets_so_many_requests_of_its_path_and_then_is_over(monitor: Client) -> None:
    await spoil(monitor, "html_401", times=2)
    assert (await monitor.ask("GET", "/platform/latest")).status == 200
    assert [(await monitor.ask("GET", CONFIG)).status for _ in range(3)] == [401, 401, 200]


async def test_a_fault_without_a_number_stays_until_it_is_removed(monitor: Client) -> None:
    await spoil(monitor, "status", times=None)
    assert [(await monitor.ask("GET", CONFIG)).status for _ in range(3)] == [503, 503, 503]
    assert len((await monitor.control("GET", "/faults")).body["faults"]) == 1
    assert (await monitor.control("DELETE", "/faults")).status == 204
    assert (await monitor.ask("GET", CONFIG)).status == 200


async def test_a_fault_of_one_method_leaves_the_others_alone(remediate: Client) -> None:
    await remediate.control("POST", "/faults", {"kind": "status", "method": "PUT"})
    assert (await remediate.ask("GET", CONFIG)).status == 200
    assert (await remediate.ask("PUT", f"/platform/{GROUPS}", json={"resolved": True})).status == 503
    assert (await remediate.get(GROUPS, resolved="false"))["total"] == 1, "a refused write changes nothing"


async def test_a_status_comes_with_its_headers_and_body(monitor: Client) -> None:
    await spoil(monitor, "status", status=503, headers={"Retry-After": "7"}, body={"errors": []})
    answered = await monitor.ask("GET", CONFIG)
    assert (answered.status, answered.headers["Retry-After"], answered.body) == (503, "7", {"errors": []})


async def test_a_status_can_come_with_a_page(monitor: Client) -> None:
    await spoil(monitor, "status", status=502, body="<h1>Bad gateway</h1>")
    answered = await monitor.ask("GET", CONFIG)
    assert (answered.status, answered.text) == (502, "<h1>Bad gateway</h1>")


async def test_a_bare_array_has_no_envelope(monitor: Client) -> None:
    await spoil(monitor, "bare_array")
    answered = await monitor.ask("GET", CONFIG)
    assert (answered.status, answered.body) == (403, [{"code": "AEC_FORBIDDEN", "message": "Access denied"}])


async def test_a_truncated_body_promises_more_than_comes(monitor: Client) -> None:
    await spoil(monitor, "truncated_body")
    with pytest.raises(aiohttp.ClientPayloadError):
        await monitor.ask("GET", CONFIG)


async def test_a_closed_connection_gives_no_answer(monitor: Client) -> None:
    await spoil(monitor, "close", times=None)  # a client may try again by itself
    with pytest.raises(aiohttp.ClientError):
        await monitor.ask("GET", CONFIG)
    assert {record.status for record in monitor.simulator.requests if record.path == CONFIG} == {0}


async def test_a_lost_answer_is_a_change_that_nobody_was_told_of(remediate: Client) -> None:
    every = {"kind": "lost_answer", "method": "PUT", "times": None}  # a client may try again by itself
    await remediate.control("POST", "/faults", every)
    with pytest.raises(aiohttp.ClientError):
        await remediate.ask("PUT", f"/platform/{GROUPS}", json={"resolved": True})
    assert (await remediate.get(GROUPS, resolved="false"))["total"] == 0


async def test_garbage_calls_itself_json(monitor: Client) -> None:
    await spoil(monitor, "garbage")
    async with monitor.session.get(CONFIG) as response:
        assert response.content_type == "application/json"
        with pytest.raises(ValueError, match=r"codec|Expecting|JSON"):
            await response.json()


async def test_a_wrong_content_type_has_the_true_body(monitor: Client) -> None:
    await spoil(monitor, "content_type")
    answered = await monitor.ask("GET", CONFIG)
    assert answered.headers["Content-Type"].startswith("text/html")
    assert json.loads(answered.text)["name"] == "demo-cluster"


async def hanging(clock: FakeClock) -> None:
    """Wait until the simulator holds a request back: real bytes travel, so virtual time cannot tell when."""
    while not clock.sleepers:  # noqa: ASYNC110 - the clock has no event to wait for
        await asyncio.sleep(0.001)


async def test_a_request_that_hangs_is_answered_when_its_time_has_come(monitor: Client, clock: FakeClock) -> None:
    await spoil(monitor, "hang", seconds=60)
    waiting = asyncio.create_task(monitor.ask("GET", CONFIG))
    await hanging(clock)
    assert not waiting.done()
    clock.move(60)
    assert (await waiting).status == 200


async def test_the_simulator_ends_while_a_request_hangs(monitor: Client, clock: FakeClock) -> None:
    await spoil(monitor, "hang", seconds=60)
    waiting = asyncio.create_task(monitor.ask("GET", CONFIG))
    await hanging(clock)
    await monitor.simulator.__aexit__(None, None, None)
    with pytest.raises(aiohttp.ClientError):
        await waiting


@pytest.mark.parametrize(
    "body",
    [
        {},
        "close",
        {"kind": "meteor"},
        {"kind": "close", "colour": "red"},
        {"kind": "close", "times": "often"},
        {"kind": "close", "times": 0},
        {"kind": "hang", "seconds": "long"},
        {"kind": "status", "status": 99},
    ],
)
async def test_a_fault_that_makes_no_sense_is_refused_with_a_hint(stranger: Client, body: object) -> None:
    answered = await stranger.control("POST", "/faults", body)
    assert (answered.status, set(answered.body)) == (400, {"error", "hint"})
