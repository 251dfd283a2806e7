"""What stands on the page about a target and its collectors, whatever the provider."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from mendwatch.metrics import health
from mendwatch.metrics.families import Families
from mendwatch.metrics.health import CollectorHealth
from mendwatch.model.samples import MetricSpec, Sample
from mendwatch.model.targets import Target

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
GOOD = CollectorHealth("quotas", success=True, duration=0.25, last_success=NOW, series=7, budget=10)


def values(*collectors: CollectorHealth, up: bool | None) -> dict[str, float]:
    return {":".join((sample.metric, *sample.labels)): sample.value for sample in health.samples("ps", collectors, up=up)}


def test_a_success_gives_up_success_duration_and_its_time() -> None:
    assert values(GOOD, up=True) == {
        "ps_up": 1,
        "ps_collector_success:quotas": 1,
        "ps_collector_duration_seconds:quotas": 0.25,
        "ps_collector_last_success_timestamp_seconds:quotas": NOW.timestamp(),
        "ps_collector_series:quotas": 7,
        "ps_collector_budget_series:quotas": 10,
        "ps_collector_state:quotas:ok": 1,
    }


def test_a_failure_keeps_the_time_of_the_last_success() -> None:
    before = NOW - timedelta(hours=1)
    got = values(CollectorHealth("quotas", success=False, duration=10.0, last_success=before), up=False)
    assert (got["ps_up"], got["ps_collector_success:quotas"]) == (0, 0)
    assert got["ps_collector_last_success_timestamp_seconds:quotas"] == before.timestamp()


def test_a_collector_that_never_succeeded_has_no_time_of_success() -> None:
    got = values(CollectorHealth("quotas", success=False, duration=1.0, last_success=None), up=True)
    assert "ps_collector_last_success_timestamp_seconds:quotas" not in got


@pytest.mark.parametrize(
    ("state", "told"),
    [("denied", "denied"), ("unsupported", "unsupported"), ("over_budget", "over_budget"), ("bad_answer", "failing")],
)
def test_a_collector_that_cannot_read_says_why_in_one_state(state: str, told: str) -> None:
    got = values(CollectorHealth("quotas", success=False, duration=1.0, last_success=None, state=state), up=True)

    assert [name for name in got if "_state:" in name] == [f"ps_collector_state:quotas:{told}"]


def test_what_a_release_does_not_have_is_no_failure_of_its_collector() -> None:
    got = values(CollectorHealth("quotas", success=False, duration=1.0, last_success=None, state="unsupported"), up=True)

    assert "ps_collector_success:quotas" not in got


def test_a_target_of_which_nothing_is_known_is_neither_up_nor_down() -> None:
    assert values(up=None) == {}


def test_every_sample_is_declared_with_its_labels() -> None:
    declared: dict[str, MetricSpec] = {spec.name: spec for spec in health.specs("ps")}
    given = health.samples("ps", [GOOD], up=True)
    assert {sample.metric for sample in given} == declared.keys()
    assert all(len(sample.labels) == len(declared[sample.metric].labels) for sample in given)


def test_a_failed_poll_changes_health_and_leaves_the_data_as_they_were() -> None:
    families, target = Families(), Target("t", "onefs", "x")
    families.declare("cluster", (*health.specs("ps"), MetricSpec("ps_load", "Load.")))
    families.publish(target, "cluster", "statistics", [Sample("ps_load", 7.0)], now=0, lifetime=90)
    failed = CollectorHealth("statistics", success=False, duration=10.0, last_success=None)
    families.publish(target, "cluster", health.SOURCE, health.samples("ps", [failed], up=False), now=30, lifetime=90)
    assert b'ps_load{cluster="t"} 7.0' in families.render(60)
    assert b'ps_up{cluster="t"} 0.0' in families.render(60)
    assert b"ps_load" not in families.render(91)
