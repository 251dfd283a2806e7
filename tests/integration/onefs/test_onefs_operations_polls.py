"""The collectors of jobs, checks, licences, services and policies over HTTPS: what they tell is what the cluster is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from mendwatch.errors import AuthenticationFailed, Denied, Unsupported
from mendwatch.model.samples import Reading
from mendwatch.model.targets import Credential, Secret, Target
from mendwatch.provider import Collector
from mendwatch.testing.clock import FakeClock
from mendwatch_onefs.auth_providers import AuthProvidersCollector
from mendwatch_onefs.cloud_pools import CloudPoolsCollector
from mendwatch_onefs.data_mover import DataMoverCollector
from mendwatch_onefs.dedupe import DedupeCollector
from mendwatch_onefs.file_pools import FilePoolsCollector
from mendwatch_onefs.healthchecks import HealthchecksCollector
from mendwatch_onefs.job_engine import JobEngineCollector
from mendwatch_onefs.licences import LicencesCollector
from mendwatch_onefs.nfs_activity import NfsCollector
from mendwatch_onefs.ntp import NtpCollector
from mendwatch_onefs.protocols_services import NodeServicesCollector, ServicesCollector
from mendwatch_onefs.provider import OneFSProvider
from mendwatch_onefs.repairs import RepairsCollector
from mendwatch_onefs.s3_buckets import S3Collector
from mendwatch_onefs.session import OneFSSession
from mendwatch_onefs.smartconnect import SmartConnectCollector
from mendwatch_onefs.smb_activity import SmbCollector
from mendwatch_onefs.upgrade import UpgradeCollector
from mendwatch_onefs_sim.answers import forbidden
from mendwatch_onefs_sim.faults import Fault
from mendwatch_onefs_sim.operations.state import Operations
from mendwatch_onefs_sim.server import Simulator, SimulatorOptions

Open = Callable[..., OneFSSession]
Series = dict[tuple[str, tuple[str, ...]], float]

ALL: tuple[tuple[Collector, str], ...] = (
    (JobEngineCollector(), "job"),
    (HealthchecksCollector(), "healthcheck"),
    (RepairsCollector(), "repair"),
    (LicencesCollector(), "license"),
    (UpgradeCollector(), "upgrade"),
    (AuthProvidersCollector(), "auth"),
    (ServicesCollector(), "protocols"),
    (NodeServicesCollector(), "cluster/services"),
    (SmbCollector(), "protocols/smb"),
    (NfsCollector(), "protocols/nfs"),
    (S3Collector(), "protocols/s3"),
    (NtpCollector(), "protocols/ntp"),
    (SmartConnectCollector(), "network"),
    (DedupeCollector(), "dedupe"),
    (FilePoolsCollector(), "filepool"),
    (CloudPoolsCollector(), "cloud/"),
    (DataMoverCollector(), "datamover"),
)


def _series(reading: Reading) -> Series:
    found = {(sample.metric.removeprefix("powerscale_"), sample.labels): sample.value for sample in reading.each()}
    assert len(found) == reading.size
    return found


@pytest.fixture
def operations(simulator: Simulator) -> Operations:
    """Give what runs on the cluster, to be changed."""
    return simulator.cluster.operations


@pytest.fixture
def session(opened: Open) -> OneFSSession:
    """Give an open session with the cluster."""
    return opened()


def _refuse(simulator: Simulator, area: str, status: int, body: object) -> None:
    """Let an area, and nothing else, answer so."""
    simulator.faults.clear()
    for version in range(1, 24):
        simulator.faults.add(Fault("status", path=f"/platform/{version}/{area}", status=status, body=body, times=None))


async def test_every_collector_gives_declared_metrics_and_meets_nothing_odd(
    session: OneFSSession, clock: FakeClock, simulator: Simulator
) -> None:
    for collector, area in ALL:
        reading = await collector.collect(session, clock.now())
        specs = {spec.name: spec for spec in collector.spec.metrics}
        assert reading.size, collector
        assert not reading.drift, collector
        assert all(len(sample.labels) == len(specs[sample.metric].labels) for sample in reading.each())
        assert reading.complete <= {schema.name for schema in collector.spec.schemas}
        assert any(area in request.path for request in simulator.requests)
    assert {request.status for request in simulator.requests if request.path.startswith("/platform")} == {200}


async def test_a_missing_privilege_is_named(simulator: Simulator, session: OneFSSession, clock: FakeClock) -> None:
    for collector, area in ALL:
        privilege = collector.spec.privileges[0]
        _refuse(simulator, area, 403, forbidden("read", privilege).answer().body)
        with pytest.raises(Denied, match=privilege) as caught:
            await collector.collect(session, clock.now())
        assert privilege in caught.value.hint


async def test_a_cluster_that_does_not_name_the_privilege_is_helped(
    simulator: Simulator, session: OneFSSession, clock: FakeClock
) -> None:
    for collector, area in ALL:
        _refuse(simulator, area, 403, {"errors": [{"code": "AEC_FORBIDDEN", "message": "no"}]})
        with pytest.raises(Denied, match="ISI_PRIV_") as caught:
            await collector.collect(session, clock.now())
        assert any(privilege in caught.value.hint for privilege in collector.spec.privileges), collector


async def test_a_release_with_none_of_the_resources_is_unsupported(
    simulator: Simulator, session: OneFSSession, clock: FakeClock
) -> None:
    for collector, area in ALL:
        _refuse(simulator, area, 404, {"errors": [{"code": "AEC_NOT_FOUND", "message": "Path not found"}]})
        with pytest.raises(Unsupported):
            await collector.collect(session, clock.now())


@pytest.mark.parametrize(("release", "repairs"), [("9.5.0.0", False), ("9.11.0.0", False), ("9.12.0.0", True), ("9.14.0.0", True)])
async def test_every_release_is_read_and_only_since_9_12_there_are_repairs(
    release: str,
    repairs: bool,  # noqa: FBT001
    tmp_path: Path,
    clock: FakeClock,
) -> None:
    async with Simulator(SimulatorOptions(folder=tmp_path / "sim", nodes=3, clock=clock, release=release)) as simulator:
        simulator.cluster.operations.checks.fail("mirror_health", "2")
        simulator.cluster.operations.checks.run("basic", simulator.cluster.elapsed)
        clock.move(60)
        target = Target("c1", "onefs", simulator.url, options={"ca_file": simulator.ca_file})
        session = OneFSProvider(clock=clock).open(target, Credential("monitor", Secret(simulator.accounts["monitor"])))
        try:
            found: Series = {}
            for collector, _ in ALL:
                if isinstance(collector, RepairsCollector) and not repairs:
                    with pytest.raises(Unsupported):
                        await collector.collect(session, clock.now())
                else:
                    found |= _series(await collector.collect(session, clock.now()))
        finally:
            await session.close()
    assert found["healthcheck_item_severity", ("basic", "mirror_health", "2")] == 2.0
    assert (("healthcheck_item_repair_needed", ("basic", "mirror_health", "2")) in found) is repairs
    assert found["job_engine_connected", ()] == 1.0


async def test_a_job_that_somebody_paused_says_since_when(
    operations: Operations, simulator: Simulator, session: OneFSSession, clock: FakeClock
) -> None:
    clock.move(100)
    (job,) = operations.jobs.active()
    operations.jobs.move(job.id, "paused_user", simulator.cluster.elapsed)
    paused_at = clock.now().timestamp()
    clock.move(500)
    labels = (str(job.id), "MediaScan")
    series = _series(await JobEngineCollector().collect(session, clock.now()))
    assert series["job_paused_by_user", labels] == 1.0
    assert series["job_paused_since_timestamp_seconds", labels] == int(paused_at)
    assert series["job_running_seconds", labels] == 86_400 + 100, "a pause is no running"
    operations.jobs.move(job.id, "running", simulator.cluster.elapsed)
    series = _series(await JobEngineCollector().collect(session, clock.now()))
    assert ("job_paused_since_timestamp_seconds", labels) not in series


async def test_flexprotect_lets_others_wait_and_they_go_on_after_it(
    operations: Operations, simulator: Simulator, session: OneFSSession, clock: FakeClock
) -> None:
    (media,) = operations.jobs.active()
    operations.jobs.protect(simulator.cluster.elapsed)
    series = _series(await JobEngineCollector().collect(session, clock.now()))
    assert series["job_engine_protection_jobs", ()] == 1.0
    assert series["job_waiting", (str(media.id), "MediaScan")] == 1.0
    assert series["job_waiting_reason", (str(media.id), "MediaScan", "blocked_by_priority")] == 1.0
    clock.move(7201)
    series = _series(await JobEngineCollector().collect(session, clock.now()))
    assert series["job_engine_protection_jobs", ()] == 0.0
    assert series["job_type_last_succeeded", ("FlexProtect",)] == 1.0
    assert series["job_running", (str(media.id), "MediaScan")] == 1.0


async def test_an_engine_that_lost_nodes_counts_them(operations: Operations, session: OneFSSession, clock: FakeClock) -> None:
    operations.jobs.disconnect([5, 3])
    operations.jobs.degraded = True
    series = _series(await JobEngineCollector().collect(session, clock.now()))
    assert series["job_engine_connected", ()] == 0.0
    assert series["job_engine_disconnected_nodes", ()] == 2.0
    assert series["job_engine_cluster_degraded", ()] == 1.0


async def test_a_check_that_fails_is_repaired_and_passes(
    operations: Operations, simulator: Simulator, session: OneFSSession, clock: FakeClock
) -> None:
    operations.checks.fail("smb_service_status")
    operations.checks.run("smb", simulator.cluster.elapsed)
    labels = ("smb", "smb_service_status", "cluster")
    series = _series(await HealthchecksCollector().collect(session, clock.now()))
    assert series["healthcheck_state", ("smb", "queued")] == 1.0
    assert series["healthcheck_passed", ("smb",)] == 1.0, "the last one that completed"
    clock.move(60)
    series = _series(await HealthchecksCollector().collect(session, clock.now()))
    assert series["healthcheck_passed", ("smb",)] == 0.0
    assert series["healthcheck_item_repair_needed", labels] == 1.0
    operations.repairs.ask("smb_service_status", "x", simulator.cluster.elapsed)
    clock.move(60)
    series = _series(await HealthchecksCollector().collect(session, clock.now()))
    assert series["healthcheck_item_repair_state", (*labels, "passed")] == 1.0
    assert series["healthcheck_passed", ("smb",)] == 1.0, "repaired"
    assert _series(await RepairsCollector().collect(session, clock.now()))["repair_item_passed", ("smb_service_status",)] == 1.0


async def test_evaluations_are_asked_for_newest_first_and_only_so_far(
    operations: Operations, simulator: Simulator, session: OneFSSession, clock: FakeClock
) -> None:
    for number in range(700):
        operations.checks.run("basic", -70_000.0 + number)
    operations.checks.fail("mirror_health", "1", "WARNING")
    newest = operations.checks.run("basic", -100.0)
    reading = await HealthchecksCollector().collect(session, clock.now())
    series = _series(reading)
    assert series["healthcheck_evaluations_truncated", ()] == 1.0
    assert series["healthcheck_start_timestamp_seconds", ("basic",)] == simulator.cluster.epoch(newest.started)
    assert series["healthcheck_items", ("basic", "warning")] == 1.0
    assert not reading.complete, "older checklists were not read"
    asked = [parse_qs(request.query) for request in simulator.requests if request.path.endswith("healthcheck/evaluations")]
    assert len(asked) == 5
    assert asked[0] == {"limit": ["100"], "sort": ["start_time"], "dir": ["DESC"]}


async def test_a_release_that_cannot_sort_evaluations_is_asked_without(
    simulator: Simulator, session: OneFSSession, clock: FakeClock
) -> None:
    body = {"errors": [{"code": "AEC_BAD_REQUEST", "message": "Cannot sort", "field": "sort"}]}
    simulator.faults.add(Fault("status", path="/platform/23/healthcheck/evaluations", status=400, body=body))
    series = _series(await HealthchecksCollector().collect(session, clock.now()))
    assert series["healthcheck_passed", ("basic",)] == 1.0


async def test_licences_end_run_out_and_are_perpetual(operations: Operations, session: OneFSSession, clock: FakeClock) -> None:
    today = clock.now().date()
    operations.licences.end_on("SYNCIQ", today + timedelta(days=7))
    operations.licences.end_on("SMARTDEDUPE", today - timedelta(days=3))
    series = _series(await LicencesCollector().collect(session, clock.now()))
    assert series["licence_remaining_seconds", ("SYNCIQ",)] == 7 * 86_400
    assert series["licence_expiring_alert", ("SYNCIQ",)] == 1.0
    assert series["licence_state", ("SMARTDEDUPE", "evaluation_expired")] == 1.0
    assert series["licence_remaining_seconds", ("SMARTDEDUPE",)] == -3 * 86_400
    assert ("licence_remaining_seconds", ("SMARTQUOTAS",)) not in series
    assert series["licence_active", ("HDFS",)] == 0.0


async def test_a_licence_ends_in_the_time_zone_of_the_cluster(
    operations: Operations, simulator: Simulator, session: OneFSSession, clock: FakeClock
) -> None:
    day = clock.now().date() + timedelta(days=7)
    operations.licences.end_on("SYNCIQ", day)
    config = {"name": "c", "timezone": {"path": "America/New_York"}}
    simulator.faults.add(Fault("status", path="/platform/3/cluster/config", status=200, body=config))
    series = _series(await LicencesCollector().collect(session, clock.now()))
    ends = (day - clock.now().date().replace(year=1970, month=1, day=1)).days + 1
    assert series["licence_expiry_timestamp_seconds", ("SYNCIQ",)] == ends * 86_400 + 5 * 3600


async def test_a_licence_is_told_even_if_the_account_may_not_ask_for_the_time_zone(
    simulator: Simulator, session: OneFSSession, clock: FakeClock
) -> None:
    _refuse(simulator, "cluster/config", 403, forbidden("read", "ISI_PRIV_CLUSTER").answer().body)
    series = _series(await LicencesCollector().collect(session, clock.now()))
    assert series["licence_active", ("SYNCIQ",)] == 1.0
    assert not any(name == "licence_expiry_timestamp_seconds" for name, _ in series)


async def test_an_upgrade_is_not_committed_until_it_is(
    operations: Operations, simulator: Simulator, session: OneFSSession, clock: FakeClock
) -> None:
    async def committed() -> float:
        return _series(await UpgradeCollector().collect(session, clock.now()))["upgrade_committed", ()]

    assert await committed() == 1.0
    operations.upgrades.begin("9.13.0.0", simulator.cluster.elapsed)
    operations.upgrades.progress(1)
    series = _series(await UpgradeCollector().collect(session, clock.now()))
    assert series["upgrade_committed", ()] == 0.0
    assert series["upgrade_nodes", ("upgraded",)] == 1.0
    assert series["upgrade_info", ("9.12.0.0", "9.13.0.0", "upgrade")] == 1.0
    assert series["upgrade_start_timestamp_seconds", ()] == int(clock.now().timestamp())
    operations.upgrades.fail()
    series = _series(await UpgradeCollector().collect(session, clock.now()))
    assert (series["upgrade_error", ()], series["upgrade_committed", ()]) == (1.0, 0.0)
    operations.upgrades.finish(4)
    assert await committed() == 0.0
    operations.upgrades.commit()
    assert await committed() == 1.0


async def test_an_active_directory_that_is_offline_has_no_servers(
    operations: Operations, session: OneFSSession, clock: FakeClock
) -> None:
    operations.auth_providers.set("EXAMPLE.COM", "offline")
    series = _series(await AuthProvidersCollector().collect(session, clock.now()))
    assert series["auth_provider_online", ("EXAMPLE.COM", "ads", "groupnet0")] == 0.0
    assert series["auth_provider_connections", ("EXAMPLE.COM", "ads", "groupnet0")] == 0.0
    assert series["auth_provider_online", ("ldap-corp", "ldap", "groupnet0")] == 1.0


async def test_a_service_that_is_off_is_off_on_every_node_and_has_no_sessions(
    operations: Operations, session: OneFSSession, clock: FakeClock
) -> None:
    operations.services.switch("smb", on=False)
    operations.services.broken.add((3, "nfs"))
    assert _series(await ServicesCollector().collect(session, clock.now()))["service_enabled", ("smb",)] == 0.0
    nodes = _series(await NodeServicesCollector().collect(session, clock.now()))
    assert {labels[0] for _, labels in nodes if labels[1:] == ("smb", "stopped")} == {"1", "2", "3", "4"}
    assert {labels[0] for _, labels in nodes if labels[1:] == ("nfs", "stopped")} == {"3"}
    series = _series(await SmbCollector().collect(session, clock.now()))
    assert {value for (name, _), value in series.items() if name == "smb_sessions"} == {0.0}


async def test_a_file_that_is_locked_for_long_is_seen_without_a_name(
    operations: Operations, simulator: Simulator, session: OneFSSession, clock: FakeClock
) -> None:
    stuck = operations.smb.connect(1, "canary-user@example.com", "10.9.9.9", simulator.cluster.elapsed)
    operations.smb.open_file(stuck.id, "/ifs/data/budget.xlsx", locks=2)
    clock.move(900)
    reading = await SmbCollector().collect(session, clock.now())
    series = _series(reading)
    assert series["smb_open_files_locked", ()] == 1.0
    assert series["smb_open_files", ()] == 4.0
    assert series["smb_sessions", ("1",)] == 4.0
    assert series["smb_session_idle_max_seconds", ("1",)] == 4500.0
    assert not any(word in str(reading) for word in ("canary", "10.9.9.9", "budget"))


async def test_a_hundred_thousand_open_files_are_not_all_read(
    operations: Operations, simulator: Simulator, session: OneFSSession, clock: FakeClock
) -> None:
    held = operations.smb.sessions()[0].id
    for number in range(11_000):
        operations.smb.open_file(held, f"/ifs/data/{number}")
    series = _series(await SmbCollector().collect(session, clock.now()))
    assert series["smb_open_files_truncated", ()] == 1.0
    assert series["smb_open_files", ()] == 11_003.0, "the cluster's own count"
    assert ("smb_open_files_locked", ()) not in series
    assert sum(request.path.endswith("/smb/openfiles") for request in simulator.requests) == 10


async def test_stale_locks_of_hosts_that_are_gone_are_seen(
    operations: Operations, simulator: Simulator, session: OneFSSession, clock: FakeClock
) -> None:
    host = operations.nfs.know("gone.example.com", "10.9.9.8", error="RPC: timed out")
    operations.nfs.lock(host.hostname, "/ifs/data/x", simulator.cluster.elapsed - 90_000)
    series = _series(await NfsCollector().collect(session, clock.now()))
    assert series["nfs_lock_sessions_failing", ()] == 1.0
    assert series["nfs_locks", ()] == 3.0
    assert series["nfs_lock_oldest_timestamp_seconds", ()] == int(clock.now().timestamp()) - 90_000


async def test_what_is_put_where_and_saved_is_what_the_cluster_holds(
    operations: Operations, simulator: Simulator, session: OneFSSession, clock: FakeClock
) -> None:
    operations.dedupe.saved = 1000
    operations.file_policies.disable("media-to-cloud", "The pool is gone")
    operations.cloud.lose("cloud-account-1")
    operations.cloud.run("archive", "running", simulator.cluster.elapsed, files=10, failed=4)
    operations.data_mover.run(21, "failed", simulator.cluster.elapsed, ("No route to host",))
    operations.data_mover.disable(22)
    found: Series = {}
    for collector in (DedupeCollector(), FilePoolsCollector(), CloudPoolsCollector(), DataMoverCollector(), S3Collector()):
        found |= _series(await collector.collect(session, clock.now()))
    assert found["dedupe_saved_logical_bytes", ()] == 8_192_000.0
    assert found["file_pool_policy_ok", ("media-to-cloud",)] == 0.0
    assert found["cloud_account_ok", ("cloud-account-1",)] == 0.0
    assert found["cloud_jobs", ("running",)] == 2.0
    assert found["cloud_jobs_failed_files", ()] == 4.0
    assert found["datamover_policy_job_failed", ("copy-home",)] == 1.0
    assert found["datamover_policy_disabled_by_system", ("expire-old",)] == 1.0
    assert found["s3_buckets", ()] == 2.0


async def test_a_wrong_password_stops_every_collector(opened: Open, clock: FakeClock) -> None:
    session = opened(password="wrong")
    for collector, _ in ALL:
        with pytest.raises(AuthenticationFailed):
            await collector.collect(session, clock.now())
