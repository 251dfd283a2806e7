"""From snapshots, their schedules and settings to samples: sums of everything, or nothing where one part is not known."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime

import pytest

from mendwatch.model.samples import Sample
from mendwatch_onefs import snapshot_metrics as metrics
from mendwatch_onefs.decoding import decode
from mendwatch_onefs.drift import Drift
from mendwatch_onefs.snapshot_tally import SnapshotPage, SnapshotTally
from mendwatch_onefs.snapshots import SchedulePage, SnapshotsCollector, listed_of, schedules_of, settings_of, summary_of

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
NOON = int(NOW.timestamp())
DAY = 86_400


def _snapshot(**changes: object) -> dict[str, object]:
    base = {"id": 1, "name": "a", "created": NOON - DAY, "expires": NOON + DAY, "has_locks": False, "size": 10, "state": "active"}
    return {**base, "schedule": "daily", "alias": None, "target_id": None, **changes}


def _tally(*pages: list[dict[str, object]], drift: Drift | None = None) -> SnapshotTally:
    tally = SnapshotTally(NOW.timestamp())
    for page in pages:
        tally.add(decode(json.dumps({"snapshots": page}).encode(), SnapshotPage, "test").snapshots, drift or Drift())
    return tally


def _named(samples: list[Sample]) -> dict[str, float]:
    return {sample.metric.removeprefix("powerscale_snapshot"): sample.value for sample in samples}


def _listed(*pages: list[dict[str, object]]) -> dict[str, float]:
    return _named(list(listed_of(_tally(*pages), NOW)))


def test_no_snapshots_at_all_are_a_true_0_of_each_kind() -> None:
    assert _listed([]) == {
        "s_active": 0.0, "s_deleting": 0.0, "s_expired": 0.0, "s_expired_bytes": 0.0, "s_expired_locked": 0.0,
        "s_expired_overdue_seconds": 0.0, "s_locked": 0.0, "s_active_filesystem_ratio": 0.0,
    }  # fmt: skip


def test_all_pages_are_counted_together() -> None:
    found = _listed([_snapshot()], [_snapshot(state="deleting", name=None), _snapshot(created=NOON - 9 * DAY)])
    assert (found["s_active"], found["s_deleting"]) == (2.0, 1.0)
    assert found["s_oldest_created_timestamp_seconds"] == NOON - 9 * DAY


def test_the_share_of_the_file_system_is_the_sum_of_active_snapshots_or_unknown() -> None:
    active, gone = _snapshot(pct_filesystem=1.5), _snapshot(pct_filesystem=90, state="deleting")
    assert _listed([active, active, gone])["s_active_filesystem_ratio"] == 0.03
    assert "s_active_filesystem_ratio" not in _listed([active, _snapshot()])


def test_what_has_expired_and_is_still_active_is_counted_with_its_bytes_and_its_delay() -> None:
    expired = [_snapshot(expires=NOON - 60, size=7), _snapshot(expires=NOON - 600, size=5, has_locks=True)]
    found = _listed([*expired, _snapshot(expires=None), _snapshot(expires=0), _snapshot(expires=NOON - 9, state="deleting")])
    assert (found["s_expired"], found["s_expired_bytes"], found["s_expired_locked"]) == (2.0, 12.0, 1.0)
    assert found["s_expired_overdue_seconds"] == 60.0
    assert found["s_locked"] == 1.0


def test_aliases_are_no_snapshots() -> None:
    assert _listed([_snapshot(alias="x"), _snapshot(target_id=5)])["s_active"] == 0.0


def test_a_state_that_this_release_invented_is_counted_under_its_own_name() -> None:
    drift = Drift()
    samples = list(listed_of(_tally([_snapshot(state="Frozen"), _snapshot()], drift=drift), NOW))
    assert [(s.labels, s.value) for s in samples if s.metric == metrics.OTHER.name] == [(("frozen",), 1.0)]
    assert drift.counts == {"snapshot/snapshots: state": 1}


@pytest.mark.parametrize("state", [None, 7, "", []])
def test_a_snapshot_without_a_state_makes_the_counts_of_states_unknown(state: object) -> None:
    assert not {"s_active", "s_deleting"} & set(_listed([_snapshot(state=state), _snapshot()]))


@pytest.mark.parametrize("odd", ["many", -5, [], True])
def test_a_sum_with_a_part_that_nobody_knows_is_not_told(odd: object) -> None:
    found = _listed([_snapshot(expires=NOON - 60, size=odd), _snapshot(expires=NOON - 60)])
    assert "s_expired_bytes" not in found
    assert found["s_expired"] == 2.0
    assert not {"s_expired", "s_expired_bytes", "s_expired_locked"} & set(_listed([_snapshot(expires=odd)]))
    assert "s_locked" not in _listed([_snapshot(has_locks="perhaps")])


def test_shadow_bytes_may_be_negative_and_sizes_may_not() -> None:
    summary = {"size": "100", "active_size": 90, "deleting_size": -1, "aliases_count": 2, "shadow_bytes": -8192}
    drift = Drift()
    found = _named(list(summary_of(summary, NOW, drift)))
    assert found == {"s_bytes": 100.0, "s_active_bytes": 90.0, "_aliases": 2.0, "s_shadow_bytes": -8192.0}
    assert drift.counts == {"snapshot/snapshots-summary: deleting_size": 1}


def test_settings_are_truths_and_the_reserve_a_ratio() -> None:
    settings = {"autodelete": False, "autocreate": "true", "service": None, "reserve": 25.0}
    found = _named(list(settings_of(settings, NOW, Drift())))
    assert found == {"_autodelete_enabled": 0.0, "_autocreate_enabled": 1.0, "_reserve_ratio": 0.25}


def _schedules(*schedules: dict[str, object]) -> dict[str, float]:
    page = decode(json.dumps({"schedules": schedules}).encode(), SchedulePage, "test")
    tally = _tally([_snapshot(created=NOON - 50), _snapshot(created=NOON - 90, size=20), _snapshot(schedule="other")])
    return _named(list(schedules_of(page.schedules, tally, NOW, Drift())))


def test_a_schedule_tells_when_it_runs_and_what_it_made() -> None:
    assert _schedules({"name": "daily", "next_run": NOON + 600, "duration": DAY}) == {
        "_schedule_next_run_timestamp_seconds": NOON + 600.0,
        "_schedule_overdue_seconds": 0.0,
        "_schedule_retention_seconds": float(DAY),
        "_schedule_snapshots": 2.0,
        "_schedule_bytes": 30.0,
        "_schedule_newest_timestamp_seconds": NOON - 50.0,
    }


def test_a_schedule_whose_run_has_passed_is_overdue_and_one_that_never_runs_is_neither() -> None:
    assert _schedules({"name": "daily", "next_run": NOON - 600})["_schedule_overdue_seconds"] == 600.0
    assert not {"_schedule_overdue_seconds", "_schedule_next_run_timestamp_seconds"} & set(_schedules({"name": "daily"}))


def test_a_schedule_that_has_made_nothing_has_a_true_0_and_no_newest() -> None:
    found = _schedules({"name": "new"})
    assert found == {"_schedule_snapshots": 0.0, "_schedule_bytes": 0.0}


def test_a_page_of_a_thousand_snapshots_does_not_hold_the_loop() -> None:
    schedule = [f"schedule-{number % 30}" for number in range(1000)]
    body = json.dumps({"snapshots": [_snapshot(schedule=name, expires=NOON - 60) for name in schedule]}).encode()
    tally, drift = SnapshotTally(NOW.timestamp()), Drift()
    began = time.process_time()
    for _ in range(5):
        tally.add(decode(body, SnapshotPage, "test").snapshots, drift)
    assert (time.process_time() - began) / 5 < 0.015 * 2  # twice the goal, for a machine that is shared


def test_every_field_of_the_schemas_is_a_declared_metric() -> None:
    spec = SnapshotsCollector().spec
    declared = {metric.name for metric in spec.metrics}
    assert len(declared) == len(spec.metrics)
    for schema in spec.schemas:
        assert set(schema.fields.values()) <= declared
