"""Workloads of performance datasets: who uses what of the cluster. From statistics/summary/workload; off unless datasets are named.

A workload is named by whatever its dataset tells apart, such as `protocol=nfs3 username=alice`: text that people wrote.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

import msgspec

from mendwatch.model.samples import MetricSpec, Reading, RecordSchema, Sample
from mendwatch.provider import CollectorSpec
from mendwatch_onefs.decoding import name_of
from mendwatch_onefs.drift import Drift
from mendwatch_onefs.failures import Rejected
from mendwatch_onefs.giving import once
from mendwatch_onefs.session import OneFSSession
from mendwatch_onefs.summary import MICROSECONDS, PRIVILEGE, amounts, query, top

_RESOURCE = "statistics/summary/workload"
_LABELS = ("dataset", "workload")
#: What a dataset can tell workloads apart by, in the order of their names.
_PARTS = (
    "protocol", "username", "user_id", "user_sid", "groupname", "group_id", "zone_name", "zone_id", "path", "share_name",
    "export_id", "remote_address", "remote_name", "local_address", "system_name", "job_type", "domain_id",
)  # fmt: skip
#: Parts that only say again in numbers what another says in words.
_AGAIN = {
    "user_id": "username",
    "user_sid": "username",
    "group_id": "groupname",
    "zone_id": "zone_name",
    "remote_name": "remote_address",
}


def _spec(name: str, words: str, field: str, unit: str = "") -> MetricSpec:
    return MetricSpec(f"powerscale_workload_{name}", f"{words} ({_RESOURCE}: {field}).", unit=unit, labels=_LABELS)


_FIELDS = {
    "ops": (_spec("operations_per_second", "Operations per second", "ops"), 1.0),
    "cpu": (_spec("cpu_cores", "CPU cores in use", "cpu"), MICROSECONDS),
    "bytes_in": (_spec("in_bytes_per_second", "Bytes per second that come in", "bytes_in", "bytes"), 1.0),
    "bytes_out": (_spec("out_bytes_per_second", "Bytes per second that go out", "bytes_out", "bytes"), 1.0),
    "reads": (_spec("disk_reads_per_second", "Disk reads per second", "reads"), 1.0),
    "writes": (_spec("disk_writes_per_second", "Disk writes per second", "writes"), 1.0),
    "l2": (_spec("l2_hits_per_second", "Hits of the L2 cache per second", "l2"), 1.0),
    "l3": (_spec("l3_hits_per_second", "Hits of the L3 cache per second", "l3"), 1.0),
    "latency_read": (_spec("read_latency_seconds", "Time of disk reads", "latency_read", "seconds"), MICROSECONDS),
    "latency_write": (_spec("write_latency_seconds", "Time of disk writes", "latency_write", "seconds"), MICROSECONDS),
    "latency_other": (_spec("other_latency_seconds", "Time of other operations", "latency_other", "seconds"), MICROSECONDS),
}


KNOWN = MetricSpec(
    "powerscale_workload_dataset_known",
    f"Whether the cluster knows the dataset that the option workload_datasets names; 0 for one that it refuses ({_RESOURCE}).",
    labels=("dataset",),
)
DATASET_SCHEMA = RecordSchema(
    "workload_dataset", ("dataset",), {"known": KNOWN.name}, help="One performance dataset that the options name."
)


class Workload(msgspec.Struct):
    """One workload: what names it, and its use per second; the latencies are microseconds and came with OneFS 9.10."""

    workload_type: Any = None
    protocol: Any = None
    username: Any = None
    user_id: Any = None
    user_sid: Any = None
    groupname: Any = None
    group_id: Any = None
    zone_name: Any = None
    zone_id: Any = None
    path: Any = None
    share_name: Any = None
    export_id: Any = None
    remote_address: Any = None
    remote_name: Any = None
    local_address: Any = None
    system_name: Any = None
    job_type: Any = None
    domain_id: Any = None
    ops: Any = None
    cpu: Any = None
    bytes_in: Any = None
    bytes_out: Any = None
    reads: Any = None
    writes: Any = None
    l2: Any = None
    l3: Any = None
    latency_read: Any = None
    latency_write: Any = None
    latency_other: Any = None


class WorkloadSummary(msgspec.Struct):
    """The answer."""

    workload: list[Workload]


class WorkloadSummaryCollector:
    """Reads the datasets that the option workload_datasets names, and gives the top workloads of each."""

    spec = CollectorSpec(
        "workloads_summary",
        interval=60.0,
        timeout=60.0,
        metrics=(*(spec for spec, _ in _FIELDS.values()), KNOWN),
        schemas=(
            DATASET_SCHEMA,
            RecordSchema(
                "workload",
                _LABELS,
                {spec.name.removeprefix("powerscale_workload_"): spec.name for spec, _ in _FIELDS.values()},
                help="One of the workloads with most operations of a performance dataset.",
            ),
        ),
        privileges=(PRIVILEGE,),
    )

    async def collect(self, session: OneFSSession, now: datetime) -> Reading:
        """Fetch each dataset once; one that the cluster does not know costs no other."""
        drift, samples = Drift(), list[Sample]()
        for dataset in session.options.workload_datasets:
            asked = query(session, dataset=dataset, numeric="true")
            try:
                answer = await session.get(10, _RESOURCE, WorkloadSummary, asked)
            except Rejected:
                samples.append(Sample(KNOWN.name, 0.0, (dataset,), now))
                continue
            samples.append(Sample(KNOWN.name, 1.0, (dataset,), now))
            samples.extend(samples_of(dataset, answer.workload, session.options.workload_top, now, drift))
        return Reading(tuple(samples), drift=drift.counts)


def samples_of(dataset: str, workloads: Iterable[Workload], most: int, now: datetime, drift: Drift) -> Iterator[Sample]:
    """Give the top workloads of one dataset; of two with one name the first."""
    found = once(workloads, name)
    for workload, one in top(found.items(), lambda pair: pair[1].ops, most):
        yield from amounts(one, _FIELDS, (dataset, workload), _RESOURCE, now, drift)


def name(workload: Workload) -> str | None:
    """Give what tells a workload apart from the others of its dataset, else what it stands for, such as Additional."""
    told = {part: value for part in _PARTS if (value := _part(getattr(workload, part))) is not None}
    words = [f"{part}={value}" for part, value in told.items() if _AGAIN.get(part) not in told]
    return " ".join(words) or name_of(workload.workload_type)


def _part(value: Any) -> str | None:  # noqa: ANN401 - foreign data
    """Give a name, or a number as a whole one: OneFS writes 2001.0 for a user id."""
    return name_of(int(value)) if isinstance(value, float) and value.is_integer() else name_of(value)
