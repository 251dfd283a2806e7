"""Laws of the state machine, tried on any sequence of sights."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from mendwatch.alerting import states
from mendwatch.alerting.states import Sight, advance
from mendwatch.model.alerts import Alert, AlertState, Transition
from mendwatch.model.rules import SOURCE_SAMPLES, NoData, Rule

START = datetime(2030, 1, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)
_ANSWER = st.sampled_from([True, False, None])
#: (seconds since the last, what was seen)
_MOMENTS = st.lists(
    st.tuples(st.integers(0, 400), st.builds(Sight, _ANSWER, _ANSWER, st.sampled_from(["", "", "", "Down"]))), max_size=40
)
_SECONDS = st.integers(0, 600)
_STALE = st.integers(1, 600)

Moments = list[tuple[int, Sight]]


def rule(hold: int, keep: int, no_data: NoData) -> Rule:
    return Rule(
        "Full",
        "g",
        "quota",
        "",
        None,
        (),
        ("cluster",),
        hold * SECOND,
        keep * SECOND,
        None,
        no_data,
        SOURCE_SAMPLES,
        (),
        {},
        {},
        None,
        "",
    )


_RULES = st.builds(rule, _SECONDS, _SECONDS, st.sampled_from(NoData))


def lived(of: Rule, moments: Moments, stale: int) -> list[tuple[datetime, Sight, Alert, Transition | None]]:
    """Live through moments; an inactive alert is forgotten, as the store forgets it."""
    now, alert = START, blank(START)
    lives = []
    for gap, sight in moments:
        now += gap * SECOND
        alert, transition = advance(of, sight, alert, now, stale * SECOND)
        lives.append((now, sight, alert, transition))
        if alert.state is AlertState.INACTIVE:
            alert = blank(alert.last_seen)
    return lives


def blank(last_seen: datetime) -> Alert:
    return Alert("f", "Full", "lab", {}, {}, AlertState.INACTIVE, last_seen, {}, {})


@given(of=_RULES, moments=_MOMENTS, stale=_STALE)
def test_every_transition_is_in_the_table_and_agrees_with_the_states(of: Rule, moments: Moments, stale: int) -> None:
    before = AlertState.INACTIVE
    for _, _, alert, transition in lived(of, moments, stale):
        assert (transition is None) == (alert.state is before)
        if transition is not None:
            assert alert.state in states.TRANSITIONS[before]
            assert transition.before is before
            assert transition.alert == alert
            assert transition.reason
        before = alert.state


@given(of=_RULES, moments=_MOMENTS, stale=_STALE)
def test_nothing_fires_before_it_has_held_for_as_long_as_for_says(of: Rule, moments: Moments, stale: int) -> None:
    lives = lived(of, moments, stale)
    for index, (now, _, alert, transition) in enumerate(lives):
        if transition is None or alert.state is not AlertState.FIRING or transition.before is AlertState.NO_DATA:
            continue
        assert alert.active_since is not None
        assert now - alert.active_since >= of.hold
        within = [sight for at, sight, _, _ in lives[: index + 1] if at > alert.active_since]
        assert not any(sight.when is False for sight in within)


@given(of=_RULES, moments=_MOMENTS, stale=_STALE)
def test_for_never_counts_over_a_silence(of: Rule, moments: Moments, stale: int) -> None:
    if of.no_data is not NoData.KEEP:
        return
    lives = lived(of, moments, stale)
    for now, _, alert, transition in lives:
        if transition is not None and alert.state is AlertState.FIRING and transition.before is AlertState.PENDING:
            assert alert.active_since is not None
            answered = [at for at, sight, _, _ in lives if sight.when is not None and alert.active_since <= at <= now]
            assert all(later - earlier < stale * SECOND for earlier, later in pairwise(answered))


@given(hold=_SECONDS, keep=_SECONDS, moments=_MOMENTS, stale=_STALE)
def test_with_keep_nothing_ends_but_by_a_measurement(hold: int, keep: int, moments: Moments, stale: int) -> None:
    for _, sight, alert, transition in lived(rule(hold, keep, NoData.KEEP), moments, stale):
        if transition is not None and alert.state is AlertState.INACTIVE:
            assert sight.when is False
            if alert.fired_at is not None:
                assert sight.clear is True


@given(hold=_SECONDS, keep=_SECONDS, moments=_MOMENTS, stale=_STALE)
def test_with_keep_silence_alone_never_fires(hold: int, keep: int, moments: Moments, stale: int) -> None:
    for _, sight, alert, transition in lived(rule(hold, keep, NoData.KEEP), moments, stale):
        if transition is not None and alert.state is AlertState.FIRING:
            assert sight.when is not None


@given(of=_RULES, moments=_MOMENTS, stale=_STALE)
def test_what_is_inhibited_does_not_begin_to_fire(of: Rule, moments: Moments, stale: int) -> None:
    for _, sight, alert, transition in lived(of, moments, stale):
        if transition is not None and alert.state is AlertState.FIRING and transition.before is not AlertState.NO_DATA:
            assert not sight.inhibitor


@given(of=_RULES, moments=_MOMENTS, stale=_STALE)
def test_nothing_fires_on_before_keep_firing_for_is_over(of: Rule, moments: Moments, stale: int) -> None:
    for now, _, alert, transition in lived(of, moments, stale):
        if transition is not None and alert.state is AlertState.INACTIVE and alert.fired_at is not None:
            assert alert.cleared_since is not None
            assert now - alert.cleared_since >= of.keep_firing_for
