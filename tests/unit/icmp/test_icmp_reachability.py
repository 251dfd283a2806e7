"""From tallies to columns and samples: silence is a finding, and what is not known is absent."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mendwatch.model.samples import Layout, Reading
from mendwatch_icmp.addresses import Endpoint
from mendwatch_icmp.asking import Answers
from mendwatch_icmp.ledger import Tally
from mendwatch_icmp.losses import Loss
from mendwatch_icmp.reachability import COLUMNS, METRICS, SCHEMA, losses_of, machine_of, reading_of, row_for, row_of
from mendwatch_icmp.wire import Address

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
HOST = Endpoint("192.0.2.1", "gateway")
KNOWN: dict[str, Address | None] = {HOST.address: (HOST.address, 0)}


def _tally(*times: float, wanted: int = 4, answered: int | None = None) -> Tally:
    tally = Tally()
    tally.wanted, tally.answered, tally.times = wanted, len(times) if answered is None else answered, list(times)
    return tally


def _reading(endpoints: Sequence[Endpoint], known: Mapping[str, Address | None], answers: Answers) -> Reading:
    layouts = [Layout((spec.name, one.labels) for one in endpoints) for spec in COLUMNS]
    rows = [row_for(one, known, answers, is_name=one is not HOST) for one in endpoints]
    lost = [sample for one in endpoints for sample in losses_of(one, known, answers, NOW)]
    return reading_of(layouts, rows, [*machine_of(answers, NOW), *lost])


def _read(tally: Tally | None) -> dict[str, float]:
    reading = _reading([HOST], KNOWN, Answers({} if tally is None else {HOST.address: tally}))
    assert {sample.labels[:2] for sample in reading.each()} <= {("192.0.2.1", "gateway")}
    return {sample.metric: sample.value for sample in reading.each()}


def test_a_host_that_answers_gives_loss_times_and_jitter() -> None:
    assert _read(_tally(0.010, 0.012, 0.011)) == {
        "icmp_reachable": 1.0,
        "icmp_loss_ratio": 0.25,
        "icmp_rtt_min_seconds": 0.010,
        "icmp_rtt_avg_seconds": pytest.approx(0.011),
        "icmp_rtt_max_seconds": 0.012,
        "icmp_rtt_p95_seconds": 0.012,
        "icmp_jitter_seconds": pytest.approx(0.0015),
    }


def test_a_dead_host_is_data_without_a_round_trip_time() -> None:
    assert _read(_tally()) == {"icmp_reachable": 0.0, "icmp_loss_ratio": 1.0}


def test_a_single_reply_has_no_jitter() -> None:
    assert "icmp_jitter_seconds" not in _read(_tally(0.010))


def test_equal_times_have_a_true_jitter_of_0() -> None:
    assert _read(_tally(0.5, 0.5))["icmp_jitter_seconds"] == 0.0


def test_a_reply_whose_time_is_not_known_is_a_reply_and_no_time() -> None:
    assert _read(_tally(wanted=1, answered=1)) == {"icmp_reachable": 1.0, "icmp_loss_ratio": 0.0}


def test_what_was_never_asked_is_unknown_and_not_lost() -> None:
    assert _read(None) == {}
    unsent = _tally(wanted=0)
    unsent.lost[Loss.NOT_SENT] = 3
    assert _read(unsent) == {"icmp_lost_requests": 3.0}


def test_the_95th_of_100_times_is_the_95_percentile() -> None:
    assert row_of(_tally(*(n / 1000 for n in range(100, 0, -1)), wanted=100))[5] == 0.095


@given(st.lists(st.floats(1e-9, 30), min_size=1, max_size=50), st.integers(0, 10))
def test_times_stand_in_order_and_loss_is_a_ratio(times: list[float], lost: int) -> None:
    reachable, loss, low, average, high, mostly, jitter = row_of(_tally(*times, wanted=len(times) + lost))
    assert reachable == 1
    assert 0 <= loss < 1
    assert 0 < low <= mostly <= high
    assert low <= average * (1 + 1e-9)
    assert average <= high * (1 + 1e-9)
    assert math.isnan(jitter) == (len(times) == 1)


def _three() -> Reading:
    named, gone, later = Endpoint("name", "name"), Endpoint("gone", "gone"), Endpoint("later", "later")
    every = [HOST, named, gone, later]
    known: dict[str, Address | None] = {HOST.address: ("192.0.2.1", 0), "name": ("192.0.2.1", 0), "gone": None}
    return _reading(every, known, Answers({"192.0.2.1": _tally(0.001)}))


def test_a_name_that_does_not_resolve_is_a_finding_for_that_name_alone() -> None:
    values = {(sample.metric, sample.labels[0]): sample.value for sample in _three().each()}
    assert values["icmp_reachable", "name"] == 1.0
    assert values["icmp_name_resolved", "name"] == 1.0
    assert {metric: value for (metric, address), value in values.items() if address == "gone"} == {
        "icmp_reachable": 0.0,
        "icmp_name_resolved": 0.0,
    }
    assert ("icmp_name_resolved", HOST.address) not in values


def test_a_name_whose_turn_did_not_come_is_unknown_and_the_reading_incomplete() -> None:
    reading = _three()
    assert [sample for sample in reading.each() if sample.labels[0] == "later"] == []
    assert reading.complete == frozenset()
    assert _reading([HOST], {HOST.address: None}, Answers()).complete == {"reachability"}


def test_unavailable_is_a_metric_and_never_a_loss_of_0() -> None:
    answers = Answers(available={"ipv4": False})
    reading = _reading([HOST], KNOWN, answers)
    assert [(sample.metric, sample.value, sample.labels) for sample in reading.each()] == [("icmp_available", 0.0, ("ipv4",))]


def test_absent_values_are_counted() -> None:
    columns = _three().columns
    assert [one.absent for one in columns] == [sum(map(math.isnan, one.values)) for one in columns]
    assert sum(one.absent for one in columns) > 0


def test_losses_are_told_by_reason_and_address() -> None:
    tally = _tally(wanted=3)
    tally.lost = {Loss.TIMEOUT: 1, Loss.PROHIBITED: 2}
    reading = _reading([HOST], KNOWN, Answers({HOST.address: tally}))
    assert {(sample.labels, sample.value) for sample in reading.samples} == {
        (("192.0.2.1", "gateway", "timeout"), 1.0),
        (("192.0.2.1", "gateway", "prohibited"), 2.0),
    }


def test_every_value_of_an_address_is_in_the_schema_that_rules_name() -> None:
    assert SCHEMA.name == "reachability"
    assert set(SCHEMA.fields.values()) == {spec.name for spec in COLUMNS}
    assert {spec.labels for spec in COLUMNS} == {SCHEMA.labels}
    assert SCHEMA.fields["loss_ratio"] == "icmp_loss_ratio"
    assert set(COLUMNS) < set(METRICS)
