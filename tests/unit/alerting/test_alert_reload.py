"""Other rules while alerts live: what did not change keeps its clocks to the second, and what ends says why."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from alert_worlds import DOWN, FULL, INHIBITED, MINUTE, WAITING, MakeWorld, World

from mendwatch.alerting import succession
from mendwatch.alerting.ruleset import RuleSet
from mendwatch.alerting.steps import Step
from mendwatch.model.alerts import AlertState

RuleLoader = Callable[[str], RuleSet]


def reload(w: World, rules: RuleSet) -> Step:
    step = w.engine.replace(rules, w.now)
    w.rules = rules
    w.said += [f"{item.alert.rule} {item.before.value}>{item.alert.state.value}" for item in step.transitions]
    return step


def test_a_reload_resets_no_clock_of_an_unchanged_rule(world: MakeWorld, load: RuleLoader) -> None:
    w = world(WAITING + DOWN)
    w.quotas(a=(95.0, 100.0))
    before = w.engine.alerts()
    w.now += MINUTE

    step = reload(w, load(WAITING))  # the other rule is gone; this one stays

    assert (step, w.engine.alerts()) == (Step(), before)
    w.quotas(a=(95.0, 100.0))
    assert w.said == ["Full inactive>pending"]
    w.quotas(a=(95.0, 100.0))
    assert w.said == ["Full inactive>pending", "Full pending>firing"]


@pytest.mark.parametrize("seconds", [0, 1, 59, 100])
def test_reloads_at_any_moment_change_nothing_that_is_told(world: MakeWorld, load: RuleLoader, seconds: int) -> None:
    text = WAITING.replace("clear:", "keep_firing_for: 2m\n    clear:")
    told = []
    for reloads in (False, True):
        w = world(text)
        for usage in (95.0, 95.0, 95.0, 95.0, 50.0, 50.0, 95.0, 50.0, 50.0, 50.0, None, 95.0):
            w.quotas(a=(usage, 100.0))
            if reloads:
                w.engine.replace(load(text), w.now + timedelta(seconds=seconds))
            w.wait(0)
        told.append((w.said, w.engine.kept()))
    assert told[0] == told[1]


def test_an_alert_whose_rule_was_removed_ends_and_says_why(world: MakeWorld, load: RuleLoader) -> None:
    w = world(FULL)
    w.quotas(a=(95.0, 100.0))

    step = reload(w, load(DOWN))

    (transition,) = step.transitions
    assert (transition.alert.state, transition.reason) == (AlertState.INACTIVE, "its rule is not loaded any more")
    assert [one.reason for one in step.decisions] == [transition.reason]
    assert [alert.state for alert in step.alerts] == [AlertState.INACTIVE]
    assert w.engine.alerts() == ()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (FULL.replace("key: [cluster, path]", "key: [cluster, path, type]"), succession.OTHER_KEY),
        (FULL.replace("match: ['type=\"directory\"']", "match: ['type=\"user\"']"), succession.NO_MATCH),
        ("  - {alert: Full, on: node, when: up < 1.0}\n", succession.OTHER_RECORDS),
    ],
)
def test_an_alert_that_its_changed_rule_is_not_about_any_more_ends(
    world: MakeWorld, load: RuleLoader, text: str, reason: str
) -> None:
    w = world(FULL)
    w.quotas(a=(95.0, 100.0))

    assert [one.reason for one in reload(w, load(text)).transitions] == [reason]


def test_a_changed_rule_keeps_what_fires_and_begins_anew_to_wait(world: MakeWorld, load: RuleLoader) -> None:
    w = world(WAITING)
    w.quotas(b=(95.0, 100.0))
    for _ in range(2):
        w.quotas(a=(95.0, 100.0), b=(95.0, 100.0))
    w.quotas(b=(95.0, 100.0), a=(95.0, 100.0))
    fired = {alert.key["path"]: alert for alert in w.engine.alerts()}
    assert (fired["/b"].state, fired["/a"].state) == (AlertState.FIRING, AlertState.PENDING)

    step = reload(w, load(WAITING.replace("> 0.9", "> 0.8")))
    now = {alert.key["path"]: alert for alert in w.engine.alerts()}

    assert now["/b"] == fired["/b"]
    assert [(alert.key["path"], alert.active_since) for alert in step.alerts] == [("/a", None)]
    for _ in range(3):
        w.quotas(a=(95.0, 100.0), b=(95.0, 100.0))
    assert "Full pending>firing" not in w.said[3:]
    w.quotas(a=(95.0, 100.0), b=(95.0, 100.0))
    assert w.said.count("Full pending>firing") == 2


def test_a_change_of_words_for_people_begins_nothing_anew(world: MakeWorld, load: RuleLoader) -> None:
    w = world(WAITING)
    w.quotas(a=(95.0, 100.0))

    assert reload(w, load(WAITING.replace("severity: warning", "severity: critical"))) == Step()
    assert w.engine.alerts()[0].active_since == w.now


def test_who_inhibits_goes_on_inhibiting(world: MakeWorld, load: RuleLoader) -> None:
    w = world(INHIBITED)
    w.node(0.0)
    reload(w, load(INHIBITED))

    step = w.quotas(a=(95.0, 100.0))

    assert [item.word for item in step.withheld] == ["inhibited"]


def test_why_nothing_is_asked_is_not_said_again_after_a_reload(world: MakeWorld, load: RuleLoader) -> None:
    w = world(INHIBITED)
    w.quotas(a=(95.0, 100.0))
    w.node(0.0)
    assert [one.word for one in w.engine.offers(w.now).decisions] == ["inhibited"]
    reload(w, load(INHIBITED))
    w.quotas(a=(96.0, 100.0))

    offers = w.engine.offers(w.now)
    assert ([one.word for one in offers.withheld], offers.decisions) == (["inhibited"], ())


def test_silence_that_is_trouble_is_noticed_over_a_reload(world: MakeWorld, load: RuleLoader) -> None:
    text = "  - {alert: Down, on: node, when: up < 1.0, no_data: fire, stale_after: 30m}\n"
    w = world(text)
    w.node(1.0)
    reload(w, load(text))
    for _ in range(29):
        w.wait(1)
    assert w.said == []

    w.wait(1)
    assert w.said == ["Down inactive>firing"]


def test_what_is_gone_in_a_complete_reading_ends_also_after_a_reload(world: MakeWorld, load: RuleLoader) -> None:
    w = world(FULL)
    w.quotas(a=(95.0, 100.0))
    reload(w, load(FULL))
    w.quotas(all_of="quota", b=(50.0, 100.0))

    assert w.said == ["Full inactive>firing", "Full firing>inactive"]


def test_a_reload_of_many_alerts_leaves_turns_to_others(world: MakeWorld, load: RuleLoader) -> None:
    w = world(FULL)
    w.quotas(**{f"q{number}": (95.0, 100.0) for number in range(500)})

    assert sum(1 for _ in w.engine.replacing(load(FULL), w.now)) > 20
    assert len(w.engine.alerts()) == 500


def test_a_change_of_mode_is_told_with_both_modes(load: RuleLoader) -> None:
    observed = load(FULL.replace("mode: approve", "mode: observe"))

    assert succession.changed_modes(observed, load(FULL)) == (("Full", "observe", "approve"),)
    assert succession.changed_modes(load(FULL), load(FULL)) == ()
    assert succession.changed_modes(load(FULL), load(DOWN)) == (("Full", "approve", "none"),)
