"""Answers in the middle of each incident, read into the strict models of Dell's SDK, as those of a quiet cluster are."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
import sdk_answers
from sdk_answers import Json, problem_of, read_resources, sdk_of

from mendwatch.testing.clock import FakeClock
from mendwatch_onefs_sim.cluster import Cluster
from mendwatch_onefs_sim.hardware import make_hardware
from mendwatch_onefs_sim.incidents.registry import INCIDENTS, begin

RELEASE = "v9_12_0"
_NODE = {"cluster/nodes/{}", "cluster/nodes/{}/hardware", "cluster/nodes/{}/state/servicelight"}
_NODES = {"cluster/nodes", "cluster/version"}
#: What the SDK's models refuse although clusters do say so, and users have reported it: nodes that do not answer, jobs that wait.
REFUSED: Mapping[str, set[str]] = {
    "cluster-split": _NODES,
    "drive-failed": {"job/jobs", "job/jobs/{}"},
    "node-down": _NODES | _NODE,
    "node-hung": _NODES | _NODE,
}


@pytest.fixture(scope="module")
def endpoints() -> Json:
    return sdk_answers.endpoints()


@pytest.mark.long
@pytest.mark.parametrize("name", sorted(INCIDENTS))
def test_the_models_take_every_answer_in_the_middle_of_an_incident(name: str, endpoints: Json) -> None:
    sdk, clock = sdk_of(RELEASE), FakeClock()
    cluster = Cluster(make_hardware(4, 1, "test"), clock)
    begin(cluster, name, {})
    clock.move(45)
    refused: dict[str, str] = {}
    for resource in read_resources():
        facts = endpoints.get(f"GET {resource.pattern}", {"versions": {}})
        version = facts["versions"].get(RELEASE)
        problem = None if version is None else problem_of(sdk, cluster, resource.pattern, facts, version)
        if problem is not None:
            refused[resource.pattern] = problem
    assert set(refused) == REFUSED.get(name, set()), refused
