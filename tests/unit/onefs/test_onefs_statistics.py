"""From statistics/current to columns: right numbers, right nodes, and nothing where nothing is known."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from stepping import stepped

from mendwatch.model.samples import Columns
from mendwatch_onefs.drift import Drift
from mendwatch_onefs.statistic_groups import GROUPS, KNOWN
from mendwatch_onefs.statistic_table import Statistic
from mendwatch_onefs.statistic_units import Unit
from mendwatch_onefs.statistics import StatisticsCollector
from mendwatch_onefs.statistics_asks import Ask
from mendwatch_onefs.statistics_choice import choose
from mendwatch_onefs.statistics_sheets import Page, Sheet

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
WANTED = choose(("default",), None, ()).wanted
KEYS = [one.key for one in WANTED]
STATISTICS = GROUPS["default"]
Series = dict[tuple[str, tuple[str, ...]], float]


def _turned(body: bytes, nodes: dict[int, int] | None = None) -> tuple[Page, Columns]:
    page = Page(Ask(WANTED, 0.0, patient=False))
    page.take(page.reader.read(body, Drift()), NOW)
    return page, stepped(Sheet([page]).columns(nodes or {}, {}))


def _series(columns: Columns) -> Series:
    found = {(s.metric, s.labels): s.value for s in columns.samples()}
    assert len(found) == len(columns.values) - columns.absent
    return found


def _body(*stats: object) -> bytes:
    return json.dumps({"stats": stats}).encode()


def _read(*stats: object, nodes: dict[int, int] | None = None) -> Series:
    return _series(_turned(_body(*stats), nodes)[1])


def _of(key: str, value: object, **more: object) -> dict[str, object]:
    return {"key": key, "devid": 6, "node": 2, "time": 1_700_000_000, "value": value, **more}


def test_the_recorded_answer_of_a_cluster_gives_the_right_numbers(recorded: Callable[[str], bytes]) -> None:
    _, columns = _turned(recorded("csm-metrics-powerscale/platform-3-statistics-current.json"))
    assert {sample.metric: sample.value for sample in columns.samples()} == {
        "powerscale_cluster_cpu_system_ratio": 0.135,
        "powerscale_cluster_disk_writes_per_second": 2.3,
        "powerscale_cluster_disk_reads_per_second": 0.0,
        "powerscale_cluster_disk_write_bytes_per_second": 14950.4,
        "powerscale_cluster_disk_read_bytes_per_second": 0.0,
    }
    assert {sample.time for sample in columns.samples()} == {datetime(2022, 6, 21, 10, 50, 44, tzinfo=UTC)}


def test_another_recorded_answer_with_error_code_0_is_good(recorded: Callable[[str], bytes]) -> None:
    _, columns = _turned(recorded("from-tests/statistics_current_ok.json"))
    (sample,) = columns.samples()
    assert (sample.metric, sample.value) == ("powerscale_cluster_net_external_receive_bytes_per_second", 12345.6)


@pytest.mark.parametrize(
    ("key", "raw", "metric", "value"),
    [
        ("node.cpu.sys.avg", 135, "powerscale_node_cpu_system_ratio", 0.135),
        ("node.disk.busy.avg", 1000, "powerscale_node_disk_busy_ratio", 1.0),
        ("node.load.5min", 250, "powerscale_node_load5", 2.5),
        ("node.disk.iosched.queue.avg", 7, "powerscale_node_disk_queue_length", 0.07),
        ("node.memory.used", "17179869184", "powerscale_node_memory_used_bytes", 17179869184.0),
        ("node.disk.access.latency.avg", 0.0042, "powerscale_node_disk_access_latency_seconds", 0.0042),
        ("node.cpu.throttling", True, "powerscale_node_cpu_throttled", 1.0),
        ("node.cpu.throttling", False, "powerscale_node_cpu_throttled", 0.0),
        ("node.cpu.throttling", "true", "powerscale_node_cpu_throttled", 1.0),
    ],
)
def test_each_unit_is_converted_to_its_base(key: str, raw: object, metric: str, value: float) -> None:
    assert _read(_of(key, raw)) == {(metric, ("2",)): value}


def test_a_structured_value_gives_its_fields_and_microseconds_become_seconds() -> None:
    total = [{"op_name": "total", "op_rate": 12.5, "in_rate": 4096.0, "out_rate": "8192", "time_avg": 1500.0}]
    assert _read(_of("node.protostats.nfs3.total", total)) == {
        ("powerscale_node_protocol_operations_per_second", ("2", "nfs3")): 12.5,
        ("powerscale_node_protocol_receive_bytes_per_second", ("2", "nfs3")): 4096.0,
        ("powerscale_node_protocol_transmit_bytes_per_second", ("2", "nfs3")): 8192.0,
        ("powerscale_node_protocol_latency_seconds", ("2", "nfs3")): 0.0015,
    }


def test_a_list_of_single_operations_is_not_taken_for_a_total(recorded: Callable[[str], bytes]) -> None:
    shapes = json.loads(recorded("from-tests/stat_value_shapes.json"))
    assert _read(_of("node.protostats.nfs3.total", shapes["cluster.protostats.smb2"])) == {}


def test_operations_that_wait_are_left_out_of_the_average_time_and_not_of_the_rate() -> None:
    operations = [
        {"op_name": "change_notify", "op_rate": 10.0, "in_rate": 1.0, "out_rate": 1.0, "time_avg": 31_000_000.0},
        {"op_name": "read_directory_change", "op_rate": 5.0, "in_rate": 1.0, "out_rate": 1.0, "time_avg": 9_000_000.0},
        {"op_name": "read", "op_rate": 30.0, "in_rate": 10.0, "out_rate": 90.0, "time_avg": 1000.0},
        {"op_name": "write", "op_rate": 10.0, "in_rate": 50.0, "out_rate": 2.0, "time_avg": 3000.0},
    ]
    assert _read(_of("node.protostats.smb2", operations)) == {
        ("powerscale_node_protocol_operations_per_second", ("2", "smb2")): 55.0,
        ("powerscale_node_protocol_receive_bytes_per_second", ("2", "smb2")): 62.0,
        ("powerscale_node_protocol_transmit_bytes_per_second", ("2", "smb2")): 94.0,
        ("powerscale_node_protocol_latency_seconds", ("2", "smb2")): 0.0015,
    }


def test_a_protocol_that_only_waits_has_no_average_time() -> None:
    found = _read(_of("node.protostats.smb2", [{"op_name": "change_notify", "op_rate": 1.0, "time_avg": 9e6}]))
    assert found == {("powerscale_node_protocol_operations_per_second", ("2", "smb2")): 1.0}


def test_every_shape_of_value_that_was_recorded_is_survived(recorded: Callable[[str], bytes]) -> None:
    plain = [key for key in KEYS if not key.startswith("node.protostats")]
    for shape in json.loads(recorded("from-tests/stat_value_shapes.json")).values():
        assert _read(*(_of(key, shape) for key in plain)) == {}


@pytest.mark.parametrize("raw", [None, "", "n/a", [], {}, [[]], ["x"], "1e999", "-"])
def test_a_value_that_is_not_understood_gives_no_sample(raw: object) -> None:
    assert _read(*(_of(key, raw) for key in KEYS)) == {}


@pytest.mark.parametrize("code", [None, 0, 3, "3"], ids=repr)
def test_a_degraded_value_is_still_valid(code: object) -> None:
    assert _read(_of("node.open.files", 7, error_code=code)) == {("powerscale_node_open_files", ("2",)): 7.0}


@pytest.mark.parametrize("code", [1, 2, 4, 5, 6, 7, 8, 9, 10, 99, "6", "broken", -1, [], True], ids=repr)
def test_a_value_with_any_other_error_code_gives_no_sample_even_if_it_is_0(code: object) -> None:
    assert _read(_of("node.open.files", 0, error_code=code)) == {}


def test_values_that_a_poll_did_not_get_are_counted_by_reason() -> None:
    codes = (5, 5, 1, 99, "x", 3, None)
    page, _ = _turned(_body(*(_of("node.open.files", None, error_code=code, devid=at) for at, code in enumerate(codes))))
    assert page.missing == {"connection_timeout": 2, "not_present": 1, "other": 2}


def test_a_node_is_labelled_by_its_logical_number_and_not_by_its_device() -> None:
    assert list(_read(_of("node.open.files", 7, devid=6, node=2))) == [("powerscale_node_open_files", ("2",))]


def test_without_the_logical_number_it_is_looked_up_by_device() -> None:
    assert list(_read(_of("node.open.files", 7, node=None), nodes={6: 4})) == [("powerscale_node_open_files", ("4",))]


@pytest.mark.parametrize("node", [None, 0, "?", -1])
def test_a_node_that_cannot_be_named_gives_no_sample(node: object) -> None:
    assert _read(_of("node.open.files", 7, node=node), nodes={9: 1}) == {}


def test_an_unknown_key_costs_nothing_but_itself() -> None:
    found = _read(_of("node.brand.new.in.9.99", 1), _of("node.open.files", 7), {"value": 1}, _of("", 1), {"key": ["x"]})
    assert found == {("powerscale_node_open_files", ("2",)): 7.0}


def test_a_value_that_comes_twice_is_one_series() -> None:
    assert _read(_of("node.open.files", 7), _of("node.open.files", 8)) == {("powerscale_node_open_files", ("2",)): 8.0}


def test_units_agree_with_the_catalogue_of_a_real_cluster(recorded: Callable[[str], bytes]) -> None:
    units = {entry["key"]: entry["units"] for entry in json.loads(recorded("statistics-keys-catalogue-2016.json"))["keys"]}
    expected = {"permil": Unit.PERMIL, "cents": Unit.CENTS, "percent": Unit.PERCENT, "seconds": Unit.SECONDS, "bytes": Unit.BYTES}
    for statistic in KNOWN:
        assert statistic.key in units, f"{statistic.key} is in no catalogue"
        if units[statistic.key] in expected:
            assert statistic.unit is expected[units[statistic.key]], statistic.key


def test_scopes_agree_with_the_catalogue_of_a_real_cluster(recorded: Callable[[str], bytes]) -> None:
    scopes = {entry["key"]: entry["scope"] for entry in json.loads(recorded("statistics-keys-catalogue-2016.json"))["keys"]}
    assert {s.key for s in KNOWN if s.per_node} == {s.key for s in KNOWN if scopes[s.key] == "node"}


def test_metrics_are_named_by_layer_in_base_units() -> None:
    for statistic in KNOWN:
        assert statistic.metric.startswith("powerscale_node_" if statistic.per_node else "powerscale_cluster_")
        assert "percent" not in statistic.metric
        assert statistic.unit.base in {"", "bytes", "seconds", "ratio"}
        if statistic.unit.base:
            assert f"_{statistic.unit.base}" in statistic.metric, statistic.metric


def test_no_two_statistics_make_the_same_series() -> None:
    series = [(statistic.metric, statistic.labels) for statistic in KNOWN]
    assert len(set(series)) == len(series)


def test_statistics_of_one_metric_agree_in_labels_and_unit() -> None:
    shapes: dict[str, set[tuple[tuple[str, ...], str]]] = {}
    for statistic in KNOWN:
        shapes.setdefault(statistic.metric, set()).add((statistic.label_names, statistic.unit.base))
    assert all(len(found) == 1 for found in shapes.values())


def test_help_names_every_key_that_a_metric_comes_from() -> None:
    specs = {spec.name: spec for spec in StatisticsCollector().spec.metrics}
    assert all(statistic.key in specs[statistic.metric].help for statistic in KNOWN)


def test_rules_can_name_nodes_and_the_cluster() -> None:
    schemas = {schema.name: schema for schema in StatisticsCollector().spec.schemas}
    assert schemas["node"].labels == ("node",)
    assert schemas["node"].fields["cpu_idle_ratio"] == "powerscale_node_cpu_idle_ratio"
    assert schemas["cluster"].labels == ()
    assert schemas["cluster"].fields["nodes_down"] == "powerscale_cluster_nodes_down"
    assert "clients_active" not in schemas["node"].fields


def test_a_description_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        STATISTICS[0].metric = "other"  # type: ignore[misc]
    assert isinstance(STATISTICS[0], Statistic)
