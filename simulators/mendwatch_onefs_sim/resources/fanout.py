"""The envelope of resources that ask every node: a node that is down is data in it, not a failure of the request."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from http import HTTPStatus

from mendwatch_onefs_sim.answers import Answer
from mendwatch_onefs_sim.calls import Call
from mendwatch_onefs_sim.cluster import Cluster
from mendwatch_onefs_sim.hardware import Hardware, Node
from mendwatch_onefs_sim.statistics.trouble import USUAL_TIMEOUT, late

Part = Callable[[Node], Mapping[str, object]]


def fan_out(hardware: Hardware, answer: Part, nodes: tuple[Node, ...] | None = None) -> Answer:
    """Give the envelope with each node's part; nodes that are down have an error instead."""
    asked = hardware.nodes if nodes is None else nodes
    errors = [{"id": node.devid, "lnn": node.lnn, **_problem(node)} for node in asked if not node.is_up]
    parts = [_part(node, answer) for node in asked]
    return Answer(body={"errors": errors, "nodes": parts, "total": len(parts)})


def ask_nodes(cluster: Cluster, call: Call, answer: Part, nodes: tuple[Node, ...] | None = None) -> Answer:
    """Give the envelope as `fan_out` does, but wait for slow nodes; those that take longer than `timeout` have an error too."""
    timeout = call.query.number("timeout") or USUAL_TIMEOUT
    asked = cluster.hardware.nodes if nodes is None else nodes
    waits = {node.lnn: late(cluster, node, call.lnn, timeout) for node in asked if node.is_up}
    reached = tuple(replace(node, is_up=False) if waits.get(node.lnn, 0.0) >= timeout else node for node in asked)
    return replace(fan_out(cluster.hardware, answer, reached), delay=min(timeout, max(waits.values(), default=0.0)))


def _part(node: Node, answer: Part) -> dict[str, object]:
    identity: dict[str, object] = {"id": node.devid, "lnn": node.lnn}
    if node.is_up:
        return {**identity, **answer(node)}
    return {**identity, "error": _problem(node)["message"], "status": HTTPStatus.SERVICE_UNAVAILABLE}


def _problem(node: Node) -> dict[str, object]:
    return {
        "code": "AEC_SYSTEM_INTERNAL_ERROR",
        "message": f"Node {node.lnn} could not be reached",
        "status": HTTPStatus.SERVICE_UNAVAILABLE,
    }
