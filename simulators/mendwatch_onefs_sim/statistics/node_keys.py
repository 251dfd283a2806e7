"""The keys with one value per node."""

from __future__ import annotations

from mendwatch_onefs_sim.statistics.keys import (
    BYTE_RATE,
    BYTES,
    CENTS,
    ERROR_RATE,
    EVERY_10,
    EVERY_300,
    NONE,
    ON_DEMAND,
    OPERATION_RATE,
    PACKET_RATE,
    PERMIL,
    About,
    NodeKey,
)
from mendwatch_onefs_sim.statistics.protocols import node_operations, node_total


def _cpu(state: str, words: str) -> NodeKey:
    about = About(f"node.cpu.{state}.avg", f"Share of CPU time {words}, averaged over the node, in permil", PERMIL, "int32")
    return NodeKey(about, lambda now: now.cpu[state])


def _load(minutes: int) -> NodeKey:
    about = About(f"node.load.{minutes}min", f"Load average of {minutes} min in hundredths", CENTS, "int32")
    return NodeKey(about, lambda now: now.load(minutes))


def _bytes(key: str, words: str, rate: str, divide_by_drives: int = 0) -> NodeKey:
    about = About(key, words, BYTE_RATE, "double")
    if divide_by_drives:
        return NodeKey(about, lambda now: now.rate(rate) / now.node.drives)
    return NodeKey(about, lambda now: now.rate(rate))


def _packets(direction: str, rate: str) -> NodeKey:
    about = About(f"node.net.ext.packets.{direction}.rate", f"Packets {direction} on external interfaces", PACKET_RATE, "double")
    return NodeKey(about, lambda now: now.packets(rate))


def _errors(direction: str) -> NodeKey:
    about = About(f"node.net.ext.errors.{direction}.rate", f"Errors {direction} on external interfaces", ERROR_RATE, "double")
    return NodeKey(about, lambda _: 0.0)


def _transfers(key: str, words: str, *rates: str) -> NodeKey:
    about = About(key, words, OPERATION_RATE, "double")
    return NodeKey(about, lambda now: sum(now.transfers(rate) for rate in rates))


def _counter(key: str, words: str, rate: str) -> NodeKey:
    return NodeKey(About(key, words, BYTES, "uint64", "last", ON_DEMAND), lambda now: now.count(rate))


def _clients(kind: str, protocol: str, usual: int) -> NodeKey:
    about = About(f"node.clientstats.{kind}.{protocol}", f"Clients {kind} over {protocol}", NONE, "int32")
    return NodeKey(about, lambda now: now.clients(f"{kind}.{protocol}", usual))


def _operations(protocol: str) -> NodeKey:
    about = About(
        f"node.protostats.{protocol}", f"Operations of {protocol}, one entry each", NONE, "stats_proto_opstat_list", "custom"
    )
    return NodeKey(about, lambda now: node_operations(now, protocol))


def _total(protocol: str) -> NodeKey:
    key = f"node.protostats.{protocol}.total"
    about = About(key, f"All operations of {protocol} as one entry", NONE, "stats_proto_opstat_list", "custom")
    return NodeKey(about, lambda now: node_total(now, protocol))


NODE_KEYS: tuple[NodeKey, ...] = (
    NodeKey(
        About("node.health", "Health of a node: 0 healthy, 1 needs attention, 2 down", NONE, "int32", interval=ON_DEMAND),
        lambda _: 0,
    ),
    NodeKey(About("node.uptime", "Time since the node's boot", "seconds", "int32", "last", EVERY_10), lambda now: now.uptime),
    NodeKey(
        About("node.boottime", "When the node was booted", "epoch seconds", "int32", "last", EVERY_10),
        lambda now: int(now.epoch) - now.uptime,
    ),
    NodeKey(About("node.cpu.count", "Active CPU cores of the node", NONE, "int32", "last", ON_DEMAND), lambda now: now.node.cores),
    _cpu("idle", "spent idle"),
    _cpu("user", "spent in user mode"),
    _cpu("sys", "spent in the kernel"),
    _cpu("intr", "spent on interrupts"),
    _cpu("nice", "spent in user mode at low priority"),
    NodeKey(About("node.cpu.throttling", "1 while the CPUs are throttled", NONE, "int32", interval=ON_DEMAND), lambda _: 0),
    _load(1),
    _load(5),
    _load(15),
    NodeKey(About("node.memory.used", "Memory in use", BYTES, "uint64"), lambda now: now.memory_used),
    NodeKey(About("node.memory.free", "Memory that is free", BYTES, "uint64"), lambda now: now.node.memory - now.memory_used),
    NodeKey(About("node.memory.cache", "Memory in use as cache", BYTES, "uint64"), lambda now: now.memory_used // 2),
    NodeKey(About("node.open.files", "Open files", NONE, "int32", interval=ON_DEMAND), lambda now: now.clients("files", 5200)),
    NodeKey(About("node.process.count", "Processes", NONE, "int32", interval=ON_DEMAND), lambda now: now.clients("processes", 310)),
    _bytes("node.net.ext.bytes.in.rate", "Bytes received on external interfaces", "net_in"),
    _bytes("node.net.ext.bytes.out.rate", "Bytes sent on external interfaces", "net_out"),
    _packets("in", "net_in"),
    _packets("out", "net_out"),
    _errors("in"),
    _errors("out"),
    NodeKey(
        About("node.disk.busy.avg", "Share of time that disks are busy, averaged, in permil", PERMIL, "int32"),
        lambda now: round(700 * now.activity),
    ),
    NodeKey(About("node.disk.count", "Drive bays", NONE, "int32", "last", ON_DEMAND), lambda now: now.node.drives),
    NodeKey(
        About("node.disk.unhealthy.count", "Drives and bays that are not well", NONE, "int32", interval=ON_DEMAND), lambda _: 0
    ),
    NodeKey(
        About("node.disk.access.latency.avg", "Latency of disk accesses, averaged", "seconds", "double"),
        lambda now: 0.002 + 0.006 * now.activity,
    ),
    NodeKey(
        About("node.disk.access.slow.avg", "Slow disk accesses per second, averaged, in hundredths", CENTS, "int32"),
        lambda now: round(40 * now.activity),
    ),
    _bytes("node.disk.bytes.in.rate.sum", "Bytes written to all disks", "disk_in"),
    _bytes("node.disk.bytes.out.rate.sum", "Bytes read from all disks", "disk_out"),
    _bytes("node.disk.bytes.in.rate.avg", "Bytes written to a disk, averaged", "disk_in", divide_by_drives=1),
    _bytes("node.disk.bytes.out.rate.avg", "Bytes read from a disk, averaged", "disk_out", divide_by_drives=1),
    _transfers("node.disk.xfers.in.rate.sum", "Write transfers to all disks", "disk_in"),
    _transfers("node.disk.xfers.out.rate.sum", "Read transfers from all disks", "disk_out"),
    _transfers("node.disk.xfers.rate.sum", "Transfers to and from all disks", "disk_in", "disk_out"),
    NodeKey(
        About("node.ifs.bytes.total", "This node's share of /ifs", BYTES, "uint64", interval=EVERY_300),
        lambda now: now.node.capacity,
    ),
    NodeKey(
        About("node.ifs.bytes.used", "Bytes in use of this node's share of /ifs", BYTES, "uint64", interval=EVERY_300),
        lambda now: now.ifs_used,
    ),
    NodeKey(
        About("node.ifs.bytes.free", "Free bytes of this node's share of /ifs", BYTES, "uint64", interval=EVERY_300),
        lambda now: now.node.capacity - now.ifs_used,
    ),
    _counter("node.ifs.bytes.in", "Bytes written to /ifs since the node's boot", "ifs_in"),
    _counter("node.ifs.bytes.out", "Bytes read from /ifs since the node's boot", "ifs_out"),
    _bytes("node.ifs.bytes.in.rate", "Bytes written to /ifs", "ifs_in"),
    _bytes("node.ifs.bytes.out.rate", "Bytes read from /ifs", "ifs_out"),
    _transfers("node.ifs.ops.in.rate", "Write operations on /ifs", "ifs_in"),
    _transfers("node.ifs.ops.out.rate", "Read operations on /ifs", "ifs_out"),
    _clients("active", "nfs", 24),
    _clients("active", "nfs4", 9),
    _clients("active", "smb2", 36),
    _clients("active", "papi", 2),
    _clients("active", "hdfs", 0),
    _clients("active", "http", 1),
    _clients("active", "ftp", 0),
    _clients("active", "siq", 1),
    _clients("connected", "nfs", 60),
    _clients("connected", "smb", 140),
    _clients("connected", "papi", 3),
    _clients("connected", "hdfs", 0),
    _clients("connected", "http", 2),
    _clients("connected", "ftp", 0),
    _clients("connected", "siq", 1),
    NodeKey(
        About("node.sysfs.var.percent.used", "Share of /var in use, in percent", "percent", "double", interval=ON_DEMAND),
        lambda now: 31.0 + 4 * now.activity,
    ),
    _operations("nfs3"),
    _operations("smb2"),
    _operations("papi"),
    _total("nfs3"),
    _total("smb2"),
    _total("papi"),
)
