"""Incidents of whole nodes: down, cut off, read-only, slow, hung."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from mendwatch.errors import UserError
from mendwatch_onefs_sim.cluster import Cluster
from mendwatch_onefs_sim.conditions import Condition
from mendwatch_onefs_sim.hardware import Node
from mendwatch_onefs_sim.incidents.arguments import FLAG, NODES, NUMBER, Argument, Given
from mendwatch_onefs_sim.incidents.incident import Course, Opening
from mendwatch_onefs_sim.incidents.kinds import NODE, Kind, about_cluster, about_node, node_of

_OFFLINE, _READ_ONLY, _QUORUM = 200_010_001, 200_010_006, 800_020_001


def _down(cluster: Cluster, given: Given) -> Course:
    """Take the power from one node."""
    node = node_of(cluster, given)
    if len(cluster.hardware.up) == 1:
        raise UserError(f"node {node.lnn} is the last that is up", hint="A cluster without nodes answers nobody.")
    return _without(cluster, [node], f"node {node.lnn}", about_node(node, _OFFLINE, "emergency"))


def _split(cluster: Cluster, given: Given) -> Course:
    """Cut the network between the nodes so that those that answer are too few to write."""
    count = len(cluster.hardware.nodes)
    wanted = given.nodes("lnns") or list(range(count // 2 + 1, count + 1))
    lost = [cluster.hardware.node(lnn) for lnn in dict.fromkeys(wanted)]
    left = [node for node in cluster.hardware.up if node not in lost]
    if not left or len(left) * 2 > count or not all(node.is_up for node in lost):
        raise UserError(
            f"{len(lost)} of {count} nodes cannot be cut off so that the quorum is lost",
            hint="At least half of the nodes, all of them up, and one must remain.",
        )
    offline = [opening for node in lost for opening in about_node(node, _OFFLINE, "emergency")]
    quorum = about_cluster(cluster, _QUORUM, "emergency", down=count - len(left), all=count)
    reported = [replace(one, group=replace(one.group, devid=left[0].devid, lnn=left[0].lnn)) for one in quorum]
    return _without(cluster, lost, f"nodes {', '.join(str(node.lnn) for node in lost)}", (*offline, *reported))


def _without(cluster: Cluster, lost: Sequence[Node], subject: str, opens: tuple[Opening, ...]) -> Course:
    for node in lost:
        cluster.power(node.lnn, is_up=False)

    def holds(cluster: Cluster, _: float) -> bool:
        return any(not cluster.hardware.node(node.lnn).is_up for node in lost)

    def end(cluster: Cluster, _: float) -> None:
        for node in lost:
            cluster.power(node.lnn, is_up=True)

    return Course(subject, holds, end, opens)


def _read_only(cluster: Cluster, given: Given) -> Course:
    """Put a node into read-only mode; if the system did it, nobody ends it by a request."""
    node, locked = node_of(cluster, given), given.flag("by_system")
    lnn = node.lnn
    cluster.machines.set_readonly(lnn, on=True, by_system=locked)

    def holds(cluster: Cluster, _: float) -> bool:
        return cluster.machines.of(lnn).mode

    def end(cluster: Cluster, _: float) -> None:
        for by_system in (True, False):
            cluster.machines.set_readonly(lnn, on=False, by_system=by_system)

    return Course(f"node {lnn}", holds, end, about_node(node, _READ_ONLY, "critical"))


def _slow(cluster: Cluster, given: Given) -> Course:
    """Let a node take its time for everything."""
    node = node_of(cluster, given)
    return _ill(cluster, node, replace(cluster.conditions.of(node.lnn), delay=given.number("seconds")))


def _hung(cluster: Cluster, given: Given) -> Course:
    """Let a node accept requests and never answer."""
    node = node_of(cluster, given)
    return _ill(cluster, node, replace(cluster.conditions.of(node.lnn), hung=True))


def _ill(cluster: Cluster, node: Node, ill: Condition) -> Course:
    lnn = node.lnn
    cluster.conditions.put(lnn, ill)

    def holds(cluster: Cluster, _: float) -> bool:
        now = cluster.hardware.node(lnn)
        return cluster.conditions.of(lnn) == ill and now.is_up and now.booted == node.booted

    def end(cluster: Cluster, _: float) -> None:
        cluster.conditions.put(lnn, replace(cluster.conditions.of(lnn), delay=0.0, hung=False))

    return Course(f"node {lnn}", holds, end, after=end)


NODE_INCIDENTS: Mapping[str, Kind] = MappingProxyType(
    {
        "node-down": Kind(
            _down,
            "A node loses its power: it answers nothing, its pools are degraded and jobs wait.",
            "The node comes up again (POST /nodes/<lnn> of the control API)",
            (NODE,),
        ),
        "cluster-split": Kind(
            _split,
            "The network between the nodes breaks: half of them cannot be reached and the quorum is lost.",
            "The nodes come back (POST /nodes/<lnn> of the control API)",
            (Argument("lnns", NODES, None, "the nodes that are cut off; the second half where they are not given"),),
        ),
        "node-read-only": Kind(
            _read_only,
            "A node goes into read-only mode.",
            "PUT cluster/nodes/{lnn}/state/readonly, unless the system did it",
            (NODE, Argument("by_system", FLAG, usual=False, words="whether the system itself did it, to save its journal")),
        ),
        "node-slow": Kind(
            _slow,
            "A node answers late.",
            "POST cluster/nodes/{lnn}/reboot",
            (NODE, Argument("seconds", NUMBER, 3.0, "how late it answers")),
        ),
        "node-hung": Kind(_hung, "A node accepts requests and never answers them.", "POST cluster/nodes/{lnn}/reboot", (NODE,)),
    }
)
