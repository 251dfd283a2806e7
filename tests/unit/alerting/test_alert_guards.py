"""What holds a remediation back, in which order, how often it is said, and what the journal keeps of it."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

from alert_worlds import DOWN, FULL, INHIBITED, MINUTE, START, MakeWorld, World

from mendwatch.alerting.maintenance import Times, Window
from mendwatch.alerting.silencing import silencing
from mendwatch.alerting.steps import Step
from mendwatch.model.alerts import AlertState
from mendwatch.model.journal import DecisionKind
from mendwatch.model.silences import Silence

HOUR = timedelta(hours=1)
FREEZER = DOWN.replace("when: up < 1.0", "when: up < 1.0, freezes: [cluster]")
PLAIN = "  - {alert: Plain, on: quota, when: usage_bytes > 90.0}\n"


def silence(matcher: str = "alertname=Full", *, end: timedelta = HOUR) -> Silence:
    return Silence("sil-1", (matcher,), START, START + end, author="ann", comment="new disks", created_at=START)


def hush(w: World, *silences: Silence) -> None:
    w.engine.hush(silencing(silences, ()))


def words(step: Step) -> list[tuple[str, str]]:
    return [(one.kind.value, one.word) for one in step.decisions]


def test_a_silenced_alert_lives_on_is_journaled_and_asks_for_nothing(world: MakeWorld) -> None:
    w = world(FULL)
    hush(w, silence())
    step = w.quotas(a=(95.0, 100.0))

    assert w.said == ["Full inactive>firing"]
    assert (step.proposals, step.silenced) == ((), {step.transitions[0].alert.fingerprint})
    assert [(item.word, item.reason) for item in step.withheld] == [("silenced", "silence sil-1 by ann: new disks")]
    assert words(step) == [("transition", "firing"), ("withheld", "silenced")]
    assert w.quotas(a=(50.0, 100.0)).silenced == step.silenced


def test_what_is_held_back_is_said_once_and_again_when_the_reason_changes(world: MakeWorld) -> None:
    w = world(FULL)
    hush(w, silence())
    w.quotas(a=(95.0, 100.0))

    assert words(w.engine.offers(w.now)) == []
    w.engine.hush(silencing([], [Window("patch", ("cluster=lab",), ZoneInfo("UTC"), comment="patching", times=(Times(),))]))
    step = w.engine.offers(w.now)
    assert [one.reason for one in step.decisions] == ["maintenance patch: patching"]


def test_at_the_end_of_a_silence_what_fires_is_told_and_asked_for(world: MakeWorld) -> None:
    w = world(FULL)
    hush(w, silence(end=2 * MINUTE))
    w.quotas(a=(95.0, 100.0))
    assert w.engine.offers(w.now).heard == ()
    w.quotas(a=(95.0, 100.0))

    step = w.engine.offers(w.now)

    assert [alert.state for alert in step.heard] == [AlertState.FIRING]
    assert words(step) == [("told", "firing"), ("proposed", "approve")]
    assert len(step.proposals) == 1
    assert (w.engine.offers(w.now).heard, words(w.engine.offers(w.now))) == ((), [])


def test_what_ended_in_a_silence_is_never_told(world: MakeWorld) -> None:
    w = world(FULL)
    hush(w, silence(end=2 * MINUTE))
    w.quotas(a=(95.0, 100.0))
    w.quotas(after=0.5, a=(50.0, 100.0))
    w.wait(5)

    assert w.engine.offers(w.now) == Step()


def test_a_rule_without_a_remediation_is_silenced_and_heard_as_well(world: MakeWorld) -> None:
    w = world(PLAIN)
    hush(w, silence("alertname=Plain", end=2 * MINUTE))
    w.quotas(a=(95.0, 100.0))
    assert words(w.engine.offers(w.now)) == []
    w.wait(2)

    step = w.engine.offers(w.now)
    assert ([alert.rule for alert in step.heard], words(step)) == (["Plain"], [("told", "firing")])


def test_a_silence_is_about_what_its_matchers_match(world: MakeWorld) -> None:
    w = world(FULL)
    for matcher in ("alertname=Other", "path=/b", "severity!=warning", 'site=~"gen.*"'):
        hush(w, silence(matcher))
        w.quotas(after=0, a=(95.0, 100.0))
        assert len(w.engine.offers(w.now).proposals) == 1
    for matcher in ("path=/a", 'site=~"zu.*"', "severity=warning"):
        hush(w, silence(matcher))
        assert w.engine.offers(w.now).proposals == ()


def test_a_silence_that_has_not_begun_or_is_over_holds_nothing_back(world: MakeWorld) -> None:
    w = world(FULL)
    hush(w, silence(end=MINUTE))
    step = w.quotas(a=(95.0, 100.0))  # at the very end of it

    assert len(step.proposals) == 1


def test_nothing_begins_while_a_rule_freezes(world: MakeWorld) -> None:
    w = world(FULL + FREEZER)
    w.node(0.0)
    step = w.quotas(a=(95.0, 100.0))

    assert w.said == ["Down inactive>firing", "Full inactive>firing"]
    assert [(item.word, item.reason) for item in step.withheld] == [("frozen", "Down fires")]
    w.node(1.0)
    assert len(w.engine.offers(w.now).proposals) == 1


def test_a_freeze_is_about_equal_labels_and_lasts_while_nothing_is_known(world: MakeWorld) -> None:
    w = world(FULL + FREEZER)
    w.node(0.0)
    w.wait(5)
    assert w.said == ["Down inactive>firing", "Down firing>no_data"]

    assert [item.word for item in w.quotas(a=(95.0, 100.0)).withheld] == ["frozen"]
    w.target = type(w.target)("other", "storage", "")
    assert len(w.quotas(a=(95.0, 100.0)).proposals) == 1


def test_a_rule_does_not_freeze_itself(world: MakeWorld) -> None:
    w = world(FULL.replace("match:", "freezes: [cluster]\n    match:"))

    assert len(w.quotas(a=(95.0, 100.0)).proposals) == 1


def test_what_flaps_asks_for_nothing_until_it_is_calm(world: MakeWorld) -> None:
    w = world(FULL.replace("match:", "flap: {changes: 3, window: 10m}\n    match:"))
    for usage in (95.0, 50.0):
        w.quotas(a=(usage, 100.0))
    step = w.quotas(a=(95.0, 100.0))

    assert [item.word for item in step.withheld] == ["flapping"]
    assert words(step) == [("transition", "firing"), ("flapping", "began"), ("withheld", "flapping")]
    for _ in range(9):
        assert w.quotas(a=(95.0, 100.0)).decisions == ()
    assert words(w.quotas(a=(95.0, 100.0))) == [("flapping", "calm")]
    assert words(w.engine.offers(w.now)) == [("proposed", "approve")]


def test_of_several_guards_the_first_is_named(world: MakeWorld) -> None:
    w = world(INHIBITED.replace("match:", "flap: {changes: 2, window: 1h}\n    match:").replace(DOWN, FREEZER))
    w.quotas(a=(95.0, 100.0))
    w.quotas(a=(50.0, 100.0))  # held, for it flaps
    w.quotas(a=(95.0, None), b=(1.0, 100.0))
    w.quotas(a=(95.0, 100.0))
    told = []
    w.node(0.0)
    hush(w, silence())
    told += [item.word for item in w.engine.offers(w.now).withheld]
    w.node(1.0)
    told += [item.word for item in w.engine.offers(w.now).withheld]
    hush(w)
    told += [item.word for item in w.engine.offers(w.now).withheld]

    assert told == ["inhibited", "silenced", "flapping"]


def test_silenced_comes_before_frozen_and_frozen_before_flapping(world: MakeWorld) -> None:
    w = world(FULL.replace("match:", "flap: {changes: 2, window: 1h}\n    match:") + FREEZER)
    for usage in (95.0, 50.0, 95.0):
        w.quotas(a=(usage, 100.0))
    w.node(0.0)
    hush(w, silence())
    told = [item.word for item in w.engine.offers(w.now).withheld]
    hush(w)
    told += [item.word for item in w.engine.offers(w.now).withheld]
    w.node(1.0)
    told += [item.word for item in w.engine.offers(w.now).withheld]

    assert told == ["silenced", "frozen", "flapping"]


def test_what_holds_back_is_told_to_who_is_about_to_start(world: MakeWorld) -> None:
    w = world(FULL + FREEZER)
    mark = w.quotas(a=(95.0, 100.0)).proposals[0].alert.fingerprint
    assert w.engine.held("Full", mark, w.now) == ""

    w.node(0.0)
    assert w.engine.held("Full", mark, w.now) == "frozen: Down fires"
    assert w.engine.held("Full", "unknown", w.now) == ""


def test_a_rule_that_only_observes_says_so_in_the_journal(world: MakeWorld) -> None:
    w = world(FULL.replace("mode: approve", "mode: observe"))
    step = w.quotas(a=(95.0, 100.0))

    assert (words(step)[-1], len(step.proposals)) == (("withheld", "observe"), 1)


def test_every_transition_has_its_row_with_the_numbers_that_it_was_made_on(world: MakeWorld) -> None:
    w = world(FULL)
    rows = [one for usage in (95.0, 50.0) for one in w.quotas(a=(usage, 100.0)).decisions if one.kind is DecisionKind.TRANSITION]

    assert [(one.before, one.word, one.values["usage_bytes"]) for one in rows] == [
        ("inactive", "firing", 95.0),
        ("firing", "inactive", 50.0),
    ]
    assert [one.key for one in rows] == [{"cluster": "lab", "path": "/a"}] * 2


def test_what_ended_long_ago_is_not_kept_for_its_changes(world: MakeWorld) -> None:
    w = world(FULL)
    w.quotas(a=(95.0, 100.0))
    w.quotas(a=(50.0, 100.0))
    assert [len(alert.changes) for alert in w.engine.kept()] == [2]
    w.wait(29)
    assert w.engine.kept() != ()

    step = w.wait(1)
    assert [(alert.state, alert.changes) for alert in step.alerts] == [(AlertState.INACTIVE, ())]
    assert w.engine.kept() == ()
