"""network/* and zones: what is configured, how each interface is, and what a remediation may ask of SmartConnect and DNS."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus

from mendwatch_onefs_sim.answers import Answer, bad_request, not_found
from mendwatch_onefs_sim.calls import Call
from mendwatch_onefs_sim.cluster import Cluster
from mendwatch_onefs_sim.network import shape
from mendwatch_onefs_sim.network.fabric import GROUPNET, SUBNET, Interface, NetworkPool
from mendwatch_onefs_sim.paging import asked, cut
from mendwatch_onefs_sim.resources.resource import Resource

_PRIVILEGE = "ISI_PRIV_NETWORK"
_POOLS = "network/groupnets/{}/subnets/{}/pools"
Json = dict[str, object]


def _listed(resource: str, name: str, rows: Callable[[Cluster], Sequence[Json]]) -> Callable[[Cluster, Call], Answer]:
    """Make the handler of a list in pages."""

    def handler(cluster: Cluster, call: Call) -> Answer:
        every = rows(cluster)
        shown, resume = cut(asked(call.query, resource), resource, every, _id)
        return Answer(body={name: shown, "resume": resume, "total": len(every)})

    return handler


def _id(row: Json) -> str:
    return str(row["id"])


def _groupnets(_: Cluster) -> list[Json]:
    return [shape.groupnet_json()]


def _subnets(cluster: Cluster) -> list[Json]:
    return [shape.subnet_json(cluster.fabric)]


def _pools(cluster: Cluster) -> list[Json]:
    return [shape.pool_json(cluster.fabric, pool) for pool in cluster.fabric.pools.values()]


def _rules(cluster: Cluster) -> list[Json]:
    return [shape.rule_json(pool, name) for pool in cluster.fabric.pools.values() for name in pool.rules]


def _interfaces(cluster: Cluster, call: Call) -> Answer:
    """Give the interfaces of every node that answers; those that do not are named among the errors."""
    page = asked(call.query, "network/interfaces")
    wanted = page.query.number("lnn")
    up = {node.lnn for node in cluster.hardware.up if wanted in {None, node.lnn}}
    every = [one for one in cluster.fabric.interfaces.values() if one.lnn in up]
    ones, resume = cut(page, "network/interfaces", every, _place)
    shown = [shape.interface_json(one) for one in ones]
    errors = [_error(node.devid, node.lnn) for node in cluster.hardware.nodes if not node.is_up]
    return Answer(body={"interfaces": shown, "resume": resume, "total": len(every), **({"errors": errors} if errors else {})})


def _place(interface: Interface) -> str:
    """Give a key that sorts as the nodes do."""
    return f"{interface.lnn:05d}:{interface.name}"


def _error(devid: int, lnn: int) -> Json:
    message = f"Node {lnn} could not be reached"
    return {"code": "AEC_SYSTEM_INTERNAL_ERROR", "id": devid, "lnn": lnn, "message": message, "status": 503}


def _pool_of(cluster: Cluster, call: Call) -> NetworkPool:
    """Give the pool that a path names by its groupnet, its subnet and its own name.

    Raises:
        PapiError: 404.
    """
    groupnet, subnet, pool = call.parts[:3]
    if (groupnet, subnet) != (GROUPNET, SUBNET):
        raise not_found(f"Subnet '{groupnet}.{subnet}' was not found", "subnet")
    return cluster.fabric.pool(pool)


def _pool(cluster: Cluster, call: Call) -> Answer:
    return Answer(body={"pools": [shape.pool_json(cluster.fabric, _pool_of(cluster, call))]})


def _pool_status(cluster: Cluster, call: Call) -> Answer:
    pool, everyone = _pool_of(cluster, call), bool(call.query.flag("show_all"))
    return Answer(body={"status": shape.pool_status_json(cluster.fabric, pool, cluster.hardware.nodes, everyone=everyone)})


def _suspend(cluster: Cluster, call: Call) -> Answer:
    cluster.fabric.suspend(_pool_of(cluster, call).name, _nodes(cluster, call.body))
    return Answer(HTTPStatus.OK, {})


def _resume(cluster: Cluster, call: Call) -> Answer:
    cluster.fabric.resume(_pool_of(cluster, call).name, _nodes(cluster, call.body))
    return Answer(HTTPStatus.OK, {})


def _nodes(cluster: Cluster, body: object) -> list[int]:
    """Give the nodes that a body names.

    Raises:
        PapiError: 400 with the field.
    """
    nodes = body.get("lnn") if isinstance(body, Mapping) else None
    known = {node.lnn for node in cluster.hardware.nodes}
    if not isinstance(nodes, list) or not nodes or not all(type(node) is int and node in known for node in nodes):
        raise bad_request("'lnn' is not a list of logical node numbers of this cluster", "lnn")
    return nodes


def _rebalance(cluster: Cluster, call: Call) -> Answer:
    cluster.fabric.rebalance(_pool_of(cluster, call).name)
    return Answer(HTTPStatus.OK, {})


def _rebalance_all(cluster: Cluster, _: Call) -> Answer:
    for name in cluster.fabric.pools:
        cluster.fabric.rebalance(name)
    return Answer(HTTPStatus.OK, {})


def _dns_cache(_: Cluster, __: Call) -> Answer:
    return Answer(body={"settings": shape.DNS_CACHE})


def _flush(cluster: Cluster, _: Call) -> Answer:
    cluster.fabric.flush()
    return Answer(HTTPStatus.OK, {})


def _zones(cluster: Cluster, _: Call) -> Answer:
    return Answer(body={"zones": [shape.zone_json(zone) for zone in cluster.fabric.zones]})


def _zone(cluster: Cluster, call: Call) -> Answer:
    found = [zone for zone in cluster.fabric.zones if call.parts[0] in {zone.name, str(zone.number)}]
    if not found:
        raise not_found(f"Zone '{call.parts[0]}' was not found", "id")
    return Answer(body={"zones": [shape.zone_json(zone) for zone in found]})


def _zones_summary(cluster: Cluster, _: Call) -> Answer:
    names = [zone.name for zone in cluster.fabric.zones]
    return Answer(body={"summary": {"count": len(names), "list": names}})


NETWORK = (
    Resource("GET", "network/groupnets", _listed("network/groupnets", "groupnets", _groupnets), 3, _PRIVILEGE),
    Resource("GET", "network/subnets", _listed("network/subnets", "subnets", _subnets), 3, _PRIVILEGE),
    Resource("GET", "network/pools", _listed("network/pools", "pools", _pools), 3, _PRIVILEGE),
    Resource("GET", "network/rules", _listed("network/rules", "rules", _rules), 3, _PRIVILEGE),
    Resource("GET", "network/interfaces", _interfaces, 3, _PRIVILEGE),
    Resource("GET", "network/dnscache", _dns_cache, 3, _PRIVILEGE),
    Resource("POST", "network/dnscache/flush", _flush, 3, _PRIVILEGE),
    Resource("POST", "network/sc-rebalance-all", _rebalance_all, 3, _PRIVILEGE),
    Resource("GET", f"{_POOLS}/{{}}", _pool, 3, _PRIVILEGE),
    Resource("GET", f"{_POOLS}/{{}}/status", _pool_status, 15, _PRIVILEGE),
    Resource("POST", f"{_POOLS}/{{}}/sc-suspend-nodes", _suspend, 3, _PRIVILEGE),
    Resource("POST", f"{_POOLS}/{{}}/sc-resume-nodes", _resume, 3, _PRIVILEGE),
    Resource("POST", f"{_POOLS}/{{}}/rebalance-ips", _rebalance, 3, _PRIVILEGE),
    Resource("GET", "zones", _zones, privilege="ISI_PRIV_AUTH"),
    Resource("GET", "zones/{}", _zone, privilege="ISI_PRIV_AUTH"),
    Resource("GET", "zones-summary", _zones_summary, privilege="ISI_PRIV_AUTH"),
)
