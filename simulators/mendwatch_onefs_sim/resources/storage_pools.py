"""storagepool/*: node pools and tiers, what ails them, what belongs to none, and the settings of all."""

from __future__ import annotations

from http import HTTPStatus

from mendwatch_onefs_sim.answers import Answer, bad_request
from mendwatch_onefs_sim.calls import Call
from mendwatch_onefs_sim.cluster import Cluster
from mendwatch_onefs_sim.pools.shape import nodepool_json, tier_json
from mendwatch_onefs_sim.pools.storage import Pool, affected, health_flags
from mendwatch_onefs_sim.resources.resource import Resource

_PRIVILEGE = "ISI_PRIV_SMARTPOOLS"
Json = dict[str, object]
#: Bounds of the settings that are numbers.
_MOST = {"virtual_hot_spare_limit_drives": 4, "virtual_hot_spare_limit_percent": 20, "default_transfer_limit_pct": 100}


def _nodepools(cluster: Cluster) -> list[Json]:
    usages = cluster.storage.usages(cluster.moment().ifs_used)
    return [nodepool_json(pool, usages[pool.name], _flags(cluster, pool)) for pool in cluster.storage.pools]


def _tier(cluster: Cluster) -> Json:
    return tier_json(cluster.storage.pools, cluster.storage.usages(cluster.moment().ifs_used))


def _flags(cluster: Cluster, pool: Pool) -> list[str]:
    return health_flags([node for node in cluster.hardware.nodes if node.lnn in pool.lnns], cluster.machines)


def _every_flag(cluster: Cluster) -> list[str]:
    return sorted({flag for pool in cluster.storage.pools for flag in _flags(cluster, pool)})


def _storagepools(cluster: Cluster, call: Call) -> Answer:
    """Give tiers and node pools in one list; with `toplevels` only those that are part of no other."""
    tier = {**_tier(cluster), "health_flags": _every_flag(cluster), "type": "tier"}
    pools = [] if call.query.flag("toplevels") else [{**pool, "type": "nodepool"} for pool in _nodepools(cluster)]
    return Answer(body={"storagepools": [tier, *pools], "total": 1 + len(pools)})


def _list_nodepools(cluster: Cluster, _: Call) -> Answer:
    pools = _nodepools(cluster)
    return Answer(body={"nodepools": pools, "total": len(pools)})


def _list_tiers(cluster: Cluster, _: Call) -> Answer:
    return Answer(body={"tiers": [_tier(cluster)], "total": 1})


def _status(cluster: Cluster, _: Call) -> Answer:
    return Answer(
        body={"unhealthy": [row for pool in cluster.storage.pools for row in _unhealthy(cluster, pool)], "unprovisioned": []}
    )


def _unhealthy(cluster: Cluster, pool: Pool) -> list[Json]:
    flags = _flags(cluster, pool)
    if not flags:
        return []
    machines = [cluster.machines.of(lnn) for lnn in pool.lnns]
    drives: list[Json] = [{"lnn": machine.lnn, "bay": drive.bay} for machine in machines for drive in machine.drives]
    disks = {"drives": drives, "id": pool.id, "name": f"{pool.name}:1", "nodepool_id": pool.id, "ssd_drives": []}
    hurt = [
        {"device": {"lnn": machine.lnn, "bay": bay}, "down": True, "restriping": False, "smartfailed": True, "type": "drive"}
        for machine in machines
        for bay in affected(machine)
    ]
    return [{"affected": hurt, "diskpool": {**disks, "protection_policy": "+2d:1n"}, "health_flags": flags}]


def _unprovisioned(_: Cluster, __: Call) -> Answer:
    return Answer(body={"unprovisioned": {"drives": [], "lnns": []}})


def _settings(cluster: Cluster, _: Call) -> Answer:
    return Answer(body={"settings": cluster.storage.settings})


def _set(cluster: Cluster, call: Call) -> Answer:
    if not isinstance(call.body, dict):
        raise bad_request("The body is not of type object")
    for name, value in call.body.items():
        _check(cluster, str(name), value)
    cluster.storage.settings.update(call.body)
    return Answer(HTTPStatus.NO_CONTENT)


def _check(cluster: Cluster, name: str, value: object) -> None:
    known = cluster.storage.settings
    if name not in known:
        raise bad_request(f"Invalid field: '{name}'", name)
    if type(value) is not type(known[name]):
        raise bad_request(f"Value of '{name}' has the wrong type", name)
    if isinstance(value, int) and name in _MOST and not 0 <= value <= _MOST[name]:
        raise bad_request(f"Value {value} of '{name}' is out of range: 0 to {_MOST[name]}", name)


STORAGE_POOLS = (
    Resource("GET", "storagepool/storagepools", _storagepools, privilege=_PRIVILEGE),
    Resource("GET", "storagepool/nodepools", _list_nodepools, privilege=_PRIVILEGE),
    Resource("GET", "storagepool/tiers", _list_tiers, privilege=_PRIVILEGE),
    Resource("GET", "storagepool/status", _status, privilege=_PRIVILEGE),
    Resource("GET", "storagepool/unprovisioned", _unprovisioned, privilege=_PRIVILEGE),
    Resource("GET", "storagepool/settings", _settings, privilege=_PRIVILEGE),
    Resource("PUT", "storagepool/settings", _set, privilege=_PRIVILEGE),
)
