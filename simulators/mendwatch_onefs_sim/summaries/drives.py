"""The drives of a node as the summary shows them: the figures of the keys node.disk.*, in the summary's units."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from mendwatch_onefs_sim.statistics.families.drives import FIGURES
from mendwatch_onefs_sim.statistics.moments import NodeMoment
from mendwatch_onefs_sim.summaries.rows import Row

#: By field: the figure that it shows, and by how much it is multiplied: seconds become milliseconds, permil percent.
_FIELDS: Mapping[str, tuple[str, float]] = MappingProxyType(
    {
        "access_latency": ("access.latency", 1000.0),
        "access_slow": ("access.slow", 0.01),
        "busy": ("busy", 0.1),
        "bytes_in": ("bytes.in.rate", 1.0),
        "bytes_out": ("bytes.out.rate", 1.0),
        "iosched_latency": ("iosched.latency", 1000.0),
        "iosched_queue": ("iosched.queue", 0.01),
        "used_inodes": ("ifs.inodes.used", 1.0),
        "xfer_size_in": ("xfer.size.in", 1.0),
        "xfer_size_out": ("xfer.size.out", 1.0),
        "xfers_in": ("xfers.in.rate", 1.0),
        "xfers_out": ("xfers.out.rate", 1.0),
    }
)


def rows(nodes: Iterable[NodeMoment]) -> list[Row]:
    """Give a row for each drive of each node that is at work."""
    fields = [(field, FIGURES[figure], factor) for field, (figure, factor) in _FIELDS.items()]
    return [
        {
            **{field: figure(now, drive) * factor for field, figure, factor in fields},
            "drive_id": f"{now.node.lnn}:{drive + 1}",
            "type": "hdd",
            "used_bytes_percent": 100 * now.ifs_used / now.node.capacity,
        }
        for now in nodes
        for drive in now.drives_at_work
    ]
