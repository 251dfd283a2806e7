"""cluster/nodes: what each node is made of, and whether it is well; and the switches that a remediation may touch."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from mendwatch_onefs_sim.answers import Answer, bad_request, not_found
from mendwatch_onefs_sim.calls import Call
from mendwatch_onefs_sim.cluster import Cluster
from mendwatch_onefs_sim.hardware import Node
from mendwatch_onefs_sim.machines import shape
from mendwatch_onefs_sim.machines.machine import Machine
from mendwatch_onefs_sim.resources.fanout import ask_nodes, fan_out
from mendwatch_onefs_sim.resources.resource import Resource
from mendwatch_onefs_sim.rolling import hardware_of

_PRIVILEGE = "ISI_PRIV_DEVICES"
_SINCE = 3
Json = dict[str, object]
Show = Callable[[Cluster, Node, Machine], Json]


def _whole(cluster: Cluster, node: Node, machine: Machine) -> Json:
    return {
        "drives": [shape.drive_json(node, drive) for drive in machine.drives],
        "hardware": shape.hardware_json(node),
        "internal_ip_address": node.internal_address,
        "partitions": _partitions(cluster, node, machine),
        "sensors": shape.sensors_json(machine),
        "sleds": [],
        "state": shape.state_json(machine),
        "status": _status(cluster, node, machine),
    }


def _partitions(cluster: Cluster, node: Node, machine: Machine) -> Json:
    return shape.partitions_json(machine, cluster.moment().by_devid[node.devid])


def _status(cluster: Cluster, node: Node, machine: Machine) -> Json:
    return shape.status_json(hardware_of(cluster, node), node, machine, node.uptime(cluster.elapsed))


def _shown(show: Show) -> Callable[[Cluster, Call], Answer]:
    """Make the handler that asks one node, or every node where the path names none, for a part of what it is."""

    def handler(cluster: Cluster, call: Call) -> Answer:
        nodes = (node_of(cluster, call.parts[0]),) if call.parts else None
        return ask_nodes(cluster, call, lambda node: show(cluster, node, cluster.machines.of(node.lnn)), nodes)

    return handler


def node_of(cluster: Cluster, lnn: str) -> Node:
    """Give the node that a path names.

    Raises:
        PapiError: 404.
    """
    for node in cluster.hardware.nodes:
        if str(node.lnn) == lnn:
            return node
    raise not_found(f"Node '{lnn}' was not found", "lnn")


def _set_readonly(cluster: Cluster, call: Call) -> Answer:
    wanted = _switch(call.body, "enabled", {"allowed", "enabled", "mode", "status", "valid", "value"})
    cluster.machines.set_readonly(node_of(cluster, call.parts[0]).lnn, on=wanted)
    return Answer(HTTPStatus.NO_CONTENT)


def _set_light(cluster: Cluster, call: Call) -> Answer:
    wanted = _switch(call.body, "enabled", {"enabled", "supported", "valid"})
    cluster.machines.set_light(node_of(cluster, call.parts[0]).lnn, on=wanted)
    return Answer(HTTPStatus.NO_CONTENT)


def _set_smartfail(cluster: Cluster, call: Call) -> Answer:
    names = {"dead", "down", "in_cluster", "readonly", "shutdown_readonly", "smartfailed"}
    wanted = _switch(call.body, "smartfailed", names)
    cluster.machines.set_smartfailed(node_of(cluster, call.parts[0]).lnn, on=wanted)
    return Answer(HTTPStatus.NO_CONTENT)


def _reboot(cluster: Cluster, call: Call) -> Answer:
    """Restart a node at once; there is no moment in which it is down."""
    node = node_of(cluster, call.parts[0])
    if node.is_up:
        cluster.restart(node.lnn)
    return fan_out(cluster.hardware, lambda _: {"status": HTTPStatus.OK}, (node,))


def _switch(body: object, name: str, known: set[str]) -> bool:
    """Give the wanted state of a switch from the body of a PUT.

    Raises:
        PapiError: 400 with the field.
    """
    if not isinstance(body, dict) or name not in body:
        raise bad_request(f"The body is not an object with '{name}'", name)
    for field in body:
        if field not in known:
            raise bad_request(f"Invalid field: '{field}'", str(field))
    if not isinstance(body[name], bool):
        raise bad_request(f"Value of '{name}' is not of type boolean", name)
    return bool(body[name])


def _get(part: str, show: Show) -> Resource:
    return Resource("GET", f"cluster/nodes/{{}}/{part}", _shown(show), _SINCE, _PRIVILEGE)


NODES = (
    Resource("GET", "cluster/nodes", _shown(_whole), _SINCE, _PRIVILEGE),
    Resource("GET", "cluster/nodes/{}", _shown(_whole), _SINCE, _PRIVILEGE),
    _get("hardware", lambda _, node, __: shape.hardware_json(node)),
    _get("partitions", _partitions),
    _get("sensors", lambda _, __, machine: shape.sensors_json(machine)),
    _get("state", lambda _, __, machine: shape.state_json(machine)),
    _get("state/readonly", lambda _, __, machine: shape.readonly_json(machine)),
    _get("state/servicelight", lambda _, __, machine: shape.light_json(machine)),
    _get("state/smartfail", lambda _, __, machine: shape.smartfail_json(machine)),
    _get("status", _status),
    Resource("POST", "cluster/nodes/{}/reboot", _reboot, 5, _PRIVILEGE),
    Resource("PUT", "cluster/nodes/{}/state/readonly", _set_readonly, _SINCE, _PRIVILEGE),
    Resource("PUT", "cluster/nodes/{}/state/servicelight", _set_light, _SINCE, _PRIVILEGE),
    Resource("PUT", "cluster/nodes/{}/state/smartfail", _set_smartfail, _SINCE, _PRIVILEGE),
)
