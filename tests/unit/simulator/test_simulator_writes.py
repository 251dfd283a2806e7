"""Writes that make no sense are refused as a cluster refuses them, with the field, and change nothing."""

from __future__ import annotations

from typing import Any

import pytest
from simulated import Asked

QUOTA = {"path": "/ifs/data/new", "type": "directory", "include_snapshots": False}
PINNED = {"metric_values": {"protocol": "nfs3", "username": "batch", "zone_name": "System"}}
FILES = {"name": "new", "certificate_path": "/ifs/a", "certificate_key_path": "/ifs/b"}
PEM = "-----BEGIN CERTIFICATE-----\n"


@pytest.fixture
def asked() -> Asked:
    return Asked()


def quotas(asked: Asked) -> list[Any]:
    return list(asked.get("15/quota/quotas")["quotas"])


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"path": "/data/new"}, "path"),
        ({"path": None}, "path"),
        ({"path": "/ifsx"}, "path"),
        ({"type": "folder"}, "type"),
        ({"include_snapshots": "no"}, "include_snapshots"),
        ({"type": "user"}, "persona"),
        ({"persona": {"name": "bob"}}, "persona"),
        ({"type": "user", "persona": {}}, "persona"),
        ({"thresholds": {"hard": 0}}, "thresholds.hard"),
        ({"thresholds": {"hard": 10, "soft": 5}}, "thresholds.soft_grace"),
        ({"thresholds": {"hard": 10, "advisory": 11}}, "thresholds.advisory"),
        ({"thresholds_on": "size"}, "thresholds_on"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_quota_that_makes_no_sense_is_not_made(asked: Asked, change: dict[str, object], field: str) -> None:
    before = quotas(asked)
    status, body = asked.answer("POST", "15/quota/quotas", {**QUOTA, **change})
    assert (status, body["errors"][0]["field"]) == (400, field)
    assert quotas(asked) == before


def test_a_quota_of_a_person_is_another_than_that_of_the_directory(asked: Asked) -> None:
    for body in (QUOTA, {**QUOTA, "include_snapshots": True}, {**QUOTA, "type": "user", "persona": {"name": "bob"}}):
        assert asked.answer("POST", "15/quota/quotas", body)[0] == 201
        assert asked.answer("POST", "15/quota/quotas", body)[0] == 409
    (mine,) = [one for one in quotas(asked) if one["path"] == "/ifs/data/new" and one["type"] == "user"]
    assert (mine["persona"]["name"], mine["enforced"], mine["usage"]["fslogical"]) == ("bob", False, 0)


def test_what_is_removed_is_gone_and_cannot_be_removed_again(asked: Asked) -> None:
    (key,) = {one["id"] for one in quotas(asked) if one["path"] == "/ifs/data/scratch"}
    assert [asked.answer("DELETE", f"15/quota/quotas/{key}")[0] for _ in range(2)] == [204, 404]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({**FILES, "certificate_path": "/home/a"}, "certificate_path"),
        ({"name": "new", "certificate_path": "/ifs/a"}, "certificate_key_path"),
        ({"name": "new", "certificate_content": "no PEM"}, "certificate_content"),
        ({"name": "new", "certificate_content": PEM}, "certificate_key_content"),
        ({**FILES, "key": "secret"}, "key"),
    ],
)
def test_a_certificate_without_its_parts_is_not_installed(asked: Asked, body: dict[str, str], field: str) -> None:
    status, answer = asked.answer("POST", "4/certificate/server", body)
    assert (status, answer["errors"][0]["field"]) == (400, field)
    assert len(asked.get("4/certificate/server")["certificates"]) == 1


def test_a_certificate_can_come_in_the_body(asked: Asked) -> None:
    body = {"name": "new", "certificate_content": PEM, "certificate_key_content": "-----BEGIN PRIVATE KEY-----\n"}
    assert asked.answer("POST", "4/certificate/server", body)[0] == 201


@pytest.mark.parametrize(
    "body",
    [
        {"default_https_certificate": "nothing"},
        {"certificate_monitor_enabled": "yes"},
        {"certificate_pre_expiration_threshold": -1},
        {"colour": "red"},
        {},
    ],
)
def test_settings_of_certificates_change_wholly_or_not_at_all(asked: Asked, body: dict[str, object]) -> None:
    before = asked.get("7/certificate/settings")
    assert asked.answer("PUT", "7/certificate/settings", body and {"certificate_monitor_enabled": False, **body})[0] in {400, 404}
    assert asked.get("7/certificate/settings") == before


@pytest.mark.parametrize("body", [{"gather_mode": "all"}, {"upload": "yes"}, {"ftp_upload_proxy_port": "21"}, {"colour": "red"}])
def test_gathering_starts_only_as_it_can(asked: Asked, body: dict[str, object]) -> None:
    assert asked.answer("POST", "21/cluster/diagnostics/gather/start", body)[0] == 400
    assert asked.answer("POST", "3/cluster/diagnostics/gather/stop")[0] == 409
    assert asked.get("21/cluster/diagnostics/gather/status")["gather"]["status"]["Active_Status"] == "NOT_RUNNING"


def test_gathering_can_be_stopped_and_started_again(asked: Asked) -> None:
    assert asked.answer("POST", "21/cluster/diagnostics/gather/start", {})[0] == 201
    assert asked.answer("POST", "3/cluster/diagnostics/gather/stop", {})[0] == 201
    assert asked.answer("POST", "21/cluster/diagnostics/gather/start", {})[0] == 201
    status = asked.get("21/cluster/diagnostics/gather/status")["gather"]["status"]
    assert status == {"Active_Status": "RUNNING", "Last_Status": "STOPPED"}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("", {"metrics": []}),
        ("", {"metrics": ["colour"]}),
        ("", {"metrics": ["protocol", "protocol"]}),
        ("", {"metrics": ["protocol"], "name": "users"}),
        ("/0/workloads", PINNED),
        ("/1/workloads", {"metric_values": {"protocol": "nfs3"}}),
        ("/1/workloads", {**PINNED, "limits": {"protocol_ops": 0}}),
        ("/1/workloads", {**PINNED, "limits": {"cpu": 5}}),
        ("/1/workloads", {**PINNED, "limits": [5]}),
    ],
)
def test_datasets_and_workloads_that_make_no_sense_are_not_made(asked: Asked, path: str, body: dict[str, object]) -> None:
    before = asked.get("19/performance/datasets")
    assert asked.answer("POST", f"19/performance/datasets{path}", body)[0] == 400
    assert asked.get("19/performance/datasets") == before


def test_there_is_room_for_four_datasets_and_a_workload_is_pinned_once(asked: Asked) -> None:
    made = [asked.answer("POST", "19/performance/datasets", {"metrics": ["path"], "name": f"set {n}"})[0] for n in range(4)]
    assert made == [201, 201, 201, 400]
    assert [asked.answer("POST", "19/performance/datasets/users/workloads", PINNED)[0] for _ in range(2)] == [201, 400]
    assert asked.answer("DELETE", "19/performance/datasets/users/workloads/9")[0] == 404
    assert asked.answer("PUT", "19/performance/datasets/users", {"name": "people"})[0] == 204
    assert asked.get("19/performance/datasets/people")["datasets"][0]["workload_count"] == 1


def test_the_workloads_of_a_dataset_stay_the_whole_of_the_protocols_when_one_is_pinned(asked: Asked) -> None:
    pinned = {"metric_values": {"protocol": "nfs3", "username": "alice", "zone_name": "System"}, "name": "alice"}
    total = sum(row["ops"] for row in asked.get("10/statistics/summary/workload", dataset="users")["workload"])
    asked.answer("POST", "19/performance/datasets/users/workloads", pinned)
    rows = asked.get("10/statistics/summary/workload", dataset="users")["workload"]
    assert sum(row["ops"] for row in rows) == pytest.approx(total)
    assert [row["username"] for row in rows if row["workload_type"] == "Pinned"] == ["alice"]
