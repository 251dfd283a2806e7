"""The kernel's time of day, and whether somebody set it: the only module of this provider that asks the machine.

The kernel stamps received packets with CLOCK_REALTIME, so the sending side must be read from the same clock; the agent's
Clock gives no nanoseconds of it. That clock can be stepped, so it is held against the monotonic one.
"""

from __future__ import annotations

import time
from typing import Protocol

#: Nanoseconds that the two clocks may drift apart between two looks, beside a thousandth of the time between them.
TOLERANCE = 1_000_000


class Stamps(Protocol):
    """The two clocks, in nanoseconds."""

    def real(self) -> int:
        """Give the time of day as the kernel stamps it."""
        ...

    def steady(self) -> int:
        """Give a time that nobody sets."""
        ...


class SystemStamps:
    """The machine's own clocks. Static, because they are read for every packet."""

    real = staticmethod(time.time_ns)
    steady = staticmethod(time.monotonic_ns)


class StepGuard:
    """Tells whether the time of day was set since it was last asked."""

    def __init__(self, stamps: Stamps) -> None:
        self._stamps = stamps
        self._low, self._high, self._at = self._look()

    def stepped(self) -> bool:
        """Look again. Being suspended between the two readings widens the window and is no step."""
        low, high, at = self._look()
        allowed = TOLERANCE + (at - self._at) // 1000
        stepped = low > self._high + allowed or high < self._low - allowed
        self._low, self._high, self._at = low, high, at
        return stepped

    def _look(self) -> tuple[int, int, int]:
        before = self._stamps.steady()
        real = self._stamps.real()
        after = self._stamps.steady()
        return real - after, real - before, after
