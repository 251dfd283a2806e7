"""cluster/nodes: what each node is made of, and whether it is well."""

from __future__ import annotations

from mendwatch_onefs_sim.answers import Answer, not_found
from mendwatch_onefs_sim.calls import Call
from mendwatch_onefs_sim.cluster import Cluster
from mendwatch_onefs_sim.hardware import GIB, Hardware, Node
from mendwatch_onefs_sim.resources.fanout import fan_out
from mendwatch_onefs_sim.resources.resource import Resource

_PRIVILEGE = "ISI_PRIV_DEVICES"
_SINCE = 3
_SECTOR = 512


def _nodes(cluster: Cluster, call: Call) -> Answer:
    return fan_out(cluster.hardware, lambda node: _node(cluster, node, call.now))


def _one(cluster: Cluster, call: Call) -> Answer:
    found = tuple(node for node in cluster.hardware.nodes if str(node.lnn) == call.parts[0])
    if not found:
        raise not_found(f"Node '{call.parts[0]}' was not found", "lnn")
    return fan_out(cluster.hardware, lambda node: _node(cluster, node, call.now), found)


def _node(cluster: Cluster, node: Node, now: float) -> dict[str, object]:
    return {
        "drives": [_drive(node, bay) for bay in range(1, node.drives + 1)],
        "hardware": _hardware(node),
        "internal_ip_address": node.internal_address,
        "partitions": {"count": 1, "partitions": [_var(node)]},
        "sensors": {"sensors": [_temperature()]},
        "sleds": [],
        "state": _state(),
        "status": _status(cluster.hardware, node, now),
    }


def _drive(node: Node, bay: int) -> dict[str, object]:
    return {
        "baynum": bay,
        "blocks": node.capacity // node.drives // _SECTOR,
        "chassis": 1,
        "devname": f"da{bay}",
        "firmware": {"current_firmware": "A2B0", "desired_firmware": ""},
        "handle": 340 + bay,
        "interface_type": "SAS",
        "lnum": bay - 1,
        "locnstr": f"Bay {bay:2d}",
        "logical_block_length": _SECTOR,
        "media_type": "HDD",
        "model": "SIMULATED-4T",
        "pending_actions": [],
        "physical_block_length": 4096,
        "present": True,
        "purpose": "STORAGE",
        "purpose_description": "A drive used for normal data storage operation",
        "serial": f"{node.serial}-{bay:02d}",
        "ui_state": "HEALTHY",
        "wwn": f"5000C500{node.devid:04X}{bay:04X}",
    }


def _hardware(node: Node) -> dict[str, object]:
    return {
        "chassis": "Simulated chassis",
        "class": "storage",
        "configuration_id": "400-0100-01",
        "cpu": f"{node.cores} cores",
        "family_code": "H",
        "generation_code": "",
        "hwgen": "PSI",
        "model": "H700",
        "node_slot_id": -1,
        "powersupplies": ["PS1", "PS2"],
        "processor": "Simulated processor",
        "product": "H700-1U-Single-96GB-1x1GE-2x25GE SFP+-60TB",
        "ram": node.memory,
        "serial_number": node.serial,
        "sled_drive_count": -1,
        "storage_class": "storage",
        "tier": 0,
        "top_level_assembly_serial_number": node.serial,
    }


def _var(node: Node) -> dict[str, object]:
    used = node.drives * GIB // 10
    return {
        "block_size": 4096,
        "capacity": 4 * GIB,
        "component_devices": "ada0p6",
        "mount_point": "/var",
        "percent_used": f"{100 * used // (4 * GIB)}%",
        "used": used,
    }


def _temperature() -> dict[str, object]:
    values = [{"desc": "Front panel", "name": "Temp_Front", "units": "C", "value": "24.0"}]
    return {"count": len(values), "name": "Temps", "values": values}


def _state() -> dict[str, object]:
    return {
        "readonly": {"allowed": True, "enabled": False, "mode": False, "status": "normal", "valid": True, "value": 0},
        "servicelight": {"enabled": False, "supported": True, "valid": True},
        "smartfail": {
            "dead": False, "down": False, "in_cluster": True, "readonly": False, "shutdown_readonly": False, "smartfailed": False,
        },
    }  # fmt: skip


def _status(hardware: Hardware, node: Node, now: float) -> dict[str, object]:
    supply = {"chassis": 1, "firmware": "1.0", "good": "yes", "status": "good", "type": "AC"}
    return {
        "batterystatus": {"present": True, "result1": "passed", "status1": "Good", "supported": True},
        "capacity": [{"bytes": node.capacity, "count": node.drives, "type": "HDD"}],
        "cpu": {"model": "Simulated processor", "overtemp": "N/A", "proc": "Single-proc", "speed_limit": "100%"},
        "nvram": {"batteries": [], "battery_count": 0, "charge_status": "GREEN", "charge_status_number": 1, "present": True},
        "powersupplies": {
            "count": 2,
            "failures": 0,
            "status": "All supplies good",
            "supplies": [{**supply, "id": number, "name": f"PS{number}"} for number in (1, 2)],
        },
        "release": hardware.release,
        "uptime": node.uptime_at_start + int(now),
        "version": hardware.version_text,
    }


NODES = (
    Resource("GET", "cluster/nodes", _nodes, _SINCE, _PRIVILEGE),
    Resource("GET", "cluster/nodes/{}", _one, _SINCE, _PRIVILEGE),
)
