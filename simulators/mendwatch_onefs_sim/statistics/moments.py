"""A node and a cluster at one moment: every figure follows from the seed and the elapsed seconds.

Figures agree with one another as they do on a cluster: idle and busy CPU make 1000 permil, the cluster's rates are the
sums of its nodes', a counter is the integral of its rate, a node's disks carry together what the node carries.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from mendwatch_onefs_sim.hardware import Hardware, Node
from mendwatch_onefs_sim.summaries.state import Client
from mendwatch_onefs_sim.waves import Wave, fraction, wave

MIB = 2**20
_PERMIL = 1000
_PACKET = 1100  # bytes in a usual packet of a mixed load
_TRANSFER = 65_536  # bytes in a usual transfer to a disk
_USED_AT_START = 0.57
_ALL_THE_TIME = 0.995
_GROWTH = 3 * MIB  # bytes per second that people write and keep

#: Shares of a node's busy time, in the order user, system, interrupt; nice is always 0.
_BUSY_SHARES = {"user": 0.52, "sys": 0.4, "intr": 0.08}

#: Usual MiB per second of a node, by the name of the rate.
_USUAL_MIB = {
    "net_in": 180.0,
    "net_out": 420.0,
    "int_in": 260.0,
    "int_out": 265.0,
    "ifs_in": 160.0,
    "ifs_out": 390.0,
    "disk_in": 240.0,
    "disk_out": 210.0,
    "deleted": 12.0,
}


class Waves:
    """Every wave of a cluster, made once: a wave follows from the seed, the node and a name."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._waves: dict[tuple[int, str], Wave] = {}
        self._shares: dict[tuple[int, int], tuple[float, ...]] = {}

    def of(self, lnn: int, name: str, base: float, swing: float, period: float) -> Wave:
        """Give a node's wave."""
        found = self._waves.get((lnn, name))
        if found is None:
            found = self._waves[(lnn, name)] = wave(self.seed, f"node{lnn}.{name}", base, swing=swing, period=period)
        return found

    def shares(self, lnn: int, parts: int) -> tuple[float, ...]:
        """Give how a node's load is spread over so many parts; the shares make 1."""
        found = self._shares.get((lnn, parts))
        if found is None:
            weights = [0.7 + 0.6 * fraction(self.seed, "part", lnn, part) for part in range(parts)]
            found = self._shares[(lnn, parts)] = tuple(weight / sum(weights) for weight in weights)
        return found


@dataclass(frozen=True)
class NodeMoment:
    """One node, so many seconds after the simulator's start; `epoch` is the time of day.

    `busy` is how many times as busy as usual it is, `strain` how many times again for what its clients do; `used` the used share
    of /ifs where that was set. `paces` are factors of a protocol's operations and `slowness` of its latency; `dark` external
    interfaces without a link; `slow` factors of the latency of drives by their number from 0, `idle` drives that do nothing.
    `guests` are the clients that came besides the usual ones and are served here.
    """

    node: Node
    waves: Waves
    elapsed: float
    epoch: float
    busy: float = 1.0
    used: float | None = None
    strain: float = 1.0
    paces: Mapping[str, float] = field(default_factory=dict)
    slowness: Mapping[str, float] = field(default_factory=dict)
    dark: frozenset[str] = frozenset()
    slow: Mapping[int, float] = field(default_factory=dict)
    idle: frozenset[int] = frozenset()
    guests: tuple[Client, ...] = ()

    @cached_property
    def activity(self) -> float:
        """How busy the node is, from 0 to 1: two waves, one of minutes and one of seconds."""
        return min(1.0, max(0.02, self.busy * self.strain * self._swing))

    @cached_property
    def demand(self) -> float:
        """How much its clients want, from 0 to 1, each protocol for itself."""
        return min(1.0, max(0.02, self.busy * self._swing))

    @cached_property
    def cpu(self) -> dict[str, int]:
        """Permil of CPU time by state; the five always make 1000."""
        return _cpu(self.activity)

    def core(self, number: int) -> dict[str, int]:
        """Permil of one core's time by state."""
        shares = self.waves.shares(self.node.lnn, self.node.cores)
        return _cpu(min(1.0, self.activity * shares[number] * self.node.cores))

    def rate(self, name: str) -> float:
        """Give a rate in bytes per second: net_in, net_out, int_in, int_out, ifs_in, ifs_out, disk_in, disk_out, deleted."""
        usual = self.busy * self.strain * self._rate(name).at(self.elapsed)
        return usual + self._visiting(name) if self.guests else usual

    def visits(self, guest: Client) -> float:
        """Give the operations per second of a guest; none where nobody is served."""
        moving = self._wave(f"guest.{guest.address}", 1.0, swing=0.02, period=120).at(self.elapsed)
        return guest.rate * moving if self.pace(guest.protocol) else 0.0

    def _visiting(self, name: str) -> float:
        """Give what guests add to a rate: their bytes go over the network."""
        return sum(
            self.visits(guest) * guest.bytes_of(name.removeprefix("net_")) for guest in self.guests if name.startswith("net_")
        )

    def count(self, name: str) -> int:
        """Give what a counter of this rate has counted since the node's boot."""
        counted = self._rate(name)
        if self.node.booted is not None:
            return max(0, int(counted.total(self.elapsed) - counted.total(self.node.booted)))
        return int(counted.base * self.node.uptime_at_start + counted.total(self.elapsed))

    def packets(self, name: str) -> float:
        """Give packets per second of one direction."""
        return self.rate(name) / _PACKET

    def transfers(self, name: str) -> float:
        """Give disk transfers per second of one direction."""
        return self.rate(name) / _TRANSFER

    def drive_share(self, drive: int) -> float:
        """Give the share of the node's disk load that one drive has, by its number from 0."""
        return self._drive_shares[drive]

    def drive_busy(self, drive: int) -> float:
        """Give how busy a drive is, from 0 to 1."""
        return self._drives_busy[drive]

    @cached_property
    def drives_at_work(self) -> tuple[int, ...]:
        """The numbers of the drives that carry load: all but those that are gone or not in use yet."""
        return tuple(drive for drive in range(self.node.drives) if drive not in self.idle)

    @cached_property
    def _drive_shares(self) -> tuple[float, ...]:
        shares = self.waves.shares(self.node.lnn, self.node.drives)
        if not self.idle:
            return shares
        left = sum(shares[drive] for drive in self.drives_at_work)
        return tuple(0.0 if drive in self.idle else share / left for drive, share in enumerate(shares))

    @cached_property
    def _drives_busy(self) -> tuple[float, ...]:
        each = 0.7 * self.activity * len(self.drives_at_work)
        return tuple(
            _ALL_THE_TIME if drive in self.slow and share else min(1.0, each * share)
            for drive, share in enumerate(self._drive_shares)
        )

    @property
    def disks_busy(self) -> float:
        """How busy the drives at work are on average, from 0 to 1."""
        return sum(self._drives_busy) / max(1, len(self.drives_at_work))

    def drive_patience(self, drive: int) -> float:
        """Give how many times as long as usual a drive takes."""
        return self.slow.get(drive, 1.0)

    def load(self, minutes: int) -> int:
        """Give the load average in cents; the longer the average, the calmer."""
        share = self.activity / minutes + 0.42 * (1 - 1 / minutes)
        return round(100 * self.node.cores * 0.6 * share)

    def around(self, name: str, usual: float) -> float:
        """Give a number that moves around the usual one."""
        return self._wave(name, usual, swing=0.3, period=180).at(self.elapsed)

    def clients(self, name: str, usual: int) -> int:
        """Give a number of clients around the usual one."""
        return round(self.around(f"clients.{name}", usual))

    @property
    def uptime(self) -> int:
        """Seconds since the node's boot."""
        return self.node.uptime(self.elapsed)

    @property
    def memory_used(self) -> int:
        """Bytes of memory in use."""
        return int(self.node.memory * (0.35 + 0.25 * self.activity))

    @property
    def ifs_used(self) -> int:
        """Bytes of this node's share of /ifs in use."""
        if self.used is not None:
            return int(self.node.capacity * self.used)
        return int(self.node.capacity * _USED_AT_START + _GROWTH * self.elapsed)

    @cached_property
    def _swing(self) -> float:
        slow = self._wave("slow", 0.42, swing=0.45, period=400).at(self.elapsed)
        fast = self._wave("fast", 0.10, swing=0.9, period=45).at(self.elapsed)
        return slow + fast - 0.05

    def pace(self, protocol: str) -> float:
        """Give how many times as many operations as usual a protocol has; 0 if it serves nobody."""
        return self.paces.get(protocol, 1.0)

    def _rate(self, name: str) -> Wave:
        return self._wave(name, _USUAL_MIB[name] * MIB, swing=0.6, period=90)

    def _wave(self, name: str, base: float, *, swing: float, period: float) -> Wave:
        return self.waves.of(self.node.lnn, name, base, swing, period)


def _cpu(activity: float) -> dict[str, int]:
    busy = {state: round(_PERMIL * 0.8 * activity * share) for state, share in _BUSY_SHARES.items()}
    return {"idle": _PERMIL - sum(busy.values()), "nice": 0, **busy}


@dataclass(frozen=True)
class ClusterMoment:
    """The whole cluster at one moment; `nodes` are those that answer.

    `values` remembers what was computed for this moment, by key: many clients ask for the same.
    """

    hardware: Hardware
    nodes: tuple[NodeMoment, ...]
    elapsed: float
    epoch: float
    used: float | None = None
    values: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)

    @cached_property
    def by_devid(self) -> dict[int, NodeMoment]:
        """The nodes that answer, by device id."""
        return {node.node.devid: node for node in self.nodes}

    @cached_property
    def cpu(self) -> dict[str, int]:
        """Permil of CPU time by state, averaged over the nodes; the five always make 1000."""
        busy = {state: round(sum(node.cpu[state] for node in self.nodes) / len(self.nodes)) for state in _BUSY_SHARES}
        return {"idle": _PERMIL - sum(busy.values()), "nice": 0, **busy}

    def total(self, figure: Callable[[NodeMoment], float]) -> float:
        """Give the sum of a figure over the nodes."""
        return sum(figure(node) for node in self.nodes)

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
        if self.used is not None:
            return int(self.ifs_total * self.used)
        return int(self.ifs_total * _USED_AT_START + _GROWTH * len(self.hardware.nodes) * self.elapsed)


def moment(hardware: Hardware, elapsed: float, started: float, waves: Waves | None = None) -> ClusterMoment:
    """Give the cluster so many seconds after its start, which was at the epoch second `started`, with nothing steered."""
    made = waves or Waves(hardware.seed)
    nodes = tuple(NodeMoment(node, made, elapsed, started + elapsed) for node in hardware.up)
    return ClusterMoment(hardware, nodes, elapsed, started + elapsed)
