"""Upgrades, authentication, services, sessions, locks, buckets and policies: answers that are whole, cut or odd."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, TypeVar

import pytest

from mendwatch.errors import Unsupported
from mendwatch.model.samples import Sample
from mendwatch_onefs import (
    auth_providers,
    cloud_pools,
    data_mover,
    dedupe,
    file_pools,
    nfs_activity,
    protocols_services,
    s3_buckets,
    smb_activity,
    upgrade,
)
from mendwatch_onefs.decoding import decode, name_of
from mendwatch_onefs.drift import Drift
from mendwatch_onefs.giving import needs_one, once, size_of, word_of

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
Series = dict[tuple[str, tuple[str, ...]], float]
T = TypeVar("T")


def _as(outline: type[T], body: object) -> T:
    return decode(json.dumps(body).encode(), outline, "test")


def _series(samples: Iterable[Sample]) -> Series:
    found = list(samples)
    assert len({(sample.metric, sample.labels) for sample in found}) == len(found)
    return {(sample.metric.removeprefix("powerscale_"), sample.labels): sample.value for sample in found}


def _upgrade(**fields: object) -> Series:
    return _series(upgrade.samples_of(_as(upgrade.Upgrade, fields), NOW, Drift()))


@pytest.mark.parametrize(
    ("fields", "committed"),
    [
        ({"cluster_state": "committed", "upgrade_is_committed": True}, 1.0),
        ({"cluster_state": "committed"}, 1.0),
        ({"cluster_state": "committed", "upgrade_is_committed": False}, 0.0),
        ({"cluster_state": "partially upgraded"}, 0.0),
        ({"cluster_state": "rolling back", "upgrade_is_committed": True}, 0.0),
        ({"cluster_state": "assessing"}, 0.0),
        ({"cluster_state": "error"}, 0.0),
        ({"cluster_state": "something new"}, 0.0),
        ({"upgrade_is_committed": True}, 1.0),
        ({"upgrade_is_committed": False}, 0.0),
        ({}, None),
        ({"cluster_state": 7}, None),
    ],
)
def test_only_what_is_surely_committed_lets_remediations_go_on(fields: dict[str, object], committed: float | None) -> None:
    assert _upgrade(**fields).get(("upgrade_committed", ())) == committed


def test_the_two_releases_of_an_upgrade_are_told() -> None:
    versions = {
        "onefs_version_current": {"major": 9, "minor": 10, "maintenance": 1, "bugfix": 4},
        "onefs_version_upgrade": {"major": 9, "minor": 12, "maintenance": 0, "bugfix": 0},
    }
    series = _upgrade(cluster_state="upgrading", current_process="upgrade", start_time="2026-01-15T11:00:00+00:00", **versions)
    assert series["upgrade_info", ("9.10.1.4", "9.12.0.0", "upgrade")] == 1.0
    assert series["upgrade_start_timestamp_seconds", ()] == NOW.timestamp() - 3600
    assert ("upgrade_start_timestamp_seconds", ()) not in _upgrade(start_time="2026-01-15T11:00:00"), "whose time is that?"


def _providers(*providers: dict[str, object], drift: Drift | None = None) -> Series:
    summary = _as(auth_providers.Summary, {"provider_instances": providers})
    return _series(auth_providers.samples_of(summary.provider_instances, NOW, drift or Drift()))


AD = {"id": "x", "name": "EXAMPLE.COM", "type": "ads", "groupnet": "g0"}


@pytest.mark.parametrize(
    ("status", "online"),
    [
        ("online", 1.0),
        ("active", 1.0),
        ("offline", 0.0),
        ("joining", 0.0),
        ("initializing", 0.0),
        ("disabled", None),
        ("new", None),
    ],
)
def test_a_provider_is_online_offline_or_not_wanted(status: str, online: float | None) -> None:
    assert _providers({**AD, "status": status}).get(("auth_provider_online", ("EXAMPLE.COM", "ads", "g0"))) == online


def test_a_provider_that_stands_twice_shows_the_worse_state() -> None:
    for order in (("online", "offline"), ("offline", "online")):
        series = _providers(*({**AD, "status": status} for status in order))
        assert series["auth_provider_online", ("EXAMPLE.COM", "ads", "g0")] == 0.0


def test_a_type_of_provider_that_nobody_knows_is_counted() -> None:
    drift = Drift()
    assert ("auth_provider_online", ("EXAMPLE.COM", "oidc", "g0")) in _providers(
        {**AD, "type": "OIDC", "status": "online"}, drift=drift
    )
    assert drift.counts == {"auth/providers/summary: type": 1}


def test_servers_are_counted_only_where_there_can_be_some() -> None:
    labels = ("EXAMPLE.COM", "ads", "g0")
    assert _providers({**AD, "connections": []})["auth_provider_connections", labels] == 0.0
    assert ("auth_provider_connections", labels) not in _providers(AD)


def test_services_of_a_release_that_lacks_one_are_those_of_the_others() -> None:
    settings = {"smb": {"service": False, "support_smb1": True}, "nfs": {"service": True, "nfsv3_enabled": True}}
    assert _series(protocols_services.samples_of(settings, NOW, Drift())) == {
        ("service_enabled", ("smb",)): 0.0,
        ("service_enabled", ("nfs",)): 1.0,
        ("nfs_version_enabled", ("3",)): 1.0,
        ("smb_version_1_enabled", ()): 1.0,
    }


def test_the_words_of_a_node_s_services_are_its_own_and_no_drift() -> None:
    nodes = _as(
        protocols_services.ClusterServices, {"nodes": [{"lnn": 2, "services": [{"name": "nfs", "state": "Degraded Mode"}]}]}
    )
    drift = Drift()
    found = _series(protocols_services.node_samples_of(nodes.nodes, NOW, drift))
    assert found == {("node_service_state", ("2", "nfs", "degraded_mode")): 1.0}
    assert drift.counts == {}


def _sessions(*pages: object) -> Series:
    return _series(smb_activity.sessions_of([_as(smb_activity.SessionPage, page) for page in pages], NOW, Drift()))


def _node(lnn: int, *idle: object, resume: str | None = None) -> dict[str, object]:
    return {"lnn": lnn, "resume": resume, "sessions": [{"idle_time": one, "openfiles": 2, "user": "eve"} for one in idle]}


def test_sessions_of_a_node_add_up_over_pages_and_name_nobody() -> None:
    series = _sessions({"nodes": [_node(1, 5, 90), _node(2)], "resume": "1-1-x"}, {"nodes": [_node(1, 7)], "resume": None})
    assert series["smb_sessions", ("1",)] == 3.0
    assert series["smb_session_open_files", ("1",)] == 6.0
    assert series["smb_session_idle_max_seconds", ("1",)] == 90.0
    assert series["smb_sessions", ("2",)] == 0.0
    assert ("smb_session_idle_max_seconds", ("2",)) not in series, "nobody is idle where nobody is"
    assert "eve" not in str(series)


def test_a_node_with_more_sessions_than_are_read_tells_that_and_no_number() -> None:
    series = _sessions({"nodes": [_node(1, 5, resume="1-1-more"), _node(2, 5)], "resume": None})
    assert series["smb_sessions_truncated", ("1",)] == 1.0
    assert ("smb_sessions", ("1",)) not in series
    assert (series["smb_sessions_truncated", ("2",)], series["smb_sessions", ("2",)]) == (0.0, 1.0)


def test_pages_that_were_not_read_leave_every_node_unknown() -> None:
    series = _sessions({"nodes": [_node(1, 5), _node(2, 5)], "resume": "1-1-more"})
    assert {name for name, _ in series} == {"smb_sessions_truncated"}
    assert set(series.values()) == {1.0}


def test_one_session_without_a_number_leaves_the_sum_unknown_and_the_count_known() -> None:
    series = _sessions({"nodes": [_node(1, 5, None)], "resume": None})
    assert series["smb_sessions", ("1",)] == 2.0
    assert ("smb_session_idle_max_seconds", ("1",)) not in series


def _files(*pages: object) -> Series:
    return _series(smb_activity.files_of([_as(smb_activity.FilePage, page) for page in pages], NOW, Drift()))


def test_open_files_that_are_all_read_are_counted_with_their_locks() -> None:
    series = _files({"openfiles": [{"locks": 0}], "resume": "1-1-x"}, {"openfiles": [{"locks": 3}], "resume": None, "total": 1})
    assert series["smb_open_files", ()] == 2.0
    assert series["smb_open_files_locked", ()] == 1.0
    assert series["smb_open_files_truncated", ()] == 0.0


@pytest.mark.parametrize(("total", "count"), [(100_000, 100_000.0), (None, None), (1, None), ("many", None)])
def test_of_too_many_open_files_only_the_cluster_s_own_count_is_told(total: object, count: float | None) -> None:
    series = _files({"openfiles": [{"locks": 1}, {"locks": 1}], "resume": "1-1-more", "total": total})
    assert series.get(("smb_open_files", ())) == count
    assert ("smb_open_files_locked", ()) not in series
    assert series["smb_open_files_truncated", ()] == 1.0


def test_lock_hosts_that_could_not_be_told_are_counted() -> None:
    clients = [
        {"host_type": "client", "notify_error": "RPC: timed out"},
        {"host_type": "client", "notify_error": ""},
        {"host_type": "x"},
    ]
    series = _series(nfs_activity.clients_of(_as(nfs_activity.Clients, {"clients": clients}), NOW, Drift()))
    assert series["nfs_lock_sessions", ()] == 3.0
    assert series["nfs_lock_sessions_failing", ()] == 1.0
    assert series["nfs_lock_sessions_by_host_type", ("x",)] == 1.0


def test_a_list_of_locks_that_the_limit_cut_tells_only_the_total() -> None:
    locks = [{"version": "v3", "created": 1_768_400_000}] * nfs_activity.LIMIT
    for total, count in ((70_000, 70_000.0), (None, None)):
        series = _series(nfs_activity.locks_of(_as(nfs_activity.Locks, {"locks": locks, "total": total}), NOW, Drift()))
        assert series.get(("nfs_locks", ())) == count
        assert series["nfs_lists_truncated", ("locks",)] == 1.0
        assert not any(name in {"nfs_locks_by_version", "nfs_lock_oldest_timestamp_seconds"} for name, _ in series)


def test_while_a_node_does_not_answer_nobody_knows_how_many_locks_there_are() -> None:
    body = {"locks": [{"version": "v3", "created": 1_768_400_000}], "errors": [{"lnn": 3}], "total": 1}
    series = _series(nfs_activity.locks_of(_as(nfs_activity.Locks, body), NOW, Drift()))
    assert series == {("nfs_lists_truncated", ("locks",)): 0.0, ("nfs_locks_nodes_missing", ()): 1.0}


def test_buckets_are_counted_and_object_lock_only_where_the_release_tells_it() -> None:
    def read(*buckets: dict[str, object]) -> Series:
        return _series(s3_buckets.samples_of(_as(s3_buckets.BucketPage, {"buckets": buckets}).buckets, NOW, Drift()))

    assert read({"object_lock_enabled": True}, {"object_lock_enabled": False}) == {
        ("s3_buckets", ()): 2.0,
        ("s3_buckets_object_lock", ()): 1.0,
    }
    assert read({}, {}) == {("s3_buckets", ()): 2.0}
    assert read() == {("s3_buckets", ()): 0.0}


def test_blocks_become_bytes_by_the_cluster_s_own_block_size() -> None:
    summary = {"block_size": "8192", "logical_blocks": 10, "saved_logical_blocks": 4, "estimated_physical_blocks": 0}
    assert _series(dedupe.samples_of(summary, NOW, Drift())) == {
        ("dedupe_logical_bytes", ()): 81_920.0,
        ("dedupe_saved_logical_bytes", ()): 32_768.0,
        ("dedupe_estimated_physical_bytes", ()): 0.0,
    }


@pytest.mark.parametrize("size", [None, 0, -1, "x", 1e308])
def test_without_a_block_size_there_are_no_bytes(size: object) -> None:
    assert _series(dedupe.samples_of({"block_size": size, "logical_blocks": 10}, NOW, Drift())) == {}


def test_a_file_pool_policy_that_the_cluster_disabled_is_not_ok() -> None:
    policies = [{"name": "a", "state": "OK", "apply_order": 1}, {"name": "b", "state": "disabled"}, {"name": "c", "state": "odd"}]
    series = _series(file_pools.samples_of(_as(file_pools.Policies, {"policies": policies}).policies, NOW, Drift()))
    assert {labels: value for (name, labels), value in series.items() if name == "file_pool_policy_ok"} == {
        ("a",): 1.0,
        ("b",): 0.0,
    }
    assert series["file_pool_policy_state", ("c", "odd")] == 1.0


def test_a_cloud_that_cannot_be_reached_is_not_ok_and_its_key_is_not_even_read() -> None:
    account = {"name": "a", "state": "unreachable", "enabled": True, "key": "canary-secret"}
    page = _as(cloud_pools.AccountPage, {"accounts": [account]})
    assert "canary" not in repr(page)
    assert _series(cloud_pools.accounts_of(page.accounts, NOW, Drift())) == {
        ("cloud_account_state", ("a", "unreachable")): 1.0,
        ("cloud_account_ok", ("a",)): 0.0,
        ("cloud_account_enabled", ("a",)): 1.0,
    }


@pytest.mark.parametrize(("failed", "count"), [(3, 3.0), (None, None), ("x", None)])
def test_failed_files_are_those_of_the_active_jobs_and_unknown_if_one_does_not_tell(failed: object, count: float | None) -> None:
    jobs = [
        {"effective_state": "running", "files": {"total_failed": failed}},
        {"effective_state": "completed", "files": {"total_failed": 99}},
    ]
    series = _series(cloud_pools.jobs_of(_as(cloud_pools.JobPage, {"jobs": jobs}).jobs, NOW, Drift()))
    assert series.get(("cloud_jobs_failed_files", ())) == count
    assert series["cloud_jobs", ("completed",)] == 1.0


def test_a_policy_of_datamover_shows_its_newest_job() -> None:
    jobs: list[dict[str, Any]] = [
        {"id": 9, "job_policy_id": 21, "job_state": "failed", "job_failed_tasks": [{}], "job_start_time": 1_768_400_000},
        {"id": 8, "job_policy_id": 21, "job_state": "finished"},
    ]
    policies = _as(
        data_mover.PolicyPage, {"policies": [{"id": 21, "name": "p", "enabled": True}, {"id": 22, "name": "q"}]}
    ).policies
    for order in (jobs, jobs[::-1]):
        newest = data_mover.newest_of(_as(data_mover.JobPage, {"jobs": order}).jobs)
        series = _series(data_mover.policies_of(policies, newest, NOW, Drift()))
        assert series["datamover_policy_job_failed", ("p",)] == 1.0
        assert series["datamover_policy_job_failed_tasks", ("p",)] == 1.0
        assert not any("job" in name and labels == ("q",) for name, labels in series)


@pytest.mark.parametrize(
    ("read", "total", "limit", "size"), [(3, None, 5, 3), (3, 9, 5, 3), (5, 9, 5, 9), (5, None, 5, None), (5, 2, 5, None)]
)
def test_the_size_of_a_list_is_known_when_it_is_whole_or_told(read: int, total: int | None, limit: int, size: int | None) -> None:
    assert size_of(read, total, limit) == size


@pytest.mark.parametrize(
    ("value", "name"), [("a", "a"), (7, "7"), ("", None), (None, None), ([], None), ({}, None), (True, None), (1.5, None)]
)
def test_only_texts_and_whole_numbers_name_something(value: object, name: str | None) -> None:
    assert name_of(value) == name


def test_of_two_with_one_name_the_first_counts_and_the_nameless_are_left_out() -> None:
    assert once(["a1", "a2", "b1", "x"], lambda one: one[0] if one != "x" else None) == {"a": "a1", "b": "b1"}


def test_a_word_is_lower_case_without_spaces() -> None:
    assert word_of(Drift(), "f", " Partially  Upgraded ", ("partially_upgraded",)) == "partially_upgraded"


def test_a_collector_without_any_of_its_resources_is_unsupported() -> None:
    needs_one("x", None, [])
    with pytest.raises(Unsupported, match="none of the resources of x"):
        needs_one("x", None, None)
