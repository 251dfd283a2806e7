"""When a poll is due: pure arithmetic, the same after every restart and on every machine.

Each (target, collector) has its own fixed phase within the interval, from a hash of its name, so that a thousand targets
do not start together. There is no jitter: APScheduler's adds up and stretches the mean interval.
"""

from __future__ import annotations

import hashlib
import math
from datetime import datetime, timedelta

#: Seconds after the start of the agent within which every collector was asked once; longer where there are very many.
FIRST_LOOKS = 5.0
#: First looks a second over all targets: a fleet must not cost a whole core, nor be met by all its polls at once.
FIRST_LOOKS_RATE = 100.0


def phase(target: str, collector: str, interval: float) -> float:
    """Give the seconds after each multiple of `interval` (counted from 1970) at which this collector is due; below `interval`."""
    digest = hashlib.sha256(f"{target}\0{collector}".encode()).digest()
    return int.from_bytes(digest[:6]) / 2**48 * interval


def first_due(now: datetime, interval: float, offset: float) -> datetime:
    """Give the first moment after `now` that lies on the phase; never more than one interval away."""
    behind = (now.timestamp() - offset) % interval
    return now + timedelta(seconds=interval - behind)


def first_looks(polls: int) -> float:
    """Give the seconds over which the first looks of so many collectors are spread."""
    return max(FIRST_LOOKS, polls / FIRST_LOOKS_RATE)


def first_look(now: datetime, interval: float, target: str, collector: str, window: float = FIRST_LOOKS) -> datetime | None:
    """Give the moment of one poll before the first on the phase, or None where that comes soon enough.

    A restart of the agent must not leave a slow collector's series and alerts without data for a whole interval. These
    polls are spread too, by the same hash, over `window` seconds.
    """
    if interval <= FIRST_LOOKS:
        return None
    early = now + timedelta(seconds=phase(target, collector, window))
    return early if early < first_due(now, interval, phase(target, collector, interval)) else None


def grace(interval: float) -> int:
    """Give the whole seconds by which a poll may be late and still be made: one interval, and then the next one replaces it."""
    return max(1, math.ceil(interval))
