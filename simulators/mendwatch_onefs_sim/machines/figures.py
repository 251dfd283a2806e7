"""What the state of a machine does to the statistics: the keys that tell of drives, modes, NVRAM and /var follow it.

Both ways of asking a cluster must agree, and only here do the two meet.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from mendwatch_onefs_sim.hardware import device_id
from mendwatch_onefs_sim.machines.machine import Machine
from mendwatch_onefs_sim.machines.register import Machines
from mendwatch_onefs_sim.statistics.steering import CLUSTER, Steering

#: Numbers of `node.nvram.charge.status` by colour.
_CHARGES: Mapping[str, int] = MappingProxyType({"BLACK": 0, "GREEN": 1, "YELLOW": 2, "RED": 3})


def follow(machines: Machines, steering: Steering) -> None:
    """Let the figures follow every change of a machine from now on."""

    def reflect(machine: Machine) -> None:
        _reflect_node(machine, steering)
        _reflect_cluster(machines, steering)

    machines.watch(reflect)


def well(machine: Machine) -> bool:
    """Tell whether nobody needs to look at a machine."""
    troubles = (machine.unhealthy, machine.mode, machine.smartfailed, machine.failed_supplies, machine.charge != "GREEN")
    return not any(troubles)


def _reflect_node(machine: Machine, steering: Steering) -> None:
    devid = device_id(machine.lnn)
    steering.put("node.disk.unhealthy.count", machine.unhealthy, devid)
    steering.put("node.health", 0 if well(machine) else 1, devid)
    steering.put("node.nvram.charge.status", _CHARGES.get(machine.charge, -1), devid)
    if machine.var_share is not None:
        steering.put("node.sysfs.var.percent.used", 100 * machine.var_share, devid)


def _reflect_cluster(machines: Machines, steering: Steering) -> None:
    every = machines.all()
    steering.put("cluster.node.count.readonly", sum(machine.mode for machine in every), CLUSTER)
    steering.put("cluster.node.count.smartfailed", sum(machine.smartfailed for machine in every), CLUSTER)
    if all(well(machine) for machine in every):
        steering.forget("cluster.health", CLUSTER)
    else:
        steering.put("cluster.health", 1, CLUSTER)
