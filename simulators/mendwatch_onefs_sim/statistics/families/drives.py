"""Keys of the disks: sums, averages, one by one, and lists of all."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from mendwatch_onefs_sim.hardware import Node
from mendwatch_onefs_sim.statistics.keys import (
    BYTE_RATE,
    BYTES,
    CENTS,
    NONE,
    OPERATION_RATE,
    PERMIL,
    SECONDS,
    About,
    ClusterKey,
    NodeKey,
    NumberedKey,
    Template,
)
from mendwatch_onefs_sim.statistics.moments import ClusterMoment, NodeMoment
from mendwatch_onefs_sim.statistics.policies import EVERY_5, ON_DEMAND

_FOREVER = 65_535
_HISTOGRAM_STEPS = 7

Figure = Callable[[NodeMoment, int], int | float]


@dataclass(frozen=True, slots=True)
class _Measure:
    """What is measured of each disk. `forms` are the further keys that sum the disks up: avg, sum, max."""

    name: str
    words: str
    units: str
    type: str
    value: Figure
    forms: tuple[str, ...] = ("avg",)
    list_aggregation: str = "last"


def _count(node: Node) -> int:
    return node.drives


def _share(rate: str) -> Figure:
    return lambda now, drive: now.rate(rate) * now.drive_share(drive)


def _transfers(*rates: str) -> Figure:
    return lambda now, drive: now.drive_share(drive) * sum(now.transfers(rate) for rate in rates)


def _space(part: str) -> Figure:
    def value(now: NodeMoment, _: int) -> int:
        total, used = now.node.capacity // now.node.drives, now.ifs_used // now.node.drives
        return {"total": total, "used": used, "free": total - used}[part]

    return value


_MEASURES = (
    _Measure(
        "access.latency", "Time of a disk access", SECONDS, "double",
        lambda now, n: now.drive_patience(n) * (0.002 + 0.006 * now.drive_busy(n)),
    ),
    _Measure(
        "access.slow", "Slow disk accesses per second, in hundredths", CENTS, "int32",
        lambda now, n: round(40 * now.drive_patience(n) * now.drive_busy(n)),
        ("avg", "sum"),
    ),
    _Measure(
        "busy", "Share of time that a disk is busy, in permil", PERMIL, "int32", lambda now, n: round(1000 * now.drive_busy(n)),
    ),
    _Measure("bytes.in.rate", "Bytes written to disk", BYTE_RATE, "double", _share("disk_in"), ("avg", "sum")),
    _Measure("bytes.out.rate", "Bytes read from disk", BYTE_RATE, "double", _share("disk_out"), ("avg", "sum")),
    _Measure("xfers.in.rate", "Write transfers to disk", OPERATION_RATE, "double", _transfers("disk_in"), ("avg", "sum")),
    _Measure("xfers.out.rate", "Read transfers from disk", OPERATION_RATE, "double", _transfers("disk_out"), ("avg", "sum")),
    _Measure(
        "xfers.rate", "Transfers to and from disk", OPERATION_RATE, "double", _transfers("disk_in", "disk_out"), ("avg", "sum"),
    ),
    _Measure("xfer.size.in", "Bytes of a write transfer", BYTES, "double", lambda now, n: 65_536.0 + now.drive_share(n)),
    _Measure("xfer.size.out", "Bytes of a read transfer", BYTES, "double", lambda now, n: 65_536.0 - now.drive_share(n)),
    _Measure(
        "iosched.latency", "Time of a request in the I/O scheduler", SECONDS, "double",
        lambda now, n: now.drive_patience(n) * (0.001 + 0.01 * now.drive_busy(n)),
        ("avg", "max"),
    ),
    _Measure(
        "iosched.queue", "Requests in a disk's queue, in hundredths", CENTS, "int32", lambda now, n: round(300 * now.drive_busy(n))
    ),
    _Measure("ifs.bytes.total", "Size of a disk's part of /ifs", NONE, "uint64", _space("total"), (), "custom"),
    _Measure("ifs.bytes.used", "Bytes in use on a disk", NONE, "uint64", _space("used"), (), "custom"),
    _Measure("ifs.bytes.free", "Bytes that are free on a disk", NONE, "uint64", _space("free"), (), "custom"),
    _Measure(
        "ifs.inodes.used", "Inodes in use on a disk", NONE, "uint64",
        lambda now, _: now.ifs_used // now.node.drives // 262_144, (), "custom",
    ),
)  # fmt: skip


#: What is measured of each disk, by the name that its keys have between `node.disk` and the number.
FIGURES: Mapping[str, Figure] = MappingProxyType({measure.name: measure.value for measure in _MEASURES})


def _measured() -> Iterator[Template]:
    for measure in _MEASURES:
        name = f"node.disk.{measure.name}"
        yield NumberedKey(About(f"{name}.N", measure.words, measure.units, measure.type), _count, measure.value)
        yield from (_form(measure, form) for form in measure.forms)
        about = About(
            f"{name}.all", f"{measure.words}, one entry per disk", type="stats_node_disk_list", aggregation=measure.list_aggregation
        )
        yield NodeKey(about, _list(measure))


def _form(measure: _Measure, form: str) -> NodeKey:
    words = {"avg": "average of the disks", "sum": "sum of the disks", "max": "of the disk with the most"}[form]
    aggregation = "max" if form == "max" else "avg"
    about = About(
        f"node.disk.{measure.name}.{form}", f"{measure.words}, {words}", measure.units, measure.type, aggregation=aggregation
    )

    def value(now: NodeMoment) -> int | float:
        figures = [measure.value(now, drive) for drive in now.drives_at_work] or [0.0]
        result = {"avg": sum(figures) / len(figures), "sum": sum(figures), "max": max(figures)}[form]
        return round(result) if measure.type == "int32" else float(result)

    return NodeKey(about, value)


def _list(measure: _Measure) -> Callable[[NodeMoment], list[dict[str, object]]]:
    def value(now: NodeMoment) -> list[dict[str, object]]:
        return [{str(drive): measure.value(now, drive)} for drive in now.drives_at_work]

    return value


def _histograms() -> Iterator[NumberedKey]:
    for kind in ("access.read", "access.write", "access.unfilt.read", "access.unfilt.write"):
        for step in range(_HISTOGRAM_STEPS):
            about = About(f"node.disk.{kind}.hist{step}.N", f"Step {step} of the times of {kind}, of one disk", SECONDS)
            yield NumberedKey(about, _count, _step(step))


def _step(step: int) -> Figure:
    return lambda now, drive: now.drive_busy(drive) / 2**step


def _latencies(now: NodeMoment) -> list[dict[str, object]]:
    return [
        {"disk": drive, "read": 0.002 + 0.006 * now.drive_busy(drive), "write": 0.001 + 0.004 * now.drive_busy(drive)}
        for drive in now.drives_at_work
    ]


def _facts() -> Iterator[NumberedKey]:
    facts: tuple[tuple[str, str, str, Callable[[int], int | str], int], ...] = (
        ("bay", "Bay of a disk", "int32", lambda number: number + 1, _FOREVER),
        ("lnum", "Logical number of a disk", "int32", lambda number: number, _FOREVER),
        ("name", "Device name of a disk", "string", lambda number: f"da{number + 1}", _FOREVER),
        ("type", "What a disk is", "string", lambda _: "hdd", _FOREVER),
        ("health", "Health of a disk: 0 is healthy", "int32", lambda _: 0, 0),
    )
    for name, words, kind, value, cache in facts:
        about = About(f"node.disk.{name}.N", words, "none", kind, ON_DEMAND, "last", cache)
        yield NumberedKey(about, _count, _fact(value))


def _fact(value: Callable[[int], int | str]) -> Callable[[NodeMoment, int], int | str]:
    return lambda _, number: value(number)


def _of_cluster() -> Iterator[ClusterKey]:
    for way, words in (("in", "Bytes written to"), ("out", "Bytes read from")):
        about = About(f"cluster.disk.bytes.{way}.rate", f"{words} all disks", BYTE_RATE)
        yield ClusterKey(about, _cluster_rate(f"disk_{way}"))
    for name, rates, policy in (
        ("xfers.in.rate", ("disk_in",), ON_DEMAND),
        ("xfers.out.rate", ("disk_out",), ON_DEMAND),
        ("xfers.rate", ("disk_in", "disk_out"), EVERY_5),
    ):
        about = About(f"cluster.disk.{name}", "Transfers to and from all disks", OPERATION_RATE, policy=policy, made_of=5)
        yield ClusterKey(about, _cluster_transfers(rates))
    for way in ("in", "out"):
        about = About(f"cluster.disk.xfer.size.{way}", f"Bytes of a transfer {way}", BYTES, policy=ON_DEMAND)
        yield ClusterKey(about, lambda _: 65_536.0)


def _cluster_rate(rate: str) -> Callable[[ClusterMoment], float]:
    return lambda now: now.rate(rate)


def _cluster_transfers(rates: tuple[str, ...]) -> Callable[[ClusterMoment], float]:
    return lambda now: now.total(lambda node: sum(node.transfers(rate) for rate in rates))


DRIVES: tuple[Template, ...] = (
    *_measured(),
    *_histograms(),
    *_facts(),
    *_of_cluster(),
    ClusterKey(
        About("cluster.disk.busy", "Share of time that the disks are busy, in permil", PERMIL, "int32", ON_DEMAND, made_of=5),
        lambda now: round(1000 * now.total(lambda node: node.disks_busy) / len(now.nodes)),
    ),
    NodeKey(
        About(
            "node.disk.latencies", "Times of disk accesses, one entry per disk", type="stats_disk_latencies", aggregation="custom"
        ),
        _latencies,
    ),
    NodeKey(About("node.disk.count", "Drive bays", "none", "int32", ON_DEMAND, "last", _FOREVER), lambda now: now.node.drives),
    NodeKey(About("node.disk.unhealthy.count", "Drives and bays that are not well", type="int32", policy=ON_DEMAND), lambda _: 0),
    NodeKey(About("node.diskless", "1 for a node without disks", "none", "int32", ON_DEMAND, "last", _FOREVER), lambda _: 0),
)
