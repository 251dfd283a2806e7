"""Does a maintenance window hold: on any day, in any zone, also in the nights in which the clocks change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mendwatch.alerting import maintenance
from mendwatch.alerting.maintenance import Times, Window, holds
from mendwatch.config.maintenance import MaintenanceSettings
from mendwatch.errors import ContentError

ZURICH = ZoneInfo("Europe/Zurich")
#: In 2030, summer time begins there on 31 March at 02:00 and ends on 27 October at 03:00.
SPRING, AUTUMN = datetime(2030, 3, 31, tzinfo=UTC), datetime(2030, 10, 27, tzinfo=UTC)


def window(*times: Times, zone: ZoneInfo = ZURICH, start: datetime | None = None, end: datetime | None = None) -> Window:
    return Window("w", ("a=b",), zone, "why", start=start, end=end, times=times)


def minutes_held(of: Window, day: datetime) -> int:
    """Count the minutes of a window within 24 hours."""
    return sum(holds(of, day + timedelta(minutes=minute)) for minute in range(24 * 60))


@pytest.mark.parametrize(
    ("times", "moment", "expected"),
    [
        (Times(minutes=((22 * 60, 24 * 60),)), "2030-01-01T22:00", True),
        (Times(minutes=((22 * 60, 24 * 60),)), "2030-01-01T21:59:59.999", False),
        (Times(minutes=((22 * 60, 24 * 60),)), "2030-01-02T00:00", False),
        (Times(minutes=((60, 120), (180, 240))), "2030-01-01T03:30", True),
        (Times(weekdays=((5, 6),)), "2030-01-05T12:00", True),
        (Times(weekdays=((5, 6),)), "2030-01-07T00:00", False),
        (Times(days=((-1, -1),)), "2030-02-28T12:00", True),
        (Times(days=((-1, -1),)), "2032-02-28T12:00", False),
        (Times(days=((-1, -1),)), "2032-02-29T12:00", True),
        (Times(days=((29, 31),)), "2030-02-28T12:00", False),
        (Times(days=((28, -1),)), "2030-01-31T12:00", True),
        (Times(months=((3, 4),)), "2030-03-31T23:59", True),
        (Times(years=((2031, 2031),)), "2030-12-31T23:59", False),
        (Times(weekdays=((1, 1),), months=((2, 2),)), "2030-01-01T12:00", False),
    ],
)
def test_each_list_must_have_the_moment(times: Times, moment: str, *, expected: bool) -> None:
    assert holds(window(times), datetime.fromisoformat(moment).replace(tzinfo=ZURICH)) is expected


def test_any_of_several_intervals_is_enough() -> None:
    either = window(Times(weekdays=((0, 0),)), Times(days=((15, 15),)))

    assert holds(either, datetime(2030, 1, 7, 12, tzinfo=UTC))
    assert holds(either, datetime(2030, 1, 15, 12, tzinfo=UTC))
    assert not holds(either, datetime(2030, 1, 16, 12, tzinfo=UTC))


def test_a_window_by_the_clock_is_as_long_as_the_night_makes_it() -> None:
    night = window(Times(minutes=((60, 240),)))

    assert minutes_held(night, datetime(2030, 6, 1, tzinfo=ZURICH).astimezone(UTC)) == 180
    assert minutes_held(night, SPRING - timedelta(hours=3)) == 120  # from 01:00 to 04:00, without the hour from 02:00
    assert minutes_held(night, AUTUMN - timedelta(hours=3)) == 240  # and with that hour twice


def test_a_time_that_a_night_does_not_have_brings_no_window_and_one_that_it_has_twice_brings_it_twice() -> None:
    half = window(Times(minutes=((150, 180),)))

    assert minutes_held(half, SPRING - timedelta(hours=1)) == 0
    assert minutes_held(half, AUTUMN - timedelta(hours=3)) == 60


def test_one_that_comes_once_is_never_shorter_than_what_was_meant() -> None:
    once = window(start=datetime(2030, 10, 27, 2, 30), end=datetime(2030, 10, 27, 2, 45))  # noqa: DTZ001 - as it is written

    assert not holds(once, datetime(2030, 10, 27, 0, 29, tzinfo=UTC))
    assert holds(once, datetime(2030, 10, 27, 0, 30, tzinfo=UTC))  # the first 02:30
    assert holds(once, datetime(2030, 10, 27, 1, 44, tzinfo=UTC))  # up to the second 02:45
    assert not holds(once, datetime(2030, 10, 27, 1, 45, tzinfo=UTC))


def test_a_time_with_a_zone_of_its_own_is_taken_at_its_word() -> None:
    once = window(start=datetime(2030, 1, 1, tzinfo=UTC), end=datetime(2030, 1, 1, 3))  # noqa: DTZ001 - as it is written

    assert holds(once, datetime(2030, 1, 1, 1, 59, tzinfo=UTC))
    assert not holds(once, datetime(2030, 1, 1, 2, tzinfo=UTC))


def test_times_can_be_limited_to_a_season() -> None:
    season = window(Times(minutes=((0, 60),)), start=datetime(2030, 6, 1, tzinfo=UTC))

    assert not holds(season, datetime(2030, 5, 31, 22, 30, tzinfo=UTC) - timedelta(days=1))
    assert holds(season, datetime(2030, 6, 1, 22, 30, tzinfo=UTC))


@given(
    now=st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - bounds have none
    zone=st.sampled_from(["Europe/Zurich", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"]),
    first=st.integers(0, 1439),
)
def test_a_window_and_the_rest_of_the_day_share_every_moment(now: datetime, zone: str, first: int) -> None:
    one, other = Times(minutes=((first, 1440),)), Times(minutes=((0, first),))

    assert holds(window(one, zone=ZoneInfo(zone)), now) != holds(window(other, zone=ZoneInfo(zone)), now)


def test_windows_are_made_of_settings_and_a_matcher_that_is_none_is_refused() -> None:
    words = {"name": "patch", "comment": "why", "time_intervals": [{"weekdays": ["saturday"]}]}

    (made,) = maintenance.of_settings([MaintenanceSettings.model_validate({**words, "matchers": ["a=b"]})])
    assert holds(made, datetime(2030, 1, 5, 12, tzinfo=UTC))
    with pytest.raises(ContentError, match=r"maintenance 'patch': .* no matcher"):
        maintenance.of_settings([MaintenanceSettings.model_validate({**words, "matchers": ["a ~ b"]})])
