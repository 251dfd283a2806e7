"""Laws of the state machine, tried on any sequence of sights."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from mendwatch.alerting import flaps, states
from mendwatch.alerting.states import Sight, advance
from mendwatch.model.alerts import Alert, AlertState, Transition
from mendwatch.model.rules import SOURCE_SAMPLES, Flap, NoData, Rule

START = datetime(2030, 1, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)
_ANSWER = st.sampled_from([True, False, None])
#: (seconds since the last, what was seen)
_MOMENTS = st.lists(
    st.tuples(st.integers(0, 400), st.builds(Sight, _ANSWER, _ANSWER, st.sampled_from(["", "", "", "Down"]))), max_size=40
)
_SECONDS = st.integers(0, 600)
_STALE = st.integers(1, 600)

#: Those from which an alert may come back to firing without beginning to.
_RAISED = frozenset({AlertState.NO_DATA, AlertState.RESOLVING})

Moments = list[tuple[int, Sight]]


USUAL = Flap()


def rule(hold: int, keep: int, no_data: NoData, flap: Flap = USUAL) -> Rule:
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
        flap=flap,
    )


#: Such as never flap, and such as do so easily.
_FLAPS = st.sampled_from([Flap(), Flap(2, 500 * SECOND), Flap(3, 900 * SECOND)])
_RULES = st.builds(rule, _SECONDS, _SECONDS, st.sampled_from(NoData), _FLAPS)
_RESTLESS = st.builds(rule, st.just(0), st.integers(0, 100), st.sampled_from(NoData), _FLAPS)


def lived(of: Rule, moments: Moments, stale: int) -> list[tuple[datetime, Sight, Alert, Transition | None]]:
    """Live through moments; an inactive alert is forgotten but for its changes, as the store forgets it."""
    now, alert = START, blank(START)
    lives = []
    for gap, sight in moments:
        now += gap * SECOND
        alert, transition = advance(of, sight, alert, now, stale * SECOND)
        lives.append((now, sight, alert, transition))
        if alert.state is AlertState.INACTIVE:
            alert = replace(blank(alert.last_seen), changes=alert.changes)
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
        if transition is None or alert.state is not AlertState.FIRING or transition.before in _RAISED:
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
        if transition is not None and alert.state is AlertState.FIRING and transition.before not in _RAISED:
            assert not sight.inhibitor


@given(of=_RULES, moments=_MOMENTS, stale=_STALE)
def test_nothing_fires_on_before_keep_firing_for_is_over(of: Rule, moments: Moments, stale: int) -> None:
    for now, _, alert, transition in lived(of, moments, stale):
        if transition is not None and alert.state is AlertState.INACTIVE and alert.fired_at is not None:
            assert alert.cleared_since is not None
            assert now - alert.cleared_since >= of.keep_firing_for


@given(of=_RULES, moments=_MOMENTS, stale=_STALE)
def test_an_alert_that_resolves_is_clear_and_one_that_fires_is_not(of: Rule, moments: Moments, stale: int) -> None:
    for _, _, alert, _ in lived(of, moments, stale):
        assert (alert.state is AlertState.RESOLVING) <= (alert.cleared_since is not None)
        assert (alert.state is AlertState.FIRING) <= (alert.cleared_since is None)


@given(of=_RESTLESS, moments=_MOMENTS, stale=_STALE)
def test_what_flaps_is_not_over_before_it_was_calm_for_a_window(of: Rule, moments: Moments, stale: int) -> None:
    flapping, last = False, START
    for now, _, alert, transition in lived(of, moments, stale):
        if flapping and transition is not None and alert.state is AlertState.INACTIVE:
            assert now - last >= of.flap.window
        flapping = alert.flapping_since is not None
        last = max(alert.changes, default=last)
        assert not flapping or (now - last < of.flap.window and alert.state is not AlertState.INACTIVE)


@given(of=_RESTLESS, moments=_MOMENTS, stale=_STALE)
def test_in_no_window_an_alert_is_raised_and_over_more_often_than_flap_allows(of: Rule, moments: Moments, stale: int) -> None:
    before, changed = False, []
    for now, _, alert, _ in lived(of, moments, stale):
        if flaps.is_raised(alert) != before:
            before = not before
            changed.append(now)
    for first, last in zip(changed, changed[of.flap.changes :], strict=False):
        assert last - first >= of.flap.window
