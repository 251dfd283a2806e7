"""Keys of processors, load and memory."""

from __future__ import annotations

from collections.abc import Iterator

from mendwatch_onefs_sim.statistics.keys import BYTES, CENTS, PERMIL, About, ClusterKey, NodeKey, NumberedKey, Template
from mendwatch_onefs_sim.statistics.policies import ON_DEMAND

_STATES = {
    "idle": "spent idle",
    "user": "spent in user mode",
    "sys": "spent in the kernel",
    "intr": "spent on interrupts",
    "nice": "spent in user mode at low priority",
}
_FOREVER = 65_535


def _states() -> Iterator[Template]:
    for state, words in _STATES.items():
        yield from _of_node(state, words)
        yield from _of_cluster(state, words)


def _of_node(state: str, words: str) -> Iterator[Template]:
    share = f"Share of CPU time {words}"
    average = About(f"node.cpu.{state}.avg", f"{share}, averaged over the node, in permil", PERMIL, "int32")
    most = About(f"node.cpu.{state}.max", f"{share}, of the core with the most, in permil", PERMIL, "int32", aggregation="max")
    core = About(f"node.cpu.{state}.N", f"{share}, of one core, in permil", PERMIL, "int32")
    yield NodeKey(average, lambda now: now.cpu[state])
    yield NodeKey(most, lambda now: max(now.core(number)[state] for number in range(now.node.cores)))
    yield NumberedKey(core, lambda node: node.cores, lambda now, number: now.core(number)[state])


def _of_cluster(state: str, words: str) -> Iterator[Template]:
    share = f"Share of CPU time {words}"
    average = About(f"cluster.cpu.{state}.avg", f"{share}, averaged over the cluster, in permil", PERMIL, "int32")
    most = About(f"cluster.cpu.{state}.max", f"{share}, of the node with the most, in permil", PERMIL, "int32", aggregation="max")
    yield ClusterKey(average, lambda now: now.cpu[state])
    yield ClusterKey(most, lambda now: max(node.cpu[state] for node in now.nodes))


def _load(minutes: int) -> NodeKey:
    about = About(f"node.load.{minutes}min", f"Load average of {minutes} min in hundredths", CENTS, "int32")
    return NodeKey(about, lambda now: now.load(minutes))


PROCESSORS: tuple[Template, ...] = (
    *_states(),
    ClusterKey(
        About("cluster.cpu.count", "Active CPU cores of the cluster", type="int32", policy=ON_DEMAND, aggregation="last"),
        lambda now: sum(node.node.cores for node in now.nodes),
    ),
    NodeKey(
        About("node.cpu.count", "Active CPU cores of the node", "none", "int32", ON_DEMAND, "last", _FOREVER),
        lambda now: now.node.cores,
    ),
    NodeKey(About("node.cpu.throttling", "1 while the CPUs are throttled", type="int32", policy=ON_DEMAND, cache=5), lambda _: 0),
    _load(1),
    _load(5),
    _load(15),
    NodeKey(About("node.memory.used", "Memory in use", BYTES, "uint64"), lambda now: now.memory_used),
    NodeKey(About("node.memory.free", "Memory that is free", BYTES, "uint64"), lambda now: now.node.memory - now.memory_used),
    NodeKey(About("node.memory.cache", "Memory in use as cache", BYTES, "uint64"), lambda now: now.memory_used // 2),
)
