"""The life of an alert, told as stories: one letter per minute."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from mendwatch.alerting import flaps, states
from mendwatch.alerting.states import Sight, advance, all_of, any_of
from mendwatch.model.alerts import Alert, AlertState
from mendwatch.model.rules import SOURCE_SAMPLES, Flap, NoData, Rule

ROOT = Path(__file__).parents[3]
MINUTE = timedelta(minutes=1)
STALE = timedelta(minutes=3)

#: H holds, B is between when and clear, C is clear, . is no answer, I holds while something inhibits.
SIGHTS = {
    "H": Sight(when=True, clear=False),
    "B": Sight(when=False, clear=False),
    "C": Sight(when=False, clear=True),
    ".": Sight(when=None, clear=None),
    "I": Sight(when=True, clear=False, inhibitor="Down"),
    "?": Sight(when=False, clear=None),
}
LETTERS = {
    AlertState.INACTIVE: "-",
    AlertState.PENDING: "p",
    AlertState.FIRING: "F",
    AlertState.RESOLVING: "R",
    AlertState.NO_DATA: "n",
}


def rule(hold: int = 0, keep: int = 0, no_data: NoData = NoData.KEEP) -> Rule:
    return Rule(
        alert="Full",
        group="test",
        on="quota",
        when="",
        clear=None,
        match=(),
        key=("cluster",),
        hold=hold * MINUTE,
        keep_firing_for=keep * MINUTE,
        stale_after=None,
        no_data=no_data,
        source=SOURCE_SAMPLES,
        inhibited_by=(),
        labels={},
        annotations={},
        remediate=None,
        digest="",
    )


def blank(now: datetime) -> Alert:
    return Alert("f", "Full", "lab", {"cluster": "lab"}, {}, AlertState.INACTIVE, now, {}, {})


def told(of: Rule, story: str, start: datetime) -> tuple[str, Alert]:
    """Live through a story; gives the state after each minute and the last alert."""
    alert, letters = blank(start), ""
    for minute, letter in enumerate(story):
        alert, _ = advance(of, SIGHTS[letter], alert, start + minute * MINUTE, STALE)
        letters += LETTERS[alert.state]
    return letters, alert


@pytest.mark.parametrize(
    ("of", "story", "expected"),
    [
        pytest.param(rule(), "CHC", "-F-", id="without for it fires at once and ends at once"),
        pytest.param(rule(hold=3), "HHHHH", "pppFF", id="for counts from the first moment it holds"),
        pytest.param(rule(hold=3), "HHCHHHH", "pp-pppF", id="a no begins for anew"),
        pytest.param(rule(hold=3), "HHBHHHH", "pp-pppF", id="between is a no for what waits"),
        pytest.param(rule(), "HBBHBC", "FFFFF-", id="between goes on firing"),
        pytest.param(rule(keep=2), "HCCCC", "FRR--", id="keep_firing_for counts from the first clear moment"),
        pytest.param(rule(keep=2), "HCBCCC", "FRFRR-", id="between begins keep_firing_for anew"),
        pytest.param(rule(keep=2), "HCHCCC", "FRFRR-", id="holding again begins keep_firing_for anew"),
        pytest.param(rule(hold=4), "H.HHH", "ppppF", id="a short pause does not break for"),
        pytest.param(rule(hold=4), "H..HHHHH", "pppppppF", id="a pause as long as stale_after breaks for"),
        pytest.param(rule(hold=4), "H...HHHHH", "pppnppppF", id="silence breaks for"),
        pytest.param(rule(hold=2), "H.........", "pppnnnnnnn", id="nothing fires without a measurement"),
        pytest.param(rule(), "H......", "FFFnnnn", id="silence is no_data"),
        pytest.param(rule(), "H....H", "FFFnnF", id="data come back and it still holds"),
        pytest.param(rule(), "H....BC", "FFFnnF-", id="data come back between"),
        pytest.param(rule(), "H....C", "FFFnn-", id="data come back and say that it is over"),
        pytest.param(rule(keep=2), "HCC....CCC", "FRRRRnnRR-", id="after silence keep_firing_for begins anew"),
        pytest.param(rule(hold=2), "H...C", "pppn-", id="what only waited ends quietly"),
        pytest.param(rule(), "H????", "FFFnn", id="clear without an answer is no end"),
        pytest.param(rule(hold=2), "H?HHH", "p-ppF", id="a measured no breaks for whatever clear says"),
        pytest.param(rule(), ".......", "-------", id="nothing known of nothing is nothing"),
        pytest.param(rule(no_data=NoData.FIRE), "C.....", "---FFF", id="fire takes silence for trouble"),
        pytest.param(rule(hold=2, no_data=NoData.FIRE), "C......", "---ppFF", id="fire respects for"),
        pytest.param(rule(no_data=NoData.FIRE), "H......C", "FFFFFFF-", id="fire ends with a measurement"),
        pytest.param(rule(no_data=NoData.RESOLVE), "H....", "FFF--", id="resolve takes silence for the end"),
        pytest.param(rule(keep=2, no_data=NoData.RESOLVE), "H......", "FFFRR--", id="resolve respects keep_firing_for"),
        pytest.param(rule(hold=2), "IIIIHC", "ppppF-", id="what is inhibited waits and then fires"),
        pytest.param(rule(), "IIC", "pp-", id="what is inhibited ends quietly"),
        pytest.param(rule(), "HIIC", "FFF-", id="what fires already goes on firing"),
    ],
)
def test_a_story_ends_as_its_rule_says(of: Rule, story: str, expected: str, start: datetime) -> None:
    letters, _ = told(of, story, start)

    assert letters == expected


def test_the_clocks_say_when_it_began_fired_and_ended(start: datetime) -> None:
    _, alert = told(rule(hold=2, keep=1), "CHHHCC", start)

    assert (alert.active_since, alert.fired_at) == (start + MINUTE, start + 3 * MINUTE)
    assert (alert.cleared_since, alert.resolved_at) == (start + 4 * MINUTE, start + 5 * MINUTE)


def test_a_new_episode_has_new_clocks(start: datetime) -> None:
    _, alert = told(rule(hold=1), "HHCHH", start)

    assert (alert.active_since, alert.fired_at, alert.resolved_at) == (start + 3 * MINUTE, start + 4 * MINUTE, None)


def test_silence_does_not_move_the_time_of_the_last_data(start: datetime) -> None:
    _, alert = told(rule(), "HH.....", start)

    assert (alert.last_seen, alert.state) == (start + MINUTE, AlertState.NO_DATA)


def test_a_transition_says_what_was_and_why(start: datetime) -> None:
    pending, first = advance(rule(hold=5), SIGHTS["H"], blank(start), start, STALE)
    _, none = advance(rule(hold=5), SIGHTS["H"], pending, start + MINUTE, STALE)
    _, lost = advance(rule(hold=5), SIGHTS["."], pending, start + 4 * MINUTE, STALE)

    assert first is not None
    assert (first.before, first.alert, first.at) == (AlertState.INACTIVE, pending, start)
    assert "fires after 5m" in first.reason
    assert none is None
    assert lost is not None
    assert lost.reason == "no data for 4m"


def test_a_clock_that_goes_back_fires_nothing_early(start: datetime) -> None:
    pending, _ = advance(rule(hold=5), SIGHTS["H"], blank(start), start, STALE)
    alert, transition = advance(rule(hold=5), SIGHTS["H"], pending, start - timedelta(days=1), STALE)

    assert (alert.state, transition) == (AlertState.PENDING, None)


@pytest.mark.parametrize(
    ("of", "before", "after", "expected"),
    [
        (rule(hold=5), "H", "HHHHHH", AlertState.FIRING),
        (rule(hold=0, keep=5), "HC", "CCCCCC", AlertState.INACTIVE),
        (rule(hold=0), "H", "....", AlertState.NO_DATA),
    ],
    ids=["for", "keep_firing_for", "stale_after"],
)
def test_a_clock_that_was_set_back_by_hours_stops_no_alerts_clocks(
    of: Rule, before: str, after: str, expected: AlertState, start: datetime
) -> None:
    alert = blank(start)
    for minute, seen in enumerate(before):
        alert, _ = advance(of, SIGHTS[seen], alert, start + timedelta(minutes=minute), STALE)
    for minute, seen in enumerate(after):
        assert alert.state is not expected
        alert, _ = advance(of, SIGHTS[seen], alert, start + timedelta(hours=-3, minutes=minute), STALE)

    assert alert.state is expected


def test_what_is_a_little_ahead_is_left_alone(start: datetime) -> None:
    pending, _ = advance(rule(hold=5), SIGHTS["H"], blank(start), start, STALE)
    alert, _ = advance(rule(hold=5), SIGHTS["H"], pending, start - timedelta(minutes=4), STALE)

    assert alert.active_since == start


def test_who_was_told_is_raised_until_told_that_it_is_over(start: datetime) -> None:
    firing = replace(blank(start), state=AlertState.FIRING, fired_at=start)
    lost, resolving = replace(firing, state=AlertState.NO_DATA), replace(firing, state=AlertState.RESOLVING)

    assert all(flaps.is_raised(alert) for alert in (firing, lost, resolving))
    assert not any(flaps.is_raised(alert) for alert in (replace(lost, fired_at=None), blank(start)))


def test_what_is_raised_and_over_again_and_again_is_held_until_it_is_calm(start: datetime) -> None:
    restless = replace(rule(), flap=Flap(changes=4, window=5 * MINUTE))

    letters, alert = told(restless, "HCHCHCCHCCCCCC", start)

    assert letters == "F-FRFRRFRRRRR-"  # the fourth change, and those that would have been, each begin the window anew
    assert (alert.changes, alert.flapping_since) == ((start + 13 * MINUTE,), None)


def test_what_rises_too_often_flaps_while_it_fires_and_is_calm_when_it_just_fires(start: datetime) -> None:
    restless = replace(rule(), flap=Flap(changes=3, window=5 * MINUTE))

    letters, flapping = told(restless, "HCHHHH", start)
    _, calm = told(restless, "HCHHHHHH", start)

    assert (letters, flapping.flapping_since) == ("F-FFFF", start + 2 * MINUTE)
    assert (calm.state, calm.flapping_since, calm.changes) == (AlertState.FIRING, None, ())


def test_changes_further_apart_than_the_window_are_no_flapping(start: datetime) -> None:
    letters, _ = told(replace(rule(), flap=Flap(changes=3, window=2 * MINUTE)), "HCCHCCHCC", start)

    assert letters == "F--F--F--"


def test_what_is_kept_firing_for_a_while_does_not_flap(start: datetime) -> None:
    letters, alert = told(replace(rule(keep=2), flap=Flap(changes=3, window=9 * MINUTE)), "HCHCHCHC", start)

    assert (letters, len(alert.changes)) == ("FRFRFRFR", 1)


@pytest.mark.parametrize(
    ("answers", "any_one", "every"),
    [
        ((), False, True),
        ((True, None, False), True, False),
        ((None, False), None, False),
        ((True, None), True, None),
        ((True,), True, True),
    ],
)
def test_three_valued_logic(answers: tuple[bool | None, ...], *, any_one: bool | None, every: bool | None) -> None:
    assert (any_of(answers), all_of(answers)) == (any_one, every)


def test_the_diagram_in_the_docs_is_the_table_in_the_code() -> None:
    text = (ROOT / "docs" / "alerts.md").read_text("utf-8")
    drawn = set(re.findall(r"^ +(\w+) --> (\w+):", text, re.MULTILINE))

    assert drawn == {(before.value, after.value) for before, following in states.TRANSITIONS.items() for after in following}
