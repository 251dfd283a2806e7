"""A machine as cluster/nodes shows it, part by part."""

from __future__ import annotations

from collections.abc import Mapping

from mendwatch_onefs_sim.hardware import GIB, Hardware, Node
from mendwatch_onefs_sim.machines.machine import SUPPLIES, Drive, Machine
from mendwatch_onefs_sim.statistics.moments import NodeMoment

Json = dict[str, object]

_SECTOR = 512
_BLOCK = 4096
#: System partitions: where they are mounted, their size in blocks, and the share in use (None: that of /var).
_PARTITIONS: tuple[tuple[str, int, float | None], ...] = (
    ("/", 2 * GIB // _BLOCK, 0.52),
    ("/var", 4 * GIB // _BLOCK, None),
    ("/var/crash", 8 * GIB // _BLOCK, 0.03),
)
_BATTERY = {"supported": True, "present": True, "last_test_time1": "", "next_test_time1": ""}


def hardware_json(node: Node) -> Json:
    """Give what a node is made of."""
    return {
        "chassis": "Simulated chassis",
        "class": "storage",
        "configuration_id": "400-0100-01",
        "cpu": f"{node.cores} cores",
        "family_code": "H",
        "generation_code": "",
        "hwgen": "PSI",
        "model": "H700",
        "node_id": node.serial,
        **dict.fromkeys(("region", "resource_group", "subscription_id", "volume_type"), ""),
        "node_slot_id": -1,
        "powersupplies": [f"PS{number}" for number in SUPPLIES],
        "processor": "Simulated processor",
        "product": "H700-1U-Single-96GB-1x1GE-2x25GE SFP+-60TB",
        "ram": node.memory,
        "serial_number": node.serial,
        "sled_drive_count": -1,
        "storage_class": "storage",
        "tier": 0,
        "top_level_assembly_serial_number": node.serial,
    }


def drive_json(node: Node, drive: Drive) -> Json:
    """Give one bay."""
    here: Json = {
        "baynum": drive.bay,
        "chassis": 1,
        "devname": f"da{drive.bay}",
        "handle": 340 + drive.bay,
        "lnum": drive.bay - 1,
        "locnstr": f"Bay {drive.bay:2d}",
        "pending_actions": list(drive.pending),
        "present": drive.present,
        "ui_state": drive.state,
    }
    return {**here, **(_in_bay(node, drive) if drive.present else {})}


def _in_bay(node: Node, drive: Drive) -> Json:
    return {
        "blocks": node.capacity // node.drives // _SECTOR,
        "firmware": {"current_firmware": drive.firmware, "desired_firmware": drive.desired},
        "interface_type": "SAS",
        "logical_block_length": _SECTOR,
        "media_type": drive.media,
        "model": drive.model,
        "physical_block_length": 4096,
        "purpose": drive.purpose,
        "purpose_description": "A drive used for normal data storage operation",
        "serial": drive.serial,
        "wwn": f"5000C500{node.devid:04X}{drive.bay:04X}",
    }


def var_share(machine: Machine, now: NodeMoment) -> float:
    """Give the used share of /var."""
    return (31.0 + 4 * now.activity) / 100 if machine.var_share is None else machine.var_share


def partitions_json(machine: Machine, now: NodeMoment) -> Json:
    """Give the system partitions; sizes are in blocks, as OneFS has them."""
    usual = var_share(machine, now)
    rows = [_partition(mount, blocks, usual if share is None else share) for mount, blocks, share in _PARTITIONS]
    return {"count": len(rows), "partitions": rows}


def _partition(mount: str, blocks: int, share: float) -> Json:
    used = round(blocks * share)
    return {
        "block_size": _BLOCK,
        "capacity": blocks,
        "component_devices": "ada0p6",
        "mount_point": mount,
        "percent_used": f"{100 * used // blocks}%",
        "statfs": _statfs(mount, blocks, used),
        "used": used,
    }


def _statfs(mount: str, blocks: int, used: int) -> Json:
    numbers = {"f_flags": 0, "f_iosize": _BLOCK, "f_namemax": 255, "f_owner": 0, "f_type": 0, "f_version": 538_182_935}
    names = {"f_fstypename": "ufs", "f_mntfromname": "/dev/mirror/var0", "f_mntonname": mount}
    sizes = {"f_bsize": _BLOCK, "f_blocks": blocks, "f_bfree": blocks - used, "f_bavail": blocks - used}
    return {**numbers, **names, **sizes, "f_files": blocks, "f_ffree": blocks - used}


def sensors_json(machine: Machine) -> Json:
    """Give the sensors, in the shape that OneFS 9 has."""
    inlet = {"desc": "Front panel", "name": "Temp_Front", "units": "C", "value": f"{machine.inlet_celsius:.1f}"}
    fan = {"desc": "Fan 1", "name": "Fan1_Speed", "units": "RPM", "value": f"{machine.fan_rpm:.0f}"}
    supply = {"desc": "12 V rail", "name": "Volt_12V", "units": "V", "value": "12.1"}
    groups = (("Temps", inlet), ("Fans", fan), ("Voltages", supply))
    return {"sensors": [{"count": 1, "name": name, "values": [value]} for name, value in groups]}


def state_json(machine: Machine) -> Json:
    """Give the modes of a node."""
    return {"readonly": readonly_json(machine), "servicelight": light_json(machine), "smartfail": smartfail_json(machine)}


def readonly_json(machine: Machine) -> Json:
    """Give read-only mode."""
    words = {"status": "read-only" if machine.mode else "normal", "value": 2 * machine.locked + machine.readonly}
    return {"allowed": True, "enabled": machine.readonly, "mode": machine.mode, "valid": True, **words}


def light_json(machine: Machine) -> Json:
    """Give the service light."""
    return {"enabled": machine.light, "supported": True, "valid": True}


def smartfail_json(machine: Machine) -> Json:
    """Give what the group knows of a node."""
    return {
        "dead": False,
        "down": False,
        "in_cluster": True,
        "readonly": machine.mode,
        "shutdown_readonly": False,
        "smartfailed": machine.smartfailed,
    }


def status_json(hardware: Hardware, node: Node, machine: Machine, uptime: int) -> Json:
    """Give how a node is."""
    return {
        "batterystatus": {**_BATTERY, "result1": machine.battery_test, "status1": machine.battery},
        "capacity": [{"bytes": node.capacity, "count": node.drives, "type": "HDD"}],
        "cpu": {"model": "Simulated processor", "overtemp": "N/A", "proc": "Single-proc", "speed_limit": "100%"},
        "nvram": _nvram(machine),
        "powersupplies": _supplies(machine),
        "release": hardware.release,
        "uptime": uptime,
        "version": hardware.version_text,
    }


_CHARGES: Mapping[str, int] = {"BLACK": 0, "GREEN": 1, "YELLOW": 2, "RED": 3}


def _nvram(machine: Machine) -> Json:
    battery = {"color": machine.charge.lower(), "id": 1, "status": machine.battery, "voltage": "4.1"}
    number = _CHARGES.get(machine.charge, -1)
    charge: Json = {"charge_status": machine.charge, "charge_status_number": number, "battery_count": 1}
    return {**charge, "batteries": [battery], "present": True, "ship_mode": 0, "supported": True}


def _supplies(machine: Machine) -> Json:
    failed = machine.failed_supplies
    return {
        "count": len(SUPPLIES),
        "failures": len(failed),
        "status": "One or more supplies failed" if failed else "All supplies good",
        "supplies": [_supply(number, failed=number in failed) for number in SUPPLIES],
    }


def _supply(number: int, *, failed: bool) -> Json:
    state = "failed" if failed else "good"
    good = "no" if failed else "yes"
    return {"chassis": 1, "firmware": "1.0", "good": good, "id": number, "name": f"PS{number}", "status": state, "type": "AC"}
