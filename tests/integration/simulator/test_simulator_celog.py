"""The simulated cluster's event reporting: definitions, lists, maintenance mode."""

from __future__ import annotations

from typing import Any

from mendwatch_onefs_sim.events.definitions import KINDS
from mendwatch_onefs_sim.server import Simulator

Client = Any


async def test_definitions_come_in_pages_and_by_category(monitor: Client) -> None:
    first = await monitor.get("12/event/eventgroup-definitions", limit="20")
    second = await monitor.get("12/event/eventgroup-definitions", resume=first["resume"])
    found = [kind["id"] for page in (first, second) for kind in page["eventgroup-definitions"]]
    assert (len(found), set(found)) == (len(KINDS), {str(code) for code in KINDS})
    quotas = await monitor.get("12/event/eventgroup-definitions", category="500000000")
    assert {kind["id"][:4] for kind in quotas["eventgroup-definitions"]} == {"5000"}
    (one,) = (await monitor.get("12/event/eventgroup-definitions/500010001"))["eventgroup-definitions"]
    assert one["name"] == "QUOTA_THRESHOLD_VIOLATION"
    assert (await monitor.ask("GET", "/platform/12/event/eventgroup-definitions/7")).status == 404


async def test_every_category_of_a_definition_exists(monitor: Client) -> None:
    categories = {one["id"] for one in (await monitor.get("3/event/categories"))["categories"]}
    kinds = (await monitor.get("12/event/eventgroup-definitions"))["eventgroup-definitions"]
    assert {kind["category"] for kind in kinds} <= categories


async def test_a_group_that_grows_has_more_events_in_its_list(simulator: Simulator, monitor: Client) -> None:
    key = simulator.cluster.events.all()[1].id
    simulator.cluster.events.repeat(key, simulator.cluster.epoch(9))
    (group,) = (await monitor.get(f"12/event/eventgroup-occurrences/{key}"))["eventgroups"]
    (listed,) = (await monitor.get("7/event/eventlists", eventgroup_id=key))["eventlists"]
    assert group["event_count"] == listed["event_count"] == len(listed["events"]) == 2
    assert len({event["id"] for event in listed["events"]}) == 2
    assert listed["events"][-1]["time"] == group["last_event"] > group["time_noticed"]


async def test_begin_keeps_the_groups_that_were_in_progress_after_it(simulator: Simulator, monitor: Client) -> None:
    (resolved,) = [group for group in simulator.cluster.events.all() if group.resolved]
    for begin, found in ((resolved.time + 1, True), (resolved.resolve_time + 1, False)):
        groups = (await monitor.get("12/event/eventgroup-occurrences", begin=str(begin)))["eventgroups"]
        assert (resolved.id in {group["id"] for group in groups}) is found


async def test_maintenance_mode_is_switched_by_a_put_and_has_a_history(monitor: Client, remediate: Client) -> None:
    assert (await monitor.get("12/event/maintenance")) == {"history": [], "maintenance": False}
    assert (await monitor.ask("PUT", "/platform/12/event/maintenance", json={"maintenance": True})).status == 403
    assert (await remediate.ask("PUT", "/platform/12/event/maintenance", json={"maintenance": "yes"})).status == 400
    for on in (True, False):
        assert (await remediate.ask("PUT", "/platform/12/event/maintenance", json={"maintenance": on})).status == 204
    answer = await monitor.get("12/event/maintenance")
    assert (answer["maintenance"], len(answer["history"])) == (False, 1)
