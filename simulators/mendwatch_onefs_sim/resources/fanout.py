"""The envelope of resources that ask every node: a node that is down is data in it, not a failure of the request."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from mendwatch_onefs_sim.answers import Answer
from mendwatch_onefs_sim.hardware import Hardware, Node


def fan_out(hardware: Hardware, answer: Callable[[Node], dict[str, object]], nodes: tuple[Node, ...] | None = None) -> Answer:
    """Give the envelope with each node's part; nodes that are down have an error instead."""
    asked = hardware.nodes if nodes is None else nodes
    errors = [{"id": node.devid, "lnn": node.lnn, **_problem(node)} for node in asked if not node.is_up]
    parts = [_part(node, answer) for node in asked]
    return Answer(body={"errors": errors, "nodes": parts, "total": len(parts)})


def _part(node: Node, answer: Callable[[Node], dict[str, object]]) -> dict[str, object]:
    identity: dict[str, object] = {"id": node.devid, "lnn": node.lnn}
    if node.is_up:
        return {**identity, **answer(node)}
    return {**identity, "error": _problem(node)["message"], "status": HTTPStatus.SERVICE_UNAVAILABLE}


def _problem(node: Node) -> dict[str, object]:
    return {
        "code": "AEC_SYSTEM_INTERNAL_ERROR",
        "field": "",
        "message": f"Node {node.lnn} could not be reached",
        "status": HTTPStatus.SERVICE_UNAVAILABLE,
    }
