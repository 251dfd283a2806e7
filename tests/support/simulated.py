"""A simulated cluster that is asked without HTTP: handlers are plain functions, so a test gets their answers at once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from mendwatch.model.samples import Reading
from mendwatch.testing.clock import FakeClock
from mendwatch_onefs.decoding import decode
from mendwatch_onefs_sim.calls import Query
from mendwatch_onefs_sim.cluster import Cluster
from mendwatch_onefs_sim.hardware import make_hardware
from mendwatch_onefs_sim.resources.dispatch import Request, dispatch
from mendwatch_onefs_sim.sessions import Account

T = TypeVar("T")
Series = dict[tuple[str, tuple[str, ...]], float]
WRITER = Account("remediate", "", writes=True)


def make_cluster(nodes: int = 4, down: frozenset[int] = frozenset()) -> Cluster:
    """Give a cluster on virtual time."""
    return Cluster(make_hardware(nodes, 1, "c", down), FakeClock())


@dataclass
class Asked:
    """Asks one cluster as an account that may do everything."""

    cluster: Cluster = field(default_factory=make_cluster)

    def answer(self, method: str, path: str, body: object = None, query: Mapping[str, str] | None = None) -> tuple[int, Any]:
        """Give status and JSON of any request; `path` begins with the version."""
        arguments = {name: [value] for name, value in (query or {}).items()}
        found = dispatch(self.cluster, Request(method, path, Query(arguments), body, WRITER))
        return int(found.status), json.loads(json.dumps(found.body))

    def get(self, path: str, **query: str) -> Any:  # noqa: ANN401 - JSON
        """Give the JSON of a GET that must succeed."""
        status, body = self.answer("GET", path, None, query)
        assert status == 200, body
        return body

    def body(self, path: str) -> bytes:
        """Give the answer of a GET as it comes over the wire."""
        return json.dumps(self.get(path)).encode()

    def decoded(self, path: str, outline: type[T]) -> T:
        """Give the answer of a GET as a collector reads it."""
        return decode(self.body(path), outline, path)


def series(reading: Reading) -> Series:
    """Give a reading's numbers by series."""
    found = {(sample.metric, sample.labels): sample.value for sample in reading.each()}
    assert len(found) == reading.size, "a series stands twice"
    return found
