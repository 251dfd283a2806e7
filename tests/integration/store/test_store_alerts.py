"""States of alerts come back as they were, clocks and all."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from mendwatch.errors import StoreError
from mendwatch.model.alerts import Alert, AlertState
from mendwatch.store.interface import Store
from mendwatch.store.sql import SqlStore

SEEN = datetime(2026, 1, 15, 12, 0, 0, 123_457, tzinfo=UTC)
ALERT = Alert(
    fingerprint="a1",
    rule="PowerScaleQuotaNearlyFull",
    target="prod-1",
    key={"cluster": "prod-1", "path": "/ifs/\ud800"},
    labels={"severity": "warning"},
    state=AlertState.FIRING,
    last_seen=SEEN,
    annotations={"summary": "{{ nothing executes }}"},
    values={"usage_bytes": 950.5, "hard_limit_bytes": 1e300},
    active_since=SEEN - timedelta(minutes=5),
    fired_at=SEEN - timedelta(microseconds=1),
)


async def test_an_alert_comes_back_with_all_its_clocks(store: Store) -> None:
    await store.alerts.save([ALERT])

    (loaded,) = await store.alerts.load()
    assert loaded == ALERT
    assert loaded.last_seen.utcoffset() == timedelta(0)


async def test_the_last_word_on_an_alert_counts(store: Store) -> None:
    later = replace(ALERT, state=AlertState.NO_DATA, cleared_since=SEEN)

    await store.alerts.save([ALERT, replace(ALERT, fingerprint="a0")])
    await store.alerts.save([ALERT, later])

    assert await store.alerts.load() == [replace(ALERT, fingerprint="a0"), later]


async def test_an_inactive_alert_is_dropped(store: Store) -> None:
    await store.alerts.save([ALERT])

    await store.alerts.save([replace(ALERT, state=AlertState.INACTIVE), replace(ALERT, fingerprint="b", state=AlertState.INACTIVE)])

    assert await store.alerts.load() == []


async def test_saving_nothing_does_nothing(store: Store) -> None:
    await store.alerts.save([])

    assert await store.alerts.load() == []


async def test_values_that_are_no_finite_numbers_come_back(store: Store) -> None:
    await store.alerts.save([replace(ALERT, values={"a": math.inf, "b": -math.inf, "c": math.nan})])

    values = (await store.alerts.load())[0].values
    assert (values["a"], values["b"], math.isnan(values["c"])) == (math.inf, -math.inf, True)


async def test_a_time_in_another_zone_is_the_same_moment_in_utc(store: Store) -> None:
    await store.alerts.save([replace(ALERT, last_seen=SEEN.astimezone(timezone(timedelta(hours=5))))])

    assert (await store.alerts.load())[0].last_seen == SEEN


async def test_three_thousand_alerts_are_kept_in_one_go(store: Store) -> None:
    many = [replace(ALERT, fingerprint=f"{number:04}") for number in range(3_000)]
    await store.alerts.save(many)

    assert len(await store.alerts.load()) == 3_000


async def test_a_time_without_a_zone_is_an_error(sql: SqlStore) -> None:
    with pytest.raises(StoreError, match="has no time zone"):
        await sql.alerts.save([replace(ALERT, last_seen=datetime(2026, 1, 1))])  # noqa: DTZ001 - that is the fault

    assert await sql.alerts.load() == []
