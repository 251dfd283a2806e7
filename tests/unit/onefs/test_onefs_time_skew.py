"""From cluster/time to skews: the round trip, the whole seconds, nodes that differ."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from simulated import series

from mendwatch_onefs.time_skew import NodeTime, Times, Trip, reading_of

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
EPOCH = int(NOW.timestamp())


def _found(*nodes: NodeTime, seconds: float = 0.0) -> dict[str, float]:
    reading = reading_of(Times(list(nodes)), Trip(NOW, seconds), NOW)
    return {metric.removeprefix("powerscale_") + "".join(labels): value for (metric, labels), value in series(reading).items()}


def test_a_clock_is_compared_with_the_middle_of_the_round_trip() -> None:
    found = _found(NodeTime(1, time=EPOCH), NodeTime(2, time=EPOCH + 5), seconds=1.0)
    assert found["node_time_skew_seconds1"] == pytest.approx(0.0)
    assert found["node_time_skew_seconds2"] == pytest.approx(5.0)
    assert found["time_spread_seconds"] == 5
    assert found["time_uncertainty_seconds"] == 1.0


@pytest.mark.parametrize("ahead", [-3600.0, -0.4, 0.0, 0.4, 0.99, 7.3])
@pytest.mark.parametrize("seconds", [0.0, 0.2, 4.0])
def test_the_true_skew_is_within_the_uncertainty_wherever_in_the_trip_the_node_looked_at_its_clock(
    ahead: float, seconds: float
) -> None:
    for share in (0.0, 0.5, 1.0):
        told = int(NOW.timestamp() + share * seconds + ahead)
        found = _found(NodeTime(1, time=told), seconds=seconds)
        assert abs(found["node_time_skew_seconds1"] - ahead) <= found["time_uncertainty_seconds"] + 1e-6


def test_a_node_that_is_down_has_no_skew_and_does_not_widen_the_spread() -> None:
    found = _found(NodeTime(1, time=EPOCH), NodeTime(2, error="down", status=503), NodeTime(3, time=EPOCH + 1))
    assert set(found) == {"node_time_skew_seconds1", "node_time_skew_seconds3", "time_spread_seconds", "time_uncertainty_seconds"}


@pytest.mark.parametrize("time", ["soon", -1, 12, []])
def test_a_time_that_makes_no_sense_takes_the_spread_away(time: object) -> None:
    found = _found(NodeTime(1, time=EPOCH), NodeTime(2, time=time))
    assert set(found) == {"node_time_skew_seconds1", "time_uncertainty_seconds"}


def test_nothing_told_is_nothing_given() -> None:
    assert _found(NodeTime(1)) == {}
