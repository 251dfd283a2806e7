"""The figures of a cluster over time: of this very moment, and as the cluster sampled them last.

OneFS samples most keys on a schedule of their own; who asks between two samples gets the older one, with its time.
"""

from __future__ import annotations

from mendwatch_onefs_sim.hardware import Hardware, Node
from mendwatch_onefs_sim.statistics.moments import ClusterMoment, NodeMoment, Waves
from mendwatch_onefs_sim.statistics.steering import Steering

#: Samples that are kept for clients that ask again, one per interval and some of the past for histories.
_KEPT = 64
_NONE: frozenset[str] = frozenset()
_NO_DRIVE: frozenset[int] = frozenset()


class Figures:
    """Computes moments and remembers the last of them; `started` is the epoch second of the simulator's start."""

    def __init__(self, seed: int, started: float, steering: Steering) -> None:
        self._waves = Waves(seed)
        self._started = started
        self._steering = steering
        self._kept: dict[tuple[float, int, int], ClusterMoment] = {}

    def at(self, hardware: Hardware, elapsed: float) -> ClusterMoment:
        """Give the figures of one moment; the same moment is computed once."""
        key = (elapsed, id(hardware), self._steering.revision)
        found = self._kept.get(key)
        if found is None or found.hardware is not hardware:
            if len(self._kept) >= _KEPT:
                self._kept.pop(next(iter(self._kept)))
            found = self._kept[key] = self._made(hardware, elapsed)
        return found

    def sampled(self, hardware: Hardware, elapsed: float, interval: int) -> ClusterMoment:
        """Give the figures as they were sampled last, every `interval` seconds of the day; 0 samples whenever asked."""
        if not interval:
            return self.at(hardware, elapsed)
        return self.at(hardware, (self._started + elapsed) // interval * interval - self._started)

    def _made(self, hardware: Hardware, elapsed: float) -> ClusterMoment:
        epoch, used = self._started + elapsed, self._steering.used_share(elapsed)
        nodes = tuple(self._of_node(node, elapsed, used) for node in hardware.up)
        return ClusterMoment(hardware, nodes, elapsed, epoch, used)

    def _of_node(self, node: Node, elapsed: float, used: float | None) -> NodeMoment:
        steering, around = self._steering, self._steering.circumstances
        devid = node.devid
        return NodeMoment(
            node,
            self._waves,
            elapsed,
            self._started + elapsed,
            busy=steering.busyness(devid),
            used=used,
            strain=around.load,
            paces=around.paces,
            slowness=around.slowness,
            dark=around.dark.get(devid, _NONE),
            slow={bay - 1: factor for bay, factor in around.slow_drives.get(devid, {}).items()},
            idle=around.idle_drives.get(devid, _NO_DRIVE),
            guests=around.guests.get(devid, ()),
        )
