"""The summaries tell what the statistics tell: system, protocols, drives, clients, heat and workloads are parts of one whole."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from simulated import Asked, make_cluster

from mendwatch.testing.clock import FakeClock
from mendwatch_onefs_sim.cluster import Cluster
from mendwatch_onefs_sim.hardware import make_hardware
from mendwatch_onefs_sim.incidents.registry import begin
from mendwatch_onefs_sim.summaries.protocols import SHOWN

Json = Any

#: What is wrong meanwhile; seconds from the start at which it is looked at, whatever the sampling.
STATES: Mapping[str, Mapping[str, Mapping[str, object]]] = {
    "quiet": {},
    "hot": {"hot-client": {}},
    "hot over SMB": {"hot-client": {"protocol": "smb2", "rate": 3000.0}},
    "slow and dark": {"drive-slow": {}, "interface-down": {}},
    "without NFS": {"nfs-service-off": {}},
    "drive gone": {"drive-failed": {}},
    "filling": {"pool-fill": {}},
}
MOMENTS = (0.0, 37.3, 451.9, 3601.2, 90_000.0)
#: Size, nodes that are down, and what is wrong.
SIZES = ((1, frozenset[int]()), (4, frozenset({4})), (4, frozenset[int]()))
CASES = [
    *((nodes, down, state) for nodes, down in SIZES for state in STATES if nodes > 1 or state == "quiet"),
    (252, frozenset({17}), "hot"),
]


def identity(case: tuple[int, frozenset[int], str]) -> str:
    return f"{case[0]} nodes, {len(case[1])} down, {case[2]}"


class World:
    """One cluster, at one moment after another."""

    def __init__(self, nodes: int, down: frozenset[int], state: str) -> None:
        self.clock = FakeClock()
        self.cluster = Cluster(make_hardware(nodes, 1, "c", down), self.clock)
        self.asked = Asked(self.cluster)
        for name, arguments in STATES[state].items():
            begin(self.cluster, name, arguments)

    def moments(self) -> Iterator[float]:
        for moment in MOMENTS if len(self.cluster.hardware.nodes) < 100 else MOMENTS[1:3]:
            self.clock.move(moment - self.clock.monotonic())
            yield moment

    def summary(self, kind: str, **query: str) -> list[Json]:
        return self.asked.get(f"10/statistics/summary/{kind}", degraded="true", **query)[kind]  # type: ignore[no-any-return]

    def stat(self, key: str) -> dict[int, Json]:
        """Give the values of a key by logical node number; 0 is the cluster. Nodes that give none are left out."""
        stats = self.asked.get("1/statistics/current", key=key, devid="all", degraded="true", show_nodes="true")["stats"]
        return {one["node"]: one["value"] for one in stats if one["value"] is not None}


Amounts = dict[Any, dict[str, float]]


@pytest.fixture(params=CASES, ids=identity)
def world(request: pytest.FixtureRequest) -> World:
    return World(*request.param)


def close(value: float) -> Any:  # noqa: ANN401 - pytest's own
    return pytest.approx(value, rel=1e-9, abs=1e-6)


def grouped(rows: list[Json], key: Callable[[Json], object], fields: tuple[str, ...]) -> Amounts:
    found: Amounts = defaultdict(lambda: dict.fromkeys(fields, 0.0))
    for row in rows:
        for field in fields:
            found[key(row)][field] += row[field]
    return found


def test_the_row_of_the_system_is_what_the_keys_of_the_cluster_say(world: World) -> None:
    for _ in world.moments():
        (row,) = world.summary("system")
        assert row["cpu"] == close((1000 - world.stat("cluster.cpu.idle.avg")[0]) / 10)
        for field, key in (
            ("net_in", "cluster.net.ext.bytes.in.rate"),
            ("net_out", "cluster.net.ext.bytes.out.rate"),
            ("disk_in", "cluster.disk.bytes.in.rate"),
            ("disk_out", "cluster.disk.bytes.out.rate"),
        ):
            assert row[field] == close(world.stat(key)[0]), field
        for field, protocols in (("nfs", ("nfs", "nfs4")), ("smb", ("cifs", "smb2")), ("http", ("http",)), ("ftp", ("ftp",))):
            totals = [world.stat(f"cluster.protostats.{protocol}.total")[0][0] for protocol in protocols]
            assert row[field] == close(sum(one["in_rate"] + one["out_rate"] for one in totals)), field
        assert row["total"] == close(sum(row[name] for name in ("nfs", "smb", "s3", "hdfs", "http", "ftp")))


def test_the_rows_of_the_nodes_are_what_their_own_keys_say_and_make_the_row_of_all(world: World) -> None:
    for _ in world.moments():
        every, *nodes = world.summary("system", nodes="all")
        assert [row["node"] for row in nodes] == [str(node.lnn) for node in world.cluster.hardware.up]
        idle, sent = world.stat("node.cpu.idle.avg"), world.stat("node.net.ext.bytes.out.rate")
        assert {int(row["node"]): row["cpu"] for row in nodes} == close({lnn: (1000 - one) / 10 for lnn, one in idle.items()})
        assert {int(row["node"]): row["net_out"] for row in nodes} == close(sent)
        for field in set(every) - {"cpu", "node", "time"}:
            assert every[field] == close(sum(row[field] for row in nodes)), field


def test_the_operations_of_every_protocol_are_those_of_the_nodes_and_of_the_cluster(world: World) -> None:
    fields = ("operation_rate", "in", "out")
    for _ in world.moments():
        rows = world.summary("protocol", protocols="all", zero="true")
        of_node = grouped(rows, lambda row: (row["protocol"], row["node"], row["operation"]), fields)
        of_all = grouped(rows, lambda row: (row["protocol"], row["operation"]), fields)
        for shown, protocol in SHOWN.items():
            if protocol != "s3":  # no key tells of it
                nodes, every = world.stat(f"node.protostats.{protocol}"), world.stat(f"cluster.protostats.{protocol}")[0]
                told = {(shown, lnn, entry["op_name"]): amounts(entry) for lnn, entries in nodes.items() for entry in entries}
                assert told == close_all({key: one for key, one in of_node.items() if key[0] == shown})
                assert {(shown, one["op_name"]): amounts(one) for one in every} == close_all(
                    {key: one for key, one in of_all.items() if key[0] == shown}
                )


def amounts(entry: Json) -> dict[str, float]:
    return {"operation_rate": entry["op_rate"], "in": entry["in_rate"], "out": entry["out_rate"]}


def test_rows_that_are_added_up_keep_their_sums_and_weigh_their_averages(world: World) -> None:
    for _ in world.moments():
        rows = world.summary("protocol")
        for row in world.summary("protocol", totalby="protocol"):
            parts = [one for one in rows if one["protocol"] == row["protocol"]]
            assert row["operation_rate"] == close(sum(one["operation_rate"] for one in parts))
            assert row["operation_count"] == sum(one["operation_count"] for one in parts)
            assert row["time_avg"] * row["operation_rate"] == close(sum(one["time_avg"] * one["operation_rate"] for one in parts))
            assert (row["time_max"], row["in_min"]) == (max(o["time_max"] for o in parts), min(o["in_min"] for o in parts))


def test_the_drives_of_a_node_carry_together_what_the_node_says(world: World) -> None:
    ways = [(f"{what}_{way}", f"{what}.{way}.rate") for what in ("bytes", "xfers") for way in ("in", "out")]
    for _ in world.moments():
        rows = world.summary("drive")
        sums = grouped(rows, node_of, ("busy", *(field for field, _ in ways)))
        counts = Counter(map(node_of, rows))
        for field, key in ways:
            assert {lnn: one[field] for lnn, one in sums.items()} == close(world.stat(f"node.disk.{key}.sum")), field
        busy = {lnn: 10 * one["busy"] / counts[lnn] for lnn, one in sums.items()}
        assert busy == pytest.approx(world.stat("node.disk.busy.avg"), abs=0.5)  # the key is a whole number of permil
        assert sum(busy.values()) / len(busy) == pytest.approx(world.stat("cluster.disk.busy")[0], abs=1)


def test_the_clients_do_together_what_the_protocols_do_and_the_top_is_a_part_of_it(world: World) -> None:
    fields = ("operation_rate", "in", "out")
    for _ in world.moments():
        clients, protocols = world.summary("client"), world.summary("protocol")
        by = grouped(clients, lambda row: (row["node"], row["protocol"], row["class"]), fields)
        assert by == close_all(grouped(protocols, lambda row: (row["node"], row["protocol"], row["class"]), fields))
        single = world.summary("client", totalby="remote_addr,protocol")
        top = sorted(single, key=lambda row: -row["operation_rate"])[:5]
        assert sum(row["operation_rate"] for row in top) <= sum(row["operation_rate"] for row in protocols) * (1 + 1e-9)


def node_of(row: Json) -> int:
    return int(row["drive_id"].partition(":")[0])


def close_all(found: Amounts) -> Amounts:
    return {key: close(one) for key, one in found.items()}


def test_no_file_is_hotter_than_the_protocols_are_busy(world: World) -> None:
    for _ in world.moments():
        operations = grouped(world.summary("protocol"), lambda row: (row["node"], row["operation"]), ("operation_rate",))
        heat = grouped(world.summary("heat"), lambda row: (row["node"], row["event_name"]), ("operation_rate",))
        totals = {event: world.stat(f"node.ifs.heat.{event}.total") for event in {event for _, event in heat}}
        for (lnn, event), hot in heat.items():
            if event != "contended":  # that happens to files and is no operation
                assert hot["operation_rate"] <= operations[lnn, event]["operation_rate"] * (1 + 1e-9), event
            assert hot["operation_rate"] <= totals[event][lnn] * 1.5, "the keys are sampled half as often"


def test_the_workloads_do_together_what_the_protocols_do(world: World) -> None:
    for _ in world.moments():
        done = sum(row["operation_rate"] for row in world.summary("protocol"))
        assert sum(row["ops"] for row in world.summary("workload", dataset="users")) == close(done)
        system = world.summary("workload", dataset="System")
        (value,) = world.stat("cluster.performance.dataset.0").values()
        told = [one["record"]["ops"]["sum"] for one in value["dataset"]["workloads"]["workloads"]]
        assert [int(row["ops"]) for row in system] == told


def test_what_the_protocols_carry_comes_over_the_network_and_from_the_file_system() -> None:
    world = World(4, frozenset(), "quiet")
    for _ in range(150):
        world.clock.move(13)
        rows = grouped(world.summary("protocol"), lambda row: row["node"], ("in", "out"))
        for way in ("in", "out"):
            for key in (f"node.net.ext.bytes.{way}.rate", f"node.ifs.bytes.{way}.rate"):
                whole = world.stat(key)
                assert all(rows[lnn][way] <= whole[lnn] for lnn in whole), key


def test_a_drive_that_is_gone_has_no_row_and_the_others_carry_its_load() -> None:
    quiet, gone = World(4, frozenset(), "quiet"), World(4, frozenset(), "drive gone")
    for world in (quiet, gone):
        for _ in range(60):
            world.clock.move(600)
            world.cluster.settle()
    rows = {row["drive_id"]: row for row in gone.summary("drive")}
    assert "2:4" not in rows
    assert len(rows) == 59
    assert rows["2:5"]["bytes_in"] > next(row for row in quiet.summary("drive") if row["drive_id"] == "2:5")["bytes_in"]
    assert gone.stat("node.disk.bytes.in.rate.sum")[2] == pytest.approx(quiet.stat("node.disk.bytes.in.rate.sum")[2])


def test_a_hot_client_is_seen_in_everything_that_it_makes_busy() -> None:
    quiet, hot = World(4, frozenset(), "quiet"), World(4, frozenset(), "hot")
    for world in (quiet, hot):
        world.clock.move(100)
    (mine,) = [row for row in hot.summary("client", totalby="remote_addr") if row["remote_addr"] == "10.20.0.250"]
    assert mine["operation_rate"] == pytest.approx(20_000, rel=0.03)
    before, after = (sum(row["operation_rate"] for row in world.summary("protocol", protocols="nfs3")) for world in (quiet, hot))
    assert after - before == pytest.approx(mine["operation_rate"])
    assert max(hot.summary("heat"), key=lambda row: row["operation_rate"])["path"] == "/ifs/data/scratch/hot.db"
    assert max(hot.summary("workload", dataset="users"), key=lambda row: row["ops"])["username"] == "batch"


def test_a_protocol_that_serves_nobody_is_shown_only_if_what_is_zero_is_wanted() -> None:
    world = World(4, frozenset(), "without NFS")
    assert not {row["protocol"] for row in world.summary("protocol")} & {"nfs3", "nfs4", "nlm"}
    assert {row["operation_rate"] for row in world.summary("protocol", zero="true", protocols="nfs3,nfs4")} == {0.0}
    assert not {row["protocol"] for row in world.summary("client")} & {"nfs3", "nfs4", "nlm"}


def test_the_clusters_own_protocols_are_shown_to_those_who_ask_for_them() -> None:
    world = World(4, frozenset(), "quiet")
    assert {row["protocol"] for row in world.summary("protocol", protocols="internal")} == {"irp", "jobd", "lsass_in", "lsass_out"}
    assert not {row["protocol"] for row in world.summary("protocol")} & {"irp", "jobd"}
    only = world.summary("protocol", classes="write", operations="write")
    assert {(row["class"], row["operation"]) for row in only} == {("write", "write")}


def test_the_same_seed_and_time_give_the_same_rows() -> None:
    first, second = (World(4, frozenset(), "hot") for _ in range(2))
    for world in (first, second):
        world.clock.move(77.7)
    for kind in ("system", "protocol", "client", "drive", "heat"):
        assert first.summary(kind) == second.summary(kind), kind


@pytest.mark.parametrize("kind", ["system", "protocol", "client", "drive", "heat", "workload"])
def test_a_large_cluster_answers_at_once(kind: str) -> None:
    asked = Asked(make_cluster(252))
    began = time.process_time()
    asked.get(f"10/statistics/summary/{kind}", dataset="users")
    assert time.process_time() - began < 0.6
