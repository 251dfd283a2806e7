"""From healthcheck/evaluations to samples: the newest run of each checklist and nothing of the older ones."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from mendwatch_onefs.decoding import decode
from mendwatch_onefs.drift import Drift
from mendwatch_onefs.healthcheck_items import score
from mendwatch_onefs.healthchecks import EvaluationPage, samples_of
from mendwatch_onefs.repairs import RequestPage, Settings, requests_of, settings_of

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
Series = dict[tuple[str, tuple[str, ...]], float]
BROKEN = {"id": "mirror_health", "node": "2", "status": "CRITICAL", "value": 20, "passed": False}


def _run(**changes: object) -> dict[str, object]:
    facts = {"id": "basic1", "checklist_id": "basic", "run_status": "COMPLETED", "result": "PASS", "details": []}
    return {**facts, "start_time": "2026-01-14 10:00:00", **changes}


def _read(*runs: dict[str, object], zone: ZoneInfo | None = ZoneInfo("Europe/Berlin"), drift: Drift | None = None) -> Series:  # noqa: B008
    page = decode(json.dumps({"evaluations": runs}).encode(), EvaluationPage, "test")
    found = list(samples_of(page.evaluations, zone, NOW, drift or Drift()))
    assert len({(sample.metric, sample.labels) for sample in found}) == len(found)
    return {(sample.metric.removeprefix("powerscale_healthcheck_"), sample.labels): sample.value for sample in found}


def test_the_newest_completed_run_counts_whatever_the_order() -> None:
    old = _run(id="a", result="FAIL", details=[BROKEN], start_time="2026-01-13 10:00:00")
    new = _run(id="b")
    for order in ((old, new), (new, old)):
        series = _read(*order)
        assert series["passed", ("basic",)] == 1.0
        assert series["items", ("basic", "critical")] == 0.0
        assert not any(name == "item_severity" for name, _ in series)


def test_while_a_new_run_is_under_way_the_result_is_that_of_the_last_completed_one() -> None:
    series = _read(_run(), _run(id="b", run_status="RUNNING", result=None, start_time="2026-01-15 12:00:00"))
    assert series["state", ("basic", "running")] == 1.0
    assert series["passed", ("basic",)] == 1.0
    queued = _read(_run(), _run(id="b", run_status="QUEUED", result=None, start_time=None))
    assert queued["state", ("basic", "queued")] == 1.0


def test_a_run_started_in_the_cluster_s_own_time_zone() -> None:
    assert _read(_run())["start_timestamp_seconds", ("basic",)] == datetime(2026, 1, 14, 9, tzinfo=UTC).timestamp()
    assert ("start_timestamp_seconds", ("basic",)) not in _read(_run(), zone=None)
    assert _read(_run(), zone=None)["passed", ("basic",)] == 1.0
    assert _read(_run(start_time=1_768_400_000), zone=None)["start_timestamp_seconds", ("basic",)] == 1_768_400_000.0


@pytest.mark.parametrize("odd", [{"start_time": "noon"}, {"start_time": None}, {"run_status": None}, {"start_time": []}])
def test_nothing_is_told_of_a_checklist_whose_newest_run_is_not_certain(odd: dict[str, object]) -> None:
    assert _read(_run(id="old", start_time="2026-01-13 10:00:00"), _run(**odd)) == {}


def test_an_item_that_did_not_pass_is_told_with_its_node_its_score_and_its_repair() -> None:
    series = _read(_run(result="FAIL", details=[{**BROKEN, "repair": {"id": "r1", "status": "ACTION_NEEDED"}}]))
    labels = ("basic", "mirror_health", "2")
    assert series["passed", ("basic",)] == 0.0
    assert series["item_severity", labels] == 2.0
    assert series["item_score_ratio", labels] == pytest.approx(0.2)
    assert series["item_repair_state", (*labels, "action_needed")] == 1.0
    assert series["item_repair_needed", labels] == 1.0
    assert series["items_critical", ("basic",)] == 1.0


def test_a_release_without_repairs_tells_none() -> None:
    series = _read(_run(result="FAIL", details=[BROKEN]))
    assert not any(name.startswith("item_repair") for name, _ in series)


def test_items_that_passed_are_not_told_even_if_the_cluster_lists_them() -> None:
    passed = {"id": "uptime", "node": "1", "status": "OK", "value": 100, "passed": True}
    before_9_8 = {"id": "uptime", "node": "3", "status": "OK", "value": 100}
    series = _read(_run(details=[passed, before_9_8]))
    assert not any(name.startswith("item_") for name, _ in series)


@pytest.mark.parametrize("status", ["ERROR", "ERROR Check script failed", "ERROR Check script timed out"])
def test_every_error_of_a_check_is_one_status_without_a_severity(status: str) -> None:
    series = _read(_run(result="FAIL", details=[{**BROKEN, "status": status}]))
    assert series["items", ("basic", "error")] == 1.0
    assert ("item_severity", ("basic", "mirror_health", "2")) not in series


def test_a_status_that_nobody_knows_leaves_the_number_of_critical_items_unknown() -> None:
    drift = Drift()
    series = _read(_run(result="FAIL", details=[{**BROKEN, "status": "DIRE"}]), drift=drift)
    assert ("items_critical", ("basic",)) not in series
    assert series["items", ("basic", "dire")] == 1.0
    assert sum(drift.counts.values()) == 1


@pytest.mark.parametrize("details", [None, "x", [{"status": "CRITICAL"}], [7]])
def test_a_run_that_failed_and_does_not_tell_why_has_no_items_rather_than_none(details: object) -> None:
    series = _read(_run(result="FAIL", details=details))
    assert series["passed", ("basic",)] == 0.0
    assert not any(name.startswith("items") for name, _ in series)


@pytest.mark.parametrize(("value", "ratio"), [(0, 0.0), (100, 1.0), (-1, None), (101, None), (None, None), ("x", None)])
def test_the_score_is_a_ratio_and_minus_one_is_none(value: object, ratio: float | None) -> None:
    assert score(value, Drift()) == ratio


def _repairs(*repairs: dict[str, object]) -> Series:
    page = decode(json.dumps({"repairs": repairs}).encode(), RequestPage, "test")
    found = requests_of(page.repairs, NOW, Drift())
    return {(sample.metric.removeprefix("powerscale_repair_"), sample.labels): sample.value for sample in found}


def test_the_newest_repair_of_an_item_tells_how_it_ended() -> None:
    old = {"item_id": "a", "status": "complete", "result": "fail", "queue_time": 1_768_400_000}
    new = {"item_id": "a", "status": "complete", "result": "pass", "queue_time": 1_768_400_900}
    for order in ((old, new), (new, old)):
        series = _repairs(*order)
        assert series["item_passed", ("a",)] == 1.0
        assert series["requests", ("complete",)] == 2.0


def test_a_repair_that_is_pending_has_neither_passed_nor_failed() -> None:
    series = _repairs({"item_id": "a", "status": "running", "result": "pending", "queue_time": 1_768_400_000})
    assert ("item_passed", ("a",)) not in series
    assert series["item_result", ("a", "pending")] == 1.0


def test_a_repair_without_a_time_leaves_the_newest_unknown() -> None:
    old = {"item_id": "a", "status": "complete", "result": "pass", "queue_time": 1_768_400_000}
    assert not any(labels == ("a",) for _, labels in _repairs(old, {**old, "queue_time": None}))


@pytest.mark.parametrize("wrap", [False, True])
def test_repair_settings_are_read_whichever_way_they_are_wrapped(wrap: bool) -> None:  # noqa: FBT001
    inner = {"repair_enabled": True, "repair_behavior": "auto"}
    settings = decode(json.dumps({"settings": inner} if wrap else inner).encode(), Settings, "test")
    found = {sample.metric: sample.value for sample in settings_of(settings, NOW, Drift())}
    assert found == {"powerscale_repair_enabled": 1.0, "powerscale_repair_automatic": 1.0}
