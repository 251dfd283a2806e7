"""Incidents by name: each is mended by the right write, ends when it is told to, and refuses what makes no sense."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from simulated import Asked

from mendwatch.errors import UserError
from mendwatch.testing.clock import FakeClock
from mendwatch_onefs_sim.cluster import Cluster
from mendwatch_onefs_sim.hardware import make_hardware
from mendwatch_onefs_sim.incidents.arguments import FLAG, NODES, NUMBER, TEXT, WHOLE, Argument
from mendwatch_onefs_sim.incidents.incident import Incident
from mendwatch_onefs_sim.incidents.registry import INCIDENTS, begin, end, listed

POOL = "3/network/groupnets/groupnet0/subnets/subnet0/pools/pool0"


class World(Asked):
    """A cluster on virtual time that is asked as an account that may do everything."""

    def __init__(self, nodes: int = 4) -> None:
        self.clock = FakeClock()
        super().__init__(Cluster(make_hardware(nodes, 1, "c"), self.clock))

    def begin(self, name: str, /, **arguments: object) -> Incident:
        return begin(self.cluster, name, arguments)

    def move(self, seconds: float, step: float = 100.0) -> None:
        """Let time pass on a cluster that is asked now and then."""
        until = self.clock.monotonic() + seconds
        while self.clock.monotonic() < until:
            self.clock.move(min(step, until - self.clock.monotonic()))
            self.cluster.settle()

    def write(self, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401 - JSON
        status, answer = self.answer(method, path, body)
        assert status in {200, 201, 204}, (path, status, answer)
        return answer

    def newest(self) -> Incident:
        self.cluster.settle()
        return self.cluster.incidents[-1]

    def groups(self, incident: Incident) -> list[dict[str, Any]]:
        return [self.get(f"19/event/eventgroup-occurrences/{key}")["eventgroups"][0] for key in incident.events]

    def stat(self, key: str, devid: str = "0") -> Any:  # noqa: ANN401 - JSON
        (stat,) = self.get("1/statistics/current", keys=key, devid=devid, degraded="true")["stats"]
        return stat["value"]

    def drive(self, lnn: int = 2, bay: int = 4) -> str:
        return str(self.get(f"16/cluster/nodes/{lnn}/drives/{bay}")["nodes"][0]["drives"][0]["ui_state"])

    def job(self, kind: str) -> dict[str, Any]:
        (job,) = [job for job in self.get("10/job/jobs")["jobs"] if job["type"] == kind]
        return dict(job)


@pytest.fixture
def world() -> World:
    return World()


Repair = Callable[[World], object]


def _quota(world: World) -> None:
    quota = next(quota for quota in world.cluster.quotas.all() if quota.path == world.newest().subject)
    world.write("PUT", f"15/quota/quotas/{quota.id}", {"thresholds": {"hard": 2 * (quota.limits.hard or 0)}})


def _tree_delete(world: World) -> None:
    world.write("POST", "10/job/jobs", {"type": "TreeDelete", "paths": ["/ifs/data/scratch"]})
    world.move(700)


def _run(kind: str) -> Repair:
    return lambda world: world.write("PUT", f"10/job/jobs/{world.job(kind)['id']}", {"state": "run"})


def _sync(world: World) -> None:
    world.write("POST", "15/sync/jobs", {"id": "projects-to-dr"})
    world.move(300)


def _enable(world: World) -> None:
    world.write("PUT", "15/sync/policies/projects-to-dr", {"enabled": True})
    world.move(300)


def _replace_drive(world: World) -> None:
    assert world.drive() == "SMARTFAIL"
    world.move(7300)
    assert world.drive() == "REPLACE"
    world.write("POST", "3/cluster/nodes/2/drives/4/add")
    assert world.drive() == "PREPARING"
    world.move(200)


def _certificate(world: World) -> None:
    body = {"certificate_path": "/ifs/new.crt", "certificate_key_path": "/ifs/new.key", "name": "renewed"}
    made = world.write("POST", "4/certificate/server", body)
    (old,) = [one for one in world.get("4/certificate/server")["certificates"] if one["id"] != made["id"]]
    world.write("PUT", "7/certificate/settings", {"default_https_certificate": made["id"]})
    world.write("DELETE", f"4/certificate/server/{old['id']}")


def _limit(world: World) -> None:
    made = world.write("POST", "19/performance/datasets", {"name": "hosts", "metrics": ["remote_address"]})
    pinned = {"metric_values": {"remote_address": "10.20.0.250"}, "limits": {"protocol_ops": 500}}
    world.write("POST", f"19/performance/datasets/{made['id']}/workloads", pinned)


def _close_file(world: World) -> None:
    (file,) = [one for one in world.get("1/protocols/smb/openfiles")["openfiles"] if one["locks"]]
    world.write("DELETE", f"1/protocols/smb/openfiles/{file['id']}")


def _close_session(world: World) -> None:
    sessions = world.get("11/protocols/smb/sessions", lnn="1")["nodes"][0]["sessions"]
    (idle,) = [one for one in sessions if one["user"] == "EXAMPLE\\carol"]
    world.write("DELETE", f"11/protocols/smb/sessions/{idle['id']}")


def _forget_host(world: World) -> None:
    (host,) = [one for one in world.get("3/protocols/nfs/nlm/sessions")["clients"] if "notify_error" in one]
    world.write("DELETE", f"3/protocols/nfs/nlm/sessions/{host['id']}")


def _repair(world: World) -> None:
    world.write("POST", "23/repair/requests", {"source_type": "HEALTHCHECK", "item_id": "mirror_health"})
    world.move(60)


def _power(*nodes: int) -> Repair:
    return lambda world: [world.cluster.power(lnn, is_up=True) for lnn in nodes]


def _write(method: str, path: str, body: object = None) -> Repair:
    return lambda world: world.write(method, path, body)


#: What mends each incident. Those that nobody can mend by a request are ended by whoever stands beside the cluster.
REPAIRS: Mapping[str, Repair] = {
    "quota-fill": _quota,
    "pool-fill": _tree_delete,
    "snapshots-expired": _write("PUT", "1/snapshot/settings", {"autodelete": True}),
    "snapshot-delete-stuck": _run("SnapshotDelete"),
    "synciq-failing": _sync,
    "synciq-rpo": _enable,
    "synciq-service-off": _write("PUT", "22/sync/settings", {"service": "on"}),
    "node-down": _power(2),
    "cluster-split": _power(3, 4),
    "node-read-only": _write("PUT", "3/cluster/nodes/2/state/readonly", {"enabled": False}),
    "node-slow": _write("POST", "5/cluster/nodes/2/reboot"),
    "node-hung": _write("POST", "5/cluster/nodes/2/reboot"),
    "job-engine-stuck": _write("POST", "5/cluster/nodes/2/reboot"),
    "job-paused": _run("MediaScan"),
    "drive-failed": _replace_drive,
    "drive-slow": _write("POST", "3/cluster/nodes/2/drives/4/smartfail"),
    "smb-service-off": _write("PUT", "17/protocols/smb/settings/global", {"service": True}),
    "nfs-service-off": _write("PUT", "19/protocols/nfs/settings/global", {"service": True}),
    "s3-service-off": _write("PUT", "10/protocols/s3/settings/global", {"service": True}),
    "smb-file-stuck": _close_file,
    "nfs-locks-stale": _forget_host,
    "hot-client": _limit,
    "certificate-expiring": _certificate,
    "clock-skew": _write("POST", "3/protocols/ntp/servers", {"name": "ntp9.example.com"}),
    "smartconnect-suspended": _write("POST", f"{POOL}/sc-resume-nodes", {"lnn": [2]}),
    "healthcheck-failed": _repair,
    "events-storm": _write("PUT", "19/event/eventgroup-occurrences", {"resolved": True}),
    "session-revoked": lambda world: world.move(200),
}
OUTSIDE = {
    "ad-offline", "battery-failed", "cloud-offline", "interface-down", "licence-expiring", "psu-failed",
    "upgrade-stuck", "var-full",
}  # fmt: skip


def test_it_is_known_of_every_incident_what_mends_it() -> None:
    assert set(REPAIRS) | OUTSIDE == set(INCIDENTS)
    assert not set(REPAIRS) & OUTSIDE
    assert {name for name, kind in INCIDENTS.items() if "DELETE /incidents" in kind.repair} == OUTSIDE | {"session-revoked"}


@pytest.mark.parametrize("name", sorted(REPAIRS))
def test_the_right_write_mends_an_incident(world: World, name: str) -> None:
    world.move(50)
    world.begin(name)
    world.move(80)
    assert name == "session-revoked" or world.newest().ended is None
    REPAIRS[name](world)
    mended = world.newest()
    assert mended.ended is not None
    groups = world.groups(mended)
    by_people = name == "events-storm"
    assert [group["resolved"] for group in groups] == [name != "quota-fill"] * len(groups)
    assert {group["resolver"] == "USER" for group in groups if group["resolved"]} <= {by_people}


@pytest.mark.parametrize("name", sorted(INCIDENTS))
def test_an_incident_can_be_ended_and_begun_again(world: World, name: str) -> None:
    world.move(50)
    for _ in range(2):
        world.begin(name)
        world.move(20)
        (ended,) = end(world.cluster, name)
        assert ended.ended == world.clock.monotonic()
        assert name == "quota-fill" or all(group["resolved"] for group in world.groups(ended))
    with pytest.raises(UserError, match="under way"):
        end(world.cluster, name)
    assert len(world.cluster.incidents) == 2
    assert world.stat("cluster.health") in {0, 1}


@pytest.mark.parametrize("name", sorted(set(INCIDENTS) - {"session-revoked"}))
def test_an_incident_ends_by_itself_after_the_time_that_it_was_given(world: World, name: str) -> None:
    world.begin(name, lasts=90)
    world.move(89)
    assert world.newest().ended is None
    world.move(1)
    assert world.newest().ended == 90


def test_the_same_incident_again_is_another_event_of_its_group(world: World) -> None:
    first = world.begin("psu-failed")
    again = world.begin("psu-failed")
    other = world.begin("psu-failed", supply=2)
    assert first.events == again.events != other.events
    assert [group["event_count"] for group in world.groups(again)] == [2]
    assert [one.subject for one in world.cluster.incidents] == ["node 2 PS1", "node 2 PS2"]
    assert {one.subject for one in end(world.cluster, "psu-failed")} == {"node 2 PS1", "node 2 PS2"}
    assert world.stat("node.health", "5") == 0


def test_a_failed_drive_is_protected_while_other_jobs_wait(world: World) -> None:
    world.begin("drive-failed")
    assert world.get("16/job/job-summary")["summary"]["cluster_is_degraded"] is True
    assert (world.job("MediaScan")["state"], world.job("FlexProtect")["state"]) == ("waiting", "running")
    world.move(7300)
    assert world.get("16/job/job-summary")["summary"]["cluster_is_degraded"] is False
    assert world.job("MediaScan")["state"] == "running"
    (pool,) = world.get("16/storagepool/nodepools")["nodepools"]
    assert pool["health_flags"] == ["missing_drives", "waiting_repair"]
    rows = world.get("3/statistics/summary/drive")["drive"]
    assert "2:4" not in {row["drive_id"] for row in rows}


def test_a_drive_that_a_remediation_removes_is_protected_too(world: World) -> None:
    world.write("POST", "3/cluster/nodes/3/drives/1/smartfail")
    assert world.job("FlexProtect")["state"] == "running"
    world.write("POST", "3/cluster/nodes/3/drives/1/stopfail")
    assert world.get("16/job/job-summary")["summary"]["cluster_is_degraded"] is False


def test_a_cancelled_flexprotect_starts_again(world: World) -> None:
    world.begin("drive-failed")
    first = world.job("FlexProtect")["id"]
    world.write("PUT", f"10/job/jobs/{first}", {"state": "cancel"})
    assert world.job("FlexProtect")["id"] != first


def test_jobs_wait_while_a_node_is_down_and_go_on_afterwards(world: World) -> None:
    world.move(50)
    world.begin("node-down")
    assert world.job("MediaScan")["state"] == "paused_system"
    end(world.cluster, "node-down")
    assert world.job("MediaScan")["state"] == "running"


def test_expired_snapshots_go_when_the_cluster_may_delete_them(world: World) -> None:
    world.begin("snapshots-expired", count=7)
    world.move(1000)
    assert len([one for one in world.cluster.snapshots.all() if one.path == "/ifs/data/scratch"]) == 7
    REPAIRS["snapshots-expired"](world)
    assert world.job("SnapshotDelete")["state"] == "running"
    assert world.get("1/snapshot/snapshots-summary")["summary"]["deleting_count"] == 7
    world.move(400)
    assert world.get("1/snapshot/snapshots-summary")["summary"]["deleting_count"] == 0


def test_a_policy_in_conflict_runs_only_after_it_was_reset(world: World) -> None:
    world.begin("synciq-failing", conflict=True, seconds=10)
    world.move(20)
    assert world.answer("POST", "15/sync/jobs", {"id": "projects-to-dr"})[0] == 400
    world.write("POST", "15/sync/policies/projects-to-dr/reset")
    assert world.newest().ended is None, "what failed is failed until a job succeeds"
    _sync(world)
    assert world.newest().ended is not None


def test_a_retry_while_the_cause_lasts_fails_as_well(world: World) -> None:
    world.begin("synciq-failing", seconds=1000)
    _sync(world)
    assert world.newest().ended is None
    reports = world.get("15/sync/reports", policy_name="projects-to-dr", reports_per_policy="9")["reports"]
    assert [report["state"] for report in reports] == ["finished", "failed", "failed"]


def test_what_the_system_made_read_only_nobody_ends_by_a_request(world: World) -> None:
    world.begin("node-read-only", by_system=True)
    REPAIRS["node-read-only"](world)
    assert world.newest().ended is None
    end(world.cluster, "node-read-only")
    assert world.newest().ended is not None


def test_the_file_of_a_sleeping_client_is_closed_with_its_session(world: World) -> None:
    world.begin("smb-file-stuck")
    _close_session(world)
    assert world.newest().ended is not None


def test_statistics_that_nobody_polls_follow_too(world: World) -> None:
    world.begin("interface-down", interface="ext-2")
    assert [world.stat(f"node.net.iface.status.{number}", "5") for number in range(4)] == [1, 0, 1, 1]
    assert world.stat("node.net.iface.bytes.in.rate.1", "5") == 0
    assert world.stat("cluster.alert.info") == {"critical": 1, "emergency": 0}
    world.begin("var-full", lnn=3)
    shares = [world.stat(f"node.sysfs.var.percent.{part}", "3") for part in ("used", "free")]
    assert shares == [pytest.approx(96), pytest.approx(4)]
    assert world.stat("node.sysfs.var.bytes.used", "3") == int(0.96 * 4 * 2**30)
    end(world.cluster, "var-full")
    assert world.stat("node.sysfs.var.percent.used", "3") < 50
    world.begin("smb-service-off")
    assert {entry["op_rate"] for entry in world.stat("cluster.protostats.smb2")} == {0.0}
    assert min(entry["op_rate"] for entry in world.stat("cluster.protostats.nfs")) > 0


def test_a_pool_of_several_fills_alone_and_all_figures_agree() -> None:
    world = World(8)
    pools = [pool.name for pool in world.cluster.storage.pools]
    world.begin("pool-fill", pool=pools[1], share=0.9, seconds=100)
    world.move(50)
    half = {pool["name"]: float(pool["usage"]["used_bytes"]) for pool in world.get("16/storagepool/nodepools")["nodepools"]}
    world.move(300)
    full = {pool["name"]: float(pool["usage"]["used_bytes"]) for pool in world.get("16/storagepool/nodepools")["nodepools"]}
    sizes = {pool.name: pool.size for pool in world.cluster.storage.pools}
    assert full[pools[1]] / sizes[pools[1]] == pytest.approx(0.9)
    assert 0.57 < half[pools[1]] / sizes[pools[1]] < 0.8
    assert full[pools[0]] / sizes[pools[0]] == pytest.approx(0.57, abs=0.01)
    assert sum(full.values()) == pytest.approx(world.stat("ifs.bytes.used"), rel=1e-6)


def test_a_clock_that_goes_wrong_changes_nothing_that_was_noted_before(world: World) -> None:
    before = world.job("MediaScan")["create_time"]
    world.move(10)
    world.begin("clock-skew", seconds=-500)
    assert world.job("MediaScan")["create_time"] == before
    times = [node["time"] for node in world.get("3/cluster/time")["nodes"]]
    assert times == [int(world.clock.now().timestamp()) - 500] * 4


def test_one_clock_alone_can_be_wrong(world: World) -> None:
    world.begin("clock-skew", seconds=30, lnn=3)
    now = int(world.clock.now().timestamp())
    assert [node["time"] - now for node in world.get("3/cluster/time")["nodes"]] == [0, 0, 30, 0]
    assert world.newest().subject == "clock of node 3"


def test_the_cluster_goes_the_same_way_every_time() -> None:
    told = []
    for world in (World(), World()):
        for name in ("drive-failed", "pool-fill", "synciq-failing", "events-storm"):
            world.begin(name)
        world.move(500)
        told.append(
            [world.get("19/event/eventgroup-occurrences", limit="500"), world.get("10/job/jobs"), world.stat("node.load.1min")]
        )
    assert told[0] == told[1]


WRONG: Mapping[str, tuple[object, ...]] = {
    NUMBER: ("soon", True, -1e9, float("inf"), [1]),
    WHOLE: (1.5, "two", True, -5, [1]),
    TEXT: ("", 5, ["a"]),
    FLAG: ("yes", 1),
    NODES: ([], ["one"], [True], 3),
}
EVERY = [(name, argument) for name, kind in INCIDENTS.items() for argument in kind.arguments]


@pytest.mark.parametrize(("name", "argument"), EVERY, ids=lambda value: value if isinstance(value, str) else value.name)
def test_an_argument_of_another_type_is_refused_and_nothing_happens(world: World, name: str, argument: Argument) -> None:
    events = len(world.cluster.events.all())
    for value in WRONG[argument.kind]:
        with pytest.raises(UserError) as refused:
            world.begin(name, **{argument.name: value})
        assert refused.value.hint
    assert (world.cluster.incidents, len(world.cluster.events.all())) == ([], events)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("earthquake", {}),
        ("node-down", {"lnn": 9}),
        ("node-down", {"node": 2}),
        ("cluster-split", {"lnns": [2]}),
        ("cluster-split", {"lnns": [1, 2, 3, 4]}),
        ("drive-failed", {"bay": 99}),
        ("psu-failed", {"supply": 3}),
        ("var-full", {"share": 0.2}),
        ("pool-fill", {"share": 0.3}),
        ("pool-fill", {"pool": "nowhere"}),
        ("synciq-failing", {"policy": "nothing"}),
        ("synciq-rpo", {"policy": "media-once"}),
        ("synciq-service-off", {"state": "on"}),
        ("job-paused", {"type": "TreeDelete"}),
        ("licence-expiring", {"licence": "FLIGHT"}),
        ("certificate-expiring", {"name": "nobody"}),
        ("interface-down", {"interface": "mgmt-1"}),
        ("smartconnect-suspended", {"pool": "pool7"}),
        ("ad-offline", {"domain": "System"}),
        ("cloud-offline", {"account": "none"}),
        ("upgrade-stuck", {"release": "newest"}),
        ("quota-fill", {"path": "/ifs/nowhere"}),
        ("quota-fill", {"lasts": 0}),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_hint(world: World, name: str, arguments: dict[str, object]) -> None:
    events = len(world.cluster.events.all())
    with pytest.raises(UserError) as refused:
        world.begin(name, **arguments)
    assert refused.value.hint
    assert (world.cluster.incidents, len(world.cluster.events.all())) == ([], events)


def test_the_last_node_does_not_go_down() -> None:
    world = World(1)
    for name in ("node-down", "cluster-split"):
        with pytest.raises(UserError):
            world.begin(name)


def test_a_cluster_of_one_node_has_all_other_incidents() -> None:
    for name in sorted(set(INCIDENTS) - {"node-down", "cluster-split"}):
        world = World(1)
        world.begin(name)
        world.move(30)
        end(world.cluster, name)


def test_every_incident_is_described() -> None:
    described = {one["name"]: one for one in listed()}
    assert set(described) == set(INCIDENTS)
    for one in described.values():
        assert str(one["words"]).endswith("."), one
        assert one["repair"], one
    assert all(argument.words for _, argument in EVERY)
