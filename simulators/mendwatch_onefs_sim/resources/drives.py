"""cluster/nodes/{lnn}/drives: the bays of a node, and what can be done to the drive in one."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from mendwatch_onefs_sim.answers import Answer, PapiError, not_found
from mendwatch_onefs_sim.calls import Call
from mendwatch_onefs_sim.cluster import Cluster
from mendwatch_onefs_sim.hardware import Node
from mendwatch_onefs_sim.machines.machine import HEALTHY, NEW, PREPARING, REPLACE, SMARTFAIL, SUSPENDED, Drive
from mendwatch_onefs_sim.machines.shape import drive_json
from mendwatch_onefs_sim.resources.fanout import ask_nodes, fan_out
from mendwatch_onefs_sim.resources.nodes import node_of
from mendwatch_onefs_sim.resources.resource import Resource

_PRIVILEGE = "ISI_PRIV_DEVICES"
_SINCE = 3


def _list(cluster: Cluster, call: Call) -> Answer:
    node = node_of(cluster, call.parts[0])
    drives = cluster.machines.of(node.lnn).drives
    return ask_nodes(cluster, call, lambda _: {"drives": [drive_json(node, drive) for drive in drives]}, (node,))


def _one(cluster: Cluster, call: Call) -> Answer:
    node, drive = _found(cluster, call)
    return ask_nodes(cluster, call, lambda _: {"drives": [drive_json(node, drive)]}, (node,))


def _found(cluster: Cluster, call: Call) -> tuple[Node, Drive]:
    """Give the drive that a path names by its bay.

    Raises:
        PapiError: 404.
    """
    node, bay = node_of(cluster, call.parts[0]), call.parts[1].removeprefix("bay")
    drive = cluster.machines.of(node.lnn).drive(int(bay)) if bay.isdecimal() else None
    if drive is None:
        raise not_found(f"Drive '{call.parts[1]}' was not found on node {node.lnn}", "driveid")
    return node, drive


def _action(allowed: frozenset[str], act: Callable[[Cluster, int, int], Drive]) -> Callable[[Cluster, Call], Answer]:
    """Make the handler of an action that a drive in one of the allowed states takes."""

    def handler(cluster: Cluster, call: Call) -> Answer:
        node, drive = _found(cluster, call)
        if drive.state not in allowed:
            message = f"Drive in bay {drive.bay} of node {node.lnn} is {drive.state}: it cannot be changed so"
            raise PapiError(HTTPStatus.CONFLICT, "AEC_CONFLICT", message, "driveid")
        if node.is_up:
            act(cluster, node.lnn, drive.bay)
        return fan_out(cluster.hardware, lambda _: {"status": HTTPStatus.OK}, (node,))

    return handler


def _post(name: str, allowed: set[str], act: Callable[[Cluster, int, int], Drive]) -> Resource:
    return Resource("POST", f"cluster/nodes/{{}}/drives/{{}}/{name}", _action(frozenset(allowed), act), _SINCE, _PRIVILEGE)


DRIVES = (
    Resource("GET", "cluster/nodes/{}/drives", _list, _SINCE, _PRIVILEGE),
    Resource("GET", "cluster/nodes/{}/drives/{}", _one, _SINCE, _PRIVILEGE),
    _post("add", {NEW, REPLACE, SUSPENDED, PREPARING}, lambda cluster, lnn, bay: cluster.machines.add_drive(lnn, bay)),
    _post("smartfail", {HEALTHY, SUSPENDED}, lambda cluster, lnn, bay: cluster.machines.fail_drive(lnn, bay)),
    _post("stopfail", {SMARTFAIL}, lambda cluster, lnn, bay: cluster.machines.finish_drive(lnn, bay)),
    _post("suspend", {HEALTHY}, lambda cluster, lnn, bay: cluster.machines.fail_drive(lnn, bay, SUSPENDED)),
)
