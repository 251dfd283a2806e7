"""What a remediation changes on the simulated cluster: jobs, checks, repairs, services, clients; and that the SDK reads it."""

from __future__ import annotations

import asyncio
import importlib
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mendwatch.testing.clock import FakeClock
from mendwatch_onefs_sim.server import Simulator, SimulatorOptions

Client = Any  # the PapiClient of conftest.py, which is not imported
JOBS = "10/job/jobs"
EVALUATIONS = "23/healthcheck/evaluations"

READS: dict[str, Callable[[Any, Any], Any]] = {
    "jobs": lambda sdk, api: sdk.JobApi(api).list_job_jobs(),
    "job summary": lambda sdk, api: sdk.JobApi(api).get_job_job_summary(),
    "recent jobs": lambda sdk, api: sdk.JobApi(api).get_job_recent(limit=100),
    "job events": lambda sdk, api: sdk.JobApi(api).get_job_events(state="running"),
    "job policies": lambda sdk, api: sdk.JobApi(api).list_job_policies(),
    "checklists": lambda sdk, api: sdk.HealthcheckApi(api).get_healthcheck_checklists(),
    "evaluations": lambda sdk, api: sdk.HealthcheckApi(api).list_healthcheck_evaluations(),
    "licenses": lambda sdk, api: sdk.LicenseApi(api).list_license_licenses(),
    "upgrade": lambda sdk, api: sdk.UpgradeApi(api).get_upgrade_cluster(),
    "providers": lambda sdk, api: sdk.AuthApi(api).get_providers_summary(),
    "smb settings": lambda sdk, api: sdk.ProtocolsApi(api).get_smb_settings_global(),
    "nfs settings": lambda sdk, api: sdk.ProtocolsApi(api).get_nfs_settings_global(),
    "s3 settings": lambda sdk, api: sdk.ProtocolsApi(api).get_s3_settings_global(),
    "services": lambda sdk, api: sdk.ClusterApi(api).get_cluster_services(),
    "sessions": lambda sdk, api: sdk.ProtocolsApi(api).get_smb_sessions(lnn="all"),
    "open files": lambda sdk, api: sdk.ProtocolsApi(api).get_smb_openfiles(),
    "lock hosts": lambda sdk, api: sdk.ProtocolsApi(api).get_nfs_nlm_sessions(),
    "locks": lambda sdk, api: sdk.ProtocolsApi(api).get_nfs_locks(),
    "ntp servers": lambda sdk, api: sdk.ProtocolsApi(api).list_ntp_servers(),
    "buckets": lambda sdk, api: sdk.ProtocolsApi(api).list_s3_buckets(),
    "dedupe": lambda sdk, api: sdk.DedupeApi(api).get_dedupe_dedupe_summary(),
    "file pool policies": lambda sdk, api: sdk.FilepoolApi(api).list_filepool_policies(),
    "cloud pools": lambda sdk, api: sdk.CloudApi(api).list_cloud_pools(),
    "cloud accounts": lambda sdk, api: sdk.CloudApi(api).list_cloud_accounts(),
    "cloud jobs": lambda sdk, api: sdk.CloudApi(api).list_cloud_jobs(),
    "datamover policies": lambda sdk, api: sdk.DatamoverApi(api).list_datamover_policies(),
    "datamover jobs": lambda sdk, api: sdk.DatamoverApi(api).get_datamover_jobs(),
}
REPAIR_READS: dict[str, Callable[[Any, Any], Any]] = {
    "repair settings": lambda sdk, api: sdk.RepairApi(api).get_repair_settings(),
    "repair actions": lambda sdk, api: sdk.RepairApi(api).list_repair_actions(),
    "repair requests": lambda sdk, api: sdk.RepairApi(api).list_repair_requests(),
    "a repair": lambda sdk, api: sdk.RepairApi(api).get_repair_request("repair-000001"),
}


def _read_all(package: str, simulator: Simulator, reads: dict[str, Callable[[Any, Any], Any]]) -> dict[str, Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the SDK's own, at import
        sdk = importlib.import_module(f"isilon_sdk.{package}")
    configuration = sdk.Configuration()
    configuration.host = simulator.url
    configuration.username, configuration.password = "remediate", simulator.accounts["remediate"]
    configuration.ssl_ca_cert = str(simulator.ca_file)
    api = sdk.ApiClient(configuration)
    try:
        return {name: call(sdk, api) for name, call in reads.items()}
    finally:
        api.rest_client.pool_manager.clear()


@pytest.mark.parametrize(("package", "release"), [("v9_5_0", "9.5.0.0"), ("v9_12_0", "9.12.0.0")])
async def test_the_sdk_understands_every_answer(package: str, release: str, tmp_path: Path) -> None:
    async with Simulator(SimulatorOptions(tmp_path / "cluster", release=release)) as simulator:
        operations = simulator.cluster.operations
        operations.checks.fail("mirror_health", "2")
        operations.checks.run("basic", -100.0)
        operations.repairs.ask("mirror_health", "basic", -90.0)
        operations.nfs.know("gone.example.com", "10.9.9.8", error="RPC: timed out")
        operations.upgrades.begin("9.13.0.0", 0.0)
        operations.data_mover.run(21, "failed", 0.0, ("No route to host",))
        reads = READS | (REPAIR_READS if package == "v9_12_0" else {})
        answers = await asyncio.to_thread(_read_all, package, simulator, reads)
        assert [record.path for record in simulator.requests if not 200 <= record.status < 300] == []
    assert [job.type for job in answers["jobs"].jobs] == ["MediaScan"]
    assert [len(node.sessions) for node in answers["sessions"].nodes] == [3, 3, 3, 3]
    assert {one.name for one in answers["licenses"].licenses} >= {"SYNCIQ", "SMARTDEDUPE"}


async def test_a_waiting_job_breaks_the_sdk_as_it_does_on_real_clusters(tmp_path: Path) -> None:
    async with Simulator(SimulatorOptions(tmp_path / "cluster")) as simulator:
        simulator.cluster.operations.jobs.protect(0.0)
        with pytest.raises(ValueError, match="state"):
            await asyncio.to_thread(_read_all, "v9_12_0", simulator, {"jobs": READS["jobs"]})


async def _put(client: Client, resource: str, body: object) -> tuple[int, str | None]:
    answered = await client.ask("PUT", f"/platform/{resource}", json=body)
    return answered.status, None if answered.body is None else answered.body["errors"][0].get("field")


async def test_a_job_is_paused_resumed_tuned_and_cancelled(remediate: Client, clock: FakeClock) -> None:
    (job,) = (await remediate.get(JOBS))["jobs"]
    for order, state in (("pause", "paused_user"), ("run", "running")):
        assert await _put(remediate, f"{JOBS}/{job['id']}", {"state": order}) == (204, None)
        assert (await remediate.get(f"{JOBS}/{job['id']}"))["jobs"][0]["state"] == state
        clock.move(10)
    assert await _put(remediate, f"{JOBS}/{job['id']}", {"priority": 2, "policy": "HIGH"}) == (204, None)
    (tuned,) = (await remediate.get(JOBS))["jobs"]
    assert (tuned["priority"], tuned["policy"], tuned["impact"]) == (2, "HIGH", "High")
    assert tuned["running_time"] == job["running_time"] + 10, "the pause does not count"
    assert await _put(remediate, f"{JOBS}/{job['id']}", {"state": "cancel"}) == (204, None)
    assert (await remediate.get(JOBS))["jobs"] == []
    assert (await remediate.get("3/job/recent"))["recent_jobs"][0]["state"] == "cancelled_user"
    assert (await _put(remediate, f"{JOBS}/{job['id']}", {"state": "run"}))[0] == 404


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, None),
        ({"state": "stop"}, "state"),
        ({"priority": 11}, "priority"),
        ({"priority": True}, "priority"),
        ({"speed": 1}, "speed"),
    ],
)
async def test_a_wrong_order_changes_nothing(remediate: Client, body: dict[str, object], field: str | None) -> None:
    before = (await remediate.get(JOBS))["jobs"]
    assert await _put(remediate, f"{JOBS}/{before[0]['id']}", body) == (400, field)
    assert (await remediate.get(JOBS))["jobs"] == before


async def test_a_job_is_queued_once_and_ends(remediate: Client, clock: FakeClock) -> None:
    answered = await remediate.ask("POST", f"/platform/{JOBS}", json={"type": "SnapshotDelete"})
    assert answered.status == 201
    assert (await remediate.ask("POST", f"/platform/{JOBS}", json={"type": "SnapshotDelete"})).status == 409
    assert (await remediate.ask("POST", f"/platform/{JOBS}", json={"type": "SnapshotDelete", "allow_dup": True})).status == 201
    clock.move(601)
    recent = (await remediate.get("3/job/recent"))["recent_jobs"]
    ended = next(job for job in recent if job["id"] == answered.body["id"])
    assert (ended["state"], ended["end_time"]) == ("succeeded", int(clock.now().timestamp()) - 1)


@pytest.mark.parametrize(
    "body", [{"type": "Nothing"}, {"paths": ["/ifs"]}, {"type": "TreeDelete"}, {"type": "SmartPools", "paths": ["/ifs"]}]
)
async def test_a_job_that_cannot_be_is_refused(remediate: Client, body: object) -> None:
    assert (await remediate.ask("POST", f"/platform/{JOBS}", json=body)).status == 400


async def test_what_may_only_be_read_may_not_be_changed(monitor: Client) -> None:
    for method, resource, privilege in (
        ("POST", JOBS, "ISI_PRIV_JOB_ENGINE"),
        ("POST", EVALUATIONS, "ISI_PRIV_SYS_SUPPORT"),
        ("POST", "23/repair/requests", "ISI_PRIV_SYS_SUPPORT"),
        ("PUT", "17/protocols/smb/settings/global", "ISI_PRIV_SMB"),
        ("DELETE", "1/protocols/smb/openfiles/1002", "ISI_PRIV_SMB"),
        ("DELETE", "3/protocols/nfs/nlm/sessions/x", "ISI_PRIV_NFS"),
    ):
        answered = await monitor.ask(method, f"/platform/{resource}", json={})
        assert answered.status == 403
        assert f"write privilege is required: {privilege.removeprefix('ISI_PRIV_').capitalize()} ({privilege})" in answered.text


async def test_a_failing_check_is_run_repaired_and_run_again(remediate: Client, simulator: Simulator, clock: FakeClock) -> None:
    simulator.cluster.operations.checks.fail("smb_service_status")

    async def run() -> dict[str, Any]:
        made = await remediate.ask("POST", f"/platform/{EVALUATIONS}", json={"checklist_id": "smb"})
        assert made.status == 201
        clock.move(40)
        return (await remediate.get(f"{EVALUATIONS}/{made.body['id']}"))["evaluations"][0]

    first = await run()
    assert (first["run_status"], first["result"], first["details"][0]["repair"]["status"]) == ("COMPLETED", "FAIL", "ACTION_NEEDED")
    body = {"item_id": "smb_service_status", "source_type": "HEALTHCHECK", "source_id": first["id"]}
    made = await remediate.ask("POST", "/platform/23/repair/requests", json=body)
    assert made.status == 201
    clock.move(30)
    repair = await remediate.get(f"23/repair/requests/{made.body['repair_id']}")
    assert (repair["status"], repair["result"]) == ("complete", "pass")
    assert (await run())["result"] == "PASS"


async def test_a_repair_that_there_is_not_is_refused_and_all_are_while_repair_is_off(remediate: Client) -> None:
    body = {"item_id": "node_uptime", "source_type": "HEALTHCHECK"}
    assert (await remediate.ask("POST", "/platform/23/repair/requests", json=body)).status == 400
    assert (await _put(remediate, "23/repair/settings", {"repair_enabled": False}))[0] == 204
    body["item_id"] = "mirror_health"
    assert (await remediate.ask("POST", "/platform/23/repair/requests", json=body)).status == 409


async def test_a_repair_that_does_not_help_fails(remediate: Client, simulator: Simulator, clock: FakeClock) -> None:
    operations = simulator.cluster.operations
    operations.checks.fail("mirror_health", "2")
    operations.repairs.hopeless.add("mirror_health")
    operations.repairs.ask("mirror_health", "x", simulator.cluster.elapsed)
    clock.move(30)
    (repair,) = (await remediate.get("23/repair/requests"))["repairs"]
    assert (repair["result"], bool(repair["error"])) == ("fail", True)
    assert operations.checks.problems


@pytest.mark.parametrize(("protocol", "version"), [("smb", 17), ("nfs", 19), ("s3", 10)])
async def test_a_service_is_switched_off_and_on(remediate: Client, protocol: str, version: int) -> None:
    resource = f"{version}/protocols/{protocol}/settings/global"
    for on in (False, True):
        assert await _put(remediate, resource, {"service": on}) == (204, None)
        assert (await remediate.get(resource))["settings"]["service"] is on
        states = {
            one["state"]
            for node in (await remediate.get("15/cluster/services"))["nodes"]
            for one in node["services"]
            if one["name"] == protocol
        }
        assert states == {"running" if on else "stopped"}
    assert await _put(remediate, resource, {"service": "yes"}) == (400, "service")
    assert await _put(remediate, resource, {"sevrice": True}) == (400, "sevrice")


async def test_open_files_and_sessions_are_closed_by_id(remediate: Client) -> None:
    (file, *others) = (await remediate.get("1/protocols/smb/openfiles"))["openfiles"]
    assert (await remediate.ask("DELETE", f"/platform/1/protocols/smb/openfiles/{file['id']}")).status == 204
    assert (await remediate.get("1/protocols/smb/openfiles"))["openfiles"] == others
    (node,) = (await remediate.get("11/protocols/smb/sessions"))["nodes"]
    for session in node["sessions"]:
        assert (await remediate.ask("DELETE", f"/platform/11/protocols/smb/sessions/{session['id']}")).status == 204
    assert (await remediate.get("11/protocols/smb/sessions"))["nodes"][0]["sessions"] == []
    assert (await remediate.get("1/protocols/smb/openfiles"))["openfiles"] == [], "a session takes its files with it"
    for resource in ("1/protocols/smb/openfiles/1", "11/protocols/smb/sessions/1", "11/protocols/smb/sessions/x"):
        assert (await remediate.ask("DELETE", f"/platform/{resource}")).status == 404


async def test_sessions_come_by_node_and_in_pages(monitor: Client) -> None:
    found: list[tuple[int, int]] = []
    page = await monitor.get("11/protocols/smb/sessions", lnn="all", limit=5)
    while True:
        found += [(node["lnn"], session["id"]) for node in page["nodes"] for session in node["sessions"]]
        if page["resume"] is None:
            break
        page = await monitor.get("11/protocols/smb/sessions", resume=page["resume"])
    assert [lnn for lnn, _ in found] == [1] * 3 + [2] * 3 + [3] * 3 + [4] * 3
    assert len(set(found)) == 12
    (node,) = (await monitor.get("11/protocols/smb/sessions", lnn="2"))["nodes"]
    assert (node["lnn"], node["id"]) == (2, 5)


async def test_a_host_of_the_lock_manager_is_forgotten_with_its_locks(remediate: Client) -> None:
    host = (await remediate.get("3/protocols/nfs/nlm/sessions"))["clients"][0]
    assert (await remediate.ask("DELETE", f"/platform/3/protocols/nfs/nlm/sessions/{host['id']}")).status == 204
    assert host["hostname"] not in {lock["client"] for lock in (await remediate.get("16/protocols/nfs/locks"))["locks"]}
    assert (await remediate.ask("DELETE", f"/platform/3/protocols/nfs/nlm/sessions/{host['id']}")).status == 404


async def test_a_node_that_is_down_is_missing_where_its_locks_and_sessions_were(monitor: Client, simulator: Simulator) -> None:
    simulator.cluster.power(3, is_up=False)
    assert [node["lnn"] for node in (await monitor.get("11/protocols/smb/sessions", lnn="all"))["nodes"]] == [1, 2, 4]
    assert [error["lnn"] for error in (await monitor.get("16/protocols/nfs/locks"))["errors"]] == [3]
    assert (await monitor.get("16/job/job-summary"))["summary"]["down_or_read_only_nodes"] is True


async def test_evaluations_are_sorted_and_filtered_over_pages(monitor: Client) -> None:
    ids: list[str] = []
    page = await monitor.get(EVALUATIONS, limit=3, sort="start_time", dir="DESC")
    while True:
        ids += [one["id"] for one in page["evaluations"]]
        if page["resume"] is None:
            break
        page = await monitor.get(EVALUATIONS, resume=page["resume"])
    ascending = [one["id"] for one in (await monitor.get(EVALUATIONS))["evaluations"]]
    assert ids == ascending[::-1]
    smb = (await monitor.get(EVALUATIONS, checklist_id="smb", detailed="true"))["evaluations"]
    assert [len(one["details"]) for one in smb] == [2, 2]
    assert (await monitor.ask("GET", f"/platform/{EVALUATIONS}", params={"sort": "mood"})).status == 400
