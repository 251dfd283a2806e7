"""What follows when a subject is gone: its alert ends, and says why. Pure.

A collector that reads all there is says so (`Reading.complete`). What such a reading lacks is not merely silent: it is no more.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from mendwatch.model.alerts import Alert, AlertState, Transition


def gone(alert: Alert, now: datetime) -> Transition:
    """End the alert of a subject that is no more. `now` is when everything was read, and it was not there."""
    fired = alert.fired_at is not None
    over = replace(
        alert,
        state=AlertState.INACTIVE,
        active_since=alert.active_since if fired else None,
        cleared_since=(alert.cleared_since or now) if fired else None,
        resolved_at=now if fired else None,
    )
    return Transition(alert.state, over, now, "it is gone: a complete reading does not have it any more")
