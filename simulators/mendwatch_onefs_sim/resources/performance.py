"""performance/datasets: workloads that are told apart, pinned, and limited in their operations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus

from mendwatch_onefs_sim.answers import Answer, bad_request, not_found
from mendwatch_onefs_sim.calls import Call
from mendwatch_onefs_sim.cluster import Cluster
from mendwatch_onefs_sim.operations.bodies import fields_of, number, text
from mendwatch_onefs_sim.paging import asked, cut
from mendwatch_onefs_sim.performance.datasets import LIMIT, METRICS, Dataset, Workload
from mendwatch_onefs_sim.resources.resource import Resource

_PRIVILEGE = "ISI_PRIV_PERFORMANCE"
_DATASETS, _WORKLOADS = "performance/datasets", "performance/datasets/{}/workloads"
_SINCE, _SINCE_WORKLOADS = 12, 16
_MOST = 2**32 - 1


def _list(cluster: Cluster, call: Call) -> Answer:
    every = cluster.datasets.all()
    shown, resume = cut(asked(call.query, _DATASETS), _DATASETS, every, lambda one: str(one.id))
    return Answer(body={"datasets": [_dataset(one) for one in shown], "resume": resume, "total": len(every)})


def _one(cluster: Cluster, call: Call) -> Answer:
    return Answer(body={"datasets": [_dataset(cluster.datasets.get(call.parts[0]))]})


def _dataset(one: Dataset) -> dict[str, object]:
    return {
        "creation_time": one.created,
        "filter_count": 0,
        "filters": list(one.filters),
        "id": one.id,
        "metrics": list(one.metrics),
        "name": one.name,
        "statkey": _key(one),
        "workload_count": len(one.workloads),
    }


def _key(one: Dataset) -> str:
    return f"cluster.performance.dataset.{one.id}"


def _create(cluster: Cluster, call: Call) -> Answer:
    fields = fields_of(call.body, ("filters", "metrics", "name"))
    metrics, filters = _metrics(fields, "metrics"), _metrics(fields, "filters")
    if not metrics:
        raise bad_request("Field 'metrics' is required", "metrics")
    name = text(fields, "name") or "_".join((*metrics, *filters))
    made = cluster.datasets.add(name, metrics, filters, cluster.epoch(call.now))
    uri = f"/platform/{call.version}/statistics/summary/workload?dataset={made.name}"
    return Answer(HTTPStatus.CREATED, {"id": made.id, "name": made.name, "statkey": _key(made), "stats_summary_uri": uri})


def _metrics(fields: Mapping[str, object], name: str) -> tuple[str, ...]:
    value = fields.get(name, [])
    if not isinstance(value, list) or not set(value) <= set(METRICS) or len(set(value)) < len(value):
        raise bad_request(f"Value of '{name}' is not a list of different ones of: {', '.join(METRICS)}", name)
    return tuple(value)


def _rename(cluster: Cluster, call: Call) -> Answer:
    dataset = cluster.datasets.own(call.parts[0])
    name = text(fields_of(call.body, ("name",)), "name") or dataset.name
    if cluster.datasets.find(name) not in (None, dataset):
        raise bad_request(f"There is a dataset '{name}'", "name")
    dataset.name = name
    return Answer(HTTPStatus.NO_CONTENT)


def _remove(cluster: Cluster, call: Call) -> Answer:
    cluster.datasets.remove(cluster.datasets.own(call.parts[0]))
    return Answer(HTTPStatus.NO_CONTENT)


def _list_workloads(cluster: Cluster, call: Call) -> Answer:
    dataset = cluster.datasets.get(call.parts[0])
    every = [dataset.workloads[one] for one in sorted(dataset.workloads)]
    shown, resume = cut(asked(call.query, _WORKLOADS), _WORKLOADS, every, lambda one: f"{one.id:05d}")
    return Answer(body={"resume": resume, "total": len(every), "workloads": [_workload(dataset, one) for one in shown]})


def _one_workload(cluster: Cluster, call: Call) -> Answer:
    dataset = cluster.datasets.get(call.parts[0])
    return Answer(body={"workloads": [_workload(dataset, dataset.workload(call.parts[1]))]})


def _workload(dataset: Dataset, one: Workload) -> dict[str, object]:
    return {
        "creation_time": one.created,
        "dataset_id": dataset.id,
        "id": one.id,
        "limits": {} if one.limit is None else {LIMIT: one.limit},
        "metric_values": dict(one.values),
        "name": one.name,
    }


def _pin(cluster: Cluster, call: Call) -> Answer:
    dataset = cluster.datasets.own(call.parts[0])
    fields = fields_of(call.body, ("limits", "metric_values", "name"))
    values = fields.get("metric_values")
    if not isinstance(values, dict) or set(values) != set(dataset.metrics):
        raise bad_request(f"'metric_values' needs a value for each of: {', '.join(dataset.metrics)}", "metric_values")
    made = dataset.pin(values, cluster.epoch(call.now), text(fields, "name") or "", _limit(fields))
    return Answer(HTTPStatus.CREATED, {"id": made.id, "name": made.name})


def _limit(fields: Mapping[str, object]) -> int | None:
    """Give the limit of a body; None removes it, as an empty object does."""
    limits = fields.get("limits") or {}
    if not isinstance(limits, dict) or not set(limits) <= {LIMIT}:
        raise bad_request(f"'limits' is not an object with '{LIMIT}'", "limits")
    return number(limits, LIMIT, 1, _MOST)


def _change(cluster: Cluster, call: Call) -> Answer:
    dataset = cluster.datasets.own(call.parts[0])
    workload = dataset.workload(call.parts[1])
    fields = fields_of(call.body, ("limits", "name"))
    name = text(fields, "name")
    limit = _limit(fields) if "limits" in fields else workload.limit
    dataset.workloads[workload.id] = replace(workload, name=workload.name if name is None else name, limit=limit)
    return Answer(HTTPStatus.NO_CONTENT)


def _unlimit(cluster: Cluster, call: Call) -> Answer:
    dataset = cluster.datasets.own(call.parts[0])
    workload = dataset.workload(call.parts[1])
    if call.parts[2] != LIMIT or workload.limit is None:
        raise not_found(f"Limit '{call.parts[2]}' was not found", "id")
    dataset.workloads[workload.id] = replace(workload, limit=None)
    return Answer(HTTPStatus.NO_CONTENT)


def _unpin(cluster: Cluster, call: Call) -> Answer:
    dataset = cluster.datasets.own(call.parts[0])
    del dataset.workloads[dataset.workload(call.parts[1]).id]
    return Answer(HTTPStatus.NO_CONTENT)


PERFORMANCE = (
    Resource("GET", _DATASETS, _list, _SINCE, _PRIVILEGE),
    Resource("POST", _DATASETS, _create, _SINCE, _PRIVILEGE),
    Resource("GET", f"{_DATASETS}/{{}}", _one, _SINCE, _PRIVILEGE),
    Resource("PUT", f"{_DATASETS}/{{}}", _rename, _SINCE, _PRIVILEGE),
    Resource("DELETE", f"{_DATASETS}/{{}}", _remove, _SINCE, _PRIVILEGE),
    Resource("GET", _WORKLOADS, _list_workloads, _SINCE_WORKLOADS, _PRIVILEGE),
    Resource("POST", _WORKLOADS, _pin, _SINCE_WORKLOADS, _PRIVILEGE),
    Resource("GET", f"{_WORKLOADS}/{{}}", _one_workload, _SINCE_WORKLOADS, _PRIVILEGE),
    Resource("PUT", f"{_WORKLOADS}/{{}}", _change, _SINCE_WORKLOADS, _PRIVILEGE),
    Resource("DELETE", f"{_WORKLOADS}/{{}}", _unpin, _SINCE_WORKLOADS, _PRIVILEGE),
    Resource("DELETE", f"{_WORKLOADS}/{{}}/limits/{{}}", _unlimit, _SINCE_WORKLOADS, _PRIVILEGE),
)
