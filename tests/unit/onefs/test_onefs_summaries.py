"""From statistics/summary/* to samples: microseconds to seconds, percent to ratios, the top ones, and no invented number."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import pytest

from mendwatch.model.samples import Sample
from mendwatch_onefs import summary_client, summary_drive, summary_heat, summary_protocol, summary_system, summary_workload
from mendwatch_onefs.decoding import decode
from mendwatch_onefs.drift import Drift
from mendwatch_onefs.kept import Kept, columns_of
from mendwatch_onefs.provider import OneFSProvider

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
Found = dict[tuple[str, ...], float]


def _rows(outline: Any, name: str, *rows: dict[str, object]) -> Any:  # noqa: ANN401 - any outline
    return getattr(decode(json.dumps({name: rows}).encode(), outline, "test"), name)


def _found(samples: Iterable[Sample]) -> Found:
    listed = list(samples)
    found = {(s.metric.removeprefix("powerscale_"), *s.labels): s.value for s in listed}
    assert len(found) == len(listed)
    return found


def _operation(operation: str, rate: object, time: object, **more: object) -> dict[str, object]:
    base = {
        "protocol": "smb2",
        "class": "read",
        "operation": operation,
        "operation_rate": rate,
        "time_avg": time,
        "in": 10,
        "out": 20,
    }
    return {**base, "time_max": 9e9, "time_standard_dev": 5, **more}


def _protocol(*rows: dict[str, object]) -> Found:
    operations = _rows(summary_protocol.ProtocolSummary, "protocol", *rows)
    one = _found(summary_protocol.operations_of(operations, NOW, Drift()))
    return {**one, **_found(summary_protocol.protocols_of(operations, NOW))}


def test_an_operation_is_told_in_seconds_and_bytes_without_minima_and_maxima() -> None:
    labels = ("smb2", "read", "read")
    assert _protocol(_operation("read", 4, 1500)) == {
        ("protocol_operation_calls_per_second", *labels): 4.0,
        ("protocol_operation_receive_bytes_per_second", *labels): 10.0,
        ("protocol_operation_transmit_bytes_per_second", *labels): 20.0,
        ("protocol_operation_latency_seconds", *labels): 0.0015,
        ("protocol_operations_per_second", "smb2"): 4.0,
        ("protocol_receive_bytes_per_second", "smb2"): 10.0,
        ("protocol_transmit_bytes_per_second", "smb2"): 20.0,
        ("protocol_latency_seconds", "smb2"): 0.0015,
    }


def test_a_protocols_latency_is_weighted_by_rate_and_leaves_out_operations_that_wait() -> None:
    found = _protocol(
        _operation("read", 30, 1000), _operation("write", 10, 3000), _operation("change_notify", 5, 31_000_000),
    )  # fmt: skip
    assert found[("protocol_latency_seconds", "smb2")] == pytest.approx(0.0015)
    assert found[("protocol_operations_per_second", "smb2")] == 45.0
    assert found[("protocol_operation_latency_seconds", "smb2", "read", "change_notify")] == 31.0


@pytest.mark.parametrize("odd", [None, "n/a", -1, True, []])
def test_a_sum_of_which_a_part_is_unknown_is_unknown(odd: object) -> None:
    found = _protocol(_operation("read", 30, 1000), _operation("write", odd, 3000))
    assert not {("protocol_operations_per_second", "smb2"), ("protocol_latency_seconds", "smb2")} & set(found)
    assert found[("protocol_receive_bytes_per_second", "smb2")] == 20.0


def test_a_protocol_that_does_nothing_has_no_latency() -> None:
    assert ("protocol_latency_seconds", "smb2") not in _protocol(_operation("read", 0, 0))


def test_only_the_clients_with_most_operations_have_series() -> None:
    rows = [{"remote_addr": f"10.0.0.{n}", "protocol": "nfs3", "operation_rate": n, "time_avg": 100} for n in range(1, 50)]
    unknown = {"remote_addr": "10.0.0.99", "protocol": "nfs3", "operation_rate": "lots", "in": 5}
    clients = _rows(summary_client.ClientSummary, "client", *rows, unknown)
    found = _found(summary_client.samples_of(clients, 3, NOW, Drift()))
    assert {labels[1] for labels in found if len(labels) > 1} == {"10.0.0.49", "10.0.0.48", "10.0.0.47"}
    assert found[("clients_active",)] == 50.0
    assert found[("client_latency_seconds", "10.0.0.49", "nfs3")] == 0.0001


def test_a_client_without_an_address_is_left_out_and_nobody_knows_how_many_there_are() -> None:
    clients = _rows(summary_client.ClientSummary, "client", {"protocol": "nfs3", "operation_rate": 5})
    assert _found(summary_client.samples_of(clients, 3, NOW, Drift())) == {}


def _drives(*rows: dict[str, object], drift: Drift | None = None) -> Found:
    numbers = summary_drive.DriveRows()
    numbers.add(_rows(summary_drive.DriveSummary, "drive", *rows), drift or Drift())
    columns = asyncio.run(columns_of(summary_drive.METRICS, list(numbers.keys), numbers.columns, Kept()))
    return _found(sample for one in columns for sample in one.samples())


def test_a_drive_is_told_by_node_and_bay_in_ratios_and_seconds() -> None:
    row = {
        "drive_id": "3:12", "busy": 25.0, "access_latency": 8, "iosched_latency": 0.5, "access_slow": 0.0, "bytes_in": 10,
        "bytes_out": 20, "xfers_in": 1, "xfers_out": "2", "used_bytes_percent": 50,
    }  # fmt: skip
    assert _drives(row) == {
        ("drive_busy_ratio", "3", "12"): 0.25,
        ("drive_access_latency_seconds", "3", "12"): 0.008,
        ("drive_queue_latency_seconds", "3", "12"): 0.0005,
        ("drive_slow_accesses_per_second", "3", "12"): 0.0,
        ("drive_write_bytes_per_second", "3", "12"): 10.0,
        ("drive_read_bytes_per_second", "3", "12"): 20.0,
        ("drive_writes_per_second", "3", "12"): 1.0,
        ("drive_reads_per_second", "3", "12"): 2.0,
        ("drive_used_ratio", "3", "12"): 0.5,
    }


@pytest.mark.parametrize("place", ["3", "3:", ":1", "x:1", "0:1", 5, None, "1:2:3", "\u0663:1"])
def test_a_drive_without_a_place_is_counted_as_drift_and_left_out(place: object) -> None:
    drift = Drift()
    assert _drives({"drive_id": place, "busy": 5}, drift=drift) == {}
    assert drift.counts == {"statistics/summary/drive: drive_id": 1}


def test_a_number_of_a_drive_that_is_odd_costs_only_itself() -> None:
    drift = Drift()
    found = _drives({"drive_id": "1:1", "busy": -1, "bytes_in": 5}, {"drive_id": "1:1", "busy": 9}, drift=drift)
    assert found == {("drive_write_bytes_per_second", "1", "1"): 5.0}
    assert drift.counts == {"statistics/summary/drive: busy": 1, "statistics/summary/drive: drive_id": 1}


def test_heat_gives_the_hottest_paths_and_a_number_where_the_path_is_not_known() -> None:
    rows = [{"path": f"/ifs/{n}", "event_name": "read", "operation_rate": n} for n in range(9)]
    heat = _rows(summary_heat.HeatSummary, "heat", *rows, {"lin": "1:00", "event_name": "lock", "operation_rate": 70})
    assert _found(summary_heat.samples_of(heat, 2, NOW, Drift())) == {
        ("heat_operations_per_second", "lin 1:00", "lock"): 70.0,
        ("heat_operations_per_second", "/ifs/8", "read"): 8.0,
    }


def test_the_system_is_the_row_of_all_nodes_and_not_a_sum_that_counts_twice() -> None:
    rows = [{"node": "All", "cpu": 25, "nfs": 7, "total": 9}, {"node": "1", "cpu": 50, "nfs": 3}, {"node": 2, "cpu": 5}]
    for order in (rows, rows[::-1]):
        found = _found(summary_system.samples_of(_rows(summary_system.SystemSummary, "system", *order), NOW, Drift()))
        assert found == {
            ("system_cpu_ratio",): 0.25,
            ("system_throughput_bytes_per_second",): 9.0,
            ("system_protocol_bytes_per_second", "nfs"): 7.0,
        }
    assert _found(summary_system.samples_of(_rows(summary_system.SystemSummary, "system", *rows[1:]), NOW, Drift())) == {}


def _workloads(*rows: dict[str, object], most: int = 9) -> Found:
    found = _rows(summary_workload.WorkloadSummary, "workload", *rows)
    return _found(summary_workload.samples_of("users", found, most, NOW, Drift()))


def test_a_workload_is_named_by_what_tells_it_apart_and_its_times_are_seconds() -> None:
    row = {"protocol": "nfs3", "username": "alice", "user_id": 2001.0, "ops": 5, "cpu": 500_000, "latency_read": 4200}
    name = "protocol=nfs3 username=alice"
    assert _workloads(row) == {
        ("workload_operations_per_second", "users", name): 5.0,
        ("workload_cpu_cores", "users", name): 0.5,
        ("workload_read_latency_seconds", "users", name): 0.0042,
    }


def test_a_workload_that_is_only_a_number_or_a_kind_has_that_name() -> None:
    found = _workloads({"user_id": 2001.0, "ops": 1}, {"workload_type": "Additional", "ops": 2}, {"ops": 3})
    assert {labels[2] for labels in found} == {"user_id=2001", "Additional"}


def test_only_the_top_workloads_are_told() -> None:
    assert {labels[2] for labels in _workloads(*({"path": f"/{n}", "ops": n} for n in range(9)), most=2)} == {"path=/8", "path=/7"}


def test_every_field_of_the_schemas_is_a_declared_metric_and_no_metric_is_declared_twice() -> None:
    mine = (
        summary_client.ClientSummaryCollector(),
        summary_drive.DriveSummaryCollector(),
        summary_heat.HeatSummaryCollector(),
        summary_protocol.ProtocolSummaryCollector(),
        summary_system.SystemSummaryCollector(),
        summary_workload.WorkloadSummaryCollector(),
    )
    collectors = {collector.spec.name: collector for collector in (*OneFSProvider().collectors(), *mine)}.values()
    names = [metric.name for collector in collectors for metric in collector.spec.metrics]
    assert len(set(names)) == len(names)
    for collector in mine:
        declared = {metric.name for metric in collector.spec.metrics}
        assert all(set(schema.fields.values()) <= declared for schema in collector.spec.schemas)
