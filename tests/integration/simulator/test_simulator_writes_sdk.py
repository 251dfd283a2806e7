"""Dell's own SDK makes and removes quotas, renews a certificate, gathers logs and limits a workload, and reads all of it back."""

from __future__ import annotations

import asyncio
import importlib
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from mendwatch.testing.clock import FakeClock
from mendwatch_onefs_sim.server import Simulator, SimulatorOptions

GIB = 2**30


@contextmanager
def sdk_client(simulator: Simulator, account: str = "remediate") -> Iterator[tuple[Any, Any]]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the SDK's own, at import
        sdk = importlib.import_module("isilon_sdk.v9_12_0")
    configuration = sdk.Configuration()
    configuration.host = simulator.url
    configuration.username, configuration.password = account, simulator.accounts[account]
    configuration.ssl_ca_cert = str(simulator.ca_file)
    api = sdk.ApiClient(configuration)
    try:
        yield sdk, api
    finally:
        api.rest_client.pool_manager.clear()


def status_of(sdk: Any, attempt: Callable[[], object]) -> int:  # noqa: ANN401 - no types
    """Give the status of a request that is refused; 0 if it is not. The error goes at once: it would keep its connection open."""
    try:
        attempt()
    except sdk.rest.ApiException as refusal:
        return int(refusal.status)
    return 0


def make_and_remove_a_quota(simulator: Simulator) -> tuple[Any, Any, int]:
    with sdk_client(simulator) as (sdk, api):
        quotas = sdk.QuotaApi(api)
        limits = sdk.QuotaQuotaThresholds(hard=100 * GIB, advisory=80 * GIB)
        wanted = sdk.QuotaQuotaCreateParams(path="/ifs/data/new", type="directory", include_snapshots=False, thresholds=limits)
        made = quotas.create_quota_quota(wanted)
        read = quotas.get_quota_quota(made.id).quotas[0]
        before = quotas.get_quota_quotas_summary().summary.count
        quotas.delete_quota_quota(made.id)
        again = quotas.create_quota_quota(wanted)
        assert again.id != made.id, "an id is never given twice"
        assert status_of(sdk, lambda: quotas.create_quota_quota(wanted)) == 409
        quotas.delete_quota_quota(again.id)
        return read, quotas.list_quota_quotas(path="/ifs/data/new").quotas, before - quotas.get_quota_quotas_summary().summary.count


async def test_a_quota_is_made_read_back_and_removed(tmp_path: Path) -> None:
    async with Simulator(SimulatorOptions(tmp_path / "cluster")) as simulator:
        read, left, fewer = await asyncio.to_thread(make_and_remove_a_quota, simulator)
    assert (read.path, read.type, read.thresholds.hard, read.thresholds.advisory) == (
        "/ifs/data/new", "directory", 100 * GIB, 80 * GIB,
    )  # fmt: skip
    assert (read.enforced, read.thresholds_on, read.usage.fslogical) == (True, "fslogicalsize", 0)
    assert (left, fewer) == ([], 1)


def renew_the_certificate(simulator: Simulator) -> tuple[Any, Any, Any]:
    with sdk_client(simulator) as (sdk, api):
        certificates = sdk.CertificateApi(api)
        old = certificates.get_certificate_settings().settings.default_https_certificate
        assert status_of(sdk, lambda: certificates.delete_certificate_server_by_id(old)) == 400
        wanted = sdk.CertificatesIdentityItem(
            name="renewed", certificate_path="/ifs/renewed.crt", certificate_key_path="/ifs/renewed.key"
        )
        made = certificates.create_certificate_server_item(wanted)
        certificates.update_certificate_settings(sdk.CertificateSettingsExtended(default_https_certificate=made.id))
        certificates.delete_certificate_server_by_id(old)
        settings = certificates.get_certificate_settings().settings
        return made, settings, certificates.list_certificate_server().certificates


async def test_a_certificate_is_imported_made_the_default_and_the_old_one_removed(tmp_path: Path) -> None:
    async with Simulator(SimulatorOptions(tmp_path / "cluster")) as simulator:
        simulator.begin("certificate-expiring")
        made, settings, certificates = await asyncio.to_thread(renew_the_certificate, simulator)
        assert not simulator.cluster.troubled
    assert settings.default_https_certificate == made.id
    assert [(one.id, one.name, one.status) for one in certificates] == [(made.id, "renewed", "valid")]


def start_gathering(simulator: Simulator) -> Any:  # noqa: ANN401 - no types
    with sdk_client(simulator) as (sdk, api):
        cluster = sdk.ClusterApi(api)
        assert cluster.get_diagnostics_gather_status().gather.status.active_status == "NOT_RUNNING"
        cluster.create_diagnostics_gather_start_item(sdk.DiagnosticsGatherStartItem(gather_mode="full", reference="case-7"))
        again = sdk.DiagnosticsGatherStartItem()
        assert status_of(sdk, lambda: cluster.create_diagnostics_gather_start_item(again)) == 409
        return cluster.get_diagnostics_gather_status().gather


def gathered(simulator: Simulator, reference: str) -> tuple[Any, Any]:
    with sdk_client(simulator) as (sdk, api):
        cluster = sdk.ClusterApi(api)
        return cluster.get_diagnostics_gather().gather, cluster.get_diagnostics_gather_status(reference=reference).gather


async def test_logs_are_gathered_once_at_a_time_and_it_takes_a_while(tmp_path: Path, clock: FakeClock) -> None:
    async with Simulator(SimulatorOptions(tmp_path / "cluster", clock=clock)) as simulator:
        running = await asyncio.to_thread(start_gathering, simulator)
        clock.move(181)
        now, listed = await asyncio.to_thread(gathered, simulator, "case-7")
        _, others = await asyncio.to_thread(gathered, simulator, "case-8")
    assert (running.status.active_status, running.status.last_status) == ("RUNNING", "NOT_RUNNING")
    assert (now.status.active_status, now.status.last_status) == ("NOT_RUNNING", "FINISHED")
    assert now.path.startswith("/ifs/data/Isilon_Support/pkg/IsilonLogs-demo-cluster-")
    assert [(one.reference_id, one.status, one.path) for one in listed.gathers] == [("case-7", "FINISHED", now.path)]
    assert others.gathers == []


def limit_a_workload(simulator: Simulator) -> tuple[Any, Any, Any]:
    with sdk_client(simulator) as (sdk, api):
        performance, datasets = sdk.PerformanceApi(api), sdk.PerformanceDatasetsApi(api)
        wanted = sdk.PerformanceDatasetCreateParams(name="hosts", metrics=["remote_address", "protocol"])
        dataset = str(performance.create_performance_dataset(wanted).id)
        values = sdk.DatasetFilterMetricValuesCreateParams(remote_address="10.20.0.250", protocol="nfs3")
        pinned = str(
            datasets.create_dataset_workload(sdk.DatasetWorkloadCreateParams(metric_values=values, name="batch"), dataset).id
        )
        before = rate_of(sdk, api)
        change = sdk.DatasetWorkload(limits=sdk.DatasetWorkloadLimits(protocol_ops=500))
        datasets.update_dataset_workload(change, pinned, dataset)
        read = datasets.get_dataset_workload(pinned, dataset).workloads[0]
        limited = rate_of(sdk, api)
        performance.delete_datasets_dataset_workloads_workload_limit("protocol_ops", dataset, pinned)
        assert not datasets.list_dataset_workloads(dataset).workloads[0].limits.protocol_ops
        shown = performance.get_performance_dataset(dataset).datasets[0]
        datasets.delete_dataset_workload(pinned, dataset)
        performance.delete_performance_dataset(dataset)
        assert [one.name for one in performance.list_performance_datasets().datasets] == ["System", "users"]
        return read, shown, (before, limited)


def rate_of(sdk: Any, api: Any) -> float:  # noqa: ANN401 - no types
    """Give the operations of the one pinned workload."""
    rows = sdk.StatisticsApi(api).get_summary_workload(dataset="hosts").workload
    (pinned,) = [row for row in rows if row.workload_type == "Pinned"]
    return float(pinned.ops)


async def test_a_workload_is_pinned_and_limited_and_its_client_slows_down(tmp_path: Path) -> None:
    async with Simulator(SimulatorOptions(tmp_path / "cluster")) as simulator:
        simulator.begin("hot-client")
        read, shown, (before, limited) = await asyncio.to_thread(limit_a_workload, simulator)
        assert not simulator.cluster.troubled, "who is limited disturbs nobody"
    assert (read.name, read.limits.protocol_ops, read.metric_values.remote_address) == ("batch", 500, "10.20.0.250")
    assert (shown.metrics, shown.workload_count) == (["remote_address", "protocol"], 1)
    assert before == pytest.approx(20_000, rel=0.03)
    assert limited == pytest.approx(500, rel=0.03)


def write_as_monitor(simulator: Simulator) -> list[int]:
    with sdk_client(simulator, "monitor") as (sdk, api):
        quota = sdk.QuotaQuotaCreateParams(path="/ifs/data/new", type="directory", include_snapshots=False)
        certificate = sdk.CertificatesIdentityItem(name="x", certificate_path="/ifs/x", certificate_key_path="/ifs/y")
        tries = (
            lambda: sdk.QuotaApi(api).create_quota_quota(quota),
            lambda: sdk.CertificateApi(api).create_certificate_server_item(certificate),
            lambda: sdk.ClusterApi(api).create_diagnostics_gather_start_item(sdk.DiagnosticsGatherStartItem()),
            lambda: sdk.PerformanceApi(api).delete_performance_dataset("1"),
        )
        return [status_of(sdk, attempt) for attempt in tries]


async def test_an_account_that_may_only_read_changes_nothing(tmp_path: Path) -> None:
    async with Simulator(SimulatorOptions(tmp_path / "cluster")) as simulator:
        assert await asyncio.to_thread(write_as_monitor, simulator) == [403] * 4
        assert simulator.cluster.operations.gathers.all() == []
