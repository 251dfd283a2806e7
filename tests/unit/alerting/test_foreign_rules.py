"""Rules over received alerts: the states, clocks and proposals of any rule, and a silent sender is never the end of trouble."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from foreign_worlds import HOUR, MINUTE, RULE, START, ForeignWorld, an_alert, changed, mark_of, resolved

from mendwatch.model.alerts import AlertState
from mendwatch.model.rules import Guard, Inhibition, NoData, Remediate

FIRED = "inactive->firing"
ENDED = "firing->inactive"


def test_an_alert_fires_once_and_asks_for_its_remediation_once() -> None:
    world = ForeignWorld()

    steps = [world.tell(an_alert(), after=timedelta(seconds=1)) for _ in range(15)]

    assert world.said == [FIRED]
    (proposal,) = [proposal for step in steps for proposal in step.proposals]
    assert proposal.variables == {"path": "/ifs/a"}
    assert (proposal.alert.target, proposal.alert.key) == ("lab", {"cluster": "lab", "path": "/ifs/a"})


def test_an_alert_carries_its_labels_the_rules_and_what_its_sender_says() -> None:
    world = ForeignWorld()

    world.tell(an_alert())

    alert = world.alert()
    assert alert.labels == {"alertname": "QuotaFull", "cluster": "lab", "path": "/ifs/a", "severity": "warning"}
    assert alert.annotations == {"summary": "a quota is full", "runbook": "mend /ifs/a"}
    assert alert.fingerprint == mark_of()


def test_an_alert_that_no_rule_matches_is_none() -> None:
    world = ForeignWorld()

    step = world.tell(an_alert(alertname="Other"))

    assert (step.alerts, world.engine.alerts()) == ((), ())


def test_its_sender_ends_it() -> None:
    world = ForeignWorld()
    world.tell(an_alert())

    step = world.tell(resolved(an_alert(), START + MINUTE), after=2 * MINUTE)

    assert world.said == [FIRED, ENDED]
    assert step.alerts[0].state is AlertState.INACTIVE
    assert world.tell(an_alert(), after=MINUTE).transitions == ()  # a late peer


def test_an_end_that_is_still_to_come_ends_it_then() -> None:
    world = ForeignWorld()
    world.tell(an_alert())

    world.tell(resolved(an_alert(), START + 10 * MINUTE), after=MINUTE)
    world.wait(8 * MINUTE)
    assert world.said == [FIRED]

    world.wait(MINUTE)
    assert world.said == [FIRED, ENDED]


def test_a_newer_beginning_fires_again() -> None:
    world = ForeignWorld()
    world.tell(an_alert())
    world.tell(resolved(an_alert(), START + MINUTE), after=2 * MINUTE)

    world.tell(an_alert(startsAt="2030-01-01T12:01:30Z"))

    assert world.said == [FIRED, ENDED, FIRED]


def test_a_subject_is_over_when_all_its_alerts_are() -> None:
    world = ForeignWorld(changed(key=("cluster",)))
    one, two = an_alert(path="/ifs/a"), an_alert(path="/ifs/b")
    world.tell(one, two)

    world.tell(resolved(two, START))
    assert world.said == [FIRED]

    world.tell(resolved(one, START))
    assert world.said == [FIRED, ENDED]


def test_the_newest_word_that_fires_speaks_for_a_subject() -> None:
    world = ForeignWorld(changed(key=("cluster",)))
    world.tell(an_alert(path="/ifs/a"))
    world.tell(an_alert(path="/ifs/b"), after=MINUTE)
    world.tell(resolved(an_alert(path="/ifs/b"), START + MINUTE), after=MINUTE)

    (proposal,) = world.engine.offers(world.now).proposals

    assert proposal.variables == {"path": "/ifs/a"}


def test_a_silent_sender_gives_no_data_and_never_an_end() -> None:
    world = ForeignWorld()
    world.tell(an_alert())

    world.wait(12 * HOUR - MINUTE)
    assert world.said == [FIRED]
    world.wait(MINUTE)
    world.wait(1000 * HOUR)

    assert world.said == [FIRED, "firing->no_data"]
    assert world.engine.offers(world.now).proposals == ()
    assert world.alert().resolved_at is None


def test_each_repetition_vouches_for_the_alert() -> None:
    world = ForeignWorld(changed(stale_after=5 * MINUTE))
    world.tell(an_alert())

    for _ in range(10):
        world.wait(2 * MINUTE)
        world.tell(an_alert(), after=2 * MINUTE)

    assert world.said == [FIRED]
    world.wait(5 * MINUTE)
    assert world.said == [FIRED, "firing->no_data"]
    world.tell(an_alert(), after=MINUTE)
    assert world.said[2:] == ["no_data->firing"]


def test_a_sender_that_vouches_until_a_moment_is_believed_until_then() -> None:
    world = ForeignWorld(changed(stale_after=5 * MINUTE))
    world.tell(an_alert(endsAt=(START + 30 * MINUTE).isoformat()))

    for _ in range(33):
        world.wait(MINUTE)
    assert world.said == [FIRED]

    world.wait(2 * MINUTE)
    assert world.said == [FIRED, "firing->no_data"]


@pytest.mark.parametrize(("no_data", "said"), [(NoData.RESOLVE, [FIRED, ENDED]), (NoData.FIRE, [FIRED])])
def test_silence_is_what_the_rule_says(no_data: NoData, said: list[str]) -> None:
    world = ForeignWorld(changed(no_data=no_data))
    world.tell(an_alert())

    world.wait(13 * HOUR)
    world.wait(13 * HOUR)

    assert world.said == said


def test_the_clocks_of_a_rule_run_between_two_words() -> None:
    world = ForeignWorld(changed(hold=3 * MINUTE, keep_firing_for=5 * MINUTE))
    world.tell(an_alert())
    assert world.said == ["inactive->pending"]

    world.wait(2 * MINUTE)
    world.wait(MINUTE)
    world.tell(resolved(an_alert(), START + 4 * MINUTE), after=2 * MINUTE)
    assert world.said[1:] == ["pending->firing", "firing->resolving"]

    world.wait(4 * MINUTE)
    assert len(world.said) == 3
    world.wait(MINUTE)
    assert world.said[3:] == ["resolving->inactive"]


def test_an_end_within_for_is_no_alert() -> None:
    world = ForeignWorld(changed(hold=3 * MINUTE))
    world.tell(an_alert())

    world.tell(resolved(an_alert(), START + MINUTE), after=2 * MINUTE)
    world.wait(5 * MINUTE)

    assert world.said == ["inactive->pending", "pending->inactive"]


def test_one_rule_inhibits_another() -> None:
    down = changed(alert="ClusterGone", match=('alertname="ClusterDown"',), key=("cluster",), remediate=None)
    silenced = changed(inhibited_by=(Inhibition("ClusterGone", ("cluster",)),))
    world = ForeignWorld(down, silenced)

    step = world.tell(an_alert(alertname="ClusterDown"), an_alert())
    assert {alert.rule: alert.state for alert in world.engine.alerts()} == {
        "ClusterGone": AlertState.FIRING,
        RULE.alert: AlertState.PENDING,
    }
    assert [one.word for one in step.withheld] == ["inhibited"]

    world.tell(resolved(an_alert(alertname="ClusterDown"), START + MINUTE), after=2 * MINUTE)
    step = world.wait(timedelta(seconds=1))
    assert [proposal.rule.alert for proposal in step.proposals] == [RULE.alert]


def test_an_alert_of_an_unknown_target_lives_and_asks_for_nothing() -> None:
    world = ForeignWorld()

    step = world.tell(an_alert(cluster="elsewhere"))

    assert world.alert().state is AlertState.FIRING
    assert step.proposals == ()
    assert [(one.word, one.reason) for one in step.withheld] == [("unknown target", "no target is called 'elsewhere'")]
    assert [one.word for one in world.engine.offers(world.now).withheld] == ["unknown target"]


def test_an_alert_without_the_label_of_the_target_asks_for_nothing() -> None:
    world = ForeignWorld()

    step = world.tell(an_alert(cluster=""))

    assert [one.reason for one in step.withheld] == ["no target is called ''"]


def test_a_variable_whose_label_is_missing_asks_for_nothing() -> None:
    world = ForeignWorld(changed(key=("cluster",)))

    step = world.tell(an_alert(path=""))

    assert [(one.word, one.reason) for one in step.withheld] == [("variables", "no value of path")]


def test_a_rule_may_only_tell() -> None:
    world = ForeignWorld(changed(remediate=None))

    step = world.tell(an_alert())

    assert (world.said, step.proposals, step.withheld) == ([FIRED], (), ())


def test_a_restart_loses_nothing_tells_nothing_twice_and_resets_no_clock() -> None:
    world = ForeignWorld(changed(stale_after=HOUR))
    world.tell(an_alert())
    world.wait(30 * MINUTE)

    step = world.restart()
    assert (step.transitions, step.proposals) == ((), ())
    assert len(world.engine.offers(world.now).proposals) == 1

    world.wait(29 * MINUTE)
    assert world.said == [FIRED]
    world.wait(MINUTE)
    assert world.said == [FIRED, "firing->no_data"]


def test_a_pending_clock_goes_on_over_a_restart() -> None:
    world = ForeignWorld(changed(hold=10 * MINUTE))
    world.tell(an_alert())
    world.wait(9 * MINUTE)

    world.restart()
    world.wait(MINUTE)

    assert world.said == ["inactive->pending", "pending->firing"]


def test_what_was_kept_and_not_judged_is_judged_after_a_restart() -> None:
    world = ForeignWorld()
    world.tell(an_alert(path="/ifs/b"))
    lost = ForeignWorld()  # stands for an agent that died between the two
    lost.tell(an_alert(), resolved(an_alert(path="/ifs/b"), START))
    world.register.rows.update(lost.register.rows)

    step = world.restart()

    assert sorted(world.said) == sorted([FIRED, ENDED, FIRED])
    assert [proposal.variables for proposal in step.proposals] == [{"path": "/ifs/a"}]


def test_an_alert_whose_words_are_lost_has_no_data_in_the_end() -> None:
    world = ForeignWorld(changed(stale_after=HOUR))
    world.tell(an_alert())
    world.register.rows.clear()

    world.restart()
    world.wait(59 * MINUTE)
    assert world.said == [FIRED]
    world.wait(MINUTE)

    assert world.said == [FIRED, "firing->no_data"]


def test_older_words_that_come_later_change_nothing() -> None:
    world = ForeignWorld()
    world.tell(resolved(an_alert(), START), after=MINUTE)
    world.tell(an_alert())

    assert world.said == []


class TestMeasuringAnew:
    """A remediation asks whether the trouble goes on, and whether the change helped."""

    Ask = Callable[[ForeignWorld], bool | None]

    def _still(self, world: ForeignWorld) -> bool | None:
        return world.engine.still_firing(RULE.alert, mark_of(), world.now).holds

    def _helped(self, world: ForeignWorld, since: timedelta) -> bool | None:
        return world.engine.verify(RULE.alert, mark_of(), START + since).holds

    def test_it_goes_on_as_long_as_the_sender_says_so(self) -> None:
        world = ForeignWorld()
        world.tell(an_alert())
        world.now += HOUR

        verdict = world.engine.still_firing(RULE.alert, mark_of(), world.now)

        assert verdict.holds is True
        assert verdict.reason == "its sender says that it fires, last at 2030-01-01T12:00:00+00:00"

    def test_it_is_over_when_the_sender_says_so(self) -> None:
        world = ForeignWorld()
        world.tell(an_alert())
        world.tell(resolved(an_alert(), START + MINUTE), after=2 * MINUTE)

        assert self._still(world) is False
        assert self._helped(world, MINUTE) is True

    def test_an_end_while_the_playbook_ran_is_success(self) -> None:
        world = ForeignWorld()
        world.tell(an_alert())
        world.tell(resolved(an_alert(), START + MINUTE), after=2 * MINUTE)

        assert self._helped(world, 10 * MINUTE) is True

    def test_silence_is_neither_trouble_nor_success(self) -> None:
        world = ForeignWorld()
        world.tell(an_alert())
        world.wait(13 * HOUR)

        assert self._still(world) is None
        assert self._helped(world, 13 * HOUR) is None

    def test_an_alert_that_fires_after_the_change_is_no_success(self) -> None:
        world = ForeignWorld()
        world.tell(an_alert())
        world.tell(an_alert(), after=10 * MINUTE)

        assert self._helped(world, MINUTE) is False

    def test_a_subject_that_nobody_knows_says_nothing(self) -> None:
        assert self._still(ForeignWorld()) is None

    def test_its_target_is_known(self) -> None:
        world = ForeignWorld()
        world.tell(an_alert())

        assert world.engine.target_of(RULE.alert, mark_of()) == "lab"


def test_subjects_that_are_long_over_are_forgotten() -> None:
    world = ForeignWorld()
    world.tell(an_alert())
    world.tell(resolved(an_alert(), START + MINUTE), after=2 * MINUTE)

    world.wait(23 * HOUR)
    assert world.engine.target_of(RULE.alert, mark_of()) == "lab"
    world.wait(2 * HOUR)

    assert world.engine.target_of(RULE.alert, mark_of()) is None


def test_a_guard_by_labels_finds_them_in_the_alert() -> None:
    world = ForeignWorld(changed(remediate=Remediate("storage/quota_raise", {"path": "path"}, guard=Guard(per=("path",)))))

    (proposal,) = world.tell(an_alert()).proposals

    assert proposal.alert.labels["path"] == "/ifs/a"
