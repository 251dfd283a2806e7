"""From license/licenses to samples: perpetual ones, dates of the cluster's own time zone, trials."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from mendwatch_onefs.cluster_zone import local, zone_named
from mendwatch_onefs.decoding import decode
from mendwatch_onefs.drift import Drift
from mendwatch_onefs.licences import LicencePage, samples_of

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
DAY = 86_400
BERLIN = ZoneInfo("Europe/Berlin")
PERPETUAL = {"name": "SYNCIQ", "id": "SYNCIQ", "status": "Licensed", "expired_alert": False, "expiring_alert": False, "tiers": []}


def _read(zone: ZoneInfo | None = BERLIN, drift: Drift | None = None, **changes: object) -> dict[str, float]:
    page = decode(json.dumps({"licenses": [{**PERPETUAL, **changes}]}).encode(), LicencePage, "test")
    found = samples_of(page.licenses, zone, NOW, drift or Drift())
    return {sample.metric.removeprefix("powerscale_licence_"): sample.value for sample in found}


def test_a_perpetual_licence_is_active_and_has_no_expiry() -> None:
    found = _read()
    assert found["active"] == 1.0
    assert not {"remaining_seconds", "expiry_timestamp_seconds"} & set(found)


def test_a_licence_ends_with_the_end_of_its_last_day_where_the_cluster_is() -> None:
    berlin = _read(expiration="2026-03-31", days_to_expiry=75)["expiry_timestamp_seconds"]
    assert datetime.fromtimestamp(berlin, UTC) == datetime(2026, 3, 31, 22, tzinfo=UTC), "midnight of summer time"
    tokyo = _read(ZoneInfo("Asia/Tokyo"), expiration="2026-03-31")["expiry_timestamp_seconds"]
    assert datetime.fromtimestamp(tokyo, UTC) == datetime(2026, 3, 31, 15, tzinfo=UTC)


def test_without_a_known_time_zone_a_licence_has_days_left_and_no_moment() -> None:
    found = _read(None, expiration="2026-03-31", days_to_expiry=75)
    assert found["remaining_seconds"] == 75 * DAY
    assert "expiry_timestamp_seconds" not in found


def test_the_last_day_itself_has_0_days_left_and_is_not_over() -> None:
    assert _read(expiration="2026-01-15", days_to_expiry=0)["remaining_seconds"] == 0.0


def test_an_expired_licence_is_not_active_and_its_time_is_negative() -> None:
    found = _read(status="Expired", expiration="2026-01-05", days_since_expiry=10, expired_alert=True)
    assert (found["active"], found["remaining_seconds"], found["expired_alert"]) == (0.0, -10.0 * DAY, 1.0)


@pytest.mark.parametrize(
    ("status", "active", "evaluation"),
    [("Licensed", 1, 0), ("Evaluation", 1, 1), ("Evaluation Expired", 0, 1), ("Expired", 0, 0), ("Unlicensed", 0, 0)],
)
def test_every_status_tells_whether_the_feature_may_be_used_and_whether_it_is_a_trial(
    status: str, active: int, evaluation: int
) -> None:
    found = _read(status=status)
    assert (found["active"], found["evaluation"]) == (active, evaluation)


def test_a_status_that_nobody_knows_is_counted_and_not_taken_for_active_or_expired() -> None:
    drift = Drift()
    found = _read(drift=drift, status="Subscription")
    assert not {"active", "evaluation"} & set(found)
    assert drift.counts == {"license/licenses: status": 1}


@pytest.mark.parametrize("date", ["soon", "2026-13-01", 20_260_331, [], "9999-12-31T00:00", True])
def test_a_date_that_is_none_gives_no_moment_and_is_counted(date: object) -> None:
    drift = Drift()
    assert "expiry_timestamp_seconds" not in _read(drift=drift, expiration=date)
    assert drift.counts == {"license/licenses: expiration": 1}


def test_a_licence_that_both_expires_and_has_expired_has_no_time() -> None:
    assert "remaining_seconds" not in _read(days_to_expiry=5, days_since_expiry=5)


def test_entitlements_that_are_exceeded_are_counted_over_all_tiers() -> None:
    assert (
        _read(tiers=[{"entitlements_exceeded_alerts": [{}, {}]}, {"entitlements_exceeded_alerts": [{}]}, {}])[
            "entitlements_exceeded"
        ]
        == 3.0
    )
    assert "entitlements_exceeded" not in _read(tiers=None)
    assert "entitlements_exceeded" not in _read(tiers=["odd"])


@pytest.mark.parametrize("path", ["", "/etc", "../../etc/passwd", "Nowhere/Land", "Europe", None, 5, "x\x00y"])
def test_a_zone_that_this_machine_does_not_know_is_none(path: object) -> None:
    assert zone_named(path) is None


def test_a_local_time_needs_the_zone_and_one_with_an_offset_does_not() -> None:
    assert local("2026-01-15 13:00:00", BERLIN) == NOW
    assert local("2026-01-15 13:00:00", None) is None
    assert local("2026-01-15T12:00:00+00:00", None) == NOW
    assert local("yesterday", BERLIN) is None
