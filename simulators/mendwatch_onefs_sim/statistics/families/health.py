"""Keys of the cluster's and the nodes' well-being: which nodes there are, how they are, since when they run."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from mendwatch_onefs_sim.hardware import Node
from mendwatch_onefs_sim.statistics.keys import SECONDS, About, ClusterKey, NodeKey, NumberedKey, Template
from mendwatch_onefs_sim.statistics.moments import ClusterMoment
from mendwatch_onefs_sim.statistics.policies import EVERY_10, ON_DEMAND, UPTIME, WORKERS

_BATTERIES = 2

#: Which nodes belong to a state.
Chosen = Callable[[ClusterMoment], tuple[Node, ...]]


def _all(now: ClusterMoment) -> tuple[Node, ...]:
    return now.hardware.nodes


def _up(now: ClusterMoment) -> tuple[Node, ...]:
    return now.hardware.up


def _down(now: ClusterMoment) -> tuple[Node, ...]:
    return tuple(node for node in now.hardware.nodes if not node.is_up)


def _none(_: ClusterMoment) -> tuple[Node, ...]:
    return ()


_STATES: tuple[tuple[str, str, Chosen], ...] = (
    ("all", "that belong to the cluster", _all),
    ("up", "that are up", _up),
    ("down", "that are down", _down),
    ("readonly", "that are read-only", _none),
    ("smartfailed", "that are smartfailed", _none),
    ("diskless", "without disks", _none),
)


def _nodes() -> Iterator[ClusterKey]:
    for state, words, chosen in _STATES:
        count = About(f"cluster.node.count.{state}", f"How many nodes there are {words}", type="int32", policy=ON_DEMAND)
        yield ClusterKey(count, _count(chosen))
        listed = About(f"cluster.node.list.{state}", f"Numbers of the nodes {words}", "none", "string", ON_DEMAND, "last")
        yield ClusterKey(listed, _list(chosen))


def _count(chosen: Chosen) -> Callable[[ClusterMoment], int]:
    return lambda now: len(chosen(now))


def _list(chosen: Chosen) -> Callable[[ClusterMoment], str]:
    return lambda now: ",".join(str(node.lnn) for node in chosen(now))


def _group(now: ClusterMoment) -> str:
    """Give the group as the kernel writes it: which disks of which nodes are up, and which nodes are down."""
    last = max(node.drives for node in now.hardware.nodes) - 1
    up = "".join(f", {node.lnn}:0-{last}" for node in _up(now)).removeprefix(", ")
    down = "".join(f", {node.lnn}" for node in _down(now)).removeprefix(", ")
    return f"{{ {up}{', down: ' + down if down else ''} }}"


def _health(now: ClusterMoment) -> int:
    return 0 if len(now.nodes) == len(now.hardware.nodes) else 1


HEALTH: tuple[Template, ...] = (
    *_nodes(),
    ClusterKey(
        About("cluster.health", "Health of the cluster: 0 healthy, 1 attention, 2 down", type="int32", policy=ON_DEMAND, cache=1),
        _health,
    ),
    ClusterKey(About("cluster.group", "The group of nodes and disks", "none", "string", ON_DEMAND, "last", 600), _group),
    ClusterKey(
        About("cluster.alert.info", "How many alerts are open", "none", "stats_alert_info", ON_DEMAND, "last", 1),
        lambda _: {"critical": 0, "emergency": 0},
    ),
    NodeKey(
        About("node.health", "Health of a node: 0 healthy, 1 attention, 2 down", type="int32", policy=ON_DEMAND, cache=1),
        lambda _: 0,
    ),
    NodeKey(About("node.uptime", "Time since the node's boot", SECONDS, "int32", UPTIME, "last"), lambda now: now.uptime),
    NodeKey(
        About("node.boottime", "When the node was booted", "epoch seconds", "int32", EVERY_10, "last", 5),
        lambda now: int(now.epoch) - now.uptime,
    ),
    NodeKey(
        About("node.nvram.charge.status", "Charge of the NVRAM: 0 absent, 1 good, 2 caution, 3 error", "none", "int32", ON_DEMAND,
              "last", 1),
        lambda _: 1,
    ),
    NumberedKey(
        About("node.nvram.battery.status.N", "State of one battery of the NVRAM: 0 is good", "none", "int32", ON_DEMAND, "last", 1),
        lambda _: _BATTERIES,
        lambda _, __: 0,
    ),
    NodeKey(
        About("node.open.files", "Open files", type="int32", policy=ON_DEMAND, cache=5), lambda now: now.clients("files", 5200)
    ),
    NodeKey(About("node.process.count", "Processes", type="int32", policy=ON_DEMAND), lambda now: now.clients("processes", 310)),
    NodeKey(
        About("node.je.num_workers", "Workers of the job engine", "none", "stats_je_workers", WORKERS, "custom", 5),
        lambda now: {"workers": now.clients("workers", 3)},
    ),
)  # fmt: skip
