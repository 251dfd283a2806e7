"""Maintenance windows as a person writes them: the words of Alertmanager's time intervals, and what is refused with a hint."""

from __future__ import annotations

from pathlib import Path

import pytest

from mendwatch.config import intervals, loading
from mendwatch.config.settings import Settings
from mendwatch.errors import ConfigurationError

WINDOW = "maintenance:\n- {name: patch, matchers: [cluster=lab], comment: why, %s}\n"


def load(tmp_path: Path, text: str) -> Settings:
    path = tmp_path / "mendwatch.yaml"
    path.write_text(text, "utf-8")
    return loading.load(path)


def test_a_window_can_be_written_in_alertmanagers_words(tmp_path: Path) -> None:
    words = (
        "times: [{start_time: '22:00', end_time: '24:00'}], weekdays: ['monday:friday', sunday], days_of_month: [1, '-7:-1'], "
        "months: ['january:march', '12'], years: [2030, '2031:2032']"
    )
    (window,) = load(tmp_path, WINDOW % f"zone: Europe/Zurich, author: ann, time_intervals: [{{{words}}}]").maintenance

    (interval,) = window.time_intervals
    assert [intervals.minute(part.end_time) for part in interval.times] == [1440]
    assert list(map(intervals.weekdays, interval.weekdays)) == [(0, 4), (6, 6)]
    assert list(map(intervals.days, interval.days_of_month)) == [(1, 1), (-7, -1)]
    assert list(map(intervals.months, interval.months)) == [(1, 3), (12, 12)]
    assert list(map(intervals.years, interval.years)) == [(2030, 2030), (2031, 2032)]


def test_a_window_can_come_once(tmp_path: Path) -> None:
    (window,) = load(tmp_path, WINDOW % "start: 2030-01-31T22:00, end: 2030-02-01 02:00:00").maintenance

    assert (window.start is not None, window.end is not None, window.zone) == (True, True, "UTC")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("author: ann", "it does not say when"),
        ("start: 2030-01-02T00:00, end: 2030-01-01T00:00", "it ends before it begins"),
        ("zone: Europe/Atlantis, start: 2030-01-02T00:00", "no time zone 'Europe/Atlantis'"),
        ("zone: ../etc, start: 2030-01-02T00:00", "no time zone"),
        ("time_intervals: [{times: [{start_time: '22:00', end_time: '02:00'}]}]", "A window over midnight is two"),
        ("time_intervals: [{times: [{start_time: 1320, end_time: '24:00'}]}]", "expected text"),
        ("time_intervals: [{times: [{start_time: '24:01', end_time: '24:30'}]}]", "no time of day"),
        ("time_intervals: [{times: [{start_time: '9:00', end_time: '24:00'}]}]", "no time of day"),
        ("time_intervals: [{weekdays: [mon]}]", "Write 'saturday'"),
        ("time_intervals: [{weekdays: ['friday:monday']}]", "Write two ranges"),
        ("time_intervals: [{days_of_month: ['0']}]", "no days of a month"),
        ("time_intervals: [{days_of_month: ['-1:5']}]", "no days of a month"),
        ("time_intervals: [{days_of_month: ['7:1']}]", "no days of a month"),
        ("time_intervals: [{months: ['13']}]", "Write 'january'"),
        ("time_intervals: [{years: [now]}]", "Write '2030'"),
        ("time_intervals: [{location: UTC}]", "unknown key 'location'"),
    ],
)
def test_what_cannot_be_meant_is_refused_where_it_stands(tmp_path: Path, words: str, told: str) -> None:
    with pytest.raises(ConfigurationError) as problem:
        load(tmp_path, WINDOW % words)

    assert told in str(problem.value) + str(problem.value.hint)
    assert "mendwatch.yaml:2:" in str(problem.value)


def test_two_windows_have_two_names(tmp_path: Path) -> None:
    line = "- {name: patch, matchers: [a=b], comment: why, start: 2030-01-31T22:00}\n"

    with pytest.raises(ConfigurationError, match="two maintenance windows"):
        load(tmp_path, f"maintenance:\n{line}{line}")
