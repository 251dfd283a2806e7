"""From echoes to samples: a silent host is a finding with no round-trip time."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mendwatch_icmp.pinger import Echoes
from mendwatch_icmp.reachability import METRICS, SCHEMA, samples_of

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)


def _read(*times: float, wanted: int = 4) -> dict[str, float]:
    return {sample.metric: sample.value for sample in samples_of(Echoes(wanted, times), NOW)}


def test_a_host_that_answers_gives_loss_times_and_jitter() -> None:
    assert _read(0.010, 0.012, 0.011) == {
        "icmp_reachable": 1.0,
        "icmp_loss_ratio": 0.25,
        "icmp_rtt_min_seconds": 0.010,
        "icmp_rtt_avg_seconds": pytest.approx(0.011),
        "icmp_rtt_max_seconds": 0.012,
        "icmp_jitter_seconds": pytest.approx(0.0015),
    }


def test_a_dead_host_is_data_without_a_round_trip_time() -> None:
    assert _read() == {"icmp_reachable": 0.0, "icmp_loss_ratio": 1.0}


def test_a_single_reply_has_no_jitter() -> None:
    assert "icmp_jitter_seconds" not in _read(0.010)


def test_equal_times_have_a_true_jitter_of_0() -> None:
    assert _read(0.5, 0.5)["icmp_jitter_seconds"] == 0.0


def test_a_time_that_went_backwards_is_a_reply_and_no_time() -> None:
    assert _read(-0.5, wanted=1) == {"icmp_reachable": 1.0, "icmp_loss_ratio": 0.0}


@given(st.lists(st.floats(-1, 30), max_size=10), st.integers(0, 10))
def test_times_are_never_0_and_loss_is_a_ratio(times: list[float], lost: int) -> None:
    found = _read(*times, wanted=max(1, len(times) + lost))
    assert 0 <= found["icmp_loss_ratio"] <= 1
    assert all(value > 0 for name, value in found.items() if name.startswith("icmp_rtt"))


def test_every_metric_is_in_the_schema_that_rules_name() -> None:
    assert SCHEMA.name == "reachability"
    assert set(SCHEMA.fields.values()) == {spec.name for spec in METRICS}
    assert SCHEMA.fields["loss_ratio"] == "icmp_loss_ratio"
