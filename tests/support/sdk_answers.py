"""Answers of a simulated cluster, read into the strict models of Dell's SDK: what it does not understand is told."""

from __future__ import annotations

import importlib
import inspect
import json
import re
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import recordings

from mendwatch_onefs_sim.answers import Answer
from mendwatch_onefs_sim.calls import Query
from mendwatch_onefs_sim.cluster import Cluster
from mendwatch_onefs_sim.resources.dispatch import RESOURCES, Request, dispatch
from mendwatch_onefs_sim.resources.resource import Resource
from mendwatch_onefs_sim.sessions import Account

Json = Any

READER = Account("monitor", "", writes=False)
#: What a resource must be told before it answers.
QUERIES: Mapping[str, Mapping[str, str]] = {
    "statistics/current": {"keys": "cluster,node,ifs", "substr": "true", "devid": "1", "show_nodes": "true", "degraded": "true"},
    **{
        f"statistics/summary/{what}": {"degraded": "true"} for what in ("protocol", "client", "drive", "heat", "system", "workload")
    },
    "statistics/history": {"keys": "cluster.cpu.idle.avg", "begin": "-600"},
    "statistics/keys": {"limit": "100"},
}
#: The variable parts of paths that are no id of the list above them.
PARTS: Mapping[str, str] = {
    "cluster/nodes": "2",
    "statistics/keys": "cluster.health",
    "network/groupnets": "groupnet0",
    "network/groupnets/groupnet0/subnets": "subnet0",
    "network/groupnets/groupnet0/subnets/subnet0/pools": "pool0",
}
_RESPONSE = re.compile(r"response_type='(\w+)'")


@dataclass(frozen=True)
class Fetched:
    """What the SDK wants to read from."""

    data: str


def ask(cluster: Cluster, version: int, path: str, query: Mapping[str, str]) -> Answer:
    asked = Query({name: [value] for name, value in query.items()})
    return dispatch(cluster, Request("GET", f"{version}/{path}", asked, None, READER))


def filled(cluster: Cluster, version: int, pattern: str) -> str | None:
    """Put ids that the cluster has into a path; None where it has no such thing at the moment."""
    path = ""
    for number, piece in enumerate(pattern.split("/{}")):
        if number:
            key = one_id(cluster, version, path)
            if key is None:
                return None
            path += f"/{key}"
        path += piece
    return path


def one_id(cluster: Cluster, version: int, path: str) -> str | None:
    if path in PARTS:
        return PARTS[path]
    body: Json = ask(cluster, version, path, {}).body
    if not isinstance(body, dict):
        return None
    for items in body.values():
        if isinstance(items, list) and items and isinstance(items[0], dict):
            return str(items[0].get("id", items[0].get("name")))
    return None


def read_resources() -> Iterator[Resource]:
    yield from (resource for resource in RESOURCES if resource.method == "GET")


def problem_of(sdk: Any, cluster: Cluster, pattern: str, facts: Json, version: int) -> str | None:  # noqa: ANN401 - no types
    """Tell why the SDK does not understand the answer, or None."""
    path = filled(cluster, version, pattern)
    if path is None:
        return None
    answer = ask(cluster, version, path, QUERIES.get(pattern, {}))
    if answer.status != 200:
        return f"{version}/{path}: {answer.status} {answer.body}"
    api, method = facts["sdk"].split(".")
    found = _RESPONSE.search(inspect.getsource(getattr(getattr(sdk, api), f"{method}_with_http_info")))
    assert found is not None, method
    try:
        sdk.ApiClient().deserialize(Fetched(json.dumps(answer.body)), found[1])
    except (TypeError, ValueError) as problem:
        return f"{version}/{path} as {found[1]}: {problem}"
    return None


def endpoints() -> Json:
    """Give what the SDK has for each path, by method and pattern."""
    recordings.folder()
    table = json.loads((recordings.FOLDER / "papi-endpoints-by-release.json").read_text("utf-8"))["endpoints"]
    return {re.sub(r"\{\w+\}", "{}", name): facts for name, facts in table.items()}


def sdk_of(release: str) -> Any:  # noqa: ANN401 - no types
    """Give the SDK's package for a release, such as v9_12_0."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the SDK's own, at import
        return importlib.import_module(f"isilon_sdk.{release}")
