"""What is remembered of one number over a while, and what the window functions say of it. Pure; times are epoch seconds.

A window holds at most MOST points, however long it is and however often the number is measured. Measured more often, the points
of one MOST-th of the window become one, which keeps what the function asks for: the sum and the count for avg_over, the lowest
for min_over, the highest for max_over, every gain of a counter for rate, every change for changes, and the newest for all others.
So these five are exact but for the edge of the window; quantile_over, deriv and predict_linear see one point of each part.

The functions mean what they do in Prometheus, with one difference: rate and delta are over the time between the first point and the
last, and are not extrapolated to the edges of the window.
"""

from __future__ import annotations

import math
from array import array
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import mul, ne

#: Points of one window.
MOST = 120
_TWO = 2


@dataclass(frozen=True, slots=True)
class Feed:
    """What must be remembered of one field: for so many seconds, in one of the ways of `way`. For 0 seconds: only when it was."""

    field: str
    seconds: float
    way: str


def way(function: str) -> str:
    """Give the way in which a function wants its points to be kept; functions with one way share their points."""
    return function if function in _KEEPING else "newest"


class Trail:
    """The newest points of one number, oldest first."""

    __slots__ = ("_base", "_keep", "_last", "counts", "seconds", "times", "values")

    def __init__(self, seconds: float, way: str) -> None:
        self.seconds = seconds
        self.times = array("d")
        self.values = array("d")
        self.counts = array("d")  # of avg_over: how many numbers one point stands for
        self._keep = _KEEPING.get(way, Trail._newest)
        self._last = math.nan  # the number as it came
        self._base = 0.0  # of rate: what a counter had reached before it began anew; of changes: how many there were

    def __len__(self) -> int:
        """How many points there are."""
        return len(self.times)

    def add(self, time: float, value: float) -> None:
        """Take a number. What was measured no later than the newest is the same measurement, and says nothing new.

        Where it is older by more than the window, the clock was set back, and the window begins anew.
        """
        if self.times and time <= self.times[-1]:
            if self.times[-1] - time <= self.seconds:
                return
            self._forget(len(self.times))
        part = self.seconds / MOST
        self._keep(self, value, bool(self.times) and time // part == self.times[-1] // part)
        if len(self.times) == len(self.values):
            self.times[-1] = time
        else:
            self.times.append(time)
        if self.times[0] <= time - self.seconds:
            self._forget(bisect_right(self.times, time - self.seconds))
        self._last = value

    def reaches(self, now: float) -> bool:
        """Tell whether any point is still within the window."""
        return bool(self.times) and self.times[-1] > now - self.seconds

    def value(self, function: str, parameter: float, now: float, stale_after: float) -> float:
        """Give what a function says, NaN where it cannot: too few points, or the newest is too old."""
        times = self.times
        if not times or now - times[-1] >= stale_after:
            return math.nan
        first = bisect_right(times, now - self.seconds)
        return _FUNCTIONS[function](self, first, parameter, now)

    def _forget(self, count: int) -> None:
        del self.times[:count], self.values[:count], self.counts[:count]

    def _newest(self, value: float, same: bool) -> None:  # noqa: FBT001 - whether it falls into the part of the newest point
        if same:
            self.values[-1] = value
        else:
            self.values.append(value)

    def _lowest(self, value: float, same: bool) -> None:  # noqa: FBT001 - as above
        self._newest(min(value, self.values[-1]) if same else value, same)

    def _highest(self, value: float, same: bool) -> None:  # noqa: FBT001 - as above
        self._newest(max(value, self.values[-1]) if same else value, same)

    def _sums(self, value: float, same: bool) -> None:  # noqa: FBT001 - as above
        self._newest(self.values[-1] + value if same else value, same)
        if same:
            self.counts[-1] += 1.0
        else:
            self.counts.append(1.0)

    def _gains(self, value: float, same: bool) -> None:  # noqa: FBT001 - as above
        if value < self._last:  # a counter that is lower than before began anew, at zero
            self._base += self._last
        self._newest(self._base + value, same)

    def _changes(self, value: float, same: bool) -> None:  # noqa: FBT001 - as above
        if ne(value, self._last) and self.times:
            self._base += 1.0
        self._newest(self._base, same)


_KEEPING: Mapping[str, Callable[[Trail, float, bool], None]] = {
    "min_over": Trail._lowest,  # noqa: SLF001 - the ways are the class's own
    "max_over": Trail._highest,  # noqa: SLF001 - as above
    "avg_over": Trail._sums,  # noqa: SLF001 - as above
    "rate": Trail._gains,  # noqa: SLF001 - as above
    "changes": Trail._changes,  # noqa: SLF001 - as above
}


class Marks:
    """When a number was last measured, and last read. `met` is when its record was first seen."""

    __slots__ = ("measured", "met", "read")

    def __init__(self, met: float) -> None:
        self.met = met
        self.read = math.nan
        self.measured = math.nan

    def value(self, function: str, now: float) -> float:
        """Give the seconds since it was measured (`age`), or since it was last there (`absent_for`)."""
        if function == "age":
            return now - self.measured
        return now - (self.met if math.isnan(self.read) else self.read)


def _rate(trail: Trail, first: int, _: float, __: float) -> float:
    times, values = trail.times, trail.values
    return (values[-1] - values[first]) / (times[-1] - times[first]) if len(times) - first >= _TWO else math.nan


def _delta(trail: Trail, first: int, _: float, __: float) -> float:
    return trail.values[-1] - trail.values[first] if len(trail.values) - first >= _TWO else math.nan


def _changed(trail: Trail, first: int, _: float, __: float) -> float:
    return trail.values[-1] - trail.values[first] if len(trail.values) > first else math.nan


def _average(trail: Trail, first: int, _: float, __: float) -> float:
    return sum(trail.values[first:]) / sum(trail.counts[first:]) if len(trail.values) > first else math.nan


def _minimum(trail: Trail, first: int, _: float, __: float) -> float:
    return min(trail.values[first:], default=math.nan)


def _maximum(trail: Trail, first: int, _: float, __: float) -> float:
    return max(trail.values[first:], default=math.nan)


def _last(trail: Trail, first: int, _: float, __: float) -> float:
    return trail.values[-1] if len(trail.values) > first else math.nan


def _quantile(trail: Trail, first: int, share: float, _: float) -> float:
    """Interpolate between the two nearest of the ordered points, as Prometheus does."""
    ordered = sorted(trail.values[first:])
    if not ordered:
        return math.nan
    place = share * (len(ordered) - 1)
    below = min(int(place), max(0, len(ordered) - 2))
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def _slope(trail: Trail, first: int, _: float, now: float) -> float:
    return _line(trail.times[first:], trail.values[first:], now)[1]


def _ahead(trail: Trail, first: int, seconds: float, now: float) -> float:
    at_now, slope = _line(trail.times[first:], trail.values[first:], now)
    return at_now + slope * seconds


def _line(times: Sequence[float], values: Sequence[float], now: float) -> tuple[float, float]:
    """Give the line of least squares: its height now, and its slope per second."""
    count = len(times)
    if count < _TWO:
        return math.nan, math.nan
    middle, level = math.fsum(times) / count, math.fsum(values) / count
    apart = [time - middle for time in times]
    slope = sum(map(mul, apart, [value - level for value in values])) / sum(map(mul, apart, apart))
    return level + slope * (now - middle), slope


_FUNCTIONS: Mapping[str, Callable[[Trail, int, float, float], float]] = {
    "rate": _rate,
    "delta": _delta,
    "deriv": _slope,
    "avg_over": _average,
    "min_over": _minimum,
    "max_over": _maximum,
    "quantile_over": _quantile,
    "changes": _changed,
    "last": _last,
    "predict_linear": _ahead,
}
