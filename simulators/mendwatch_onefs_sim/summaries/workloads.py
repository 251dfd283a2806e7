"""The workloads of a dataset: who uses what of the cluster. Together they do what the protocols do, and no more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from mendwatch_onefs_sim.performance.datasets import Dataset, Workload, facts_of
from mendwatch_onefs_sim.statistics.families.system import jobs
from mendwatch_onefs_sim.statistics.moments import NodeMoment
from mendwatch_onefs_sim.summaries.clients import rows as client_rows
from mendwatch_onefs_sim.summaries.rows import Row
from mendwatch_onefs_sim.summaries.state import Summaries

_NAMES: tuple[Mapping[str, str], ...] = (
    MappingProxyType({"system_name": "Job: 7"}), MappingProxyType({"job_type": "SmartPools[1]"}),
)  # fmt: skip
#: So many workloads are told one by one; what the others do is told together.
_TOP = 1024
#: Microseconds of CPU that an operation takes, and how many of them read and write a disk or are answered by a cache.
_CPU, _READS, _WRITES, _L2, _L3 = 210.0, 1 / 4, 1 / 8, 3.0, 1 / 2
_SYSTEM_ZONE = 1.0
_SUMMED = ("operation_rate", "in", "out")

Values = Mapping[str, object]
Amounts = dict[str, float]


def rows(state: Summaries, nodes: Sequence[NodeMoment], dataset: Dataset) -> list[Row]:
    """Give a row for each workload of a dataset on these nodes."""
    if not dataset.id:
        return _system(nodes)
    pinned = list(dataset.workloads.values())
    known: dict[tuple[object, ...], Amounts] = {}
    held: dict[int, Amounts] = {}
    for row in client_rows(state, nodes):
        facts = facts_of(row["remote_addr"], row["protocol"], row["user"]["name"])
        mine = next((one for one in pinned if one.matches(facts)), None)
        if mine is None:
            _add(known.setdefault(tuple(facts.get(metric) for metric in dataset.metrics), _nothing()), row)
        else:
            _add(held.setdefault(mine.id, _nothing()), row)
    return [*(_pinned(one, held.get(one.id, _nothing())) for one in pinned), *_top(dataset.metrics, known)]


def _nothing() -> Amounts:
    return dict.fromkeys(_SUMMED, 0.0)


def _add(amounts: Amounts, row: Row) -> None:
    for name in _SUMMED:
        amounts[name] += row[name]


def _top(metrics: Sequence[str], known: Mapping[tuple[object, ...], Amounts]) -> list[Row]:
    ranked = sorted(known.items(), key=lambda one: -one[1]["operation_rate"])
    rest = _nothing()
    for _, amounts in ranked[_TOP:]:
        _add(rest, amounts)
    shown = [_row(dict(zip(metrics, values, strict=True)), amounts) for values, amounts in ranked[:_TOP]]
    return [*shown, {**_row({}, rest), "workload_type": "Additional"}]


def _pinned(workload: Workload, amounts: Amounts) -> Row:
    return {**_row(workload.values, amounts), "workload_id": workload.id, "workload_type": "Pinned"}


def _system(nodes: Sequence[NodeMoment]) -> list[Row]:
    found = jobs(nodes)
    amounts = [{"operation_rate": job["op_rate"], "in": job["in_rate"], "out": job["out_rate"]} for job in found]
    return [_row(name, one) for name, one in zip(_NAMES, amounts, strict=True)]


def _row(values: Values, amounts: Amounts) -> Row:
    ops = amounts["operation_rate"]
    names = {metric: value for metric, value in values.items() if value is not None}
    return {
        "bytes_in": amounts["in"],
        "bytes_out": amounts["out"],
        "cpu": ops * _CPU,
        "l2": ops * _L2,
        "l3": ops * _L3,
        "latency_other": 150.0,
        "latency_read": 4_200.0,
        "latency_write": 1_100.0,
        "node": 0.0,
        "ops": ops,
        "reads": ops * _READS,
        "workload_type": None,
        "writes": ops * _WRITES,
        **names,
        **({"zone_id": _SYSTEM_ZONE} if "zone_name" in names else {}),
    }
