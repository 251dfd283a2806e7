"""What starts an incident, and how its arguments are read: they come from people, as JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from mendwatch.errors import UserError
from mendwatch_onefs_sim.cluster import Cluster
from mendwatch_onefs_sim.incidents.incident import Incident

Arguments = Mapping[str, object]
Begin = Callable[[Cluster, Arguments], Incident]

USUAL_SECONDS = 5.0


def seconds_of(arguments: Arguments, usual: float = USUAL_SECONDS) -> float:
    """Give the argument `seconds`.

    Raises:
        UserError: it is no number above 0.
    """
    return number_of(arguments, "seconds", usual)


def number_of(arguments: Arguments, name: str, usual: float) -> float:
    """Give an argument that is a number above 0.

    Raises:
        UserError: it is none.
    """
    value = arguments.get(name, usual)
    if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
        raise UserError(f"{value!r} is no number of {name}", hint=f"Give a number above 0 as {name!r}, such as {usual:g}.")
    return float(value)


def node_of(cluster: Cluster, arguments: Arguments, usual: int = 2) -> int:
    """Give the argument `lnn`: the logical number of a node that the cluster has.

    Raises:
        UserError: there is no such node.
    """
    value = arguments.get("lnn", min(usual, len(cluster.hardware.nodes)))
    if isinstance(value, bool) or not isinstance(value, int):
        raise UserError(f"{value!r} is no number of a node", hint="Give the node's logical number as 'lnn', such as 2.")
    return cluster.hardware.node(value).lnn
