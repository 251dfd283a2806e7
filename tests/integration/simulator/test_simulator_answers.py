"""Statistics, quotas, events and the cluster itself, asked for as a client does."""

from __future__ import annotations

from typing import Any

import pytest

from mendwatch.testing.clock import FakeClock
from mendwatch_onefs_sim.quotas.inventory import DEMO_PATH

Client = Any  # the PapiClient of conftest.py, which is not imported


GROUPS = "19/event/eventgroup-occurrences"
QUOTAS = "19/quota/quotas"
CURRENT = "1/statistics/current"


async def every(client: Client, resource: str, name: str, limit: int) -> list:
    """Collect all pages; every call after the first carries `resume` alone."""
    body = await client.get(resource, limit=limit)
    items = body[name]
    while body["resume"] is not None:
        body = await client.get(resource, resume=body["resume"])
        items += body[name]
    return items


async def test_the_latest_version_is_told_and_a_higher_one_is_not_found(monitor: Client) -> None:
    assert await monitor.get("latest") == {"latest": "23"}
    answered = await monitor.ask("GET", "/platform/24/quota/quotas")
    assert (answered.status, answered.body["errors"][0]["code"]) == (404, "AEC_NOT_FOUND")


@pytest.mark.parametrize("version", [1, 7, 8, 15, 19, 23])
async def test_older_versions_of_a_resource_stay_served(monitor: Client, version: int) -> None:
    usage = (await monitor.get(f"{version}/quota/quotas"))["quotas"][0]["usage"]
    assert ("fslogical" in usage) is (version >= 8)


async def test_a_method_that_a_resource_lacks_is_not_allowed(remediate: Client) -> None:
    answered = await remediate.ask("DELETE", "/platform/3/cluster/config")
    assert (answered.status, answered.body["errors"][0]["code"]) == (405, "AEC_METHOD_NOT_ALLOWED")


async def test_a_body_that_is_no_json_is_a_bad_request(remediate: Client) -> None:
    answered = await remediate.ask("PUT", f"/platform/{GROUPS}/724902", data="{")
    assert (answered.status, answered.body["errors"][0]["code"]) == (400, "AEC_BAD_REQUEST")


async def test_keys_come_in_pages_that_make_the_whole(monitor: Client) -> None:
    keys = await every(monitor, "1/statistics/keys", "keys", 30)
    names = [key["key"] for key in keys]
    assert names == sorted(set(names))
    assert len(names) == (await monitor.get("1/statistics/keys", limit=1))["total"] > 90


async def test_node_statistics_carry_device_ids_and_on_demand_node_numbers(monitor: Client) -> None:
    stats = (await monitor.get(CURRENT, keys="node.health,cluster.health", devid="all", show_nodes="true"))["stats"]
    assert [(stat["devid"], stat["node"]) for stat in stats] == [(1, 1), (5, 2), (3, 3), (4, 4), (0, 0)]
    plain = (await monitor.get(CURRENT, key="node.health"))["stats"]
    assert [stat["devid"] for stat in plain] == [1], "without devid the node that was asked answers for itself"
    assert "node" not in plain[0]


async def test_devices_can_be_asked_for_by_id_and_by_number(monitor: Client) -> None:
    stats = (await monitor.get(CURRENT, key="node.health", devid="5,3"))["stats"]
    assert [stat["devid"] for stat in stats] == [5, 3]
    stats = (await monitor.get(CURRENT, key="node.health", nodes="2"))["stats"]
    assert [stat["devid"] for stat in stats] == [5]
    answered = await monitor.ask("GET", f"/platform/{CURRENT}", params={"key": "node.health", "devid": "2"})
    assert (answered.status, answered.body["errors"][0]["field"]) == (400, "devid")


async def test_repeated_keys_and_substrings_are_understood(monitor: Client) -> None:
    answered = await monitor.ask("GET", f"/platform/{CURRENT}?key=cluster.health&key=ifs.bytes.used&keys=cluster.cpu.idle.avg")
    assert len(answered.body["stats"]) == 3
    stats = (await monitor.get(CURRENT, keys="ifs.percent", substr="true"))["stats"]
    assert [stat["key"] for stat in stats] == ["ifs.percent.used", "ifs.percent.free", "ifs.percent.avail"]


async def test_one_unknown_key_fails_the_whole_request_unless_degraded_is_accepted(monitor: Client) -> None:
    query = {"keys": "cluster.health,no.such.key"}
    answered = await monitor.ask("GET", f"/platform/{CURRENT}", params=query)
    assert (answered.status, answered.body["errors"][0]["code"]) == (404, "AEC_NOT_FOUND")
    good, bad = (await monitor.get(CURRENT, **query, degraded="true"))["stats"]
    assert (good["value"], good["error_code"]) == (0, None)
    assert (bad["value"], bad["error_code"]) == (None, 1)


async def test_values_move_with_time_and_stand_still_without_it(monitor: Client, clock: FakeClock) -> None:
    async def read() -> dict:
        stats = (await monitor.get(CURRENT, keys="cluster.cpu.idle.avg,ifs.bytes.in,node.uptime"))["stats"]
        return {stat["key"]: (stat["time"], stat["value"]) for stat in stats}

    first = await read()
    assert await read() == first
    clock.move(60)
    second = await read()
    assert {later[0] - earlier[0] for earlier, later in zip(first.values(), second.values(), strict=True)} == {60}
    assert second["node.uptime"][1] - first["node.uptime"][1] == 60
    assert second["ifs.bytes.in"][1] > first["ifs.bytes.in"][1]
    assert second["cluster.cpu.idle.avg"] != first["cluster.cpu.idle.avg"]


async def test_quotas_come_in_pages_that_make_the_whole(monitor: Client) -> None:
    whole = (await monitor.get(QUOTAS))["quotas"]
    assert await every(monitor, QUOTAS, "quotas", 3) == whole
    assert len(whole) == 8


async def test_resume_goes_with_nothing_else(monitor: Client) -> None:
    token = (await monitor.get(QUOTAS, limit=1))["resume"]
    for query, field in (({"resume": token, "limit": 1}, "resume"), ({"resume": "1-1-MAAA1-nonsense"}, "resume")):
        answered = await monitor.ask("GET", f"/platform/{QUOTAS}", params=query)
        assert (answered.status, answered.body["errors"][0]["field"]) == (400, field)


async def test_filters_of_a_list_hold_on_every_page(monitor: Client) -> None:
    first = await monitor.get(QUOTAS, type="directory", path="/ifs/data/projects", recurse_path_children="true", limit=1)
    second = await monitor.get(QUOTAS, resume=first["resume"])
    assert [quota["path"] for page in (first, second) for quota in page["quotas"]] == [DEMO_PATH, "/ifs/data/projects/gemini"]
    assert second["resume"] is None


async def test_a_raised_limit_is_seen_by_everybody(remediate: Client) -> None:
    quota = (await remediate.get(QUOTAS, path=DEMO_PATH))["quotas"][0]
    more = quota["thresholds"]["hard"] * 2
    answered = await remediate.ask("PUT", f"/platform/{QUOTAS}/{quota['id']}", json={"thresholds": {"hard": more}})
    assert (answered.status, answered.text) == (204, "")
    after = (await remediate.get(f"1/quota/quotas/{quota['id']}"))["quotas"][0]
    assert after["thresholds"]["hard"] == more
    assert after["thresholds"]["advisory"] == quota["thresholds"]["advisory"]


async def test_a_quota_that_is_not_there_is_not_found(remediate: Client) -> None:
    for method in ("GET", "PUT"):
        answered = await remediate.ask(method, f"/platform/{QUOTAS}/AAAA", json={})
        assert (answered.status, answered.body["errors"][0]["code"]) == (404, "AEC_NOT_FOUND")


async def test_a_linked_quota_and_one_that_is_not_ready_are_there_to_be_met(monitor: Client) -> None:
    quotas = (await monitor.get(QUOTAS))["quotas"]
    assert [quota["type"] for quota in quotas if quota["linked"]] == ["user"]
    assert [quota["path"] for quota in quotas if not quota["ready"]] == ["/ifs/data/import"]


async def test_an_event_group_is_resolved_and_ignored(remediate: Client, clock: FakeClock) -> None:
    clock.move(5)
    group = (await remediate.get(GROUPS, resolved="false"))["eventgroups"][0]
    for body in ({"resolved": True}, {"ignore": True}):
        assert (await remediate.ask("PUT", f"/platform/{GROUPS}/{group['id']}", json=body)).status == 204
    after = (await remediate.get(f"{GROUPS}/{group['id']}"))["eventgroups"][0]
    now = int(clock.now().timestamp())
    assert [after[name] for name in ("resolved", "resolve_time", "resolver", "ignore", "ignore_time")] == [
        True,
        now,
        "USER",
        True,
        now,
    ]
    assert (await remediate.get(GROUPS, resolved="false"))["eventgroups"] == []


async def test_all_event_groups_are_resolved_at_once(remediate: Client) -> None:
    assert (await remediate.ask("PUT", f"/platform/{GROUPS}", json={"resolved": True})).status == 204
    assert (await remediate.get(GROUPS, resolved="False"))["total"] == 0


@pytest.mark.parametrize("body", [{}, {"resolved": "yes"}, {"closed": True}, [True]])
async def test_a_wrong_mark_on_an_event_group_is_refused(remediate: Client, body: object) -> None:
    answered = await remediate.ask("PUT", f"/platform/{GROUPS}/724902", json=body)
    assert (answered.status, answered.body["errors"][0]["code"]) == (400, "AEC_BAD_REQUEST")


async def test_event_groups_come_in_pages(monitor: Client) -> None:
    assert [group["id"] for group in await every(monitor, GROUPS, "eventgroups", 1)] == ["724901", "724902"]


async def test_every_caller_is_told_its_privileges(monitor: Client, remediate: Client) -> None:
    for client, permission in ((monitor, "r"), (remediate, "w")):
        token = (await client.get("18/auth/id"))["ntoken"]
        assert {item["permission"] for item in token["privilege"]} == {permission}
    assert token["uid"]["name"] == "remediate"
