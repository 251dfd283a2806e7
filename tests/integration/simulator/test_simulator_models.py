"""Every resource that can be read, in every release that Dell's SDK knows, read into the SDK's own strict models."""

from __future__ import annotations

import pytest
import sdk_answers
from sdk_answers import Json, problem_of, read_resources, sdk_of

from mendwatch.testing.clock import FakeClock
from mendwatch_onefs_sim.cluster import Cluster
from mendwatch_onefs_sim.hardware import make_hardware
from mendwatch_onefs_sim.releases import offered

RELEASES = {f"v9_{minor}_0": f"9.{minor}.0.0" for minor in range(5, 13)}


@pytest.fixture(scope="module")
def endpoints() -> Json:
    return sdk_answers.endpoints()


@pytest.mark.parametrize("release", RELEASES)
def test_the_models_of_a_release_take_every_answer(release: str, endpoints: Json) -> None:
    sdk = sdk_of(release)
    cluster = Cluster(make_hardware(3, 1, "test", release_name=RELEASES[release]), FakeClock())
    problems, read = [], 0
    for resource in read_resources():
        facts = endpoints.get(f"GET {resource.pattern}", {"versions": {}})
        version = facts["versions"].get(release)
        if version is not None and offered(resource.pattern, cluster.hardware.latest):
            read += 1
            problems.append(problem_of(sdk, cluster, resource.pattern, facts, version))
    assert "\n".join(problem for problem in problems if problem) == ""
    assert read > 60, "nearly every resource was read"


def test_a_release_has_the_resources_that_the_sdk_has_for_it(endpoints: Json) -> None:
    wrong = []
    for resource in read_resources():
        versions = endpoints.get(f"GET {resource.pattern}", {"versions": {}})["versions"]
        for latest, release in enumerate(RELEASES, start=16):
            if versions and offered(resource.pattern, latest) != (release in versions):
                wrong.append((resource.pattern, release))
    assert wrong == []
