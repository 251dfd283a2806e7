"""What an incident by name is: the words that people read, its arguments, and the function that lets it begin."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from mendwatch.errors import UserError
from mendwatch_onefs_sim.cluster import Cluster
from mendwatch_onefs_sim.events.definitions import KINDS
from mendwatch_onefs_sim.events.groups import EventGroup
from mendwatch_onefs_sim.hardware import Node
from mendwatch_onefs_sim.incidents.arguments import WHOLE, Argument, Given
from mendwatch_onefs_sim.incidents.incident import Course, Opening

#: Brings the cause about at once and gives how it goes on. It checks all that it is given before it changes anything.
Begin = Callable[[Cluster, Given], Course]


@dataclass(frozen=True, slots=True)
class Kind:
    """One incident that can be asked for; `words` say in one sentence what goes wrong, `repair` what mends it."""

    begin: Begin
    words: str
    repair: str
    arguments: tuple[Argument, ...] = ()


NODE = Argument("lnn", WHOLE, None, "the logical number of the node; node 2 where it is not given")


def node_of(cluster: Cluster, given: Given, usual: int = 2) -> Node:
    """Give the node that `lnn` names.

    Raises:
        UserError: there is no such node, or it is down.
    """
    lnn = given.values["lnn"]
    node = cluster.hardware.node(int(str(lnn)) if lnn is not None else min(usual, len(cluster.hardware.nodes)))
    if not node.is_up:
        raise UserError(f"node {node.lnn} is down", hint="Choose a node that is up.")
    return node


def about_node(
    node: Node, code: int, severity: str, after: float = 0.0, value: float | None = None, **specifier: object
) -> tuple[Opening, ...]:
    """Give the event group that a kind of event opens about a node; its message is made of the kind's own words."""
    return (Opening(_group(node, code, severity, value, {"lnn": node.lnn, **specifier}), after),)


def about_cluster(
    cluster: Cluster, code: int, severity: str, after: float = 0.0, value: float | None = None, **specifier: object
) -> tuple[Opening, ...]:
    """Give the event group that a kind of event opens about the whole cluster; the node that answers reports it."""
    return (Opening(_group(cluster.hardware.local, code, severity, value, specifier), after),)


def _group(node: Node, code: int, severity: str, value: float | None, specifier: Mapping[str, object]) -> EventGroup:
    name, words = KINDS[code]
    message = words.format(**{**specifier, "val": value})
    return EventGroup("", 0, (name, words, code), severity, message, node.devid, node.lnn, 0, specifier, value)
