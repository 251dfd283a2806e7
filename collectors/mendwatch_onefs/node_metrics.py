"""What the nodes collector can give: the declarations of its metrics, and the records that rules are written against."""

from __future__ import annotations

from mendwatch.model.samples import MetricSpec, RecordSchema

NODE = ("node",)


def _spec(name: str, words: str, field: str, unit: str = "", labels: tuple[str, ...] = ()) -> MetricSpec:
    return MetricSpec(f"powerscale_node_{name}", f"{words} (cluster/nodes: {field}).", unit=unit, labels=(*NODE, *labels))


ANSWERS = _spec("answers", "Whether the node answered when the cluster asked every node", "nodes, errors")
INFO = _spec(
    "info",
    "Always 1; what the node is",
    "hardware.product, hardware.serial_number, status.release",
    labels=("product", "serial", "release"),
)
READONLY = _spec("readonly", "Whether the node is in read-only mode, for whatever reason", "state.readonly.mode")
READONLY_REQUESTED = _spec("readonly_requested", "Whether somebody asked for read-only mode", "state.readonly.enabled")
LIGHT = _spec("service_light", "Whether the service light is on", "state.servicelight.enabled")
SMARTFAILED = _spec("smartfailed", "Whether the node is being removed", "state.smartfail.smartfailed")
DEAD = _spec("dead", "Whether the node is dead for the cluster", "state.smartfail.dead")
IN_CLUSTER = _spec("in_cluster", "Whether the node belongs to the cluster", "state.smartfail.in_cluster")
SHUTDOWN_READONLY = _spec("shutdown_readonly", "Whether the node was shut down read-only", "state.smartfail.shutdown_readonly")
SUPPLIES = _spec("power_supplies", "Power supplies that the node has room for", "status.powersupplies.count")
SUPPLIES_FAILED = _spec("power_supplies_failed", "Power supplies that failed", "status.powersupplies.failures")
SUPPLY_STATE = _spec(
    "power_supply_state",
    "Always 1; how a power supply is, in OneFS' words",
    "status.powersupplies.supplies.status",
    labels=("supply", "state"),
)
BATTERY_STATE = _spec(
    "battery_state",
    "Always 1; how a battery is, in OneFS' words",
    "status.batterystatus.status1, status2",
    labels=("battery", "state"),
)
BATTERY_PASSED = _spec(
    "battery_test_passed",
    "Whether the last test of a battery passed; absent where there was none",
    "status.batterystatus.result1, result2",
    labels=("battery",),
)
CHARGE = _spec(
    "nvram_charge",
    "Always 1; the charge of the NVRAM's batteries as a colour",
    "status.nvram.charge_status",
    labels=("state",),
)
CHARGED = _spec(
    "nvram_charged",
    "Whether the charge of the NVRAM's batteries is green; absent where OneFS cannot tell",
    "status.nvram.charge_status",
)
NVRAM_PRESENT = _spec("nvram_present", "Whether the NVRAM that the node needs is there", "status.nvram.present")
SHIP_MODE = _spec(
    "nvram_ship_mode",
    "Whether the NVRAM's batteries are switched off for shipping; absent where OneFS cannot tell",
    "status.nvram.ship_mode",
)
CPU_SPEED_LIMIT = _spec(
    "cpu_speed_limit_ratio", "Speed to which the CPUs are throttled; 1 is full speed", "status.cpu.speed_limit", "ratio"
)
OVERTEMP = _spec(
    "cpu_overtemp_state",
    "Always 1; what OneFS says of CPUs that are too hot, in its words",
    "status.cpu.overtemp",
    labels=("state",),
)

_SENSOR = ("group", "sensor")


def _sensor(name: str, words: str, unit: str) -> MetricSpec:
    return _spec(name, words, "sensors.values.value", unit, _SENSOR)


TEMPERATURE = _sensor("temperature_celsius", "Temperature that a sensor measures", "celsius")
#: The metric of a sensor by the unit that OneFS writes, in lower case.
SENSORS = {
    "c": TEMPERATURE,
    "rpm": _sensor("fan_rotations_per_minute", "Rotations of a fan per minute", "rotations_per_minute"),
    "v": _sensor("voltage_volts", "Voltage that a sensor measures", "volts"),
    "a": _sensor("current_amperes", "Current that a sensor measures", "amperes"),
    "w": _sensor("power_watts", "Power that a sensor measures", "watts"),
}

_MOUNT = ("mount_point",)
PARTITION_SIZE = _spec(
    "partition_size_bytes", "Size of a system partition", "partitions.statfs, or capacity and block_size", "bytes", _MOUNT
)
PARTITION_USED = _spec(
    "partition_used_bytes", "Bytes in use of a system partition", "partitions.statfs, or used and block_size", "bytes", _MOUNT
)
PARTITION_RATIO = _spec(
    "partition_used_ratio", "Share of a system partition in use", "partitions.used, capacity, percent_used", "ratio", _MOUNT
)

_OF_NODE = (
    ANSWERS,
    READONLY,
    READONLY_REQUESTED,
    LIGHT,
    SMARTFAILED,
    DEAD,
    IN_CLUSTER,
    SHUTDOWN_READONLY,
    SUPPLIES,
    SUPPLIES_FAILED,
    CHARGED,
    NVRAM_PRESENT,
    SHIP_MODE,
    CPU_SPEED_LIMIT,
)
_PARTITIONS = (PARTITION_SIZE, PARTITION_USED, PARTITION_RATIO)
METRICS = (
    *_OF_NODE,
    INFO,
    SUPPLY_STATE,
    BATTERY_STATE,
    BATTERY_PASSED,
    CHARGE,
    OVERTEMP,
    *SENSORS.values(),
    *_PARTITIONS,
)

SCHEMAS = (
    RecordSchema(
        "node_state",
        NODE,
        {spec.name.removeprefix("powerscale_node_"): spec.name for spec in _OF_NODE},
        help="One node as a machine: whether it answers, its modes, its power and its NVRAM.",
    ),
    RecordSchema(
        "node_partition",
        (*NODE, *_MOUNT),
        {spec.name.removeprefix("powerscale_node_partition_"): spec.name for spec in _PARTITIONS},
        help="One system partition of one node, such as /var.",
    ),
    RecordSchema("node_battery", (*NODE, "battery"), {"test_passed": BATTERY_PASSED.name}, help="One battery of one node, 1 or 2."),
    RecordSchema("node_temperature", (*NODE, *_SENSOR), {"celsius": TEMPERATURE.name}, help="One temperature sensor of one node."),
)
