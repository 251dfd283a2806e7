"""What is around a node's processors: sensors and system partitions, each in the shapes that releases give them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mendwatch.model.samples import MetricSpec
from mendwatch_onefs.decoding import name_of, text
from mendwatch_onefs.drift import Drift
from mendwatch_onefs.nested import Object, at, objects
from mendwatch_onefs.node_metrics import PARTITION_RATIO, PARTITION_SIZE, PARTITION_USED, SENSORS, TEMPERATURE
from mendwatch_onefs.ratios import percent_text, share
from mendwatch_onefs.series import Finding

_SENSORS = "cluster/nodes: sensors"
_PARTITIONS = "cluster/nodes: partitions"
#: What a sensor says that measures nothing at the moment.
_SILENT = {"", "n/a", "na", "unknown", "none"}


def sensor_findings(lnn: str, sensors: Any, drift: Drift) -> Iterator[Finding]:  # noqa: ANN401 - foreign data
    """Give the sensors of a node: an object with groups since OneFS 9, a bare list of groups before."""
    groups = sensors if isinstance(sensors, list) else at(sensors, "sensors")
    yield from _hidden(groups, TEMPERATURE, lnn)
    for group in objects(groups):
        name = name_of(group.get("name"))
        if not name:
            drift.odd(f"{_SENSORS}.name")
            yield TEMPERATURE, (lnn,), None
            continue
        yield from _hidden(group.get("values"), TEMPERATURE, lnn)
        for value in objects(group.get("values")):
            yield from _sensor(lnn, name, value, drift)


def _hidden(entries: Any, spec: MetricSpec, lnn: str) -> Iterator[Finding]:  # noqa: ANN401 - foreign data
    """Tell that there may be something that is not named: where there is no list, or one of its entries is no object."""
    if not isinstance(entries, list) or len(objects(entries)) < len(entries):
        yield spec, (lnn,), None


def _sensor(lnn: str, group: str, value: Object, drift: Drift) -> Iterator[Finding]:
    name, said = name_of(value.get("name")), value.get("value")
    spec = SENSORS.get((text(value.get("units")) or "").strip().lower())
    if isinstance(said, str) and said.strip().lower() in _SILENT:
        return
    if not name or spec is None:
        if name:
            drift.odd(f"{_SENSORS}.units")
        yield TEMPERATURE, (lnn,), None
    else:
        yield spec, (lnn, group, name), drift.number(f"{_SENSORS}.value", said)


def partition_findings(lnn: str, partitions: Any, drift: Drift) -> Iterator[Finding]:  # noqa: ANN401 - foreign data
    """Give the system partitions of a node: an object with a list, or the bare list."""
    entries = partitions if isinstance(partitions, list) else at(partitions, "partitions")
    yield from _hidden(entries, PARTITION_SIZE, lnn)
    for partition in objects(entries):
        mount = name_of(partition.get("mount_point"))
        if not mount:
            yield PARTITION_SIZE, (lnn,), None
        else:
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
