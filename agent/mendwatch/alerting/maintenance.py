"""Maintenance windows: does one hold at a moment. Pure, and right over changes of summer time.

A weekly window is wall-clock time: 22:00 to 24:00 is that on every day, however long the day is. An hour that a night does not
have brings no window, and one that it has twice brings it twice. The words are those of Alertmanager's time intervals.
"""

from __future__ import annotations

import calendar
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from mendwatch.alerting import matchers
from mendwatch.config import intervals
from mendwatch.config.intervals import Range
from mendwatch.config.maintenance import MaintenanceSettings, TimeIntervalSettings
from mendwatch.errors import ContentError


@dataclass(frozen=True, slots=True)
class Times:
    """One time interval: each list that is not empty must have the moment.

    `minutes` count from midnight, the end excluded; `weekdays` from Monday, 0; `days` of the month from 1, or from its end, -1.
    """

    minutes: tuple[Range, ...] = ()
    weekdays: tuple[Range, ...] = ()
    days: tuple[Range, ...] = ()
    months: tuple[Range, ...] = ()
    years: tuple[Range, ...] = ()


@dataclass(frozen=True, slots=True)
class Window:
    """One maintenance window: once from `start` to `end`, or whenever one of `times` is, by the clock of `zone`."""

    name: str
    matchers: tuple[str, ...]
    zone: ZoneInfo
    comment: str
    author: str = ""
    start: datetime | None = None
    end: datetime | None = None
    times: tuple[Times, ...] = ()


def of_settings(settings: Iterable[MaintenanceSettings]) -> tuple[Window, ...]:
    """Make windows of what is configured.

    Raises:
        ContentError: a matcher cannot be read.
    """
    return tuple(map(_of_setting, settings))


def holds(window: Window, now: datetime) -> bool:
    """Tell whether a window holds now."""
    if window.start is not None and now < moment(window.start, window.zone, last=False):
        return False
    if window.end is not None and now >= moment(window.end, window.zone, last=True):
        return False
    local = now.astimezone(window.zone)
    return not window.times or any(_within(times, local) for times in window.times)


def moment(written: datetime, zone: ZoneInfo, *, last: bool) -> datetime:
    """Give the moment that is meant by a time as it was written, in UTC: one without a zone is a time of the window's.

    One that the clock shows twice is taken as the first, or as the `last`, so that a window is never shorter than what was meant.
    """
    if written.tzinfo is not None:
        return written.astimezone(UTC)
    return written.replace(tzinfo=zone, fold=int(last)).astimezone(UTC)


def _of_setting(setting: MaintenanceSettings) -> Window:
    for text in setting.matchers:
        try:
            matchers.parse(text)
        except ContentError as problem:
            raise ContentError(f"maintenance {setting.name!r}: {problem}", hint=problem.hint) from problem
    return Window(
        setting.name,
        tuple(setting.matchers),
        ZoneInfo(setting.zone),
        setting.comment,
        author=setting.author,
        start=setting.start,
        end=setting.end,
        times=tuple(_times(interval) for interval in setting.time_intervals),
    )


def _times(interval: TimeIntervalSettings) -> Times:
    return Times(
        minutes=tuple((intervals.minute(part.start_time), intervals.minute(part.end_time)) for part in interval.times),
        weekdays=tuple(map(intervals.weekdays, interval.weekdays)),
        days=tuple(map(intervals.days, interval.days_of_month)),
        months=tuple(map(intervals.months, interval.months)),
        years=tuple(map(intervals.years, interval.years)),
    )


def _within(times: Times, local: datetime) -> bool:
    minute = local.hour * 60 + local.minute
    days = calendar.monthrange(local.year, local.month)[1]
    return (
        (not times.minutes or any(first <= minute < end for first, end in times.minutes))
        and _among(times.weekdays, local.weekday())
        and _among(tuple(_counted(span, days) for span in times.days), local.day)
        and _among(times.months, local.month)
        and _among(times.years, local.year)
    )


def _among(ranges: Collection[Range], value: int) -> bool:
    return not ranges or any(first <= value <= last for first, last in ranges)


def _counted(span: Range, days: int) -> Range:
    """Count days of the month from its beginning; what is beyond the month's end is its last day, as in Alertmanager."""
    first, last = (day if day > 0 else days + 1 + day for day in span)
    return max(1, first), min(days, last)
