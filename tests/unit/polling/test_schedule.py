"""Phases: fixed, spread, and never more than one interval away."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from mendwatch.polling import schedule
from mendwatch.testing.clock import NOON

intervals = st.floats(min_value=0.5, max_value=86400)
names = st.text(min_size=1, max_size=20)


@given(names, names, intervals)
def test_a_phase_lies_within_the_interval_and_never_changes(target: str, collector: str, interval: float) -> None:
    phase = schedule.phase(target, collector, interval)

    assert 0 <= phase < interval
    assert phase == schedule.phase(target, collector, interval)


@given(intervals, st.floats(min_value=0, max_value=86400))
def test_the_first_poll_is_at_most_one_interval_away(interval: float, since_noon: float) -> None:
    now = NOON + timedelta(seconds=since_noon)

    due = schedule.first_due(now, interval, schedule.phase("a", "b", interval))

    assert timedelta(0) <= due - now <= timedelta(seconds=interval + 0.001)


def test_a_restart_keeps_the_phase() -> None:
    phase = schedule.phase("cluster", "quotas", 30)
    first = schedule.first_due(NOON, 30, phase)
    again = schedule.first_due(NOON + timedelta(seconds=1234.5), 30, phase)

    assert (again - first).total_seconds() % 30 in {0.0, 30.0}


def test_a_thousand_targets_are_spread_over_the_interval() -> None:
    tenths = [0] * 10
    for number in range(1000):
        tenths[int(schedule.phase(f"cluster-{number}", "statistics", 30) / 3)] += 1

    assert all(60 <= count <= 140 for count in tenths)


def test_a_separator_in_a_name_makes_no_two_jobs_one() -> None:
    assert schedule.phase("ab", "c", 30) != schedule.phase("a", "bc", 30)


@given(intervals, names, names)
def test_every_collector_is_asked_once_soon_after_the_start(interval: float, target: str, collector: str) -> None:
    early = schedule.first_look(NOON, interval, target, collector)
    first = early or schedule.first_due(NOON, interval, schedule.phase(target, collector, interval))

    assert timedelta(0) <= first - NOON <= timedelta(seconds=schedule.FIRST_LOOKS + 0.001)


def test_the_first_looks_are_spread() -> None:
    looks = [schedule.first_look(NOON, 3600, f"cluster-{number}", "quotas") for number in range(100)]

    assert len({look for look in looks if look}) > 90


def test_the_collectors_of_one_target_do_not_start_together() -> None:
    phases = sorted(schedule.phase("cluster", f"collector-{number}", 60.0) for number in range(25))

    assert len({int(phase) for phase in phases}) >= 18
    assert max(len([one for one in phases if start <= one < start + 1]) for start in range(60)) <= 3


def test_the_first_looks_of_a_fleet_are_made_at_a_bounded_rate() -> None:
    window = schedule.first_looks(50 * 25)
    looks = [
        schedule.first_look(NOON, 3600, f"cluster-{target}", f"collector-{number}", window)
        for target in range(50)
        for number in range(25)
    ]
    second = [sum(1 for look in looks if look and start <= (look - NOON).total_seconds() < start + 1) for start in range(13)]

    assert schedule.first_looks(25) == schedule.FIRST_LOOKS
    assert window == 12.5
    assert max(second) <= 1.4 * schedule.FIRST_LOOKS_RATE


def test_a_late_poll_is_made_within_one_interval() -> None:
    assert schedule.grace(30) == 30
    assert schedule.grace(0.2) == 1
