"""What follows when a subject is gone: its alert ends, and says why. Pure.

A collector that reads all there is says so (`Reading.complete`). What such a reading lacks is not merely silent: it is no more.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from mendwatch.alerting.steps import Step, transitioned
from mendwatch.model.alerts import Alert, AlertState, Transition
from mendwatch.model.changing import changed

GONE = "it is gone: a complete reading does not have it any more"


def gone(alert: Alert, now: datetime) -> Transition:
    """End the alert of a subject that is no more. `now` is when everything was read, and it was not there."""
    return ended(alert, now, GONE)


def ended(alert: Alert, now: datetime, reason: str) -> Transition:
    """End an alert for another reason than its condition."""
    fired = alert.fired_at is not None
    over = changed(
        alert,
        state=AlertState.INACTIVE,
        active_since=alert.active_since if fired else None,
        cleared_since=(alert.cleared_since or now) if fired else None,
        resolved_at=now if fired else None,
        changes=(),  # what comes under its name later is another one
        flapping_since=None,
    )
    return Transition(alert.state, over, now, reason)


def step(transitions: Iterable[Transition]) -> Step:
    """Give what follows of such ends; of what was inactive before there is nothing to tell."""
    listed = tuple(transitions)
    told = tuple(one for one in listed if one.before is not AlertState.INACTIVE)
    decisions = tuple(transitioned(one) for one in told)
    return Step(told, alerts=tuple(one.alert for one in listed), decisions=decisions)
