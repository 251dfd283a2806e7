"""The simulated cluster's snapshots: what remediations change, and what the cluster refuses."""

from __future__ import annotations

from typing import Any

from mendwatch.testing.clock import FakeClock
from mendwatch_onefs_sim.server import Simulator

Client = Any
LIST = "1/snapshot/snapshots"


async def _one(client: Client, name: str) -> dict[str, Any]:
    (found,) = [one for one in (await client.get(LIST))["snapshots"] if one["name"] == name]
    return dict(found)


async def test_an_expiry_that_is_set_in_the_past_lets_a_snapshot_go(clock: FakeClock, monitor: Client, remediate: Client) -> None:
    one = await _one(monitor, "before-migration")
    body = {"expires": int(clock.now().timestamp()) - 5}
    assert (await remediate.ask("PUT", f"/platform/{LIST}/{one['id']}", json=body)).status == 204
    (after,) = (await monitor.get(f"{LIST}/{one['id']}"))["snapshots"]
    assert (after["state"], after["name"]) == ("deleting", None)
    clock.move(301)
    assert (await monitor.ask("GET", f"/platform/{LIST}/{one['id']}")).status == 404


async def test_a_snapshot_is_deleted_by_name_unless_a_lock_keeps_it(monitor: Client, remediate: Client) -> None:
    assert (await remediate.ask("DELETE", f"/platform/{LIST}/before-migration")).status == 204
    assert (await monitor.get("1/snapshot/snapshots-summary"))["summary"]["deleting_count"] == 1
    refused = await remediate.ask("DELETE", f"/platform/{LIST}/SIQ-5f0c-latest")
    assert (refused.status, refused.body["errors"][0]["field"]) == (400, "id")
    key = (await _one(monitor, "SIQ-5f0c-latest"))["id"]
    assert len((await monitor.get(f"{LIST}/{key}/locks"))["locks"]) == 1
    assert (await monitor.ask("DELETE", f"/platform/{LIST}/{key}")).status == 403


async def test_settings_are_changed_by_a_put_that_is_checked(simulator: Simulator, monitor: Client, remediate: Client) -> None:
    for body in ({"autodelete": "no"}, {"reserve": 200}, {"unknown": True}, []):
        assert (await remediate.ask("PUT", "/platform/1/snapshot/settings", json=body)).status == 400
    assert (await remediate.ask("PUT", "/platform/1/snapshot/settings", json={"autodelete": False})).status == 204
    assert (await monitor.get("1/snapshot/settings"))["settings"]["autodelete"] is False
    assert simulator.cluster.snapshots.settings["reserve"] == 0.0


async def test_deletion_that_is_stuck_never_ends(
    simulator: Simulator, clock: FakeClock, monitor: Client, remediate: Client
) -> None:
    simulator.cluster.snapshots.stuck = True
    await remediate.ask("DELETE", f"/platform/{LIST}/before-migration")
    clock.move(400)
    assert (await monitor.get("1/snapshot/snapshots-summary"))["summary"]["deleting_count"] == 1


async def test_a_lock_is_kept_beside_those_that_are_there(simulator: Simulator, monitor: Client) -> None:
    simulator.cluster.snapshots.lock("before-migration", "legal")
    assert (await _one(monitor, "before-migration"))["has_locks"] is True


async def test_what_is_pending_comes_in_order_and_in_pages(monitor: Client, clock: FakeClock) -> None:
    end = int(clock.now().timestamp()) + 86_400
    first = await monitor.get("1/snapshot/pending", end=str(end), limit="20")
    second = await monitor.get("1/snapshot/pending", resume=first["resume"])
    times = [one["time"] for page in (first, second) for one in page["pending"]]
    assert times == sorted(times)
    assert (len(times), max(times) <= end) == (25, True)
    assert (await monitor.ask("GET", "/platform/3/snapshot/schedules/nothing")).status == 404
    assert len((await monitor.get("3/snapshot/schedules/daily-home"))["schedules"]) == 1
