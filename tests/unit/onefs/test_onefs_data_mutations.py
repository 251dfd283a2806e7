"""Damaged answers about events, quotas, snapshots, replication and activity: fewer samples or a BadAnswer, never a wrong number."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mutations import ANYTHING, UNKNOWN, mutated

from mendwatch.errors import BadAnswer
from mendwatch.model.samples import Sample
from mendwatch_onefs import event_lists, snapshots, synciq_policies
from mendwatch_onefs import summary_client as client
from mendwatch_onefs import summary_drive as drive
from mendwatch_onefs import summary_heat as heat
from mendwatch_onefs import summary_protocol as protocol
from mendwatch_onefs import summary_system as system
from mendwatch_onefs import summary_workload as workload
from mendwatch_onefs.decoding import decode
from mendwatch_onefs.drift import Drift
from mendwatch_onefs.event_definitions import CategoryPage, DefinitionPage, definitions_of
from mendwatch_onefs.event_groups import EventPage, events_of
from mendwatch_onefs.events import Maintenance, counts_of
from mendwatch_onefs.kept import Kept, columns_of
from mendwatch_onefs.quota_metrics import PERSONA_METRICS
from mendwatch_onefs.quota_rows import QuotaPage, QuotaRows, persona_key_of
from mendwatch_onefs.snapshot_tally import SnapshotPage, SnapshotTally
from mendwatch_onefs.synciq import Settings, settings_of

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
NOON = int(NOW.timestamp())
Series = dict[tuple[str, tuple[str, ...]], float]

_LIMITS = {"hard": 1000, "soft": 900, "advisory": 800, "soft_exceeded": True, "soft_grace": 60, "soft_last_exceeded": NOON - 5}
_USAGE = {"fslogical": 110, "physical": 150, "inodes": 7, "fslogical_ready": True}
_OPERATION = {"protocol": "nfs3", "class": "read", "operation": "read", "operation_rate": 5.5, "in": 7, "out": 9, "time_avg": 800}
_POLICY = {"name": "p", "action": "sync", "enabled": True, "conflicted": True, "last_job_state": "failed", "rpo_alert": 7200}
_REPORT = {"policy_name": "p", "state": "finished", "start_time": NOON - 90, "end_time": NOON - 9, "duration": 81, "error": "x"}
_SYSTEM = {"node": "All", "cpu": 25, "nfs": 4, "smb": 5, "total": 9, "net_in": 3}
_DRIVE = {"drive_id": "3:12", "busy": 25.5, "access_latency": 8, "bytes_in": 10, "xfers_out": "2", "used_bytes_percent": 50}

#: Whole answers without a single 0 or false in what is measured, so that a 0 among the samples can only be invented.
MEASURED: dict[str, dict[str, Any]] = {
    "quotas": {
        "quotas": [
            {
                "path": "/ifs/a", "type": "user", "persona": {"id": "UID:1"}, "ready": True, "enforced": True, "linked": True,
                "thresholds": _LIMITS, "thresholds_on": "fslogicalsize", "usage": _USAGE, "efficiency_ratio": 0.5,
            }
        ]
    },
    "summary": {"summary": {"size": 9, "active_size": 8, "deleting_size": 1, "aliases_count": 2, "shadow_bytes": -5}},
    "settings": {"settings": {"service": "on", "rpo_alerts": True}},
    "policies": {"policies": [{**_POLICY, "last_started": NOON - 99, "last_success": NOON - 50, "next_run": NOON + 9}]},
    "reports": {"reports": [{**_REPORT, "errors": ["x"], "bytes_transferred": 5}]},
    "targets": {"policies": [{"name": "t", "source_host": "s", "last_job_state": "failed", "last_update_from_source": NOON - 9}]},
    "operations": {"protocol": [_OPERATION, {**_OPERATION, "operation": "write"}]},
    "clients": {"client": [{"remote_addr": "192.0.2.1", **_OPERATION}]},
    "drives": {"drive": [_DRIVE, {**_DRIVE, "drive_id": "3:13"}]},
    "heat": {"heat": [{"path": "/ifs/a", "lin": "1:1", "event_name": "read", "operation_rate": 9.5}]},
    "system": {"system": [_SYSTEM]},
    "workloads": {"workload": [{"protocol": "nfs3", "username": "a", "user_id": 5.0, "ops": 5, "cpu": 7, "latency_read": 9}]},
}  # fmt: skip
#: Answers that are counted, where a 0 is an honest count.
COUNTED: dict[str, dict[str, Any]] = {
    "snapshots": {
        "snapshots": [
            {"created": NOON - 9, "expires": NOON - 5, "has_locks": True, "schedule": "s", "size": 5, "state": "active"},
            {"name": None, "created": NOON - 9, "has_locks": False, "size": 5, "state": "deleting"},
        ]
    },
    "jobs": {"jobs": [{"policy_name": "p", "state": "running", "duration": 7}]},
    "events": {
        "eventgroups": [
            {
                "id": "1", "causes": [["K", "text"]], "severity": "critical", "resolved": False, "specifier": {"path": "/x"},
                "time_noticed": NOON - 60, "last_event": NOON - 5, "event_count": 2, "ignore": True,
            }
        ]
    },
    "definitions": {"eventgroup-definitions": [{"id": "1", "name": "K", "category": "2"}]},
    "categories": {"categories": [{"id": "2", "id_name": "C"}]},
    "eventlists": {"eventlists": [{"id": "1", "events": [{"event": 5, "lnn": 2, "message": "m", "value": 1.5}]}]},
    "maintenance": {"maintenance": True},
}  # fmt: skip
ANSWERS = {**MEASURED, **COUNTED}


def _samples(found: Iterable[Sample]) -> Series:
    return {(sample.metric, sample.labels): sample.value for sample in found}


def _quotas(body: bytes) -> Iterator[Sample]:
    rows = QuotaRows(persona_key_of, NOW.timestamp(), Drift())
    rows.add(decode(body, QuotaPage, "x").quotas)
    for one in asyncio.run(columns_of(PERSONA_METRICS, rows.settled(), rows.columns, Kept())):
        yield from one.samples()


def _drives(body: bytes) -> Iterator[Sample]:
    rows = drive.DriveRows()
    rows.add(decode(body, drive.DriveSummary, "x").drive, Drift())
    for one in asyncio.run(columns_of(drive.METRICS, list(rows.keys), rows.columns, Kept())):
        yield from one.samples()


def _snapshots(body: bytes) -> Iterator[Sample]:
    tally = SnapshotTally(NOW.timestamp())
    tally.add(decode(body, SnapshotPage, "x").snapshots, Drift())
    yield from snapshots.listed_of(tally, NOW)
    yield from snapshots.schedules_of([snapshots.Schedule("s", NOON + 5, 60)], tally, NOW, Drift())


def _events(body: bytes) -> Iterator[Sample]:
    groups = decode(body, EventPage, "x").eventgroups
    events_of(groups, NOW, definitions_of([], []), {}, Drift())
    yield from counts_of(groups, definitions_of([], []), NOW)


def _reports(body: bytes) -> Iterator[Sample]:
    known = {"p": synciq_policies.Policy("p")}
    return synciq_policies.reports_of(decode(body, synciq_policies.ReportPage, "x").reports, known, NOW, Drift())


def _named(body: bytes, outline: Any, turn: Callable[[Any], object]) -> Iterator[Sample]:  # noqa: ANN401 - any outline
    turn(decode(body, outline, "x"))
    return iter(())


def _policies(body: bytes) -> Iterator[Sample]:
    found = synciq_policies.named(decode(body, synciq_policies.PolicyPage, "x").policies)
    samples = synciq_policies.policies_of(found, NOW, Drift())
    return (sample for sample in samples if not sample.metric.endswith(("_policies", "_info")))


def _jobs(body: bytes) -> Iterator[Sample]:
    known = {"p": synciq_policies.Policy("p")}
    return synciq_policies.jobs_of(decode(body, synciq_policies.JobPage, "x").jobs, known, NOW, Drift())


def _clients(body: bytes) -> Iterator[Sample]:
    found = client.samples_of(decode(body, client.ClientSummary, "x").client, 5, NOW, Drift())
    return (sample for sample in found if sample.metric != client.ACTIVE.name)


READERS: dict[str, Callable[[bytes], Iterator[Sample]]] = {
    "quotas": _quotas,
    "drives": _drives,
    "snapshots": _snapshots,
    "events": _events,
    "reports": _reports,
    "policies": _policies,
    "jobs": _jobs,
    "clients": _clients,
    "summary": lambda body: snapshots.summary_of(decode(body, snapshots.Summary, "x").summary, NOW, Drift()),
    "settings": lambda body: settings_of(decode(body, Settings, "x").settings, NOW, Drift()),
    "targets": lambda body: synciq_policies.targets_of(decode(body, synciq_policies.TargetPage, "x").policies, NOW, Drift()),
    "operations": lambda body: protocol.operations_of(decode(body, protocol.ProtocolSummary, "x").protocol, NOW, Drift()),
    "heat": lambda body: heat.samples_of(decode(body, heat.HeatSummary, "x").heat, 5, NOW, Drift()),
    "system": lambda body: system.samples_of(decode(body, system.SystemSummary, "x").system, NOW, Drift()),
    "workloads": lambda body: workload.samples_of("d", decode(body, workload.WorkloadSummary, "x").workload, 5, NOW, Drift()),
    "definitions": lambda body: _named(body, DefinitionPage, lambda page: definitions_of(page.eventgroup_definitions, [])),
    "categories": lambda body: _named(body, CategoryPage, lambda page: definitions_of([], page.categories)),
    "eventlists": lambda body: _named(
        body, event_lists.EventLists, lambda page: event_lists.detail_of(page.eventlists, "1")
    ),
    "maintenance": lambda body: _named(body, Maintenance, lambda page: Drift().flag("x", page.maintenance)),
}  # fmt: skip


def _read(name: str, body: bytes) -> Series | None:
    try:
        return _samples(READERS[name](body))
    except BadAnswer:
        return None


def _whole(name: str) -> Series:
    found = _read(name, json.dumps(ANSWERS[name]).encode())
    assert found is not None
    return found


@pytest.mark.parametrize("name", sorted(MEASURED))
def test_the_whole_answer_is_understood_and_has_no_0_to_confuse(name: str) -> None:
    assert _whole(name)
    assert 0.0 not in _whole(name).values()


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(sorted(MEASURED)), st.data())
def test_a_value_that_becomes_unknown_takes_its_own_samples_away_and_changes_no_other(name: str, data: st.DataObject) -> None:
    found, whole = _read(name, mutated(ANSWERS[name], data, UNKNOWN)), _whole(name)
    if found is None:
        return
    known = {labels for _, labels in whole}
    assert {series: value for series, value in found.items() if series[1] in known}.items() <= whole.items()
    assert 0.0 not in found.values()


@settings(max_examples=600, deadline=None)
@given(st.sampled_from(sorted(ANSWERS)), st.data())
def test_any_other_value_in_any_place_is_survived(name: str, data: st.DataObject) -> None:
    found = _read(name, mutated(ANSWERS[name], data, ANYTHING))
    assert found is None or all(isinstance(value, float) and math.isfinite(value) for value in found.values())


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(sorted(ANSWERS)), st.data())
def test_a_body_that_is_cut_anywhere_is_a_bad_answer(name: str, data: st.DataObject) -> None:
    body = json.dumps(ANSWERS[name]).encode()
    assert _read(name, body[: data.draw(st.integers(0, len(body) - 1))]) is None


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(sorted(ANSWERS)), st.data())
def test_a_byte_that_flips_is_survived(name: str, data: st.DataObject) -> None:
    body = bytearray(json.dumps(ANSWERS[name]).encode())
    body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    _read(name, bytes(body))


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["active", "deleting"]), st.integers(-99, 99), st.integers(0, 9), st.booleans())))
def test_snapshots_add_up_to_what_made_them(made: list[tuple[str, int, int, bool]]) -> None:
    listed = [
        {"state": state, "expires": NOON + expires, "size": size, "has_locks": locked} for state, expires, size, locked in made
    ]
    found = _read("snapshots", json.dumps({"snapshots": listed}).encode())
    assert found is not None
    expired = [one for one in made if one[0] == "active" and one[1] < 0]
    assert found["powerscale_snapshots_active", ()] == sum(one[0] == "active" for one in made)
    assert found["powerscale_snapshots_expired", ()] == len(expired)
    assert found["powerscale_snapshots_expired_bytes", ()] == sum(one[2] for one in expired)
    overdue = [-one[1] for one in expired if not one[3]]
    assert found["powerscale_snapshots_expired_overdue_seconds", ()] == max(overdue, default=0)
