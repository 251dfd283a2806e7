"""How a target and its collectors stand, as records: also of those that cannot be read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from mendwatch import errors
from mendwatch.alerting import core_schemas, schemas
from mendwatch.metrics import health
from mendwatch.metrics.health import CollectorHealth
from mendwatch.model.samples import Reading
from mendwatch.model.targets import Target
from mendwatch.polling.outcomes import PollOutcome
from mendwatch.polling.standby import Ending
from mendwatch.provider import CollectorSpec
from mendwatch.service.standing import Standings
from mendwatch.testing.collectors import ScriptedProvider

NOW = datetime(2030, 1, 1, tzinfo=UTC)
PROVIDER = ScriptedProvider((), name="storage", metric_prefix="store")
SPEC = CollectorSpec("pools", 30.0, 10.0, ())


def outcome(after: float = 0, target: str = "lab") -> PollOutcome:
    problem = errors.Unreachable("no answer")
    at = NOW + timedelta(seconds=after)
    return PollOutcome(Target(target, "storage", ""), PROVIDER, SPEC, None, problem, Ending.UNREACHABLE, at, 0.1)


def found(reading: Reading) -> dict[str, float]:
    return {".".join((one.metric, *one.labels)): one.value for one in reading.samples}


def test_a_target_that_does_not_answer_has_a_record_too() -> None:
    polled = CollectorHealth("pools", success=False, duration=10.0, last_success=None, state="unreachable")

    assert found(Standings().reading(outcome(), polled, up=False)) == {
        "store_up": 0.0,
        "store_collector_success.pools": 0.0,
        "store_collector_failing.pools": 1.0,
        "store_collector_denied.pools": 0.0,
        "store_collector_unsupported.pools": 0.0,
        "store_collector_over_budget.pools": 0.0,
    }


def test_a_target_that_was_not_asked_is_neither_up_nor_down() -> None:
    polled = CollectorHealth("pools", success=True, duration=0.1, last_success=NOW, series=9, budget=10)
    values = found(Standings().reading(outcome(), polled, up=None))

    assert "store_up" not in values
    assert (values["store_collector_series.pools"], values["store_collector_budget_series.pools"]) == (9.0, 10.0)


@pytest.mark.parametrize("state", core_schemas.STATES)
def test_the_state_of_a_collector_is_one_of_its_fields(state: str) -> None:
    polled = CollectorHealth("pools", success=False, duration=0.1, last_success=NOW, state=state)
    values = found(Standings().reading(outcome(), polled, up=True))

    assert [values[f"store_collector_{one}.pools"] for one in core_schemas.STATES] == [
        float(one == state) for one in core_schemas.STATES
    ]
    assert ("store_collector_success.pools" in values) is (state != health.UNSUPPORTED)


def test_a_target_is_as_old_as_the_newest_success_of_any_of_its_collectors() -> None:
    standings = Standings()
    standings.reading(outcome(), CollectorHealth("pools", success=True, duration=0.1, last_success=NOW), up=True)
    before = NOW - timedelta(seconds=40)
    other = CollectorHealth("nodes", success=False, duration=0.1, last_success=before, state="unreachable")
    values = found(standings.reading(outcome(after=20), other, up=True))

    assert values["store_last_success_age_seconds"] == 20.0
    assert values["store_collector_last_success_age_seconds.nodes"] == 60.0
    assert "store_last_success_age_seconds" not in found(
        standings.reading(outcome(target="new"), CollectorHealth("pools", success=False, duration=0.1, last_success=None), up=None)
    )


def test_rules_can_name_the_records_of_every_provider() -> None:
    known = schemas.of_providers([PROVIDER])

    assert set(known) == {"storage_target", "storage_collector"}
    assert known["storage_target"].labels == ("target",)
    assert known["storage_collector"].labels == ("target", "collector")
    assert set(known["storage_collector"].schema.fields) == {
        "success",
        "failing",
        "denied",
        "unsupported",
        "over_budget",
        "last_success_age_seconds",
        "series",
        "budget",
    }
