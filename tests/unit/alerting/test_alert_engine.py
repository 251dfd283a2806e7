"""The engine: readings in; transitions, proposals and what must be saved out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from alert_worlds import DOWN, FULL, INHIBITED, LIMIT, MINUTE, START, USAGE, WAITING, A, MakeWorld, World

from mendwatch.alerting.engine import AlertEngine
from mendwatch.alerting.ruleset import RuleSet
from mendwatch.alerting.steps import Step
from mendwatch.alerting.subjects import Subject, fingerprint
from mendwatch.model.alerts import AlertState
from mendwatch.model.samples import Reading, Sample
from mendwatch.model.targets import Target
from mendwatch.provider import CollectorSpec
from mendwatch.render.renderer import Renderer

RuleLoader = Callable[[str], RuleSet]


def test_a_full_quota_fires_with_labels_values_and_text(world: MakeWorld) -> None:
    step = world(FULL).quotas(a=(95.0, 100.0))
    (transition,) = step.transitions
    alert = transition.alert

    assert (transition.before, alert.state) == (AlertState.INACTIVE, AlertState.FIRING)
    assert (alert.fingerprint, alert.target, alert.key) == (A, "lab", {"cluster": "lab", "path": "/a"})
    assert alert.labels == {"site": "zurich", "cluster": "lab", "path": "/a", "type": "directory", "severity": "warning"}
    assert alert.values == {"usage_bytes": 95.0, "hard_limit_bytes": 100.0}
    assert alert.annotations == {"summary": "/a is 95.0 % full"}


def test_a_firing_rule_proposes_its_remediation_with_evaluated_variables(world: MakeWorld) -> None:
    (proposal,) = world(FULL).quotas(a=(95.0, 100.0)).proposals

    assert proposal.variables == {"path": "/a", "limit": 150}
    assert (proposal.rule.alert, proposal.alert.state) == ("Full", AlertState.FIRING)


@pytest.mark.parametrize("path", ["{{ 7*7 }}", "{{ lookup('pipe','touch pwned') }}", "{% raw %}", "${x}", "%(x)s"])
def test_a_hostile_path_stays_what_it_is(world: MakeWorld, path: str) -> None:
    w = world(FULL)
    step = w.poll("quota", [Sample(USAGE, 95.0, (path, "directory")), Sample(LIMIT, 100.0, (path, "directory"))], 1)

    assert step.proposals[0].variables["path"] == path
    assert step.proposals[0].alert.annotations["summary"] == f"{path} is 95.0 % full"


def test_a_path_that_cannot_be_carried_letter_by_letter_is_never_mended(world: MakeWorld) -> None:
    w = world(FULL)
    step = w.poll("quota", [Sample(USAGE, 95.0, ("/a\0b", "directory")), Sample(LIMIT, 100.0, ("/a\0b", "directory"))], 1)

    assert [transition.alert.state for transition in step.transitions] == [AlertState.FIRING]
    assert step.proposals == ()
    assert [(item.word, item.reason) for item in step.withheld] == [("variables", "no value of path")]


def test_what_no_rule_matches_is_not_judged(world: MakeWorld) -> None:
    w = world(FULL)

    assert w.quotas(kind="user", a=(95.0, 100.0)) == Step()
    assert w.node(0.0) == Step()


def test_an_alert_that_goes_on_is_told_once_and_saved_each_time(world: MakeWorld) -> None:
    w = world(FULL)
    w.quotas(a=(95.0, 100.0))
    step = w.quotas(a=(96.0, 100.0))

    assert (step.transitions, step.proposals) == ((), ())
    assert [(alert.last_seen, alert.annotations["summary"]) for alert in step.alerts] == [(w.now, "/a is 96.0 % full")]


def test_an_alert_that_ends_is_saved_as_inactive_and_gone(world: MakeWorld) -> None:
    w = world(FULL)
    w.quotas(a=(95.0, 100.0))
    step = w.quotas(a=(50.0, 100.0))

    assert w.said == ["Full inactive>firing", "Full firing>inactive"]
    assert [alert.state for alert in step.alerts] == [AlertState.INACTIVE]
    assert w.engine.alerts() == ()
    assert w.engine._live == {}


def test_no_limit_and_a_limit_of_zero_never_fire(world: MakeWorld) -> None:
    w = world(FULL)

    assert w.quotas(a=(95.0, None), b=(95.0, 0.0), c=(None, 100.0)) == Step()


def test_a_firing_alert_whose_data_vanish_is_no_data_and_comes_back(world: MakeWorld) -> None:
    w = world(FULL)
    w.quotas(a=(95.0, 100.0))
    w.quotas(a=(None, 100.0))
    w.wait(1)
    assert w.said == ["Full inactive>firing"]

    w.wait(1)
    assert w.engine.offers(w.now).proposals == ()
    step = w.quotas(a=(95.0, 100.0))

    assert w.said == ["Full inactive>firing", "Full firing>no_data", "Full no_data>firing"]
    assert len(step.proposals) == 1


def test_a_poll_that_lacks_a_value_leaves_what_was_told_as_it_was(world: MakeWorld) -> None:
    w = world(FULL)
    w.quotas(a=(95.0, 100.0))
    before = w.engine.alerts()

    assert w.quotas(a=(96.0, None)) == Step()
    assert w.engine.alerts() == before


def test_stale_after_is_three_intervals_of_the_collector_by_default(world: MakeWorld) -> None:
    w = world(FULL)
    known = w.known["quota"]
    slow = CollectorSpec("quota", 600.0, 10.0, known.metrics, (known.schema,))
    reading = Reading((Sample(USAGE, 95.0, ("/a", "directory")), Sample(LIMIT, 100.0, ("/a", "directory"))))
    w.engine.observe(w.target, "cluster", slow, reading, w.now)

    w.wait(29)
    assert w.said == []
    w.wait(1)
    assert w.said == ["Full firing>no_data"]


def test_silence_can_fire_where_a_rule_says_so(world: MakeWorld) -> None:
    w = world("  - {alert: Down, on: node, when: up < 1.0, no_data: fire, annotations: {s: 'node {{ node }}'}}\n")
    w.node(1.0)
    step = w.wait(3)

    assert w.said == ["Down inactive>firing"]
    assert step.transitions[0].alert.annotations == {"s": "node 1"}


def test_for_survives_a_restart(world: MakeWorld) -> None:
    w = world(WAITING)
    w.quotas(a=(95.0, 100.0))
    w.quotas(a=(95.0, 100.0))
    w.restart()
    w.quotas(a=(95.0, 100.0))
    assert w.said == ["Full inactive>pending"]
    w.quotas(a=(95.0, 100.0))

    assert w.said == ["Full inactive>pending", "Full pending>firing"]


def test_after_a_restart_a_firing_alert_is_not_told_again_but_offered_again(world: MakeWorld) -> None:
    w = world(FULL)
    w.quotas(a=(95.0, 100.0))
    w.restart()
    assert w.engine.offers(w.now).proposals == ()  # nothing was measured yet
    step = w.quotas(a=(95.0, 100.0))

    assert (step.transitions, step.proposals) == ((), ())
    assert [proposal.variables["path"] for proposal in w.engine.offers(w.now).proposals] == ["/a"]


def test_alerts_whose_rule_is_gone_or_has_another_key_are_given_back(world: MakeWorld, load: RuleLoader) -> None:
    w = world(FULL)
    w.quotas(a=(95.0, 100.0))
    alerts = w.engine.alerts()

    assert AlertEngine(load(DOWN), Renderer(Path())).restore(alerts) == alerts
    assert AlertEngine(load(FULL.replace("key: [cluster, path]", "key: [cluster]")), Renderer(Path())).restore(alerts) == alerts


def test_an_inhibited_rule_waits_and_fires_afterwards(world: MakeWorld) -> None:
    w = world(INHIBITED)
    w.node(0.0)
    step = w.quotas(a=(95.0, 100.0))

    assert w.said == ["Down inactive>firing", "Full inactive>pending"]
    assert [(item.word, item.reason) for item in step.withheld] == [("inhibited", "Down fires")]
    w.node(1.0)
    assert len(w.quotas(a=(95.0, 100.0)).proposals) == 1


def test_an_inhibitor_of_another_subject_silences_nothing(world: MakeWorld) -> None:
    w = world(INHIBITED)
    w.node(0.0)
    w.target = Target("other", "storage", "")
    w.quotas(a=(95.0, 100.0))

    assert w.said == ["Down inactive>firing", "Full inactive>firing"]


def test_what_fires_already_is_not_offered_while_it_is_inhibited(world: MakeWorld) -> None:
    w = world(INHIBITED)
    w.quotas(a=(95.0, 100.0))
    w.node(0.0)

    assert w.engine.offers(w.now).proposals == ()
    assert [item.word for item in w.engine.offers(w.now).withheld] == ["inhibited"]


def test_what_begins_to_clear_is_not_offered_any_more(world: MakeWorld) -> None:
    w = world(FULL.replace("clear:", "keep_firing_for: 10m\n    clear:"))
    w.quotas(a=(95.0, 100.0))
    assert len(w.engine.offers(w.now).proposals) == 1
    w.quotas(a=(50.0, 100.0))

    assert w.engine.offers(w.now).proposals == ()
    assert [alert.state for alert in w.engine.alerts()] == [AlertState.RESOLVING]


def test_an_offer_speaks_of_the_newest_record(world: MakeWorld) -> None:
    w = world(FULL)
    w.quotas(a=(95.0, 100.0))
    w.quotas(a=(195.0, 200.0))

    assert w.engine.offers(w.now).proposals[0].variables["limit"] == 300


def test_verify_waits_for_data_measured_after_the_change(world: MakeWorld) -> None:
    w = world(FULL)
    w.quotas(a=(95.0, 100.0))
    changed = w.now + timedelta(seconds=1)
    assert w.engine.verify("Full", A, changed).holds is None

    w.quotas(a=(95.0, 150.0))
    verdict = w.engine.verify("Full", A, changed)

    assert verdict.holds is True
    assert verdict.values == {"usage_bytes": 95.0, "hard_limit_bytes": 150.0}
    assert verdict.reason == "usage_bytes / hard_limit_bytes < 0.7 holds with hard_limit_bytes=150, usage_bytes=95"


@pytest.mark.parametrize(
    ("quota", "holds", "reason"),
    [
        ((95.0, 100.0), False, "usage_bytes / hard_limit_bytes < 0.7 does not hold"),
        ((95.0, None), None, "no value of hard_limit_bytes"),
        ((95.0, 0.0), None, "has no result"),
    ],
)
def test_verify_says_what_it_measured(
    world: MakeWorld, quota: tuple[float, float | None], *, holds: bool | None, reason: str
) -> None:
    w = world(FULL)
    w.quotas(a=quota)
    verdict = w.engine.verify("Full", A, START)

    assert verdict.holds is holds
    assert reason in verdict.reason


def test_data_that_the_source_measured_before_the_change_do_not_verify_it(world: MakeWorld) -> None:
    w = world(FULL)
    changed = w.now + MINUTE
    labels = ("/a", "directory")
    w.poll("quota", [Sample(USAGE, 1.0, labels, changed - timedelta(seconds=1)), Sample(LIMIT, 100.0, labels)], 5)

    assert w.engine.verify("Full", A, changed).holds is None


def test_a_slow_value_that_the_verification_does_not_name_does_not_hold_it_up(world: MakeWorld) -> None:
    w = world(FULL.replace("verify: {when: usage_bytes / hard_limit_bytes < 0.7", "verify: {when: usage_bytes < 70.0"))
    changed, labels = w.now + MINUTE, ("/a", "directory")
    w.poll("quota", [Sample(USAGE, 50.0, labels), Sample(LIMIT, 100.0, labels, changed - 5 * MINUTE)], 5)

    assert w.engine.verify("Full", A, changed).holds is True


def test_a_source_that_was_asked_anew_answers_whether_it_still_fires_however_old_its_own_measurement(world: MakeWorld) -> None:
    w = world(FULL)
    labels = ("/a", "directory")
    w.poll("quota", [Sample(USAGE, 95.0, labels, START - 5 * MINUTE), Sample(LIMIT, 100.0, labels)], 1)

    assert w.engine.still_firing("Full", A, w.now).holds is True
    assert w.engine.still_firing("Full", A, w.now + MINUTE).holds is None


@pytest.mark.parametrize(("usage", "holds"), [(95.0, True), (87.0, True), (80.0, False)])
def test_still_firing_is_true_until_it_is_clear(world: MakeWorld, usage: float, *, holds: bool) -> None:
    w = world(FULL)
    w.quotas(a=(usage, 100.0))

    assert w.engine.still_firing("Full", A, w.now).holds is holds
    assert w.engine.still_firing("Full", A, w.now + MINUTE).holds is None


def test_a_rule_without_clear_and_verify_is_measured_by_when(world: MakeWorld) -> None:
    w = world(DOWN)
    down = fingerprint("Down", {"cluster": "lab", "node": "1"})
    w.node(0.0)
    assert (w.engine.still_firing("Down", down, START).holds, w.engine.verify("Down", down, START).holds) == (True, False)
    w.node(1.0)

    assert (w.engine.still_firing("Down", down, START).holds, w.engine.verify("Down", down, START).holds) == (False, True)


@pytest.mark.parametrize("name", ["Full", "NoSuch"])
def test_what_was_never_seen_has_no_verdict(world: MakeWorld, name: str) -> None:
    verdict = world(FULL).engine.verify(name, "f" * 32, START)

    assert (verdict.holds, dict(verdict.values)) == (None, {})
    assert name in verdict.reason


def test_the_target_of_an_alert_is_known(world: MakeWorld) -> None:
    w = world(FULL)
    w.quotas(a=(95.0, 100.0))

    assert (w.engine.target_of("Full", A), w.engine.target_of("Full", "x")) == ("lab", None)


def test_two_records_of_one_subject_are_in_trouble_if_one_is_and_over_if_both_are(world: MakeWorld) -> None:
    w = world(FULL.replace("    match: ['type=\"directory\"']\n", ""))

    def both(directory: float, user: float) -> Step:
        return w.poll(
            "quota",
            [
                Sample(metric, value, ("/a", kind))
                for kind, usage in (("directory", directory), ("user", user))
                for metric, value in ((USAGE, usage), (LIMIT, 100.0))
            ],
            1,
        )

    assert both(50.0, 95.0).transitions[0].alert.labels["type"] == "user"
    assert w.engine.verify("Full", A, w.now).holds is False
    both(87.0, 50.0)
    assert w.engine.alerts()[0].state is AlertState.FIRING
    both(50.0, 50.0)

    assert w.said == ["Full inactive>firing", "Full firing>inactive"]
    assert w.engine.verify("Full", A, w.now).holds is True


def test_a_text_that_cannot_be_rendered_does_not_cost_the_alert(world: MakeWorld) -> None:
    w = world(FULL.replace("pct(usage_bytes / hard_limit_bytes)", "pct(usage_bytes / soft_limit_bytes)"))
    step = w.quotas(a=(95.0, 100.0))

    assert step.transitions[0].alert.state is AlertState.FIRING
    assert "cannot be rendered" in step.transitions[0].alert.annotations["summary"]
    assert len(step.proposals) == 1


def test_fingerprints_are_stable_for_ever() -> None:
    assert fingerprint("Full", {"path": "/a", "cluster": "lab"}) == A
    assert A == "e741ed834442dcf79b5d66c80cde7fec"  # sha256sum of ["Full",{"cluster":"lab","path":"/a"}]


def test_subjects_without_alerts_are_forgotten_after_a_day_and_alerts_never(world: MakeWorld) -> None:
    w = world(FULL)
    w.quotas(a=(95.0, 100.0), **{f"q{number}": (1.0, 100.0) for number in range(50)})
    assert len(list(_subjects(w))) == 51
    w.wait(2 * 24 * 60)

    assert [subject.key["path"] for subject in _subjects(w)] == ["/a"]
    assert w.engine.alerts()[0].state is AlertState.NO_DATA


def _subjects(w: World) -> Iterator[Subject]:
    return iter(w.engine._table)
