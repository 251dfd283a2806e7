"""What is around a node's processors: sensors and system partitions, each in the shapes that releases give them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mendwatch_onefs.decoding import text
from mendwatch_onefs.drift import Drift
from mendwatch_onefs.nested import Object, at, objects
from mendwatch_onefs.node_metrics import PARTITION_RATIO, PARTITION_SIZE, PARTITION_USED, SENSORS
from mendwatch_onefs.ratios import percent_text, share
from mendwatch_onefs.series import Finding

_SENSORS = "cluster/nodes: sensors"
_PARTITIONS = "cluster/nodes: partitions"
#: What a sensor says that measures nothing at the moment.
_SILENT = {"", "n/a", "na", "unknown", "none"}


def sensor_findings(lnn: str, sensors: Any, drift: Drift) -> Iterator[Finding]:  # noqa: ANN401 - foreign data
    """Give the sensors of a node: an object with groups since OneFS 9, a bare list of groups before."""
    for group in objects(sensors if isinstance(sensors, list) else at(sensors, "sensors")):
        name = text(group.get("name"))
        if not name:
            drift.odd(f"{_SENSORS}.name")
            continue
        for value in objects(group.get("values")):
            yield from _sensor(lnn, name, value, drift)


def _sensor(lnn: str, group: str, value: Object, drift: Drift) -> Iterator[Finding]:
    name, said = text(value.get("name")), value.get("value")
    spec = SENSORS.get((text(value.get("units")) or "").strip().lower())
    if not name or (isinstance(said, str) and said.strip().lower() in _SILENT):
        return
    if spec is None:
        drift.odd(f"{_SENSORS}.units")
    else:
        yield spec, (lnn, group, name), drift.number(f"{_SENSORS}.value", said)


def partition_findings(lnn: str, partitions: Any, drift: Drift) -> Iterator[Finding]:  # noqa: ANN401 - foreign data
    """Give the system partitions of a node: an object with a list, or the bare list."""
    for partition in objects(partitions if isinstance(partitions, list) else at(partitions, "partitions")):
        mount = text(partition.get("mount_point"))
        if mount:
            size, used = _bytes(partition, drift)
            yield PARTITION_SIZE, (lnn, mount), size
            yield PARTITION_USED, (lnn, mount), used
            yield PARTITION_RATIO, (lnn, mount), _ratio(partition, drift)


def _bytes(partition: Object, drift: Drift) -> tuple[float | None, float | None]:
    """Give size and use in bytes. `capacity` and `used` are blocks, of the size that stands beside them."""
    statfs = partition.get("statfs")
    if isinstance(statfs, dict):
        return _of_statfs(statfs, drift)
    block = drift.quantity(f"{_PARTITIONS}.block_size", partition.get("block_size"))
    blocks = (drift.quantity(f"{_PARTITIONS}.{name}", partition.get(name)) for name in ("capacity", "used"))
    size, used = (None if count is None or not block else count * block for count in blocks)
    return size, used


def _of_statfs(statfs: Object, drift: Drift) -> tuple[float | None, float | None]:
    block, blocks, free = (
        drift.quantity(f"{_PARTITIONS}.statfs.{name}", statfs.get(name)) for name in ("f_bsize", "f_blocks", "f_bfree")
    )
    if not block or blocks is None:
        return None, None
    return blocks * block, None if free is None or free > blocks else (blocks - free) * block


def _ratio(partition: Object, drift: Drift) -> float | None:
    used, capacity = (drift.quantity(f"{_PARTITIONS}.{name}", partition.get(name)) for name in ("used", "capacity"))
    exact = share(used, capacity)
    return percent_text(f"{_PARTITIONS}.percent_used", partition.get("percent_used"), drift) if exact is None else exact
