"""The statistics that are read by default: which key becomes which metric, in which unit, with which labels. A table.

Metrics are named by layer, because OneFS counts the same bytes at the network, in the file system and on the disks, and
cached reads never reach a disk. `in` is what goes into the layer: received by a network, written to a disk.

What another resource tells better is not here, so that no fact has two metrics: the size of /ifs (`capacity`), and the system
partitions and the NVRAM of nodes (`nodes`).
"""

from __future__ import annotations

from collections.abc import Iterator

from mendwatch_onefs.statistic_shapes import SUM, TOTAL
from mendwatch_onefs.statistic_table import Statistic
from mendwatch_onefs.statistic_units import Unit

_MODES = {
    "idle": ("idle", "idle"),
    "user": ("user", "spent in programs"),
    "sys": ("system", "spent in the kernel"),
    "intr": ("interrupt", "spent on interrupts"),
    "nice": ("nice", "spent in programs of low priority"),
}
_WAYS = {"in": ("receive", "received"), "out": ("transmit", "sent")}
#: How the interfaces' errors read: nobody receives or sends them.
_COUNTED = {"bytes": "Bytes {}", "packets": "Packets {}", "errors": "Errors while packets are {}"}
_TRANSFERS = {"in": ("write", "writes"), "out": ("read", "reads")}
_CONNECTED = ("cifs", "ftp", "hdfs", "http", "ndmp", "nfs", "nlm", "papi", "siq", "smb")
_ACTIVE = ("ftp", "hdfs", "http", "jobd", "nfs3", "nfs4", "nlm", "papi", "siq", "smb1", "smb2")
_PROTOCOLS = ("ftp", "hdfs", "http", "nfs3", "nfs4", "nlm", "papi", "siq")
#: Protocols with operations that wait for something to happen, for minutes. OneFS' own total has their time in its average, so
#: that it says nothing; the total of these is made of their single operations.
_WAITING_PROTOCOLS = ("smb1", "smb2")


def _cpu(scope: str, where: str) -> Iterator[Statistic]:
    for mode, (name, words) in _MODES.items():
        yield Statistic(
            f"{scope}.cpu.{mode}.avg", f"powerscale_{scope}_cpu_{name}_ratio", f"Share of CPU time {words}, {where}.", Unit.PERMIL
        )
    whole = "of all nodes together" if scope == "cluster" else where
    yield Statistic(f"{scope}.cpu.count", f"powerscale_{scope}_cpu_cores", f"CPU cores that work, {whole}.")


def _net(scope: str, where: str) -> Iterator[Statistic]:
    for side, name in (("ext", "external"), ("int", "internal")):
        for way, (verb, words) in _WAYS.items():
            for what, unit in (("bytes", Unit.BYTES), ("packets", Unit.NONE), ("errors", Unit.NONE)):
                yield Statistic(
                    f"{scope}.net.{side}.{what}.{way}.rate",
                    f"powerscale_{scope}_net_{name}_{verb}_{what}_per_second",
                    f"{_COUNTED[what].format(words)} per second at {name} interfaces, {where}.",
                    unit,
                )


def _disk(scope: str, suffix: str, where: str) -> Iterator[Statistic]:
    """Give the disk traffic; a cluster's keys are sums already, a node's are chosen by their suffix."""
    for way, (verb, words) in _TRANSFERS.items():
        yield Statistic(
            f"{scope}.disk.bytes.{way}.rate{suffix}",
            f"powerscale_{scope}_disk_{verb}_bytes_per_second",
            f"Bytes per second of {words} at the disks, {where}; cached traffic never gets there.",
            Unit.BYTES,
        )
        yield Statistic(
            f"{scope}.disk.xfers.{way}.rate{suffix}",
            f"powerscale_{scope}_disk_{words}_per_second",
            f"Disk {words} per second, {where}.",
        )


def _ifs_traffic(key: str, scope: str, where: str) -> Iterator[Statistic]:
    for way, (verb, words) in _TRANSFERS.items():
        prefix = f"powerscale_{scope}_ifs_{verb}"
        yield Statistic(
            f"{key}.bytes.{way}.rate", f"{prefix}_bytes_per_second", f"Bytes per second of {words} at /ifs, {where}.", Unit.BYTES
        )
        yield Statistic(
            f"{key}.ops.{way}.rate", f"{prefix}_operations_per_second", f"Operations per second of {words} at /ifs, {where}."
        )


def _protocol(name: str) -> Iterator[Statistic]:
    waits = name in _WAITING_PROTOCOLS
    key, shape = (f"node.protostats.{name}", SUM) if waits else (f"node.protostats.{name}.total", TOTAL)
    fields = (
        ("op_rate", "operations_per_second", "Operations per second of a protocol's clients.", Unit.NONE),
        ("in_rate", "receive_bytes_per_second", "Bytes per second received from a protocol's clients.", Unit.BYTES),
        ("out_rate", "transmit_bytes_per_second", "Bytes per second sent to a protocol's clients.", Unit.BYTES),
        ("time_avg", "latency_seconds", "Average time to answer a protocol's clients, without those that wait.", Unit.MICROSECONDS),
    )
    for field, metric, words, unit in fields:
        labels = (("protocol", name),)
        yield Statistic(key, f"powerscale_node_protocol_{metric}", words, unit, labels, field, shape)


def _clients() -> Iterator[Statistic]:
    for kind, names, words in (
        ("active", _ACTIVE, "Clients that asked something lately."),
        ("connected", _CONNECTED, "Clients that are connected."),
    ):
        for name in names:
            metric = f"powerscale_node_clients_{kind}"
            yield Statistic(f"node.clientstats.{kind}.{name}", metric, words, labels=(("protocol", name),))


_NODE = (
    *_cpu("node", "of the node"),
    Statistic("node.cpu.throttling", "powerscale_node_cpu_throttled", "Whether the CPUs are throttled."),
    Statistic("node.load.1min", "powerscale_node_load1", "Load average over 1 minute.", Unit.CENTS),
    Statistic("node.load.5min", "powerscale_node_load5", "Load average over 5 minutes.", Unit.CENTS),
    Statistic("node.load.15min", "powerscale_node_load15", "Load average over 15 minutes.", Unit.CENTS),
    Statistic("node.memory.used", "powerscale_node_memory_used_bytes", "Memory in use.", Unit.BYTES),
    Statistic("node.memory.free", "powerscale_node_memory_free_bytes", "Memory that is free.", Unit.BYTES),
    Statistic("node.memory.cache", "powerscale_node_memory_cache_bytes", "Memory in use as a cache.", Unit.BYTES),
    *_net("node", "of the node"),
    *_disk("node", ".sum", "of the node"),
    Statistic("node.disk.busy.avg", "powerscale_node_disk_busy_ratio", "Share of time that the disks are busy.", Unit.PERMIL),
    Statistic(
        "node.disk.access.latency.avg", "powerscale_node_disk_access_latency_seconds", "Average disk access time.", Unit.SECONDS
    ),
    Statistic(
        "node.disk.iosched.latency.avg",
        "powerscale_node_disk_queue_latency_seconds",
        "Average time of a request in the I/O scheduler.",
        Unit.SECONDS,
    ),
    Statistic("node.disk.iosched.queue.avg", "powerscale_node_disk_queue_length", "Average length of the disk queues.", Unit.CENTS),
    Statistic(
        "node.disk.access.slow.sum", "powerscale_node_disk_slow_accesses_per_second", "Slow disk accesses per second.", Unit.CENTS
    ),
    Statistic("node.disk.count", "powerscale_node_disk_bays", "Drive bays."),
    Statistic("node.disk.unhealthy.count", "powerscale_node_disk_unhealthy", "Drives and bays that are not well."),
    *_ifs_traffic("node.ifs", "node", "through the node"),
    Statistic("node.ifs.bytes.total", "powerscale_node_ifs_size_bytes", "Size of the node's part of /ifs.", Unit.BYTES),
    Statistic("node.ifs.bytes.used", "powerscale_node_ifs_used_bytes", "Used bytes of the node's part of /ifs.", Unit.BYTES),
    Statistic("node.ifs.bytes.free", "powerscale_node_ifs_free_bytes", "Free bytes of the node's part of /ifs.", Unit.BYTES),
    Statistic("node.open.files", "powerscale_node_open_files", "Files that are open."),
    Statistic("node.process.count", "powerscale_node_processes", "Processes."),
    Statistic("node.health", "powerscale_node_health", "Health: 0 healthy, 1 attention, 2 down."),
    Statistic("node.uptime", "powerscale_node_uptime_seconds", "Time since the node was started.", Unit.SECONDS),
    Statistic("node.boottime", "powerscale_node_boot_timestamp_seconds", "When the node was started.", Unit.SECONDS),
    *_clients(),
    *(statistic for name in (*_PROTOCOLS, *_WAITING_PROTOCOLS) for statistic in _protocol(name)),
)

_COUNTS = (
    ("all", "nodes", "Nodes of the cluster."),
    ("up", "nodes_up", "Nodes that are up."),
    ("down", "nodes_down", "Nodes that are down."),
    ("readonly", "nodes_readonly", "Nodes that only read."),
    ("smartfailed", "nodes_smartfailed", "Nodes that are being or were taken out."),
    ("diskless", "nodes_diskless", "Nodes without disks."),
)

_CLUSTER = (
    *_cpu("cluster", "average of all nodes"),
    *_net("cluster", "of all nodes"),
    *_disk("cluster", "", "of all nodes"),
    Statistic("cluster.disk.busy", "powerscale_cluster_disk_busy_ratio", "Share of time that the disks are busy.", Unit.PERMIL),
    *_ifs_traffic("ifs", "cluster", "of all nodes"),
    Statistic("ifs.ssd.bytes.total", "powerscale_cluster_ifs_ssd_size_bytes", "Size of the SSDs in /ifs.", Unit.BYTES),
    Statistic("ifs.ssd.bytes.used", "powerscale_cluster_ifs_ssd_used_bytes", "Used bytes of the SSDs in /ifs.", Unit.BYTES),
    *(Statistic(f"cluster.node.count.{state}", f"powerscale_cluster_{name}", words) for state, name, words in _COUNTS),
    Statistic("cluster.health", "powerscale_cluster_health", "Health: 0 healthy, 1 attention, 2 down."),
)

#: Every statistic that is read by default.
STATISTICS: tuple[Statistic, ...] = (*_CLUSTER, *_NODE)
