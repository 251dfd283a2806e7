"""The simulated cluster's replication: jobs that run and end, and what remediations change."""

from __future__ import annotations

from typing import Any

import pytest

from mendwatch.testing.clock import FakeClock
from mendwatch_onefs_sim.server import Simulator

Client = Any
NAME = "projects-to-dr"


async def _policy(client: Client) -> dict[str, Any]:
    (found,) = (await client.get(f"14/sync/policies/{NAME}"))["policies"]
    return dict(found)


async def test_a_job_that_is_started_runs_ends_and_leaves_a_report(clock: FakeClock, monitor: Client, remediate: Client) -> None:
    before = await _policy(monitor)
    started = await remediate.ask("POST", "/platform/15/sync/jobs", json={"id": NAME})
    assert (started.status, started.body) == (201, {"id": NAME})
    assert (await remediate.ask("POST", "/platform/15/sync/jobs", json={"id": NAME})).status == 400
    assert [job["state"] for job in (await monitor.get("15/sync/jobs"))["jobs"]] == ["running"]
    clock.move(250)
    assert (await monitor.get("15/sync/jobs"))["jobs"] == []
    after = await _policy(monitor)
    assert after["last_success"] == before["last_success"] + (after["last_started"] - before["last_started"])
    (report,) = (await monitor.get("15/sync/reports", policy_name=NAME))["reports"]
    assert (report["state"], report["duration"]) == ("finished", 240)


async def test_a_job_is_paused_resumed_and_cancelled(clock: FakeClock, monitor: Client, remediate: Client) -> None:
    await remediate.ask("POST", "/platform/15/sync/jobs", json={"id": NAME})
    job = f"/platform/15/sync/jobs/{NAME}"
    assert (await remediate.ask("PUT", job, json={"state": "resting"})).status == 400
    assert (await remediate.ask("PUT", job, json={"state": "paused"})).status == 204
    clock.move(400)
    assert (await monitor.get(f"15/sync/jobs/{NAME}"))["jobs"][0]["state"] == "paused"
    assert (await remediate.ask("PUT", job, json={"state": "canceled"})).status == 204
    assert (await monitor.ask("GET", job)).status == 404
    assert (await _policy(monitor))["last_job_state"] == "canceled"


async def test_a_conflict_is_resolved_by_a_put_or_a_reset(simulator: Simulator, monitor: Client, remediate: Client) -> None:
    simulator.cluster.syncs.fail(NAME, "broken", simulator.cluster.epoch(0), conflict=True)
    refused = await remediate.ask("POST", "/platform/15/sync/jobs", json={"id": NAME})
    assert (refused.status, refused.body["errors"][0]["field"]) == (400, "conflicted")
    assert (await remediate.ask("PUT", f"/platform/14/sync/policies/{NAME}", json={"conflicted": False})).status == 204
    assert (await _policy(monitor))["conflicted"] is False
    simulator.cluster.syncs.fail(NAME, "broken", simulator.cluster.epoch(0), conflict=True)
    assert (await remediate.ask("POST", f"/platform/1/sync/policies/{NAME}/reset", json={})).status == 201
    after = await _policy(monitor)
    assert (after["conflicted"], after["has_sync_state"]) == (False, False)


async def test_a_policy_is_switched_off_and_on(monitor: Client, remediate: Client) -> None:
    path = f"/platform/14/sync/policies/{NAME}"
    assert (await remediate.ask("PUT", path, json={"enabled": False})).status == 204
    assert (await _policy(monitor))["next_run"] is None
    for body in ({"enabled": "no"}, {"rpo_alert": -1}, {"source_root_path": "/ifs"}):
        assert (await remediate.ask("PUT", path, json=body)).status == 400
    assert (await monitor.ask("PUT", path, json={"enabled": True})).status == 403


@pytest.mark.parametrize("state", ["off", "paused"])
async def test_a_service_that_is_not_on_starts_nothing(state: str, monitor: Client, remediate: Client) -> None:
    assert (await remediate.ask("PUT", "/platform/16/sync/settings", json={"service": state})).status == 204
    assert (await monitor.get("16/sync/settings"))["settings"]["service"] == state
    assert (await remediate.ask("POST", "/platform/15/sync/jobs", json={"id": NAME})).status == 400
    assert (await remediate.ask("PUT", "/platform/16/sync/settings", json={"service": "asleep"})).status == 400
    assert (await remediate.ask("PUT", "/platform/16/sync/settings", json={"service": "on"})).status == 204
    assert (await remediate.ask("POST", "/platform/15/sync/jobs", json={"id": NAME})).status == 201
