"""Which nodes do not give their statistics just now, with which error code, and how long the cluster waits for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from mendwatch_onefs_sim.cluster import Cluster
from mendwatch_onefs_sim.hardware import Node

#: Error codes of single statistics, as clients of the API know them.
NOT_PRESENT = 1
NOT_IMPLEMENTED = 2
DEGRADED = 3
STALE = 4
CONNECTION_TIMEOUT = 5
TIMEOUT = 6
NO_HISTORY = 7
SYSTEM = 8
NOT_CONFIGURED = 9
NO_DATA = 10

WORDS: Mapping[int, str] = {
    NOT_PRESENT: "is not present",
    NOT_IMPLEMENTED: "is not implemented",
    DEGRADED: "comes from some of the nodes only",
    STALE: "is stale",
    CONNECTION_TIMEOUT: "is of a node that did not answer",
    TIMEOUT: "did not come in time",
    NO_HISTORY: "has no history",
    SYSTEM: "could not be read: system error",
    NOT_CONFIGURED: "is not configured",
    NO_DATA: "has no data",
}

#: Seconds for which a node waits for another where the request does not say.
USUAL_TIMEOUT = 5


@dataclass(frozen=True, slots=True)
class Trouble:
    """Error codes by device id, for the nodes that give no values, and the seconds that waiting for the nodes takes."""

    codes: Mapping[int, int]
    waited: float


def trouble(cluster: Cluster, asked: Iterable[Node], lnn: int, timeout: float) -> Trouble:
    """Find out how the asked nodes answer the node `lnn`, which waits for `timeout` seconds at most.

    The answering node needs no network to ask itself: its own delay is the delay of the whole answer, not counted here.
    """
    codes: dict[int, int] = {}
    waited = 0.0
    for node in asked:
        seconds = late(cluster, node, lnn, timeout)
        code = _code(cluster, node, seconds, timeout)
        if code is not None:
            codes[node.devid] = code
        waited = max(waited, seconds)
    return Trouble(codes, waited)


def late(cluster: Cluster, node: Node, lnn: int, timeout: float) -> float:
    """Give for how many seconds the node `lnn` waits for another one: no longer than `timeout`, and not for one that is down."""
    condition = cluster.conditions.of(node.lnn)
    if node.lnn == lnn or not node.is_up:
        return 0.0
    return timeout if condition.hung else min(condition.delay, timeout)


def _code(cluster: Cluster, node: Node, seconds: float, timeout: float) -> int | None:
    if not node.is_up:
        return CONNECTION_TIMEOUT
    return TIMEOUT if seconds >= timeout else cluster.conditions.of(node.lnn).statistics
