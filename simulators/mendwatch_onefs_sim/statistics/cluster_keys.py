"""The keys with one value for the whole cluster."""

from __future__ import annotations

from mendwatch_onefs_sim.hardware import Node
from mendwatch_onefs_sim.statistics.keys import (
    BYTE_RATE,
    BYTES,
    ERROR_RATE,
    EVERY_5,
    EVERY_300,
    NONE,
    ON_DEMAND,
    OPERATION_RATE,
    PACKET_RATE,
    PERMIL,
    About,
    ClusterKey,
)
from mendwatch_onefs_sim.statistics.moments import ClusterMoment
from mendwatch_onefs_sim.statistics.protocols import cluster_operations


def _health(now: ClusterMoment) -> int:
    return 0 if len(now.nodes) == len(now.hardware.nodes) else 1


def _numbers(nodes: tuple[Node, ...]) -> str:
    return ",".join(str(node.lnn) for node in nodes)


def _down(now: ClusterMoment) -> tuple[Node, ...]:
    return tuple(node for node in now.hardware.nodes if not node.is_up)


def _cpu(state: str, words: str) -> ClusterKey:
    about = About(f"cluster.cpu.{state}.avg", f"Share of CPU time {words}, averaged over the cluster, in permil", PERMIL, "int32")
    return ClusterKey(about, lambda now: now.cpu[state])


def _capacity(name: str, words: str, used: float, free: float) -> ClusterKey:
    about = About(f"ifs.bytes.{name}", words, BYTES, "int64", interval=EVERY_300)
    return ClusterKey(about, lambda now: int(used * now.ifs_used + free * (now.ifs_total - now.ifs_used)))


def _percent(name: str, words: str, *, used: bool) -> ClusterKey:
    about = About(f"ifs.percent.{name}", words, "percent", "double", interval=EVERY_300)

    def value(now: ClusterMoment) -> float:
        share = 100 * now.ifs_used / now.ifs_total
        return share if used else 100 - share

    return ClusterKey(about, value)


def _bytes(key: str, words: str, rate: str) -> ClusterKey:
    return ClusterKey(About(key, words, BYTE_RATE, "double"), lambda now: now.rate(rate))


def _transfers(key: str, words: str, *rates: str, interval: int = EVERY_5) -> ClusterKey:
    about = About(key, words, OPERATION_RATE, "double", interval=interval)
    return ClusterKey(about, lambda now: sum(node.transfers(rate) for node in now.nodes for rate in rates))


def _packets(direction: str, rate: str) -> ClusterKey:
    about = About(f"cluster.net.ext.packets.{direction}.rate", f"Packets {direction} on external interfaces", PACKET_RATE, "double")
    return ClusterKey(about, lambda now: sum(node.packets(rate) for node in now.nodes))


def _errors(direction: str) -> ClusterKey:
    about = About(f"cluster.net.ext.errors.{direction}.rate", f"Errors {direction} on external interfaces", ERROR_RATE, "double")
    return ClusterKey(about, lambda _: 0.0)


def _count(name: str, words: str, value: int | None = None) -> ClusterKey:
    about = About(f"cluster.node.count.{name}", words, NONE, "int32", interval=ON_DEMAND)
    counts = {"all": lambda now: len(now.hardware.nodes), "up": lambda now: len(now.nodes), "down": lambda now: len(_down(now))}
    return ClusterKey(about, counts[name] if value is None else lambda _: value)


CLUSTER_KEYS: tuple[ClusterKey, ...] = (
    ClusterKey(
        About("cluster.health", "Health of the cluster: 0 healthy, 1 needs attention, 2 down", NONE, "int32", interval=ON_DEMAND),
        _health,
    ),
    ClusterKey(
        About("cluster.cpu.count", "Active CPU cores of the cluster", NONE, "int32", "last", ON_DEMAND),
        lambda now: sum(node.node.cores for node in now.nodes),
    ),
    _cpu("idle", "spent idle"),
    _cpu("user", "spent in user mode"),
    _cpu("sys", "spent in the kernel"),
    _cpu("intr", "spent on interrupts"),
    _cpu("nice", "spent in user mode at low priority"),
    _bytes("cluster.disk.bytes.in.rate", "Bytes written to all disks", "disk_in"),
    _bytes("cluster.disk.bytes.out.rate", "Bytes read from all disks", "disk_out"),
    _transfers("cluster.disk.xfers.in.rate", "Write transfers to all disks", "disk_in", interval=ON_DEMAND),
    _transfers("cluster.disk.xfers.out.rate", "Read transfers from all disks", "disk_out", interval=ON_DEMAND),
    _transfers("cluster.disk.xfers.rate", "Transfers to and from all disks", "disk_in", "disk_out"),
    _bytes("cluster.net.ext.bytes.in.rate", "Bytes received on external interfaces", "net_in"),
    _bytes("cluster.net.ext.bytes.out.rate", "Bytes sent on external interfaces", "net_out"),
    _packets("in", "net_in"),
    _packets("out", "net_out"),
    _errors("in"),
    _errors("out"),
    _count("all", "Nodes that belong to the cluster"),
    _count("up", "Nodes that are up"),
    _count("down", "Nodes that are down"),
    _count("readonly", "Nodes that are read-only", 0),
    _count("smartfailed", "Nodes that are smartfailed", 0),
    _count("diskless", "Nodes without disks", 0),
    ClusterKey(
        About("cluster.node.list.up", "Logical numbers of the nodes that are up, with commas", NONE, "string", "last", ON_DEMAND),
        lambda now: _numbers(now.hardware.up),
    ),
    ClusterKey(
        About(
            "cluster.node.list.down", "Logical numbers of the nodes that are down, with commas", NONE, "string", "last", ON_DEMAND
        ),
        lambda now: _numbers(_down(now)),
    ),
    _capacity("total", "Size of /ifs", 1, 1),
    _capacity("used", "Bytes of /ifs in use", 1, 0),
    _capacity("free", "Bytes of /ifs that are free", 0, 1),
    _capacity("avail", "Bytes of /ifs that may be written, without the reserve", 0, 0.97),
    _percent("used", "Share of /ifs in use, in percent", used=True),
    _percent("free", "Share of /ifs that is free, in percent", used=False),
    ClusterKey(
        About("ifs.bytes.in", "Bytes written to /ifs so far", BYTES, "uint64", "last", ON_DEMAND), lambda now: now.count("ifs_in")
    ),
    ClusterKey(
        About("ifs.bytes.out", "Bytes read from /ifs so far", BYTES, "uint64", "last", ON_DEMAND), lambda now: now.count("ifs_out")
    ),
    _bytes("ifs.bytes.in.rate", "Bytes written to /ifs", "ifs_in"),
    _bytes("ifs.bytes.out.rate", "Bytes read from /ifs", "ifs_out"),
    _transfers("ifs.ops.in.rate", "Write operations on /ifs", "ifs_in"),
    _transfers("ifs.ops.out.rate", "Read operations on /ifs", "ifs_out"),
    ClusterKey(
        About(
            "cluster.protostats.smb2",
            "Operations of SMB 2, one entry each, for the whole cluster",
            NONE,
            "stats_proto_opstat_list",
            "custom",
            ON_DEMAND,
        ),
        lambda now: cluster_operations(now, "smb2"),
    ),
    ClusterKey(
        About(
            "cluster.protostats.nfs3",
            "Operations of NFS 3, one entry each, for the whole cluster",
            NONE,
            "stats_proto_opstat_list",
            "custom",
            ON_DEMAND,
        ),
        lambda now: cluster_operations(now, "nfs3"),
    ),
)
