"""Keys of /ifs and of the nodes' own file systems: space, traffic, operations."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from mendwatch_onefs_sim.hardware import GIB
from mendwatch_onefs_sim.statistics.keys import (
    BYTE_RATE,
    BYTES,
    NONE,
    OPERATION_RATE,
    OPERATIONS,
    PERCENT,
    About,
    ClusterKey,
    NodeKey,
    Template,
)
from mendwatch_onefs_sim.statistics.moments import ClusterMoment, NodeMoment
from mendwatch_onefs_sim.statistics.policies import EVERY_5, EVERY_300, ON_DEMAND, SYSTEM_SPACE, Policy

#: The share of the free space that may still be written: the rest is kept for the system.
_WRITABLE = 0.97
_LOCAL = {"root": (2 * GIB, 0.62), "var": (4 * GIB, 0.31), "varcrash": (14 * GIB, 0.05)}


def _parts(total: float, used: float) -> dict[str, float]:
    free = total - used
    return {"total": total, "used": used, "free": free, "avail": int(free * _WRITABLE)}


def _space() -> Iterator[Template]:
    for part in ("total", "used", "free", "avail"):
        yield ClusterKey(_sized(f"ifs.bytes.{part}", f"Bytes of /ifs: {part}", "int64"), _cluster_space(part))
        yield ClusterKey(_sized(f"ifs.ssd.bytes.{part}", f"Bytes of the SSDs in /ifs: {part}", "int64"), lambda _: 0)
        yield NodeKey(_sized(f"node.ifs.ssd.bytes.{part}", f"Bytes of the node's SSDs in /ifs: {part}", "uint64"), lambda _: 0)
    for part in ("total", "used", "free"):
        yield NodeKey(_sized(f"node.ifs.bytes.{part}", f"Bytes of the node's part of /ifs: {part}", "uint64"), _node_space(part))
    for part in ("used", "free", "avail"):
        about = About(f"ifs.percent.{part}", f"Share of /ifs: {part}, in percent", PERCENT, policy=EVERY_300)
        yield ClusterKey(about, _percent(part))
    for part in ("used", "free"):
        about = About(f"ifs.ssd.percent.{part}", f"Share of the SSDs in /ifs: {part}, in percent", PERCENT, policy=EVERY_300)
        yield ClusterKey(about, lambda _: 0.0)
    for part in ("drive", "snapshots"):
        about = About(f"ifs.bytes.reserved.{part}", f"Bytes of /ifs kept for {part}", BYTES, "uint64", ON_DEMAND, cache=10)
        yield ClusterKey(about, lambda _: 0)


def _sized(key: str, words: str, kind: str) -> About:
    return About(key, words, BYTES, kind, EVERY_300)


def _cluster_space(part: str) -> Callable[[ClusterMoment], int]:
    return lambda now: int(_parts(now.ifs_total, now.ifs_used)[part])


def _node_space(part: str) -> Callable[[NodeMoment], int]:
    return lambda now: int(_parts(now.node.capacity, now.ifs_used)[part])


def _percent(part: str) -> Callable[[ClusterMoment], float]:
    return lambda now: 100 * _parts(now.ifs_total, now.ifs_used)[part] / now.ifs_total


def _traffic() -> Iterator[Template]:
    for way, words in (("in", "written to"), ("out", "read from")):
        rate = f"ifs_{way}"
        yield from _bytes(way, words, rate)
        yield from _operations(way, words, rate)


def _bytes(way: str, words: str, rate: str) -> Iterator[Template]:
    yield ClusterKey(_counter(f"ifs.bytes.{way}", f"Bytes {words} /ifs so far", BYTES), lambda now: now.count(rate))
    yield NodeKey(
        _counter(f"node.ifs.bytes.{way}", f"Bytes {words} /ifs since the node's boot", BYTES, 5), lambda now: now.count(rate)
    )
    yield ClusterKey(About(f"ifs.bytes.{way}.rate", f"Bytes {words} /ifs", BYTE_RATE), lambda now: now.rate(rate))
    yield NodeKey(About(f"node.ifs.bytes.{way}.rate", f"Bytes {words} /ifs", BYTE_RATE), lambda now: now.rate(rate))
    most = f"Bytes {words} /ifs, the most of late"
    yield ClusterKey(About(f"ifs.bytes.{way}.rate.max", most, BYTE_RATE, aggregation="max"), lambda now: 1.2 * now.rate(rate))
    yield NodeKey(About(f"node.ifs.bytes.{way}.rate.max", most, BYTE_RATE, aggregation="max"), lambda now: 1.2 * now.rate(rate))


def _operations(way: str, words: str, rate: str) -> Iterator[Template]:
    about = f"Operations: {words} /ifs"
    yield ClusterKey(_counter(f"ifs.ops.{way}", about, OPERATIONS), lambda now: now.count(rate) // 65_536)
    yield NodeKey(_counter(f"node.ifs.ops.{way}", about, OPERATIONS, 5), lambda now: now.count(rate) // 65_536)
    yield ClusterKey(About(f"ifs.ops.{way}.rate", about, OPERATION_RATE), lambda now: now.total(lambda node: node.transfers(rate)))
    yield NodeKey(About(f"node.ifs.ops.{way}.rate", about, OPERATION_RATE), lambda now: now.transfers(rate))


def _counter(key: str, words: str, units: str, cache: int = 0) -> About:
    return About(key, words, units, "uint64", ON_DEMAND, "last", cache)


def _counted() -> Iterator[NodeKey]:
    """Give the pairs of a counter and its rate."""
    for name, words, units, counter, usual in (
        ("files.created", "Files that were created", OPERATIONS, OPERATION_RATE, 24.0),
        ("files.removed", "Files that were removed", OPERATIONS, OPERATION_RATE, 11.0),
        ("num.lookups", "Names that were looked up", OPERATIONS, OPERATION_RATE, 2100.0),
        ("rbm.pressure_count", "Times that buffers ran short", NONE, NONE, 0.0),
        ("rbm.throttle_events", "Times that writes were held back", NONE, NONE, 0.0),
    ):
        yield NodeKey(_counter(f"node.ifs.{name}", words, units, 5), _total(usual))
        yield NodeKey(About(f"node.ifs.{name}.rate", f"{words}, per second", counter), _now(name, usual))
    yield NodeKey(_counter("node.ifs.bytes.deleted", "Bytes that were deleted", BYTES, 5), lambda now: now.count("deleted"))
    yield NodeKey(About("node.ifs.bytes.deleted.rate", "Bytes deleted", BYTE_RATE), lambda now: now.rate("deleted"))


def _total(usual: float) -> Callable[[NodeMoment], int]:
    return lambda now: int(usual * now.uptime)


def _now(name: str, usual: float) -> Callable[[NodeMoment], float]:
    return lambda now: now.around(name, usual)


def _local() -> Iterator[NodeKey]:
    for name in _LOCAL:
        for part in ("total", "used", "free", "avail"):
            policy: Policy = SYSTEM_SPACE if part == "used" else ON_DEMAND
            about = About(f"node.sysfs.{name}.bytes.{part}", f"Bytes of {name}: {part}", BYTES, "int64", policy)
            yield NodeKey(about, _local_bytes(name, part))
        for part in ("used", "free", "avail"):
            about = About(f"node.sysfs.{name}.percent.{part}", f"Share of {name}: {part}, in percent", PERCENT, policy=ON_DEMAND)
            yield NodeKey(about, _local_percent(name, part))


def _local_parts(now: NodeMoment, name: str) -> dict[str, float]:
    size, share = _LOCAL[name]
    return _parts(size, int(size * (share + 0.04 * now.activity)))


def _local_bytes(name: str, part: str) -> Callable[[NodeMoment], int]:
    return lambda now: int(_local_parts(now, name)[part])


def _local_percent(name: str, part: str) -> Callable[[NodeMoment], float]:
    return lambda now: 100 * _local_parts(now, name)[part] / _LOCAL[name][0]


def _dedupe() -> Iterator[ClusterKey]:
    for name, share in (
        ("estimated.deduplicated", 0.06), ("estimated.saved", 0.04), ("logical.deduplicated", 0.05), ("logical.saved", 0.03),
        ("total.physical", 1.0), ("total.used", 0.97),
    ):  # fmt: skip
        about = About(f"cluster.dedupe.{name}.bytes", f"Deduplication: {name}", BYTES, "uint64", EVERY_300, "last")
        yield ClusterKey(about, _dedupe_bytes(share))


def _dedupe_bytes(share: float) -> Callable[[ClusterMoment], int]:
    return lambda now: int(now.ifs_used * share)


def _audit() -> Iterator[NodeKey]:
    for name, usual in (("cee.export", 0.0), ("events.logged", 3.0)):
        about = About(f"node.audit.{name}.total", f"Audit, in all: {name}", OPERATIONS, "uint64", EVERY_5, "sum", 5)
        yield NodeKey(about, _total(usual))
        yield NodeKey(About(f"node.audit.{name}.rate", f"Audit, per second: {name}", OPERATION_RATE), _now(f"audit.{name}", usual))


FILESYSTEM: tuple[Template, ...] = (*_space(), *_traffic(), *_counted(), *_local(), *_dedupe(), *_audit())
