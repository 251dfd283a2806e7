"""What can be read beside the default statistics, group by group, and what the names of the groups stand for. A table.

A group costs the cluster and the agent something: drives and single operations are many series. So each is asked for by name
in the option `statistics.groups`. The hottest paths are not here: the summary of heat gives them (`heat_top`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from mendwatch_onefs.statistic_keys import STATISTICS
from mendwatch_onefs.statistic_shapes import COUNTS, DRIVES, OPERATIONS
from mendwatch_onefs.statistic_table import Statistic
from mendwatch_onefs.statistic_units import Unit

_LISTED = ("ftp", "hdfs", "http", "irp", "jobd", "lsass_in", "lsass_out", "nfs3", "nfs4", "nlm", "papi", "siq", "smb1", "smb2")
_EVENTS = (
    *("blocked", "contended", "deadlocked", "getattr", "link", "lock"),
    *("lookup", "read", "rename", "setattr", "unlink", "write"),
)
_CACHES = {"node.mds.cache.stats": "mds", "node.dfm.cache.stats": "dfm", "node.ifm.cache.stats": "ifm"} | {
    "node.stf.cache.stats": "stf",
    "node.ifs.cache.stats": "ifs",
}


def _operations(protocol: str) -> Iterator[Statistic]:
    fields = (
        ("op_rate", "operation_calls_per_second", "Operations per second of one kind.", Unit.NONE),
        ("in_rate", "operation_receive_bytes_per_second", "Bytes per second received with operations of one kind.", Unit.BYTES),
        ("out_rate", "operation_transmit_bytes_per_second", "Bytes per second sent with operations of one kind.", Unit.BYTES),
        ("time_avg", "operation_latency_seconds", "Average time of operations of one kind that do not wait.", Unit.MICROSECONDS),
    )
    for field, metric, words, unit in fields:
        key, labels = f"node.protostats.{protocol}", (("protocol", protocol),)
        yield Statistic(key, f"powerscale_node_protocol_{metric}", words, unit, labels, field, OPERATIONS)


_DRIVE = (
    ("busy", "busy_ratio", "Share of time that the drive is busy.", Unit.PERMIL),
    ("access.latency", "access_latency_seconds", "Average access time of the drive.", Unit.SECONDS),
    ("access.slow", "slow_accesses_per_second", "Slow accesses per second of the drive.", Unit.CENTS),
    ("bytes.in.rate", "write_bytes_per_second", "Bytes per second of writes at the drive.", Unit.BYTES),
    ("bytes.out.rate", "read_bytes_per_second", "Bytes per second of reads at the drive.", Unit.BYTES),
    ("xfers.in.rate", "writes_per_second", "Writes per second at the drive.", Unit.NONE),
    ("xfers.out.rate", "reads_per_second", "Reads per second at the drive.", Unit.NONE),
    ("xfer.size.in", "write_size_bytes", "Average size of a write at the drive.", Unit.BYTES),
    ("xfer.size.out", "read_size_bytes", "Average size of a read at the drive.", Unit.BYTES),
    ("iosched.latency", "queue_latency_seconds", "Average time of a request in the drive's queue.", Unit.SECONDS),
    ("iosched.queue", "queue_length", "Average length of the drive's queue.", Unit.CENTS),
    ("ifs.bytes.total", "ifs_size_bytes", "Size of /ifs on the drive.", Unit.BYTES),
    ("ifs.bytes.used", "ifs_used_bytes", "Used bytes of /ifs on the drive.", Unit.BYTES),
    ("ifs.bytes.free", "ifs_free_bytes", "Free bytes of /ifs on the drive.", Unit.BYTES),
    ("ifs.inodes.used", "ifs_inodes", "Used inodes of /ifs on the drive.", Unit.NONE),
)


def _drives() -> Iterator[Statistic]:
    for part, metric, words, unit in _DRIVE:
        yield Statistic(f"node.disk.{part}.all", f"powerscale_node_drive_{metric}", words, unit, shape=DRIVES)


def _cache_traffic() -> Iterator[Statistic]:
    ways = [("read", result) for result in ("hit", "miss", "start", "wait")] + [("prefetch", "hit"), ("prefetch", "start")]
    for level in ("l1", "l2", "l3"):
        for content, kind in (("data", "data"), ("meta", "metadata")):
            for way, result in ways:
                yield Statistic(
                    f"node.ifs.cache.{level}.{content}.{way}.{result}",
                    f"powerscale_node_cache_{way}_{result}_bytes_per_second",
                    f"Bytes per second of {way} {result} in a cache.",
                    Unit.BYTES,
                    (("level", level), ("content", kind)),
                )


def _caches() -> Iterator[Statistic]:
    yield from _cache_traffic()
    for level in ("l1", "l2"):
        metric, words = "powerscale_node_cache_prefetch_unused_bytes_per_second", "Bytes per second read ahead and never used."
        yield Statistic(f"node.ifs.cache.{level}.prefetch.miss", metric, words, Unit.BYTES, (("level", level),))
    age = "powerscale_node_cache_oldest_page_age_seconds"
    yield Statistic("node.ifs.cache.oldest_page_age", age, "Age of the oldest page in the cache.", Unit.SECONDS)
    for key, cache in _CACHES.items():
        for field, words in (
            ("hits", "Lookups that a cache had the answer to"),
            ("misses", "Lookups that a cache had no answer to"),
        ):
            metric, since = f"powerscale_node_cache_{field}_total", f"{words}, since the node was started."
            yield Statistic(key, metric, since, labels=(("cache", cache),), field=field, shape=COUNTS)


def _heat() -> Iterator[Statistic]:
    for event in _EVENTS:
        labels = (("event", event),)
        metric, words = "powerscale_node_heat_events_per_second", "Events per second in the file system."
        yield Statistic(f"node.ifs.heat.{event}.total", metric, words, labels=labels)


_SPACES = (("total", "size", "Size"), ("used", "used", "Used bytes"), ("free", "free", "Free bytes"))


def _nodes() -> Iterator[Statistic]:
    for part, name, words in _SPACES:
        yield Statistic(
            f"node.ifs.ssd.bytes.{part}",
            f"powerscale_node_ifs_ssd_{name}_bytes",
            f"{words} of the node's SSDs in /ifs.",
            Unit.BYTES,
        )
    for key, metric, words, unit in (
        ("bytes.deleted", "deleted_bytes", "Bytes per second deleted from /ifs through the node.", Unit.BYTES),
        ("files.created", "created_files", "Files per second created in /ifs through the node.", Unit.NONE),
        ("files.removed", "removed_files", "Files per second removed from /ifs through the node.", Unit.NONE),
        ("num.lookups", "lookups", "Names per second looked up in /ifs through the node.", Unit.NONE),
    ):
        yield Statistic(f"node.ifs.{key}.rate", f"powerscale_node_ifs_{metric}_per_second", words, unit)
    for mode in ("idle", "user", "sys", "intr", "nice"):
        words = "Highest share of CPU time in one mode (by OneFS' name of it), of all cores."
        yield Statistic(f"node.cpu.{mode}.max", "powerscale_node_cpu_max_ratio", words, Unit.PERMIL, (("mode", mode),))
    yield Statistic("node.diskless", "powerscale_node_diskless", "Whether the node has no disks.")
    yield Statistic("node.net.iface.count", "powerscale_node_net_interfaces", "Network interfaces that are configured.")


#: The statistics of each group, by the group's name. `all` is these and everything else that the cluster's catalogue has.
GROUPS: Mapping[str, tuple[Statistic, ...]] = MappingProxyType(
    {
        "default": STATISTICS,
        "nodes": tuple(_nodes()),
        "drives": tuple(_drives()),
        "protocols": tuple(statistic for protocol in _LISTED for statistic in _operations(protocol)),
        "caches": tuple(_caches()),
        "heat": tuple(_heat()),
    }
)
ALL = "all"
#: Every statistic that has a metric of its own.
KNOWN: tuple[Statistic, ...] = tuple(statistic for group in GROUPS.values() for statistic in group)


def chosen(groups: tuple[str, ...]) -> tuple[Statistic, ...]:
    """Give the statistics of these groups."""
    names = GROUPS if ALL in groups else groups
    return tuple(statistic for name in GROUPS if name in names for statistic in GROUPS[name])
