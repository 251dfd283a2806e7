"""Keys of the operating system and of the NFS server's insides. Their structured values hold a few counters each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from mendwatch_onefs_sim.statistics.families.operations import Entry, node_operations, summed
from mendwatch_onefs_sim.statistics.keys import About, ClusterKey, NodeKey, Template, Value
from mendwatch_onefs_sim.statistics.moments import ClusterMoment, NodeMoment
from mendwatch_onefs_sim.statistics.policies import EVERY_5, ON_DEMAND

#: By key: its type, and what is counted with the usual number per second.
_COUNTED: tuple[tuple[str, str, dict[str, float]], ...] = (
    ("node.ip.stats", "stats_ip_stats", {"received": 9_000.0, "sent": 11_000.0, "bad": 0.0}),
    ("node.malloc.stats", "stats_malloc_stats", {"requests": 40_000.0}),
    ("node.nfs.basic_stats", "stats_nfs_basic_stats", {"requests": 4_400.0, "bad_requests": 0.0}),
    ("node.nfs.optime_stats", "stats_nfs_optime_stats", {"read": 900.0, "write": 420.0}),
    ("node.nfs.v3_error_stats", "stats_nfs_v3_error_stats", {"noent": 12.0, "stale": 0.1}),
    ("node.nfs.v4_error_stats", "stats_nfs_v4_error_stats", {"noent": 4.0, "stale": 0.0}),
    ("node.rp.stats", "stats_rp_stats", {"transactions": 700.0}),
    ("node.tcp.stats", "stats_tcp_stats", {"received": 8_500.0, "sent": 10_500.0, "retransmitted": 2.0}),
    ("node.thread.stats", "stats_thread_pool_stats", {"started": 30.0}),
    ("node.uma.stats", "stats_uma_stats", {"requests": 90_000.0}),
)
_CACHES = ("ccb", "replay_tcp", "replay_udp", "sec_principal", "sec_sid", "sec_username", "v4_dircache")
_CACHE_FIELDS = {
    "current_size": 0.0, "maximum_size": 0.0, "misses": 3.0, "negative_hits": 1.0, "positive_hits": 40.0, "timeout_count": 0.2,
    "timeout_period": 0.0,
}  # fmt: skip
_SIZES = {"current_size": 800, "maximum_size": 4096, "timeout_period": 600}


def _counts(usual: dict[str, float]) -> Callable[[NodeMoment], Value]:
    return lambda now: {name: int(rate * now.uptime) for name, rate in usual.items()}


def _connections(now: NodeMoment) -> Value:
    return [
        {"state": state, "connections": now.clients(f"tcp.{state}", usual)}
        for state, usual in (("established", 210), ("time_wait", 30))
    ]


def _cache_field(name: str) -> Callable[[NodeMoment], int]:
    if name in _SIZES:
        return lambda _: _SIZES[name]
    return lambda now: int(_CACHE_FIELDS[name] * now.uptime)


def _caches(now: NodeMoment) -> Value:
    return {f"{cache}.{name}": _cache_field(name)(now) for cache in _CACHES for name in _CACHE_FIELDS}


def _nfs_caches() -> Iterator[NodeKey]:
    for cache in _CACHES:
        for name in _CACHE_FIELDS:
            about = About(
                f"node.nfs.cache_stats.{cache}.{name}", f"Cache {cache} of NFS: {name}", "none", "uint64", ON_DEMAND, "last"
            )
            yield NodeKey(about, _cache_field(name))


def _workloads(now: ClusterMoment) -> Value:
    """Give the performance dataset of the system: a workload for each of its jobs, times in microseconds as sums and counts."""
    workloads = [{"id": number, "type": "system", "record": _record(job)} for number, job in enumerate(jobs(now.nodes))]
    return {"dataset": {"workloads": {"workloads": workloads}}}


def _record(job: Entry) -> dict[str, object]:
    operations, micros = int(job["op_rate"]), job["time_avg"]
    return {
        **{f"latency_{way}": {"count": operations, "sum": int(operations * micros)} for way in ("read", "write", "other")},
        "bytes_in": {"sum": int(job["in_rate"])},
        "bytes_out": {"sum": int(job["out_rate"])},
        "ops": {"sum": operations},
    }


def jobs(nodes: Iterable[NodeMoment]) -> list[Entry]:
    """Give what the system itself does on these nodes, read and write: the workloads of the dataset System."""
    return [summed(entries) for entries in zip(*(node_operations(node, "irp") for node in nodes), strict=True)]


SYSTEM: tuple[Template, ...] = (
    *(NodeKey(About(key, "Counters", "none", kind, ON_DEMAND, "custom", 1), _counts(usual)) for key, kind, usual in _COUNTED),
    *_nfs_caches(),
    NodeKey(About("node.nfs.cache_stats", "Caches of NFS", "none", "stats_nfs_cache_stats", ON_DEMAND, "custom", 1), _caches),
    NodeKey(
        About("node.tcp.conn.stats", "TCP connections by state", "none", "stats_tcp_conn_stats_list", ON_DEMAND, "custom", 1),
        _connections,
    ),
    ClusterKey(
        About("cluster.performance.dataset.0", "Workloads of the dataset System", "none", "performance_dataset", EVERY_5, "custom"),
        _workloads,
    ),
)
