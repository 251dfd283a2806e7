"""The simulator's answers have the shape of recorded ones: the same fields, with the same types of JSON."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import recordings

from mendwatch.testing.clock import FakeClock
from mendwatch_onefs_sim.calls import Query
from mendwatch_onefs_sim.cluster import Cluster
from mendwatch_onefs_sim.hardware import make_hardware
from mendwatch_onefs_sim.incidents.registry import begin
from mendwatch_onefs_sim.resources.dispatch import Request, dispatch
from mendwatch_onefs_sim.sessions import Account
from mendwatch_onefs_sim.statistics.catalogue import TEMPLATES
from mendwatch_onefs_sim.statistics.keys import Template

Json = Any

READER = Account("monitor", "", writes=False)
CATALOGUE = "statistics-keys-catalogue-2016.json"
#: Keys that the recorded catalogue is too old for.
NEWER = {"cluster.performance.dataset.0"}
SHORT = {"average": "avg", "maximum": "max", "minimum": "min"}

pytestmark = pytest.mark.usefixtures("_recordings")


@pytest.fixture(scope="module")
def _recordings() -> None:
    recordings.folder()


def recorded(name: str) -> Json:
    return _read(recordings.FOLDER / name)


@cache
def _read(path: Path) -> Json:
    return json.loads(path.read_text("utf-8"))


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def cluster(clock: FakeClock) -> Cluster:
    return Cluster(make_hardware(4, 1, "test"), clock)


def ask(cluster: Cluster, path: str, **query: str) -> Json:
    """Give an answer's body as a client gets it, through JSON."""
    request = Request("GET", path, Query({name: [value] for name, value in query.items()}), None, READER)
    return json.loads(json.dumps(dispatch(cluster, request).body))


def kind(value: object) -> str:
    return type(value).__name__


def differences(theirs: Json, ours: Json, at: str = "") -> list[str]:
    """Tell every field of a recorded answer that ours lacks or has with another type; null may stand for anything."""
    if theirs is None or ours is None:
        return []
    if kind(theirs) != kind(ours):
        return [f"{at}: {kind(theirs)} is {kind(ours)}"]
    if isinstance(theirs, dict):
        missing = [f"{at}.{name} is missing" for name in theirs if name not in ours]
        return missing + [line for name in theirs if name in ours for line in differences(theirs[name], ours[name], f"{at}.{name}")]
    if isinstance(theirs, list) and theirs and ours:
        return differences(theirs[0], ours[0], f"{at}[]")
    return []


def test_current_statistics_have_the_recorded_shape(cluster: Cluster) -> None:
    for stat in recorded("csm-metrics-powerscale/platform-3-statistics-current.json")["stats"]:
        ours = ask(cluster, "3/statistics/current", key=stat["key"])["stats"]
        assert len(ours) == 1
        assert set(ours[0]) == set(stat)
        assert differences(stat, ours[0]) == []


def test_structured_statistics_have_the_recorded_shape(cluster: Cluster) -> None:
    theirs = recorded("from-tests/stat_value_shapes.json")["cluster.protostats.smb2"]
    ours = ask(cluster, "1/statistics/current", key="cluster.protostats.smb2")["stats"][0]["value"]
    assert {entry["op_name"] for entry in theirs} <= {entry["op_name"] for entry in ours}
    assert differences(theirs, ours) == []


def test_every_recorded_key_but_two_that_mean_nothing_is_simulated() -> None:
    recorded_names = {key["key"] for key in recorded(CATALOGUE)["keys"]}
    assert recorded_names - {key.about.key for key in TEMPLATES} == {"invalid.N", "test.node.settable.int"}


def test_every_key_is_described_as_a_real_cluster_did() -> None:
    catalogue = {key["key"]: key for key in recorded(CATALOGUE)["keys"]}
    lines = [line for key in TEMPLATES if key.about.key not in NEWER for line in departures(key, catalogue[key.about.key])]
    assert lines == []


def departures(template: Template, theirs: Json) -> list[str]:
    """Tell which facts of a key differ from the recorded ones; its description must, being in our own words."""
    ours = template.about.as_json(template.scope)
    facts = ("units", "type", "scope", "real_name", "default_cache_time", "policy_cache_time", "policies")
    wrong = [fact for fact in facts if (ours[fact] or None) != (theirs[fact] or None)]
    if ours["aggregation_type"] != SHORT.get(theirs["aggregation_type"], theirs["aggregation_type"]):
        wrong.append("aggregation_type")
    if ours["description"] == theirs["description"]:
        wrong.append("description")
    return [f"{template.about.key}: {fact}" for fact in wrong]


def test_an_unknown_key_is_answered_as_recorded(cluster: Cluster) -> None:
    theirs, ours = recorded("from-tests/statistics_key_not_found.json"), ask(cluster, "1/statistics/current", key="no.such.key")
    assert differences(theirs, ours) == []
    assert ours["errors"][0]["code"] == theirs["errors"][0]["code"]


@pytest.mark.parametrize("name", ["client1-quotas.json", "client2-quotas.json"])
def test_old_versions_give_quotas_in_the_recorded_shape(name: str, cluster: Cluster) -> None:
    ours = ask(cluster, "1/quota/quotas")["quotas"]
    for quota in recorded(f"csm-metrics-powerscale/{name}"):
        assert [set(one) for one in ours] == [set(quota)] * len(ours)
        assert [differences(quota, one) for one in ours] == [[]] * len(ours)


def test_a_quota_event_has_the_recorded_shape(cluster: Cluster, clock: FakeClock) -> None:
    begin(cluster, "quota-fill", {"seconds": 5})
    clock.move(6)
    theirs = recorded("from-tests/eventgroup_occurrence_quota.json")
    ours = ask(cluster, "19/event/eventgroup-occurrences", cause="QUOTA_THRESHOLD_VIOLATION")
    assert differences(theirs, ours) == []
    assert ours["eventgroups"][0]["causes"] == theirs["eventgroups"][0]["causes"]


def test_event_lists_have_the_recorded_shape(cluster: Cluster) -> None:
    assert differences(recorded("from-tests/eventlist_snapshot_failed.json"), ask(cluster, "7/event/eventlists")) == []
