"""What flaps: an alert that is raised and over again and again. It is held until it is calm, and nothing is mended meanwhile. Pure.

A change is a moment at which an alert began or ceased to be raised. While it flaps it is not over any more, so that each moment
counts at which it would have been: without that it would be calm one window later, however wildly it goes on.
"""

from __future__ import annotations

from datetime import datetime

from mendwatch.model.alerts import Alert, AlertState
from mendwatch.model.changing import changed
from mendwatch.model.rules import Flap


def is_raised(alert: Alert) -> bool:
    """Tell whether somebody was told of this alert and not yet that it is over."""
    if alert.state is AlertState.NO_DATA:
        return alert.fired_at is not None
    return alert.state in {AlertState.FIRING, AlertState.RESOLVING}


def held(flap: Flap, alert: Alert, now: datetime) -> Alert | None:
    """Give an alert that would be over now as it goes on, because it flaps or would with this; None where it may be over."""
    if alert.flapping_since is not None:
        return alert
    changes = _newest(flap, (*alert.changes, now), now)
    return changed(alert, changes=changes, flapping_since=now) if _too_many(flap, changes) else None


def counted(flap: Flap, before: Alert, after: Alert, now: datetime) -> Alert:
    """Give the alert with its new change, if there is one; with it, it may begin to flap."""
    if is_raised(before) == is_raised(after) and not _would_have_changed(before, after):
        return after
    changes = _newest(flap, (*before.changes, now), now)
    flaps = is_raised(after) and _too_many(flap, changes)
    return changed(after, changes=changes, flapping_since=after.flapping_since or (now if flaps else None))


def calmed(flap: Flap, alert: Alert, now: datetime) -> Alert:
    """Give the alert without what is past: an alert is calm when nothing changed for a whole window."""
    if not alert.changes and alert.flapping_since is None:
        return alert
    last = max((*alert.changes, alert.flapping_since or alert.changes[-1]))
    return changed(alert, changes=(), flapping_since=None) if now - last >= flap.window else alert


def _would_have_changed(before: Alert, after: Alert) -> bool:
    """Tell whether an alert that flaps would have begun or ceased to be raised."""
    ways = {(AlertState.FIRING, AlertState.RESOLVING), (AlertState.RESOLVING, AlertState.FIRING)}
    return before.flapping_since is not None and (before.state, after.state) in ways


def _too_many(flap: Flap, changes: tuple[datetime, ...]) -> bool:
    return len(changes) >= flap.changes


def _newest(flap: Flap, changes: tuple[datetime, ...], now: datetime) -> tuple[datetime, ...]:
    return tuple(moment for moment in changes if now - moment < flap.window)[-flap.changes :]
