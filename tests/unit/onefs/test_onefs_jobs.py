"""From the Job Engine's answers to samples: states that nobody knows, pauses, and how each type ended last."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from mendwatch_onefs.decoding import decode
from mendwatch_onefs.drift import Drift
from mendwatch_onefs.job_engine import counts_of, disconnected, summary_of
from mendwatch_onefs.jobs import (
    FIELDS,
    LAST_SCHEMA,
    SCHEMA,
    JobEvents,
    JobPage,
    Recent,
    last_of,
    pause_began,
    paused,
    samples_of,
)

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
Series = dict[tuple[str, tuple[str, ...]], float]


def _job(**changes: object) -> dict[str, object]:
    times = {"create_time": 1_768_400_000, "start_time": 1_768_400_100, "running_time": 500, "end_time": None}
    counts = {"priority": 6, "current_phase": 1, "total_phases": 2, "retries_remaining": 0}
    return {"id": 273, "type": "SmartPools", "state": "running", "waiting_reason": None, **times, **counts, **changes}


def _page(*jobs: dict[str, object]) -> JobPage:
    return decode(json.dumps({"jobs": jobs, "resume": None}).encode(), JobPage, "test")


def _read(*jobs: dict[str, object], drift: Drift | None = None) -> Series:
    found = list(samples_of(_page(*jobs).jobs, {}, NOW, drift or Drift()))
    return {(sample.metric.removeprefix("powerscale_job_"), sample.labels): sample.value for sample in found}


def _flags(state: object) -> dict[str, float]:
    series = _read(_job(state=state))
    names = ("running", "waiting", "paused_by_user", "paused_by_system")
    return {name: series[name, ("273", "SmartPools")] for name in names if (name, ("273", "SmartPools")) in series}


def test_a_job_gives_every_field_but_the_time_of_a_pause_that_it_has_not() -> None:
    found = {name for name, labels in _read(_job()) if labels == ("273", "SmartPools")}
    assert found == {spec.name.removeprefix("powerscale_job_") for spec in FIELDS} - {"paused_since_timestamp_seconds"}


@pytest.mark.parametrize(
    ("state", "true"),
    [
        ("running", "running"),
        ("waiting", "waiting"),
        ("paused_user", "paused_by_user"),
        ("paused_system", "paused_by_system"),
        ("paused_policy", "paused_by_system"),
        ("paused_priority", "paused_by_system"),
        ("succeeded", None),
    ],
)
def test_one_flag_is_true_for_each_state(state: str, true: str | None) -> None:
    assert {name for name, value in _flags(state).items() if value} == ({true} if true else set())
    assert len(_flags(state)) == 4


def test_waiting_is_a_state_although_the_api_description_leaves_it_out() -> None:
    drift = Drift()
    assert _read(_job(state="waiting"), drift=drift)["state", ("273", "SmartPools", "waiting")] == 1.0
    assert drift.counts == {}


def test_a_state_that_nobody_knows_is_shown_and_counted_and_sets_no_flag() -> None:
    drift = Drift()
    series = _read(_job(state="Hibernating"), drift=drift)
    assert series["state", ("273", "SmartPools", "hibernating")] == 1.0
    assert drift.counts == {"job/jobs: state": 1}
    assert _flags("Hibernating") == {}


@pytest.mark.parametrize("state", [None, [], {}, "", 7, True])
def test_what_is_no_state_gives_neither_a_state_nor_a_flag(state: object) -> None:
    assert not any(name == "state" for name, _ in _read(_job(state=state)))
    assert _flags(state) == {}


def test_a_waiting_job_says_what_it_waits_for() -> None:
    series = _read(_job(state="waiting", waiting_reason="blocked_by_priority"))
    assert series["waiting_reason", ("273", "SmartPools", "blocked_by_priority")] == 1.0


@pytest.mark.parametrize("missing", ["id", "type"])
def test_a_job_that_cannot_be_named_gives_nothing(missing: str) -> None:
    assert _read(_job(**{missing: None})) == {}


def test_no_label_is_called_job_because_prometheus_takes_that_name() -> None:
    assert not any("job" in schema.labels for schema in (SCHEMA, LAST_SCHEMA))


def test_paused_jobs_are_asked_for_by_the_state_that_they_are_in() -> None:
    page = _page(_job(), _job(id=5, state="paused_user"), _job(id=6, state="paused_policy"), _job(id=7, state="odd"))
    assert paused(page.jobs) == [("5", "paused_user"), ("6", "paused_policy")]


def _events(*times: object, resume: object = None) -> JobEvents:
    body = {"events": [{"job_id": 5, "time": time} for time in times], "resume": resume}
    return decode(json.dumps(body).encode(), JobEvents, "test")


def test_a_pause_began_with_its_newest_event() -> None:
    assert pause_began(_events(1_768_400_000, 1_768_400_900, 1_768_400_300), Drift()) == datetime.fromtimestamp(1_768_400_900, UTC)


@pytest.mark.parametrize("answer", [_events(), _events(None, "soon"), _events(1_768_400_000, resume="1-1-MAAA1-x")])
def test_a_pause_of_which_not_all_events_are_known_has_no_beginning(answer: JobEvents) -> None:
    assert pause_began(answer, Drift()) is None


def test_the_beginning_of_a_pause_belongs_to_its_own_job() -> None:
    page = _page(_job(id=5, state="paused_user"), _job(id=6, state="paused_user"))
    found = samples_of(page.jobs, {"5": NOW}, NOW, Drift())
    since = {sample.labels: sample.value for sample in found if "paused_since" in sample.metric}
    assert since == {("5", "SmartPools"): NOW.timestamp()}


def _last(*jobs: dict[str, object]) -> Series:
    recent = decode(json.dumps({"recent_jobs": jobs}).encode(), Recent, "test").recent_jobs
    found = last_of(recent, NOW, Drift())
    return {(sample.metric.removeprefix("powerscale_job_type_"), sample.labels): sample.value for sample in found}


def test_of_each_type_the_job_that_ended_last_counts_whatever_the_order() -> None:
    older = _job(state="failed", end_time=1_768_400_000)
    newer = _job(id=280, state="succeeded", end_time=1_768_409_000, running_time=77)
    for order in ((older, newer), (newer, older)):
        series = _last(*order)
        assert series["last_state", ("SmartPools", "succeeded")] == 1.0
        assert series["last_succeeded", ("SmartPools",)] == 1.0
        assert series["last_end_timestamp_seconds", ("SmartPools",)] == 1_768_409_000.0
        assert series["last_running_seconds", ("SmartPools",)] == 77.0


@pytest.mark.parametrize(
    ("state", "value"), [("failed", 0.0), ("failed_not_retried", 0.0), ("cancelled_user", 0.0), ("running", None)]
)
def test_only_a_job_that_ended_tells_whether_it_succeeded(state: str, value: float | None) -> None:
    assert _last(_job(state=state, end_time=1_768_400_000)).get(("last_succeeded", ("SmartPools",))) == value


def test_a_job_that_tells_no_end_is_not_the_last() -> None:
    assert _last(_job(state="failed", end_time=0), _job(type="MediaScan", state="failed")) == {}


def _counts(*jobs: dict[str, object]) -> Series:
    return {(sample.metric, sample.labels): sample.value for sample in counts_of(_page(*jobs).jobs, NOW)}


def test_no_active_job_is_a_true_0_for_each_state_and_for_flexprotect() -> None:
    counts = _counts()
    assert set(counts.values()) == {0.0}
    assert ("powerscale_job_engine_protection_jobs", ()) in counts


def test_flexprotect_is_counted_unless_a_job_tells_no_type() -> None:
    protection = ("powerscale_job_engine_protection_jobs", ())
    assert _counts(_job(type="FlexProtect"), _job(id=2, type="FlexProtectLin"), _job(id=3))[protection] == 2.0
    assert protection not in _counts(_job(type="FlexProtect"), _job(id=2, type=None))


def test_a_job_of_unknown_state_is_counted_as_such() -> None:
    counts = _counts(_job(state=None), _job(id=2, state="odd"))
    assert counts["powerscale_job_engine_jobs", ("unknown",)] == 1.0
    assert counts["powerscale_job_engine_jobs", ("odd",)] == 1.0


@pytest.mark.parametrize(
    ("summary", "count"),
    [
        ({"connected": True, "disconnected_nodes": []}, 0),
        ({"connected": True}, 0),
        ({"connected": False, "disconnected_nodes": [5, 3]}, 2),
        ({"connected": False, "disconnected_nodes": []}, None),
        ({"connected": False}, None),
        ({"connected": None, "disconnected_nodes": "all"}, None),
        ("down", None),
        (None, None),
    ],
)
def test_disconnected_nodes_are_counted_only_where_they_are_told(summary: Any, count: int | None) -> None:  # noqa: ANN401
    assert disconnected(summary) == count


def test_the_summary_gives_no_sample_for_what_is_no_truth() -> None:
    drift = Drift()
    found = {sample.metric: sample.value for sample in summary_of({"connected": False, "job_d_enabled": "perhaps"}, NOW, drift)}
    assert found == {"powerscale_job_engine_connected": 0.0}
    assert drift.counts == {"job/job-summary: job_d_enabled": 1}
