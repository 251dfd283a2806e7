"""Damaged answers about jobs, checks, licences, services and policies: fewer samples or a BadAnswer, never a wrong number.

The whole answers hold no number that is 0 by accident and name everything once, so that what a mutated answer says of a subject can
be compared with what the whole one says of it.
"""

from __future__ import annotations

import copy
import json
import math
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mendwatch.errors import BadAnswer
from mendwatch.model.samples import Sample
from mendwatch_onefs import (
    auth_providers,
    cloud_pools,
    data_mover,
    dedupe,
    file_pools,
    healthchecks,
    job_engine,
    jobs,
    licences,
    nfs_activity,
    protocols_services,
    repairs,
    s3_buckets,
    smb_activity,
    upgrade,
)
from mendwatch_onefs.decoding import decode
from mendwatch_onefs.drift import Drift

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
ZONE = ZoneInfo("Europe/Berlin")
T1, T2 = 1_768_400_000, 1_768_409_000
Series = dict[tuple[str, tuple[str, ...]], float]
Json = Any

_JOB = {"create_time": T1, "start_time": T1, "running_time": 500, "priority": 6, "current_phase": 1, "total_phases": 2}
_ITEM = {"id": "mirror", "node": "2", "status": "CRITICAL", "value": 20, "passed": False, "repair": {"status": "ACTION_NEEDED"}}
_VERSION = {"major": 9, "minor": 12, "maintenance": 1, "bugfix": 4}

ANSWERS: dict[str, Json] = {
    "jobs": {
        "jobs": [
            {**_JOB, "id": 273, "type": "FlexProtect", "state": "paused_user"},
            {**_JOB, "id": 274, "type": "X", "state": "waiting"},
        ]
    },
    "recent": {"recent_jobs": [{"type": "A", "state": "succeeded", "end_time": T1, "running_time": 9}]},
    "summary": {"summary": {"connected": True, "job_d_enabled": True, "cluster_is_degraded": True, "disconnected_nodes": []}},
    "healthchecks": {
        "evaluations": [
            {
                "checklist_id": "a",
                "run_status": "COMPLETED",
                "result": "FAIL",
                "start_time": "2026-01-14 10:00:00",
                "details": [_ITEM],
            },
            {"checklist_id": "b", "run_status": "COMPLETED", "result": "PASS", "start_time": T1, "details": []},
        ]
    },
    "repairs": {"repairs": [{"item_id": "a", "status": "complete", "result": "pass", "queue_time": T1}]},
    "licences": {
        "licenses": [
            {
                "name": "A",
                "status": "Evaluation",
                "expiration": "2026-03-31",
                "days_to_expiry": 75,
                "expiring_alert": True,
                "tiers": [],
            },
            {"name": "B", "status": "Licensed", "tiers": [{"entitlements_exceeded_alerts": [{}]}]},
        ],
        "valid_signature": True,
    },
    "upgrade": {
        "cluster_state": "committed",
        "upgrade_is_committed": True,
        "cluster_overview": {"nodes_current": 4, "nodes_upgraded": 2},
        "onefs_version_current": _VERSION,
        "start_time": "2026-01-15T11:00:00+00:00",
    },
    "auth": {"provider_instances": [{"name": "AD", "type": "ads", "groupnet": "g", "status": "online", "connections": [{}, {}]}]},
    "services": {"settings": {"service": True, "nfsv3_enabled": True, "nfsv41_enabled": True}},
    "node_services": {"nodes": [{"lnn": 1, "services": [{"name": "smb", "state": "running"}, {"name": "nfs", "state": "off"}]}]},
    "sessions": {
        "nodes": [{"lnn": 1, "sessions": [{"idle_time": 5, "openfiles": 2}, {"idle_time": 9, "openfiles": 3}], "resume": None}]
    },
    "files": {"openfiles": [{"locks": 1}, {"locks": 2}], "total": 2, "resume": None},
    "lock_hosts": {"clients": [{"host_type": "client", "notify_error": "timed out"}], "total": 1},
    "locks": {"locks": [{"version": "v3", "created": T1}, {"version": "v4", "created": T2}], "total": 2, "errors": []},
    "buckets": {"buckets": [{"object_lock_enabled": True}, {"object_lock_enabled": True}]},
    "dedupe": {"summary": {"block_size": 8192, "logical_blocks": 10, "saved_logical_blocks": 4, "estimated_saved_blocks": 5}},
    "file_pools": {"policies": [{"name": "p", "state": "OK", "apply_order": 1}, {"name": "q", "state": "OK", "apply_order": 2}]},
    "accounts": {"accounts": [{"name": "a", "state": "OK", "enabled": True}, {"name": "b", "state": "OK", "enabled": True}]},
    "cloud_jobs": {"jobs": [{"effective_state": "running", "files": {"total_failed": 3}}]},
    "moves": {"jobs": [{"id": 9, "job_policy_id": 21, "job_state": "failed", "job_failed_tasks": [{}], "job_start_time": T1}]},
}


def _jobs(body: bytes) -> Iterator[Sample]:
    found = decode(body, jobs.JobPage, "x").jobs
    yield from jobs.samples_of(found, {}, NOW, Drift())
    yield from job_engine.counts_of(found, NOW)
    jobs.paused(found)


def _licences(body: bytes) -> Iterator[Sample]:
    page = decode(body, licences.LicencePage, "x")
    yield from licences.samples_of(page.licenses, ZONE, NOW, Drift())
    yield from licences.file_of(page, NOW, Drift())


def _moves(body: bytes) -> Iterator[Sample]:
    found = decode(body, data_mover.JobPage, "x").jobs
    yield from data_mover.jobs_of(found, NOW, Drift())
    policies = [data_mover.Policy(id=21, name="p", enabled=True)]
    yield from data_mover.policies_of(policies, data_mover.newest_of(found), NOW, Drift())


def _services(body: bytes) -> Iterator[Sample]:
    settings_ = decode(body, protocols_services.Settings, "x").settings
    yield from protocols_services.samples_of({"nfs": settings_}, NOW, Drift())


READERS: dict[str, Callable[[bytes], Iterable[Sample]]] = {
    "jobs": _jobs,
    "recent": lambda body: jobs.last_of(decode(body, jobs.Recent, "x").recent_jobs, NOW, Drift()),
    "summary": lambda body: job_engine.summary_of(decode(body, job_engine.Summary, "x").summary, NOW, Drift()),
    "healthchecks": lambda body: healthchecks.samples_of(
        decode(body, healthchecks.EvaluationPage, "x").evaluations, ZONE, NOW, Drift()
    ),
    "repairs": lambda body: repairs.requests_of(decode(body, repairs.RequestPage, "x").repairs, NOW, Drift()),
    "licences": _licences,
    "upgrade": lambda body: upgrade.samples_of(decode(body, upgrade.Upgrade, "x"), NOW, Drift()),
    "auth": lambda body: auth_providers.samples_of(decode(body, auth_providers.Summary, "x").provider_instances, NOW, Drift()),
    "services": _services,
    "node_services": lambda body: protocols_services.node_samples_of(
        decode(body, protocols_services.ClusterServices, "x").nodes, NOW, Drift()
    ),
    "sessions": lambda body: smb_activity.sessions_of([decode(body, smb_activity.SessionPage, "x")], NOW, Drift()),
    "files": lambda body: smb_activity.files_of([decode(body, smb_activity.FilePage, "x")], NOW, Drift()),
    "lock_hosts": lambda body: nfs_activity.clients_of(decode(body, nfs_activity.Clients, "x"), NOW, Drift()),
    "locks": lambda body: nfs_activity.locks_of(decode(body, nfs_activity.Locks, "x"), NOW, Drift()),
    "buckets": lambda body: s3_buckets.samples_of(decode(body, s3_buckets.BucketPage, "x").buckets, NOW, Drift()),
    "dedupe": lambda body: dedupe.samples_of(decode(body, dedupe.Answer, "x").summary, NOW, Drift()),
    "file_pools": lambda body: file_pools.samples_of(decode(body, file_pools.Policies, "x").policies, NOW, Drift()),
    "accounts": lambda body: cloud_pools.accounts_of(decode(body, cloud_pools.AccountPage, "x").accounts, NOW, Drift()),
    "cloud_jobs": lambda body: cloud_pools.jobs_of(decode(body, cloud_pools.JobPage, "x").jobs, NOW, Drift()),
    "moves": _moves,
}
#: What counts things by their state, and so tells truly of one less, or of one unknown, where an item is damaged. A host of the
#: lock manager without an error has none.
COUNTS = {
    "powerscale_job_engine_jobs",
    "powerscale_repair_requests",
    "powerscale_nfs_lock_sessions_by_host_type",
    "powerscale_nfs_locks_by_version",
    "powerscale_cloud_jobs",
    "powerscale_datamover_jobs",
    "powerscale_healthcheck_items",
    "powerscale_nfs_lock_sessions_failing",
}
#: A state of the upgrade that nobody knows is not committed, whatever else is said: this metric keeps remediations from running.
CAUTIOUS = "powerscale_upgrade_committed"
NAMES = st.sampled_from(sorted(ANSWERS))
NAMING = {"resume", "id", "name", "type", "item_id", "checklist_id", "node", "groupnet"}
NOTHING = st.sampled_from([None, ""])
UNKNOWN = st.sampled_from([None, "", "n/a", [], {}, "\u0000"])
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=4,
)


def _places(value: Json, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in pairs:
        yield (*path, name)
        yield from _places(inner, (*path, name))


def _leaves(value: Json) -> list[tuple[str | int, ...]]:
    """Give the ways to the values that hold nothing else."""
    return [place for place in _places(value) if not isinstance(_at(value, place), dict | list)]


def _at(value: Json, path: tuple[str | int, ...]) -> Json:
    for part in path:
        value = value[part]
    return value


def _mutated(name: str, path: tuple[str | int, ...], replacement: Json) -> bytes:
    answer = copy.deepcopy(ANSWERS[name])
    _at(answer, path[:-1])[path[-1]] = replacement
    return json.dumps(answer).encode()


def _read(name: str, body: bytes) -> Series | None:
    try:
        return {(sample.metric, sample.labels): sample.value for sample in READERS[name](body)}
    except BadAnswer:
        return None


@pytest.mark.parametrize("name", sorted(ANSWERS))
def test_the_whole_answer_is_understood(name: str) -> None:
    found = _read(name, json.dumps(ANSWERS[name]).encode())
    assert found
    assert all(isinstance(value, float) for value in found.values())


@settings(max_examples=400, deadline=None)
@given(NAMES, st.data())
def test_a_value_that_becomes_unknown_takes_its_own_samples_away_and_changes_no_other(name: str, data: st.DataObject) -> None:
    whole = _read(name, json.dumps(ANSWERS[name]).encode())
    assert whole is not None
    place = data.draw(st.sampled_from(_leaves(ANSWERS[name])))
    # In the place of a name or of a token every text is one.
    replacement = data.draw(NOTHING if place[-1] in NAMING else UNKNOWN)
    found = _read(name, _mutated(name, place, replacement))
    for series, value in (found or {}).items():
        if series[0] not in COUNTS and series in whole:
            assert value == whole[series] or (series[0] == CAUTIOUS and value == 0.0), series


@settings(max_examples=400, deadline=None)
@given(NAMES, st.data())
def test_a_value_that_is_gone_invents_no_subject_and_no_0(name: str, data: st.DataObject) -> None:
    whole = _read(name, json.dumps(ANSWERS[name]).encode())
    assert whole is not None
    found = _read(name, _mutated(name, data.draw(st.sampled_from(_leaves(ANSWERS[name]))), None))
    invented = {
        series: value
        for series, value in (found or {}).items()
        if series not in whole and series[0] not in COUNTS and not series[0].endswith("_info")
    }
    # A provider without a groupnet or with a type that nobody knows is still the same provider, under another label.
    assert not [series for series in invented if not series[0].startswith("powerscale_auth_provider_")]


@settings(max_examples=400, deadline=None)
@given(NAMES, st.data())
def test_any_other_value_in_any_place_is_survived(name: str, data: st.DataObject) -> None:
    place = data.draw(st.sampled_from(list(_places(ANSWERS[name]))))
    found = _read(name, _mutated(name, place, data.draw(ANYTHING)))
    assert found is None or all(isinstance(value, float) and math.isfinite(value) for value in found.values())


@settings(max_examples=200, deadline=None)
@given(NAMES, st.data())
def test_a_body_that_is_cut_anywhere_is_a_bad_answer(name: str, data: st.DataObject) -> None:
    body = json.dumps(ANSWERS[name]).encode()
    assert _read(name, body[: data.draw(st.integers(0, len(body) - 1))]) is None
