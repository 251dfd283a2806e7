"""A node and a cluster at one moment: every figure follows from the seed and the elapsed seconds.

Figures agree with one another as they do on a cluster: idle and busy CPU make 1000 permil, the cluster's rates are the
sums of its nodes', a counter is the integral of its rate.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from mendwatch_onefs_sim.hardware import Hardware, Node
from mendwatch_onefs_sim.waves import Wave, wave

MIB = 2**20
_PERMIL = 1000
_PACKET = 1100  # bytes in a usual packet of a mixed load
_TRANSFER = 65_536  # bytes in a usual transfer to a disk
_USED_AT_START = 0.57
_GROWTH = 3 * MIB  # bytes per second that people write and keep

#: Shares of a node's busy time, in the order user, system, interrupt; nice is always 0.
_BUSY_SHARES = {"user": 0.52, "sys": 0.4, "intr": 0.08}


@dataclass(frozen=True)
class NodeMoment:
    """One node, so many seconds after the simulator's start; `epoch` is the time of day."""

    node: Node
    seed: int
    elapsed: float
    epoch: float

    @cached_property
    def activity(self) -> float:
        """How busy the node is, from 0 to 1: two waves, one of minutes and one of seconds."""
        slow = self._wave("slow", 0.42, swing=0.45, period=400).at(self.elapsed)
        fast = self._wave("fast", 0.10, swing=0.9, period=45).at(self.elapsed)
        return min(1.0, max(0.02, slow + fast - 0.05))

    @cached_property
    def cpu(self) -> dict[str, int]:
        """Permil of CPU time by state; the five always make 1000."""
        busy = {state: round(_PERMIL * 0.8 * self.activity * share) for state, share in _BUSY_SHARES.items()}
        return {"idle": _PERMIL - sum(busy.values()), "nice": 0, **busy}

    def rate(self, name: str) -> float:
        """Give a rate in its base unit per second: net_in, net_out, ifs_in, ifs_out, disk_in, disk_out (bytes)."""
        return self._rates[name].at(self.elapsed)

    def count(self, name: str) -> int:
        """Give what a counter of this rate has counted since the node's boot."""
        before = self._rates[name].base * self.node.uptime_at_start
        return int(before + self._rates[name].total(self.elapsed))

    def packets(self, name: str) -> float:
        """Give packets per second of one direction."""
        return self.rate(name) / _PACKET

    def transfers(self, name: str) -> float:
        """Give disk transfers per second of one direction."""
        return self.rate(name) / _TRANSFER

    def load(self, minutes: int) -> int:
        """Give the load average in cents; the longer the average, the calmer."""
        share = self.activity / minutes + 0.42 * (1 - 1 / minutes)
        return round(100 * self.node.cores * 0.6 * share)

    def clients(self, name: str, usual: int) -> int:
        """Give a number of clients around the usual one."""
        return round(self._wave(f"clients.{name}", usual, swing=0.3, period=180).at(self.elapsed))

    @property
    def uptime(self) -> int:
        """Seconds since the node's boot."""
        return self.node.uptime_at_start + int(self.elapsed)

    @property
    def memory_used(self) -> int:
        """Bytes of memory in use."""
        return int(self.node.memory * (0.35 + 0.25 * self.activity))

    @property
    def ifs_used(self) -> int:
        """Bytes of this node's share of /ifs in use."""
        return int(self.node.capacity * _USED_AT_START + _GROWTH * self.elapsed)

    @cached_property
    def _rates(self) -> dict[str, Wave]:
        usual = {"net_in": 180, "net_out": 420, "ifs_in": 160, "ifs_out": 390, "disk_in": 240, "disk_out": 210}
        return {name: self._wave(name, mib * MIB, swing=0.6, period=90) for name, mib in usual.items()}

    def _wave(self, name: str, base: float, *, swing: float, period: float) -> Wave:
        return wave(self.seed, f"node{self.node.lnn}.{name}", base, swing=swing, period=period)


@dataclass(frozen=True)
class ClusterMoment:
    """The whole cluster at one moment; `nodes` are those that answer."""

    hardware: Hardware
    nodes: tuple[NodeMoment, ...]
    elapsed: float
    epoch: float

    @cached_property
    def by_devid(self) -> dict[int, NodeMoment]:
        """The nodes that answer, by device id."""
        return {node.node.devid: node for node in self.nodes}

    @cached_property
    def cpu(self) -> dict[str, int]:
        """Permil of CPU time by state, averaged over the nodes; the five always make 1000."""
        busy = {state: round(sum(node.cpu[state] for node in self.nodes) / len(self.nodes)) for state in _BUSY_SHARES}
        return {"idle": _PERMIL - sum(busy.values()), "nice": 0, **busy}

    def rate(self, name: str) -> float:
        """Give the sum of a rate over the nodes."""
        return sum(node.rate(name) for node in self.nodes)

    def count(self, name: str) -> int:
        """Give the sum of a counter over the nodes."""
        return sum(node.count(name) for node in self.nodes)

    @property
    def ifs_total(self) -> int:
        """The size of /ifs in bytes."""
        return sum(node.capacity for node in self.hardware.nodes)

    @cached_property
    def ifs_used(self) -> int:
        """Bytes of /ifs in use."""
        return int(self.ifs_total * _USED_AT_START + _GROWTH * len(self.hardware.nodes) * self.elapsed)


def moment(hardware: Hardware, elapsed: float, started: float) -> ClusterMoment:
    """Give the cluster so many seconds after its start, which was at the epoch second `started`."""
    nodes = tuple(NodeMoment(node, hardware.seed, elapsed, started + elapsed) for node in hardware.up)
    return ClusterMoment(hardware, nodes, elapsed, started + elapsed)
