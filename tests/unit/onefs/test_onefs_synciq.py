"""From policies, reports and jobs of SyncIQ to samples: ages, states, and nothing where nobody knows."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import pytest

from mendwatch.model.samples import Sample
from mendwatch_onefs.decoding import decode
from mendwatch_onefs.drift import Drift
from mendwatch_onefs.synciq import SyncIQCollector, settings_of
from mendwatch_onefs.synciq_policies import (
    JobPage,
    PolicyPage,
    ReportPage,
    TargetPage,
    jobs_of,
    named,
    policies_of,
    reports_of,
    targets_of,
)

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
NOON = int(NOW.timestamp())
Found = dict[tuple[str, ...], float]


def _page(outline: Any, name: str, *items: dict[str, object]) -> Any:  # noqa: ANN401 - any outline
    return decode(json.dumps({name: items, "resume": None}).encode(), outline, "test")


def _found(samples: Iterable[Sample]) -> Found:
    listed = list(samples)
    found = {(s.metric.removeprefix("powerscale_synciq_"), *s.labels): s.value for s in listed}
    assert len(found) == len(listed)
    return found


def _policies(*policies: dict[str, object], drift: Drift | None = None) -> Found:
    return _found(policies_of(named(_page(PolicyPage, "policies", *policies).policies), NOW, drift or Drift()))


POLICY: dict[str, object] = {
    "name": "dr", "action": "sync", "source_root_path": "/ifs/a", "target_host": "h", "target_path": "/ifs/b", "enabled": True,
    "conflicted": False, "has_sync_state": True, "last_job_state": "finished", "last_started": NOON - 700,
    "last_success": NOON - 600, "next_run": NOON + 3000, "rpo_alert": 7200,
}  # fmt: skip


def test_a_policy_gives_every_field_and_the_age_of_its_copy() -> None:
    assert _policies(POLICY) == {
        ("policy_info", "dr", "sync", "/ifs/a", "h", "/ifs/b"): 1.0,
        ("policy_enabled", "dr"): 1.0,
        ("policy_conflicted", "dr"): 0.0,
        ("policy_has_sync_state", "dr"): 1.0,
        ("policy_last_job_state", "dr", "finished"): 1.0,
        ("policy_failed", "dr"): 0.0,
        ("policy_last_started_timestamp_seconds", "dr"): NOON - 700.0,
        ("policy_next_run_timestamp_seconds", "dr"): NOON + 3000.0,
        ("policy_last_success_timestamp_seconds", "dr"): NOON - 600.0,
        ("policy_rpo_age_seconds", "dr"): 600.0,
        ("policy_rpo_seconds", "dr"): 7200.0,
    }


@pytest.mark.parametrize("never", [None, 0])
def test_a_policy_that_never_succeeded_has_no_age_and_one_without_an_objective_none(never: object) -> None:
    found = _policies({**POLICY, "last_success": never, "rpo_alert": never})
    assert not {("policy_rpo_age_seconds", "dr"), ("policy_last_success_timestamp_seconds", "dr")} & set(found)
    assert ("policy_rpo_seconds", "dr") not in found


@pytest.mark.parametrize(
    ("state", "failed"),
    [
        ("failed", 1.0),
        ("needs_attention", 1.0),
        ("running", 0.0),
        ("success w/ prior failures", 0.0),
        ("unknown", None),
        ("new", None),
    ],
)
def test_a_state_says_whether_the_newest_job_failed_unless_nobody_knows_it(state: str, failed: float | None) -> None:
    drift = Drift()
    found = _policies({**POLICY, "last_job_state": state}, drift=drift)
    assert found.get(("policy_failed", "dr")) == failed
    assert bool(drift.counts) is (state == "new")
    assert found[("policy_last_job_state", "dr", state.replace(" ", "_"))] == 1.0


def test_a_clock_that_is_behind_gives_no_negative_age() -> None:
    assert _policies({**POLICY, "last_success": NOON + 60})[("policy_rpo_age_seconds", "dr")] == 0.0


def _reports(*reports: dict[str, object]) -> Found:
    known = named(_page(PolicyPage, "policies", POLICY).policies)
    return _found(reports_of(_page(ReportPage, "reports", *reports).reports, known, NOW, Drift()))


def test_the_report_that_started_last_is_the_newest_whatever_their_order() -> None:
    old = {"policy_name": "dr", "state": "failed", "start_time": 1_700_000_000, "duration": 9, "errors": ["x"]}
    new = {"policy_name": "dr", "state": "finished", "start_time": 1_700_000_900, "duration": 60, "bytes_transferred": 5}
    new = {**new, "end_time": 1_700_000_960, "errors": [], "error": ""}
    for order in ([old, new], [new, old]):
        assert _reports(*order) == {
            ("policy_last_report_state", "dr", "finished"): 1.0,
            ("policy_last_duration_seconds", "dr"): 60.0,
            ("policy_last_transferred_bytes", "dr"): 5.0,
            ("policy_last_end_timestamp_seconds", "dr"): 1_700_000_960.0,
            ("policy_last_errors", "dr"): 0.0,
        }


def test_a_report_of_a_policy_that_is_gone_gives_nothing() -> None:
    assert _reports({"policy_name": "gone", "state": "failed", "duration": 9}, {"state": "failed"}) == {}


@pytest.mark.parametrize(
    ("fields", "count"),
    [
        ({"errors": ["a", "b"], "error": "a"}, 2.0),
        ({"errors": [], "error": "a"}, 1.0),
        ({"errors": []}, 0.0),
        ({"error": "a"}, 1.0),
        ({}, None),
        ({"errors": 5}, None),
    ],
)
def test_errors_are_counted_and_unknown_where_the_report_does_not_tell(fields: dict[str, object], count: float | None) -> None:
    assert _reports({"policy_name": "dr", **fields}).get(("policy_last_errors", "dr")) == count


def _jobs(*jobs: dict[str, object]) -> Found:
    known = named(_page(PolicyPage, "policies", POLICY, {**POLICY, "name": "idle"}).policies)
    return _found(jobs_of(_page(JobPage, "jobs", *jobs).jobs, known, NOW, Drift()))


def test_jobs_are_counted_by_state_and_tell_which_policy_is_at_work() -> None:
    found = _jobs({"policy_name": "dr", "state": "running", "duration": 30}, {"policy_name": "idle", "state": "paused"})
    assert found[("jobs", "running")] == found[("jobs", "paused")] == 1.0
    assert found[("jobs", "scheduled")] == 0.0
    assert (found[("policy_running", "dr")], found[("policy_running", "idle")]) == (1.0, 0.0)
    assert found[("policy_running_seconds", "dr")] == 30.0
    assert ("policy_running_seconds", "idle") not in found


@pytest.mark.parametrize("job", [{"policy_name": "dr", "state": None}, {"policy_name": None, "state": "running"}])
def test_a_job_that_cannot_be_understood_leaves_open_which_policy_is_at_work(job: dict[str, object]) -> None:
    assert not {("policy_running", "dr"), ("policy_running", "idle")} & set(_jobs(job))


def test_what_other_clusters_copy_here_is_told_by_policy_and_source() -> None:
    target = {"name": "home", "source_host": "b", "last_job_state": "failed", "failover_failback_state": "writes_enabled"}
    page = _page(TargetPage, "policies", {**target, "last_update_from_source": NOON - 90}, {"source_host": "c"})
    assert _found(targets_of(page.policies, NOW, Drift())) == {
        ("target_policy_last_job_state", "home", "b", "failed"): 1.0,
        ("target_policy_failover_state", "home", "b", "writes_enabled"): 1.0,
        ("target_policy_failed", "home", "b"): 1.0,
        ("target_policy_update_age_seconds", "home", "b"): 90.0,
    }


@pytest.mark.parametrize(("state", "on"), [("on", 1.0), ("off", 0.0), ("paused", 0.0), ("resting", None), (None, None), (1, None)])
def test_the_service_is_on_or_not_or_nobody_knows(state: object, on: float | None) -> None:
    found = _found(settings_of({"service": state, "rpo_alerts": True}, NOW, Drift()))
    assert found.get(("service_on",)) == on
    assert found[("rpo_alerts_enabled",)] == 1.0


def test_every_field_of_the_schemas_is_a_declared_metric() -> None:
    spec = SyncIQCollector().spec
    declared = {metric.name for metric in spec.metrics}
    assert len(declared) == len(spec.metrics)
    for schema in spec.schemas:
        assert set(schema.fields.values()) <= declared
