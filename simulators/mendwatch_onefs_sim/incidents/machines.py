"""Incidents of the parts of a node: drives, power supplies, batteries, the system partition."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from mendwatch.errors import UserError
from mendwatch_onefs_sim.cluster import Cluster
from mendwatch_onefs_sim.hardware import Node
from mendwatch_onefs_sim.incidents.arguments import NUMBER, WHOLE, Argument, Given
from mendwatch_onefs_sim.incidents.incident import Course
from mendwatch_onefs_sim.incidents.kinds import NODE, Kind, about_node, node_of
from mendwatch_onefs_sim.machines.machine import HEALTHY, SUPPLIES
from mendwatch_onefs_sim.operations.checks import Problem

_READ_ONLY = 200_010_006
_VAR, _SMARTFAIL, _SUPPLY, _BATTERY, _SLOW = 100_010_001, 100_010_011, 900_010_002, 900_010_004, 900_010_008
#: OneFS says that /var is nearly full from this share on.
_NEARLY = 0.9
_BAY = Argument("bay", WHOLE, 4, "the bay of the drive")


def _drive_failed(cluster: Cluster, given: Given) -> Course:
    """Let a drive fail: its data is moved away by FlexProtect, then it waits for its successor."""
    node, bay = _healthy_drive(cluster, given)
    cluster.machines.fail_drive(node.lnn, bay)

    def holds(cluster: Cluster, _: float) -> bool:
        return _state(cluster, node, bay) != HEALTHY

    def end(cluster: Cluster, _: float) -> None:
        cluster.machines.finish_drive(node.lnn, bay)

    return Course(_place(node, bay), holds, end, about_node(node, _SMARTFAIL, "critical", bay=bay))


def _drive_slow(cluster: Cluster, given: Given) -> Course:
    """Let a drive be slow; whoever takes it out of use mends what is slow."""
    node, bay = _healthy_drive(cluster, given)
    cluster.summaries.slow_drive(node.lnn, bay, given.number("factor"))

    def holds(cluster: Cluster, _: float) -> bool:
        return (node.lnn, bay) in cluster.summaries.slow_drives and _state(cluster, node, bay) == HEALTHY

    def end(cluster: Cluster, _: float) -> None:
        cluster.summaries.mend_drive(node.lnn, bay)

    return Course(_place(node, bay), holds, end, about_node(node, _SLOW, "warning", bay=bay), after=end)


def _healthy_drive(cluster: Cluster, given: Given) -> tuple[Node, int]:
    node, bay = node_of(cluster, given), given.whole("bay")
    if _state(cluster, node, bay) != HEALTHY:
        raise UserError(f"there is no healthy drive in bay {bay} of node {node.lnn}", hint=f"It has bays 1 to {node.drives}.")
    return node, bay


def _state(cluster: Cluster, node: Node, bay: int) -> str:
    drive = cluster.machines.of(node.lnn).drive(bay)
    return "" if drive is None else drive.state


def _place(node: Node, bay: int) -> str:
    return f"node {node.lnn} bay {bay}"


def _supply_failed(cluster: Cluster, given: Given) -> Course:
    """Let a power supply fail; the other one feeds the node."""
    node, supply = node_of(cluster, given), given.whole("supply")
    cluster.machines.fail_supply(node.lnn, supply)

    def holds(cluster: Cluster, _: float) -> bool:
        return supply in cluster.machines.of(node.lnn).failed_supplies

    def end(cluster: Cluster, _: float) -> None:
        cluster.machines.mend_supply(node.lnn, supply)

    opens = about_node(node, _SUPPLY, "critical", supply=supply)
    finding = Problem("power_supply_status", str(node.lnn), "CRITICAL", 50)
    return Course(f"node {node.lnn} PS{supply}", holds, end, opens, finding=finding)


def _battery_failed(cluster: Cluster, given: Given) -> Course:
    """Let the battery of the NVRAM fail: the node saves its journal and writes no more."""
    node = node_of(cluster, given)
    cluster.machines.weaken_battery(node.lnn)
    cluster.machines.set_readonly(node.lnn, on=True, by_system=True)

    def holds(cluster: Cluster, _: float) -> bool:
        return cluster.machines.of(node.lnn).charge != "GREEN"

    def end(cluster: Cluster, _: float) -> None:
        cluster.machines.restore_battery(node.lnn)

    def after(cluster: Cluster, _: float) -> None:
        cluster.machines.set_readonly(node.lnn, on=False, by_system=True)

    opens = (*about_node(node, _BATTERY, "critical"), *about_node(node, _READ_ONLY, "critical"))
    return Course(f"node {node.lnn}", holds, end, opens, after=after)


def _var_full(cluster: Cluster, given: Given) -> Course:
    """Fill /var of a node."""
    node, share = node_of(cluster, given), given.number("share")
    cluster.machines.fill_var(node.lnn, share)

    def holds(cluster: Cluster, _: float) -> bool:
        return (cluster.machines.of(node.lnn).var_share or 0.0) >= _NEARLY

    def end(cluster: Cluster, _: float) -> None:
        cluster.machines.fill_var(node.lnn, None)

    return Course(f"node {node.lnn}", holds, end, about_node(node, _VAR, "warning", value=100 * share))


MACHINE_INCIDENTS: Mapping[str, Kind] = MappingProxyType(
    {
        "drive-failed": Kind(
            _drive_failed,
            "A drive fails: FlexProtect moves its data away, other jobs wait, then the drive waits for its successor.",
            "POST cluster/nodes/{lnn}/drives/{bay}/add once the state of the drive is REPLACE",
            (NODE, _BAY),
        ),
        "drive-slow": Kind(
            _drive_slow,
            "A drive gets slow and is busy all the time.",
            "POST cluster/nodes/{lnn}/drives/{bay}/smartfail or suspend",
            (NODE, _BAY, Argument("factor", NUMBER, 20.0, "how many times as long its accesses take", above=1.0)),
        ),
        "psu-failed": Kind(
            _supply_failed,
            "A power supply of a node fails.",
            "Somebody replaces it: DELETE /incidents/psu-failed",
            (NODE, Argument("supply", WHOLE, SUPPLIES[0], "which of them", most=SUPPLIES[-1])),
        ),
        "battery-failed": Kind(
            _battery_failed,
            "The battery of a node's NVRAM fails its test, and the system puts the node into read-only mode.",
            "Somebody replaces it: DELETE /incidents/battery-failed",
            (NODE,),
        ),
        "var-full": Kind(
            _var_full,
            "The system partition /var of a node is nearly full.",
            "Somebody tidies up: DELETE /incidents/var-full",
            (NODE, Argument("share", NUMBER, 0.96, "its used share afterwards", above=_NEARLY, most=1.0)),
        ),
    }
)
