"""What a query of the history gives: a summary per series, small enough for a model to read and exact about what was left out.

Pure arithmetic. Every number is finite or None, because JSON has no NaN.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

Point = tuple[float, float]  # Unix time, value


@dataclass(frozen=True, slots=True)
class SeriesSummary:
    """One series in the window. `slope_per_hour` is the least-squares line's, None below two moments.

    `max_at` is the first moment of the maximum: a spike between two points of a chart still has its time.
    """

    metric: str
    labels: Mapping[str, str]
    count: int
    first_at: datetime
    last_at: datetime
    min: float
    mean: float
    max: float
    max_at: datetime
    last: float
    slope_per_hour: float | None


@dataclass(frozen=True, slots=True)
class Answer:
    """The series found, those with the largest maximum first. `hint` says what to try where nothing was found.

    `held_since` is from when on all sources of the selected series are held, None where no series is selected: where it
    is later than `start`, the window before it was not looked at, or only in part.
    """

    selector: str
    start: datetime
    end: datetime
    series: tuple[SeriesSummary, ...]
    series_total: int
    hint: str | None = None
    held_since: datetime | None = None

    @property
    def shown(self) -> int:
        """How many series are in this answer."""
        return len(self.series)

    @property
    def truncated(self) -> bool:
        """Whether more were found than are shown."""
        return self.shown < self.series_total


def summarize(metric: str, labels: Mapping[str, str], points: Sequence[Point]) -> SeriesSummary:
    """Summarize at least one point; values must be finite."""
    values = [value for _, value in points]
    top_at, top = max(points, key=lambda point: point[1])
    return SeriesSummary(
        metric=metric,
        labels=labels,
        count=len(points),
        first_at=_moment(points[0][0]),
        last_at=_moment(points[-1][0]),
        min=min(values),
        mean=_mean(values),
        max=top,
        max_at=_moment(top_at),
        last=values[-1],
        slope_per_hour=slope_per_hour(points),
    )


def _mean(values: Sequence[float]) -> float:
    try:
        return math.fsum(value / len(values) for value in values)
    except OverflowError:  # the largest floats, whose shares may sum up to more than a float holds by the last digit
        half = math.fsum(value / len(values) / 2 for value in values)
        return min(max(half * 2, min(values)), max(values))


def slope_per_hour(points: Sequence[Point]) -> float | None:
    """Give the slope of the least-squares line, or None where there is none that a float can hold."""
    if len(points) < 2:  # noqa: PLR2004 - two points make a line
        return None
    origin = points[0][0]
    hours = [(at - origin) / 3600 for at, _ in points]
    middle = math.fsum(hours) / len(hours)
    spread = math.fsum((hour - middle) ** 2 for hour in hours)
    if spread == 0:
        return None
    base = points[0][1]
    try:
        rise = math.fsum((hour - middle) * (value - base) for hour, (_, value) in zip(hours, points, strict=True))
    except (OverflowError, ValueError):
        return None
    slope = rise / spread
    return slope if math.isfinite(slope) else None


def _moment(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)
