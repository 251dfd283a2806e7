"""Maintenance windows as they are configured: once, or again and again by the clock of a zone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from mendwatch.config import intervals
from mendwatch.config.wording import HintedError


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _checked(read: Callable[[str], object]) -> AfterValidator:
    """Refuse a text that cannot be read, and leave it as it is."""

    def check(text: str) -> str:
        read(text)
        return text

    return AfterValidator(check)


def _zone(name: str) -> object:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as problem:  # unknown; no name at all; the name of a folder
        raise HintedError(f"there is no time zone {name!r}", "Write it like Europe/Zurich or UTC.") from problem


def _texts(value: object) -> object:
    """Take numbers for their texts: `years: [2030]` is what a person writes."""
    return [str(one) if type(one) is int else one for one in value] if isinstance(value, list) else value


_Numbers = BeforeValidator(_texts)


class TimeOfDaySettings(_Strict):
    """A part of a day."""

    start_time: Annotated[str, _checked(intervals.minute)] = Field(description="When it begins, such as `'22:00'`.")
    end_time: Annotated[str, _checked(intervals.minute)] = Field(description="When it ends, such as `'24:00'`, the day's end.")

    @model_validator(mode="after")
    def _it_has_a_length(self) -> Self:
        if intervals.minute(self.start_time) >= intervals.minute(self.end_time):
            hint = "A window over midnight is two: one up to '24:00', and one from '00:00' on the days after."
            raise HintedError(f"it ends at {self.end_time}, before it begins", hint)
        return self


class TimeIntervalSettings(_Strict):
    """One of Alertmanager's time intervals: each list that is there must have the moment."""

    times: list[TimeOfDaySettings] = Field(default_factory=list, description="Parts of the day; all of it if absent.")
    weekdays: list[Annotated[str, _checked(intervals.weekdays)]] = Field(
        default_factory=list, description="Days of the week: `saturday`, `monday:friday`."
    )
    days_of_month: Annotated[list[Annotated[str, _checked(intervals.days)]], _Numbers] = Field(
        default_factory=list, description="Days of the month: `'1'`, `'1:7'`; from its end `'-1'`."
    )
    months: Annotated[list[Annotated[str, _checked(intervals.months)]], _Numbers] = Field(
        default_factory=list, description="Months: `december`, `'1:3'`."
    )
    years: Annotated[list[Annotated[str, _checked(intervals.years)]], _Numbers] = Field(
        default_factory=list, description="Years: `'2030'`, `'2030:2032'`."
    )


class MaintenanceSettings(_Strict):
    """One maintenance window: while it holds, the alerts that it matches call nobody and mend nothing."""

    name: str = Field(min_length=1, description="What it is called; it stands in the journal.")
    matchers: list[str] = Field(
        min_length=1,
        description="Alertmanager's matchers, all of which must match an alert's labels (`alertname`: the rule).",
    )
    comment: str = Field(min_length=1, description="Why: for those who wonder later.")
    author: str = Field(default="", description="Who wanted it.")
    zone: Annotated[str, _checked(_zone)] = Field(default="UTC", description="Time zone of what follows, such as `Europe/Zurich`.")
    start: datetime | None = Field(default=None, description="When it begins, such as `2030-01-31T22:00`: for one that comes once.")
    end: datetime | None = Field(default=None, description="When it ends.")
    time_intervals: list[TimeIntervalSettings] = Field(
        default_factory=list, description="When it comes again and again, in Alertmanager's words: any of these."
    )

    @model_validator(mode="after")
    def _it_has_a_time(self) -> Self:
        if self.start is None and self.end is None and not self.time_intervals:
            hint = "Give `start` and `end`, or `time_intervals`. What is always silent is better a rule less."
            raise HintedError("it does not say when", hint)
        if self.start is not None and self.end is not None:
            known = self.start.tzinfo is not None, self.end.tzinfo is not None
            if known[0] == known[1] and self.start >= self.end:
                raise HintedError("it ends before it begins", "Give a later `end`.")
        return self
