"""What a complete reading lacks is gone: its alert ends, and nothing else does."""

from __future__ import annotations

import math

import pytest
from alert_worlds import FULL, LIMIT, USAGE, WAITING, MakeWorld

from mendwatch.model.alerts import AlertState
from mendwatch.model.samples import Sample
from mendwatch.model.targets import Target


def test_the_alert_of_a_subject_that_a_complete_reading_lacks_ends_because_it_is_gone(world: MakeWorld) -> None:
    w = world(FULL)
    w.quotas(a=(95.0, 100.0), b=(95.0, 100.0))
    step = w.quotas(all_of="quota", b=(96.0, 100.0))

    (transition,) = step.transitions
    assert (transition.alert.key["path"], transition.before, transition.alert.state) == (
        "/a",
        AlertState.FIRING,
        AlertState.INACTIVE,
    )
    assert "it is gone" in transition.reason
    assert transition.alert.resolved_at == w.now
    assert {alert.key["path"]: alert.state for alert in step.alerts} == {"/a": AlertState.INACTIVE, "/b": AlertState.FIRING}
    w.wait(60)
    assert w.said[-1] == "Full firing>no_data"  # of b, which only keeps silent
    assert [alert.key["path"] for alert in w.engine.alerts()] == ["/b"]


@pytest.mark.parametrize(
    ("rule", "state"), [(WAITING, "pending"), (FULL.replace("clear:", "keep_firing_for: 9m\n    clear:"), "firing")]
)
def test_what_is_gone_ends_at_once_whatever_it_waited_for(world: MakeWorld, rule: str, state: str) -> None:
    w = world(rule)
    w.quotas(a=(95.0, 100.0))
    w.quotas(all_of="quota", b=(1.0, 100.0))

    assert w.said[-1] == f"Full {state}>inactive"


def test_without_a_word_that_a_reading_is_complete_an_absent_subject_only_keeps_silent(world: MakeWorld) -> None:
    w = world(FULL)
    w.quotas(a=(95.0, 100.0))
    w.quotas(b=(1.0, 100.0))
    w.quotas(all_of="node", b=(1.0, 100.0))

    assert w.said == ["Full inactive>firing"]


def test_a_subject_that_was_deleted_while_the_agent_was_down_is_gone_at_the_first_complete_reading(world: MakeWorld) -> None:
    w = world(FULL)
    w.quotas(a=(95.0, 100.0), b=(95.0, 100.0))
    w.restart()
    w.quotas(all_of="quota", b=(95.0, 100.0))

    assert w.said[-1] == "Full firing>inactive"
    assert [alert.key["path"] for alert in w.engine.alerts()] == ["/b"]


def test_an_empty_complete_reading_ends_all_and_another_target_loses_nothing(world: MakeWorld) -> None:
    w = world(FULL)
    w.quotas(a=(95.0, 100.0), b=(95.0, 100.0))
    w.target = Target("other", "storage", "")
    w.quotas(a=(95.0, 100.0))
    w.quotas(all_of="quota", c=(1.0, 100.0))
    assert [alert.target for alert in w.engine.alerts()] == ["lab", "lab"]

    w.target = Target("lab", "storage", "", {"site": "zurich"})
    w.quotas(all_of="quota")
    assert w.engine.alerts() == ()


def test_a_subject_is_not_gone_while_one_of_its_records_is_there(world: MakeWorld) -> None:
    w = world(FULL.replace("    match: ['type=\"directory\"']\n", ""))
    directory = [Sample(USAGE, 95.0, ("/a", "directory")), Sample(LIMIT, 100.0, ("/a", "directory"))]
    user = [Sample(USAGE, 50.0, ("/a", "user")), Sample(LIMIT, 100.0, ("/a", "user"))]
    w.poll("quota", [*directory, *user], 1)
    w.poll("quota", directory, 1, all_of="quota")
    assert [alert.state for alert in w.engine.alerts()] == [AlertState.FIRING]
    w.poll("quota", directory, 1)
    w.poll("quota", [], 1, all_of="quota")

    assert w.said == ["Full inactive>firing", "Full firing>inactive"]


def test_a_subject_that_is_there_without_a_finite_number_is_not_gone(world: MakeWorld) -> None:
    w = world(FULL)
    w.quotas(a=(95.0, 100.0))
    w.quotas(all_of="quota", a=(math.nan, None))

    assert w.said == ["Full inactive>firing"]


def test_silence_of_what_is_gone_is_no_trouble(world: MakeWorld) -> None:
    w = world("  - {alert: Down, on: node, when: up < 1.0, no_data: fire}\n")
    w.node(1.0)
    w.poll("node", [Sample("storage_node_up", 1.0, ("2",))], 1, all_of="node")
    w.wait(2)
    assert w.said == []
    w.wait(1)

    assert [alert.key["node"] for alert in w.engine.alerts()] == ["2"]


def test_what_was_gone_and_is_back_begins_anew(world: MakeWorld) -> None:
    w = world(WAITING)
    w.quotas(a=(95.0, 100.0))
    w.quotas(all_of="quota", b=(1.0, 100.0))
    w.quotas(a=(95.0, 100.0))
    w.quotas(after=2, a=(95.0, 100.0))
    assert w.said == ["Full inactive>pending", "Full pending>inactive", "Full inactive>pending"]
    w.quotas(a=(95.0, 100.0))

    assert w.said[-1] == "Full pending>firing"


def test_an_answer_that_was_remembered_is_forgotten_when_a_value_changes(world: MakeWorld) -> None:
    w = world(FULL)
    for usage in (95.0, 95.0, 50.0, 50.0, 95.0):
        w.quotas(a=(usage, 100.0))

    assert w.said == ["Full inactive>firing", "Full firing>inactive", "Full inactive>firing"]
