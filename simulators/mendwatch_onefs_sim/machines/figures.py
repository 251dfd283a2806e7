"""What the state of a machine does to the statistics: the keys that tell of drives, modes, NVRAM and /var follow it.

Both ways of asking a cluster must agree, and only here do the two meet.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from mendwatch_onefs_sim.hardware import GIB, device_id
from mendwatch_onefs_sim.machines.machine import Machine
from mendwatch_onefs_sim.machines.register import Machines
from mendwatch_onefs_sim.statistics.steering import CLUSTER, Steering

#: Numbers of `node.nvram.charge.status` by colour.
_CHARGES: Mapping[str, int] = MappingProxyType({"BLACK": 0, "GREEN": 1, "YELLOW": 2, "RED": 3})
#: The size of /var, the keys that tell of it, and the share of what is free that may be written.
VAR_BYTES = 4 * GIB
_VAR_PARTS = ("used", "free", "avail")
_WRITABLE = 0.97


def follow(machines: Machines, steering: Steering) -> None:
    """Let the figures follow every change of a machine from now on."""

    def reflect(machine: Machine) -> None:
        _reflect_node(machine, steering)
        _reflect_cluster(machines, steering)

    machines.watch(reflect)


def _reflect_node(machine: Machine, steering: Steering) -> None:
    devid = device_id(machine.lnn)
    steering.put("node.disk.unhealthy.count", machine.unhealthy, devid)
    steering.put("node.nvram.charge.status", _CHARGES.get(machine.charge, -1), devid)
    for part, share in _var(machine).items():
        steering.put(f"node.sysfs.var.percent.{part}", 100 * share, devid)
        steering.put(f"node.sysfs.var.bytes.{part}", int(VAR_BYTES * share), devid)
    if machine.var_share is None:
        for part in _VAR_PARTS:
            steering.forget(f"node.sysfs.var.percent.{part}", devid)
            steering.forget(f"node.sysfs.var.bytes.{part}", devid)


def _var(machine: Machine) -> dict[str, float]:
    """Give the shares of /var, where they are not as usual."""
    used = machine.var_share
    return {} if used is None else dict(zip(_VAR_PARTS, (used, 1 - used, (1 - used) * _WRITABLE), strict=True))


def _reflect_cluster(machines: Machines, steering: Steering) -> None:
    every = machines.all()
    steering.put("cluster.node.count.readonly", sum(machine.mode for machine in every), CLUSTER)
    steering.put("cluster.node.count.smartfailed", sum(machine.smartfailed for machine in every), CLUSTER)
