"""The life of an alert: one pure function from (rule, what was seen, state so far, now) to the next state.

docs/alerts.md draws the diagram; a test holds it against TRANSITIONS. Nothing here knows CEL, records or where alerts are
kept. Time comes in as an argument, and everything that must survive a restart is in the Alert.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from mendwatch.alerting import flaps
from mendwatch.config.durations import format_duration
from mendwatch.model.alerts import Alert, AlertState, Transition
from mendwatch.model.changing import changed
from mendwatch.model.rules import NoData, Rule

_S = AlertState

#: From each state, the states that may follow.
TRANSITIONS: Mapping[AlertState, frozenset[AlertState]] = {
    _S.INACTIVE: frozenset({_S.PENDING, _S.FIRING}),
    _S.PENDING: frozenset({_S.INACTIVE, _S.FIRING, _S.NO_DATA}),
    _S.FIRING: frozenset({_S.RESOLVING, _S.INACTIVE, _S.NO_DATA}),
    _S.RESOLVING: frozenset({_S.FIRING, _S.INACTIVE, _S.NO_DATA}),
    _S.NO_DATA: frozenset({_S.INACTIVE, _S.PENDING, _S.FIRING, _S.RESOLVING}),
}


#: So far ahead of now, a clock was set back. Less is no sign: readings may be judged a little out of order.
SET_BACK = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Sight:
    """What was seen of a subject: the answers of `when` and `clear`, None where there was none.

    `clear` is the opposite of `when` where the rule has none. `inhibitor` names the alert that silences this one, or is empty.
    `told_at` is when the answer was given, where that was not now: others judge the subject, and tell when they like.
    """

    when: bool | None
    clear: bool | None
    inhibitor: str = ""
    told_at: datetime | None = None


#: Nothing was seen: what time alone does.
NOTHING = Sight(None, None)


@dataclass(frozen=True, slots=True)
class _Next:
    alert: Alert
    reason: str


def any_of(answers: Iterable[bool | None]) -> bool | None:
    """Give True if one is True, else None if one is None, else False."""
    seen = set(answers)
    return True if True in seen else None if None in seen else False


def all_of(answers: Iterable[bool | None]) -> bool | None:
    """Give False if one is False, else None if one is None, else True."""
    seen = set(answers)
    return False if False in seen else None if None in seen else True


def advance(rule: Rule, sight: Sight, alert: Alert, now: datetime, stale_after: timedelta) -> tuple[Alert, Transition | None]:
    """Give the alert as it is now, and the transition where its state changed.

    `stale_after` is how long silence counts as a pause; longer, it is no data.
    """
    alert = flaps.calmed(rule.flap, _not_ahead(alert, now), now)
    if _answered(sight, alert):
        broken = now - alert.last_seen >= stale_after
        following = _judge(rule, sight, changed(alert, last_seen=sight.told_at or now), now, broken=broken)
    elif now - alert.last_seen < stale_after:
        return alert, None
    else:
        following = _without_data(rule, sight, alert, now)
    after = flaps.counted(rule.flap, alert, following.alert, now)
    if after.state is alert.state:
        return after, None
    return after, Transition(alert.state, after, now, following.reason)


def _not_ahead(alert: Alert, now: datetime) -> Alert:
    """Give the alert with no clock ahead of now: those of a time that was set back would stand still until it is reached again."""
    if alert.last_seen - now < SET_BACK:
        return alert
    return changed(
        alert,
        last_seen=now,
        active_since=_until(now, alert.active_since),
        cleared_since=_until(now, alert.cleared_since),
        flapping_since=_until(now, alert.flapping_since),
        changes=tuple(min(moment, now) for moment in alert.changes),
    )


def _until(now: datetime, moment: datetime | None) -> datetime | None:
    return None if moment is None else min(moment, now)


def _answered(sight: Sight, alert: Alert) -> bool:
    """Tell whether the question that this state asks has an answer: does it hold, or, once fired, is it over."""
    if alert.fired_at is not None and alert.state is not _S.INACTIVE:
        return sight.when is True or (sight.when is False and sight.clear is not None)
    return sight.when is not None


def _judge(rule: Rule, sight: Sight, alert: Alert, now: datetime, *, broken: bool) -> _Next:
    if broken and alert.state is _S.PENDING:  # `for` wants an unbroken time, and nobody knows what was in the gap
        alert = changed(alert, active_since=None)
    return _STEPS[alert.state](rule, sight, alert, now)


def _without_data(rule: Rule, sight: Sight, alert: Alert, now: datetime) -> _Next:
    silence = f"no data for {format_duration(_rounded(now - alert.last_seen))}"
    if rule.no_data is NoData.KEEP:
        told = alert.state in {_S.PENDING, _S.FIRING, _S.RESOLVING}
        return _Next(changed(alert, state=_S.NO_DATA, cleared_since=None) if told else alert, silence)
    fire = rule.no_data is NoData.FIRE
    following = _STEPS[alert.state](rule, changed(sight, when=fire, clear=not fire), alert, now)
    return changed(following, reason=f"{silence}, which this rule takes for {'trouble' if fire else 'the end'}")


def _from_inactive(rule: Rule, sight: Sight, alert: Alert, now: datetime) -> _Next:
    if not sight.when:
        return _Next(alert, "")
    clocks = (alert.active_since, alert.fired_at, alert.cleared_since, alert.resolved_at)
    if clocks != _NO_CLOCKS:
        alert = changed(alert, active_since=None, fired_at=None, cleared_since=None, resolved_at=None)
    return _rise(rule, sight, alert, now)


def _from_pending(rule: Rule, sight: Sight, alert: Alert, now: datetime) -> _Next:
    if sight.when:
        return _rise(rule, sight, alert, now)
    return _Next(changed(alert, state=_S.INACTIVE, active_since=None), "the condition no longer holds")


def _from_firing(rule: Rule, sight: Sight, alert: Alert, now: datetime) -> _Next:
    """Go on firing, or come to the end: at once, or after a while of being clear."""
    if sight.when or not sight.clear:
        return _Next(changed(alert, state=_S.FIRING, cleared_since=None), _AGAIN[alert.state])
    since = alert.cleared_since or now
    if now - since < rule.keep_firing_for:
        resolving = changed(alert, state=_S.RESOLVING, cleared_since=since)
        return _Next(resolving, f"it is over; resolved after {format_duration(rule.keep_firing_for)} without a break")
    held = flaps.held(rule.flap, alert, now)
    if held is not None:
        return _Next(
            changed(held, state=_S.RESOLVING, cleared_since=since), "it is over; but it flaps, and is resolved when it is calm"
        )
    over = changed(alert, state=_S.INACTIVE, cleared_since=since, resolved_at=now)
    return _Next(over, f"over for {format_duration(_rounded(now - since))}" if now > since else "the condition is over")


def _from_no_data(rule: Rule, sight: Sight, alert: Alert, now: datetime) -> _Next:
    if alert.fired_at is not None:
        return _from_firing(rule, sight, changed(alert, cleared_since=None), now)
    if sight.when:
        return _rise(rule, sight, changed(alert, active_since=None), now)
    return _Next(changed(alert, state=_S.INACTIVE, active_since=None), "data are back, and the condition does not hold")


def _rise(rule: Rule, sight: Sight, alert: Alert, now: datetime) -> _Next:
    """Fire if the condition has held for long enough and nothing silences the rule; else wait."""
    since = alert.active_since or now
    if now - since < rule.hold or sight.inhibitor:
        after = f"it fires after {format_duration(rule.hold)}" if now - since < rule.hold else f"inhibited by {sight.inhibitor}"
        return _Next(changed(alert, state=_S.PENDING, active_since=since), f"the condition holds; {after}")
    held = f"the condition has held for {format_duration(_rounded(now - since))}" if now > since else "the condition holds"
    return _Next(changed(alert, state=_S.FIRING, active_since=since, fired_at=now, cleared_since=None), held)


_NO_CLOCKS = (None, None, None, None)
#: Why it fires (on), by what it was before.
_AGAIN: Mapping[AlertState, str] = {
    _S.FIRING: "it is not over",
    _S.RESOLVING: "it is not over after all",
    _S.NO_DATA: "data are back, and it is not over",
}

_STEPS: Mapping[AlertState, Callable[[Rule, Sight, Alert, datetime], _Next]] = {
    _S.INACTIVE: _from_inactive,
    _S.PENDING: _from_pending,
    _S.FIRING: _from_firing,
    _S.RESOLVING: _from_firing,
    _S.NO_DATA: _from_no_data,
}


def _rounded(span: timedelta) -> timedelta:
    """Give a span in whole seconds, for people; below one second as it is."""
    return timedelta(seconds=round(span.total_seconds())) if span >= timedelta(seconds=1) else span
