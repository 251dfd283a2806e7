"""The simulated hardware agrees with itself: drives, pools, statfs, statistics; and it does what a remediation asks."""

from __future__ import annotations

from typing import Any

import pytest
from simulated import Asked, make_cluster

from mendwatch.errors import UserError
from mendwatch_onefs_sim.pools.filling import fill_pool

POOL = "groupnets/groupnet0/subnets/subnet0/pools/pool0"


@pytest.fixture
def asked() -> Asked:
    return Asked()


def _stat(asked: Asked, key: str, devid: str = "0") -> Any:  # noqa: ANN401 - JSON
    (stat,) = asked.get("1/statistics/current", keys=key, devid=devid, degraded="true")["stats"]
    return stat["value"]


def _pools(asked: Asked) -> list[dict[str, Any]]:
    return [pool for pool in asked.get("16/storagepool/storagepools")["storagepools"] if pool["type"] == "nodepool"]


def _used(asked: Asked) -> list[int]:
    """Give what is used of /ifs, as four resources say it."""
    statfs = asked.get("1/cluster/statfs")
    (tier,) = asked.get("16/storagepool/tiers")["tiers"]
    return [
        sum(int(pool["usage"]["used_bytes"]) for pool in _pools(asked)),
        int(tier["usage"]["used_bytes"]),
        (statfs["f_blocks"] - statfs["f_bfree"]) * statfs["f_bsize"],
        _stat(asked, "ifs.bytes.used"),
    ]


@pytest.mark.parametrize("nodes", [1, 4, 7, 252])
def test_pools_statfs_and_statistics_agree_on_what_is_used(nodes: int) -> None:
    used = _used(Asked(make_cluster(nodes)))
    assert max(used) - min(used) <= 8192


@pytest.mark.parametrize("nodes", [4, 7])
def test_they_still_agree_when_a_pool_is_filled(nodes: int) -> None:
    asked = Asked(make_cluster(nodes))
    fill_pool(asked.cluster, "h700_60tb_96gb", 0.96)
    first, *others = _pools(asked)
    assert int(first["usage"]["used_bytes"]) == pytest.approx(0.96 * int(first["usage"]["total_bytes"]), rel=1e-6)
    assert all(int(pool["usage"]["used_bytes"]) < 0.6 * int(pool["usage"]["total_bytes"]) for pool in others)
    used = _used(asked)
    assert max(used) - min(used) <= 8192


def test_a_pool_that_is_not_there_cannot_be_filled(asked: Asked) -> None:
    with pytest.raises(UserError, match="none"):
        fill_pool(asked.cluster, "none", 0.5)


def test_a_drive_that_fails_is_seen_in_the_node_the_pool_and_the_statistics(asked: Asked) -> None:
    asked.cluster.machines.fail_drive(2, 4)
    (drive,) = asked.get("3/cluster/nodes/2/drives/4")["nodes"][0]["drives"]
    assert drive["ui_state"] == "SMARTFAIL"
    assert _pools(asked)[0]["health_flags"] == ["devices_smartfailed"]
    (unhealthy,) = asked.get("1/storagepool/status")["unhealthy"]
    assert [item["device"] for item in unhealthy["affected"]] == [{"lnn": 2, "bay": 4}]
    assert (_stat(asked, "node.disk.unhealthy.count", "5"), _stat(asked, "cluster.health")) == (1, 1)


def test_a_drive_is_replaced_step_by_step(asked: Asked) -> None:
    machines = asked.cluster.machines
    states = [step(2, 4).state for step in (machines.fail_drive, machines.remove_drive, machines.insert_drive)]
    assert asked.answer("POST", "3/cluster/nodes/2/drives/4/add", {})[0] == 200
    states += [machines.of(2).drives[3].state, machines.finish_drive(2, 4).state]
    assert states == ["SMARTFAIL", "REPLACE", "NEW", "PREPARING", "HEALTHY"]
    assert (_stat(asked, "node.disk.unhealthy.count", "5"), _pools(asked)[0]["health_flags"]) == (0, [])


def test_health_returns_when_all_is_mended(asked: Asked) -> None:
    asked.cluster.machines.fail_supply(2)
    assert _stat(asked, "cluster.health") == 1
    asked.cluster.machines.mend_supply(2)
    assert (_stat(asked, "cluster.health"), _stat(asked, "node.health", "5")) == (0, 0)


def test_a_drive_can_be_smartfailed_once_and_that_can_be_stopped(asked: Asked) -> None:
    path = "3/cluster/nodes/2/drives/4"
    status, body = asked.answer("POST", f"{path}/smartfail", {})
    assert (status, body["nodes"]) == (200, [{"id": 5, "lnn": 2, "status": 200}])
    assert asked.answer("POST", f"{path}/smartfail", {})[0] == 409
    assert asked.answer("POST", f"{path}/stopfail", {})[0] == 200
    assert asked.cluster.machines.of(2).unhealthy == 0


@pytest.mark.parametrize("path", ["9/drives/1", "2/drives/99", "2/drives/first"])
def test_a_drive_that_is_not_there_is_not_found(asked: Asked, path: str) -> None:
    assert asked.answer("POST", f"3/cluster/nodes/{path}/smartfail", {})[0] == 404


@pytest.mark.parametrize(("part", "metric"), [("readonly", "enabled"), ("servicelight", "enabled"), ("smartfail", "smartfailed")])
def test_a_switch_of_a_node_can_be_set_and_read_again(asked: Asked, part: str, metric: str) -> None:
    path = f"3/cluster/nodes/2/state/{part}"
    for wanted in (True, False):
        assert asked.answer("PUT", path, {metric: wanted}) == (204, None)
        assert asked.get(path)["nodes"][0][metric] is wanted


@pytest.mark.parametrize("body", [None, {}, [], {"enabled": "yes"}, {"enabled": True, "colour": 1}])
def test_a_switch_that_makes_no_sense_is_refused_and_changes_nothing(asked: Asked, body: object) -> None:
    assert asked.answer("PUT", "3/cluster/nodes/2/state/readonly", body)[0] == 400
    assert not asked.cluster.machines.of(2).mode


def test_read_only_mode_of_the_system_outlives_the_wish_of_a_person(asked: Asked) -> None:
    asked.cluster.machines.set_readonly(2, on=True, by_system=True)
    assert asked.answer("PUT", "3/cluster/nodes/2/state/readonly", {"enabled": False})[0] == 204
    (state,) = asked.get("3/cluster/nodes/2/state/readonly")["nodes"]
    assert (state["mode"], state["enabled"], _stat(asked, "cluster.node.count.readonly")) == (True, False, 1)


def test_var_that_fills_is_seen_in_the_partition_and_in_the_statistics(asked: Asked) -> None:
    asked.cluster.machines.fill_var(2, 0.93)
    partitions = asked.get("3/cluster/nodes/2/partitions")["nodes"][0]["partitions"]
    (var,) = [one for one in partitions if one["mount_point"] == "/var"]
    assert var["used"] / var["capacity"] == pytest.approx(0.93, abs=1e-3)
    assert _stat(asked, "node.sysfs.var.percent.used", "5") == pytest.approx(93)


def test_nodes_are_suspended_and_resumed_in_smartconnect(asked: Asked) -> None:
    def suspended() -> list[int]:
        return [row["lnn"] for row in asked.get(f"15/network/{POOL}/status")["status"]["nodes"] if row["suspended"]]

    assert asked.answer("POST", f"3/network/{POOL}/sc-suspend-nodes", {"lnn": [2, 3]}) == (200, {})
    assert suspended() == [2, 3]
    assert asked.answer("POST", f"3/network/{POOL}/sc-resume-nodes", {"lnn": [2]}) == (200, {})
    assert suspended() == [3]


@pytest.mark.parametrize("body", [None, {}, {"lnn": []}, {"lnn": [9]}, {"lnn": "2"}, {"lnn": [True]}])
def test_nodes_that_are_none_cannot_be_suspended(asked: Asked, body: object) -> None:
    assert asked.answer("POST", f"3/network/{POOL}/sc-suspend-nodes", body)[0] == 400


def test_a_pool_is_rebalanced_and_the_dns_cache_flushed(asked: Asked) -> None:
    assert asked.answer("POST", f"3/network/{POOL}/rebalance-ips", {})[0] == 200
    assert asked.answer("POST", "3/network/sc-rebalance-all", {})[0] == 200
    assert asked.answer("POST", "3/network/dnscache/flush", {})[0] == 200
    assert (asked.cluster.fabric.rebalances, asked.cluster.fabric.flushes) == ({"pool0": 2, "pool1": 1}, 1)
    assert asked.answer("POST", "3/network/groupnets/other/subnets/subnet0/pools/pool0/rebalance-ips", {})[0] == 404


def test_interfaces_come_in_pages_in_the_order_of_the_nodes() -> None:
    asked, seen, query = Asked(make_cluster(12)), [], {"limit": "7"}
    while query:
        page = asked.get("16/network/interfaces", **query)
        seen += [interface["id"] for interface in page["interfaces"]]
        query = {"resume": page["resume"]} if page["resume"] else {}
    assert seen == [f"{lnn}:{name}" for lnn in range(1, 13) for name in ("ext-1", "ext-2", "mgmt-1")]


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"virtual_hot_spare_limit_drives": 2}, 204),
        ({"virtual_hot_spare_limit_drives": 5}, 400),
        ({"virtual_hot_spare_limit_drives": "2"}, 400),
        ({"spare": 2}, 400),
    ],
)
def test_the_settings_of_pools_can_be_changed_within_their_bounds(asked: Asked, change: dict[str, Any], status: int) -> None:
    assert asked.answer("PUT", "5/storagepool/settings", change)[0] == status
    assert asked.get("5/storagepool/settings")["settings"]["virtual_hot_spare_limit_drives"] == (2 if status == 204 else 1)


def test_a_certificate_ends_as_time_goes_by(asked: Asked) -> None:
    epoch = asked.cluster.epoch(asked.cluster.elapsed)
    asked.cluster.installed.end_at("default", epoch + 60)
    (certificate,) = asked.get("4/certificate/server")["certificates"]
    assert certificate["status"] == "expiring"
    asked.cluster.installed.end_at("default", epoch)
    assert asked.get("4/certificate/server")["certificates"][0]["status"] == "expired"
