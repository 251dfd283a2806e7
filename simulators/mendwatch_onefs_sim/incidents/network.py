"""Incidents of the network: an interface without a link, nodes that SmartConnect was told to leave out."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from mendwatch.errors import UserError
from mendwatch_onefs_sim.cluster import Cluster
from mendwatch_onefs_sim.incidents.arguments import TEXT, Argument, Given
from mendwatch_onefs_sim.incidents.incident import Course
from mendwatch_onefs_sim.incidents.kinds import NODE, Kind, about_node, node_of
from mendwatch_onefs_sim.network.fabric import UP

_LINK = 930_100_006


def _interface_down(cluster: Cluster, given: Given) -> Course:
    """Pull a cable."""
    node, name = node_of(cluster, given), given.text("interface")
    if cluster.fabric.interface(node.lnn, name).status != UP:
        raise UserError(f"{name} of node {node.lnn} is not up", hint="Choose an interface that is.")
    cluster.fabric.set_status(node.lnn, name)

    def holds(cluster: Cluster, _: float) -> bool:
        return cluster.fabric.interface(node.lnn, name).status != UP

    def end(cluster: Cluster, _: float) -> None:
        cluster.fabric.set_status(node.lnn, name, UP)

    return Course(f"node {node.lnn} {name}", holds, end, about_node(node, _LINK, "critical", interface=name))


def _suspended(cluster: Cluster, given: Given) -> Course:
    """Leave a node out of a pool, as before maintenance, and forget it."""
    node, pool = node_of(cluster, given), given.text("pool")
    if pool not in cluster.fabric.pools:
        raise UserError(f"there is no network pool {pool!r}", hint=f"There are: {', '.join(cluster.fabric.pools)}.")
    cluster.fabric.suspend(pool, [node.lnn])

    def holds(cluster: Cluster, _: float) -> bool:
        return node.lnn in cluster.fabric.pool(pool).suspended

    def end(cluster: Cluster, _: float) -> None:
        cluster.fabric.resume(pool, [node.lnn])

    return Course(f"node {node.lnn} in {pool}", holds, end)


NETWORK_INCIDENTS: Mapping[str, Kind] = MappingProxyType(
    {
        "interface-down": Kind(
            _interface_down,
            "An interface of a node loses its link: what went over it does not go at all.",
            "Somebody plugs it in: DELETE /incidents/interface-down",
            (NODE, Argument("interface", TEXT, "ext-1", "the name of the interface", among=("ext-1", "ext-2"))),
        ),
        "smartconnect-suspended": Kind(
            _suspended,
            "A node was suspended in SmartConnect, and nobody resumed it.",
            "POST network/groupnets/{groupnet}/subnets/{subnet}/pools/{pool}/sc-resume-nodes",
            (NODE, Argument("pool", TEXT, "pool0", "the short name of the network pool")),
        ),
    }
)
