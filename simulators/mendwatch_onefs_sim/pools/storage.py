"""The storage pools of the cluster: which nodes make which, how full each is, and what ails it.

What is used of /ifs is one figure of the cluster; the pools share it, so that no two answers of a cluster contradict each other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from mendwatch.errors import UserError
from mendwatch_onefs_sim.hardware import Hardware, Node
from mendwatch_onefs_sim.machines.machine import EMPTY, NEW, PREPARING, REPLACE, SMARTFAIL, Machine
from mendwatch_onefs_sim.machines.register import Machines

#: A node pool has at least so many nodes; a cluster of twice as many has two pools.
_LEAST = 3
TIER = "general"
#: The share of the free bytes that is kept for hot spares.
SPARE = 0.03
_IDLE = frozenset({EMPTY, NEW, PREPARING, REPLACE})

#: The settings of storagepool/settings that can be changed, as they are at the start.
SETTINGS: Mapping[str, object] = {
    "automatically_manage_io_optimization": "files_at_default",
    "automatically_manage_protection": "files_at_default",
    "default_transfer_limit_pct": 90,
    "default_transfer_limit_state": "disabled",
    "global_namespace_acceleration_enabled": False,
    "global_namespace_acceleration_state": "inactive",
    "protect_directories_one_level_higher": True,
    "spillover_enabled": True,
    "spillover_target": {"type": "anywhere"},
    "ssd_l3_cache_default_enabled": True,
    "ssd_qab_mirrors": "one",
    "ssd_system_btree_mirrors": "one",
    "ssd_system_delta_mirrors": "one",
    "virtual_hot_spare_deny_writes": True,
    "virtual_hot_spare_hide_spare": True,
    "virtual_hot_spare_limit_drives": 1,
    "virtual_hot_spare_limit_percent": 0,
}


@dataclass(frozen=True, slots=True)
class Pool:
    """One node pool: its number, its name, the logical numbers of its nodes, and its bytes.

    `pinned` is the used share (0 to 1) that somebody gave it, or None where it takes its part of what is used.
    """

    id: int
    name: str
    lnns: tuple[int, ...]
    size: int
    pinned: float | None = None


@dataclass(frozen=True, slots=True)
class Usage:
    """What is used of a pool, in bytes; `spare` is reserved for hot spares, within what is free."""

    total: int
    used: int

    @property
    def free(self) -> int:
        """Bytes that are not in use."""
        return self.total - self.used

    @property
    def available(self) -> int:
        """Bytes that may still be written."""
        return int(self.free * (1 - SPARE))

    @property
    def spare(self) -> int:
        """Bytes reserved for hot spares."""
        return self.free - self.available


@dataclass(slots=True)
class Storage:
    """Holds the node pools and the settings."""

    pools: tuple[Pool, ...]
    settings: dict[str, object] = field(default_factory=lambda: dict(SETTINGS))

    def pool(self, name: str) -> Pool:
        """Give a node pool.

        Raises:
            UserError: there is no such pool.
        """
        for pool in self.pools:
            if pool.name == name:
                return pool
        raise UserError(f"there is no node pool {name!r}", hint=f"There are: {', '.join(pool.name for pool in self.pools)}.")

    def fill(self, name: str, share: float | None, used: int) -> float:
        """Fill a node pool to a share (0 to 1) and give the used share of the whole file system that this makes.

        `used` are the bytes in use now; whoever fills a pool must tell the file system the share that is given.
        """
        before = self.usages(used)
        self.pools = tuple(replace(pool, pinned=share) if pool is self.pool(name) else pool for pool in self.pools)
        filled = self.pool(name)
        others = sum(usage.used for pool, usage in before.items() if pool != name)
        return (others + (filled.pinned or 0.0) * filled.size) / sum(pool.size for pool in self.pools)

    def release(self, name: str) -> None:
        """Let a node pool take its part of what is used again."""
        self.pools = tuple(replace(pool, pinned=None) if pool is self.pool(name) else pool for pool in self.pools)

    def usages(self, used: int) -> dict[str, Usage]:
        """Share so many used bytes among the node pools; together they make exactly that."""
        loose = [pool for pool in self.pools if pool.pinned is None] or [self.pools[-1]]
        pinned = {pool.name: int(pool.size * (pool.pinned or 0.0)) for pool in self.pools if pool not in loose}
        shared = _shared(used - sum(pinned.values()), loose)
        return {pool.name: Usage(pool.size, min(pool.size, {**pinned, **shared}[pool.name])) for pool in self.pools}


def _shared(used: int, pools: Sequence[Pool]) -> dict[str, int]:
    size = sum(pool.size for pool in pools)
    parts = {pool.name: max(0, used) * pool.size // size for pool in pools}
    last = pools[-1].name
    parts[last] += max(0, used) - sum(parts.values())
    return parts


def health_flags(nodes: Sequence[Node], machines: Machines) -> list[str]:
    """Give what ails a pool of these nodes, in OneFS' words."""
    every = [machines.of(node.lnn) for node in nodes]
    states = {drive.state for machine in every for drive in machine.drives}
    flags = {
        "missing_drives": bool(states & {EMPTY, REPLACE, NEW}),
        "devices_down": not all(node.is_up for node in nodes),
        "devices_smartfailed": SMARTFAIL in states or any(machine.smartfailed for machine in every),
        "waiting_repair": REPLACE in states,
    }
    return [flag for flag, holds in flags.items() if holds]


def affected(machine: Machine) -> list[int]:
    """Give the bays of a machine whose drives are not well."""
    return [drive.bay for drive in machine.drives if not drive.well]


def absent(machine: Machine) -> frozenset[int]:
    """Give the bays of a machine in which no drive is at work."""
    return frozenset(drive.bay for drive in machine.drives if drive.state in _IDLE)


def make_storage(hardware: Hardware) -> Storage:
    """Make the node pools of a cluster: one, or two where there are enough nodes for both."""
    nodes = hardware.nodes
    cut = len(nodes) - _LEAST if len(nodes) >= 2 * _LEAST else len(nodes)
    groups = [group for group in (nodes[:cut], nodes[cut:]) if group]
    names = ("h700_60tb_96gb", "a300_60tb_96gb")
    return Storage(
        tuple(
            Pool(number, name, tuple(node.lnn for node in group), sum(node.capacity for node in group))
            for number, (name, group) in enumerate(zip(names, groups, strict=False), 1)
        )
    )
