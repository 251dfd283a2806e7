"""The clocks of an alert, as people ask for them: since when, and how much is left. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from mendwatch.alerting.explaining.nouns import ClockState
from mendwatch.alerting.subjects import Subject
from mendwatch.config.durations import format_duration
from mendwatch.model.alerts import Alert, AlertState


def clocks(subject: Subject, now: datetime) -> tuple[ClockState, ...]:
    """Give every clock that runs for a subject."""
    alert = subject.alert
    own = tuple(_of_alert(subject, alert, now)) if alert is not None else ()
    seen = alert.last_seen if alert is not None else subject.answered
    return (*own, _clock("stale_after", seen, now, subject.stale_after, "without an answer it becomes no_data"))


def _of_alert(subject: Subject, alert: Alert, now: datetime) -> Iterator[ClockState]:
    rule = subject.compiled.rule
    if alert.state is AlertState.PENDING and alert.active_since is not None:
        yield _clock("for", alert.active_since, now, rule.hold, "the condition holds; it fires with the next reading after that")
    if alert.fired_at is not None:
        yield _clock("firing", alert.fired_at, now, None, "it fires")
    if alert.cleared_since is not None and alert.state in {AlertState.FIRING, AlertState.RESOLVING}:
        yield _clock("keep_firing_for", alert.cleared_since, now, rule.keep_firing_for, "it is clear; it is over after that")
    if alert.flapping_since is not None:
        last = max((*alert.changes, alert.flapping_since))
        words = f"it flaps since {alert.flapping_since:%Y-%m-%d %H:%M:%SZ}; it is calm after that"
        yield _clock("flap", last, now, rule.flap.window, words)


def _clock(name: str, since: datetime, now: datetime, length: timedelta | None, words: str) -> ClockState:
    passed = max(timedelta(0), now - since)
    left = None if length is None else max(0.0, (length - passed).total_seconds())
    text = words if length is None else f"{span(passed)} of {span(length)}; {words}"
    return ClockState(name, since, passed.total_seconds(), left, text)


def span(length: timedelta) -> str:
    """Write a span in whole seconds."""
    return format_duration(timedelta(seconds=round(length.total_seconds())))
