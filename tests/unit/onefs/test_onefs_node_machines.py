"""From cluster/nodes to samples: a node that is down, what a release says otherwise, what OneFS itself calls invalid."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from simulated import Asked, Series, make_cluster, series

from mendwatch.errors import BadAnswer
from mendwatch.model.samples import Reading
from mendwatch_onefs.gathered import KeptHeads
from mendwatch_onefs.nodes import reading_of


def _read(body: bytes, kept: KeptHeads | None = None) -> Reading:
    return asyncio.run(reading_of(body, kept or KeptHeads()))


def _reading(*nodes: dict[str, Any], errors: object = None) -> Reading:
    return _read(json.dumps({"nodes": nodes, "errors": errors}).encode())


def _of(node: dict[str, Any]) -> Series:
    """Give what one node tells, without its number."""
    found = series(_reading({"lnn": 1, **node}))
    return {(metric.removeprefix("powerscale_node_"), labels[1:]): value for (metric, labels), value in found.items()}


def test_a_healthy_node_tells_what_the_simulator_holds() -> None:
    asked = Asked()
    found = series(_read(asked.body("3/cluster/nodes")))
    of_two = {metric.removeprefix("powerscale_node_"): value for (metric, labels), value in found.items() if labels == ("2",)}
    assert of_two == {
        "answers": 1, "readonly": 0, "readonly_requested": 0, "service_light": 0, "smartfailed": 0, "dead": 0, "in_cluster": 1,
        "shutdown_readonly": 0, "power_supplies": 2, "power_supplies_failed": 0, "nvram_charged": 1, "cpu_speed_limit_ratio": 1,
        "nvram_present": 1, "nvram_ship_mode": 0,
    }  # fmt: skip
    assert found[("powerscale_node_temperature_celsius", ("2", "Temps", "Temp_Front"))] == 24.0
    assert found[("powerscale_node_partition_size_bytes", ("2", "/var"))] == 4 * 2**30


def test_a_node_that_is_down_does_not_answer_and_has_no_other_number() -> None:
    reading = _read(Asked(make_cluster(4, frozenset({3}))).body("3/cluster/nodes"))
    found = series(reading)
    assert {key: value for key, value in found.items() if key[1][0] == "3"} == {("powerscale_node_answers", ("3",)): 0.0}
    assert {labels[0] for _, labels in found} == {"1", "2", "3", "4"}
    assert reading.complete == frozenset()
    assert reading.drift == {}


def test_an_answer_of_every_node_is_complete() -> None:
    reading = _read(Asked().body("3/cluster/nodes"))
    assert "node_state" in reading.complete


GROUPS = [{"name": "Temps", "count": 1, "values": [{"name": "Inlet", "units": "C", "value": "21.5"}]}]


@pytest.mark.parametrize("sensors", [GROUPS, {"sensors": GROUPS}])
def test_sensors_are_read_as_an_object_and_as_the_bare_list_of_older_releases(sensors: object) -> None:
    found = _of({"sensors": sensors})
    assert found[("temperature_celsius", ("Temps", "Inlet"))] == 21.5


def test_a_sensor_that_measures_nothing_gives_nothing_and_a_unit_that_nobody_knows_is_counted() -> None:
    values = [
        {"name": "a", "units": "C", "value": "N/A"},
        {"name": "b", "units": "furlongs", "value": "1"},
        {"name": "c", "units": "RPM", "value": "fast"},
        {"name": "d", "units": "rpm", "value": 5280},
    ]
    reading = _reading({"lnn": 1, "sensors": {"sensors": [{"name": "All", "values": values}]}})
    fan = ("powerscale_node_fan_rotations_per_minute", ("1", "All", "d"))
    assert set(series(reading)) == {("powerscale_node_answers", ("1",)), fan}
    assert reading.drift == {"cluster/nodes: sensors.units": 1, "cluster/nodes: sensors.value": 1}


def test_two_sensors_of_one_name_that_differ_are_believed_neither() -> None:
    values = [{"name": "a", "units": "C", "value": "20"}, {"name": "a", "units": "C", "value": "21"}]
    reading = _reading({"lnn": 1, "sensors": [{"name": "T", "values": values}]})
    assert set(series(reading)) == {("powerscale_node_answers", ("1",))}
    assert reading.drift == {"cluster/nodes: two values of one series": 1}


def test_partitions_are_counted_in_blocks_and_not_in_bytes() -> None:
    found = _of({"partitions": {"partitions": [{"mount_point": "/var", "block_size": 1024, "capacity": 1000, "used": 250}]}})
    assert found[("partition_size_bytes", ("/var",))] == 1_024_000
    assert found[("partition_used_bytes", ("/var",))] == 256_000
    assert found[("partition_used_ratio", ("/var",))] == 0.25


def test_what_statfs_says_of_a_partition_goes_before_what_the_block_counts_say() -> None:
    statfs = {"f_bsize": 512, "f_blocks": 1000, "f_bfree": 600}
    partition = {"mount_point": "/", "block_size": 1, "capacity": 9, "used": 9, "statfs": statfs}
    found = _of({"partitions": {"partitions": [partition]}})
    assert (found[("partition_size_bytes", ("/",))], found[("partition_used_bytes", ("/",))]) == (512_000, 204_800)


def test_a_partition_that_tells_a_percentage_only_has_a_ratio_and_no_sizes() -> None:
    found = _of({"partitions": [{"mount_point": "/var", "percent_used": "75%"}]})
    assert found == {("answers", ()): 1.0, ("partition_used_ratio", ("/var",)): 0.75}


def test_a_state_that_onefs_calls_invalid_says_nothing() -> None:
    state = {
        "readonly": {"mode": True, "enabled": True, "valid": False},
        "servicelight": {"enabled": True, "supported": False, "valid": True},
    }
    assert set(_of({"state": state})) == {("answers", ())}


def test_read_only_mode_by_the_system_is_told_from_one_that_somebody_asked_for() -> None:
    asked = Asked()
    asked.cluster.machines.set_readonly(2, on=True, by_system=True)
    asked.cluster.machines.set_readonly(3, on=True)
    found = series(_read(asked.body("3/cluster/nodes")))
    modes = [[found[(f"powerscale_node_{name}", (lnn,))] for lnn in "123"] for name in ("readonly", "readonly_requested")]
    assert modes == [[0, 1, 1], [0, 0, 1]]


def test_a_failed_power_supply_is_counted_and_named() -> None:
    asked = Asked()
    asked.cluster.machines.fail_supply(2, 1)
    found = series(_read(asked.body("3/cluster/nodes")))
    assert found[("powerscale_node_power_supplies_failed", ("2",))] == 1
    assert ("powerscale_node_power_supply_state", ("2", "PS1", "failed")) in found
    assert ("powerscale_node_power_supply_state", ("2", "PS2", "good")) in found


def test_a_battery_that_failed_its_test_is_seen_in_three_places() -> None:
    asked = Asked()
    asked.cluster.machines.weaken_battery(4)
    found = series(_read(asked.body("3/cluster/nodes")))
    assert found[("powerscale_node_battery_test_passed", ("4", "1"))] == 0
    assert found[("powerscale_node_nvram_charged", ("4",))] == 0
    assert ("powerscale_node_nvram_charge", ("4", "red")) in found
    assert ("powerscale_node_battery_state", ("4", "1", "low")) in found


@pytest.mark.parametrize(
    "status",
    [
        {"batterystatus": {"supported": False, "status1": "Good", "result1": "passed"}},
        {"nvram": {"charge_status": "Not supported", "charge_status_number": -1}},
        {"nvram": {"charge_status": "UNKNOWN"}},
        {"batterystatus": {"status1": "N/A", "result1": "N/A"}},
        {"cpu": {"speed_limit": "N/A"}},
        {"powersupplies": {"count": None, "failures": None, "supplies": None}},
    ],
)
def test_what_a_node_does_not_have_gives_no_number_and_no_drift(status: dict[str, Any]) -> None:
    reading = _reading({"lnn": 1, "status": status})
    assert set(series(reading)) == {("powerscale_node_answers", ("1",))}
    assert reading.drift == {}


@pytest.mark.parametrize(
    ("status", "told"),
    [
        ({"nvram": {"supported": True, "present": False, "ship_mode": 1}}, {("nvram_present", ()): 0, ("nvram_ship_mode", ()): 1}),
        ({"nvram": {"supported": True, "present": True, "ship_mode": -1}}, {("nvram_present", ()): 1}),
        ({"nvram": {"supported": False, "present": False}}, {}),
        ({"nvram": {"present": False}}, {}),
        ({"cpu": {"overtemp": "Over temperature"}}, {("cpu_overtemp_state", ("over temperature",)): 1}),
        ({"cpu": {"overtemp": "N/A"}}, {}),
    ],
)
def test_a_journal_that_is_not_there_and_a_hot_processor_are_told(status: dict[str, Any], told: Series) -> None:
    assert {key: value for key, value in _of({"status": status}).items() if key[0] != "answers"} == told


def test_words_that_nobody_knows_are_kept_or_skipped_and_counted() -> None:
    status = {"nvram": {"charge_status": "MAUVE"}, "batterystatus": {"result1": "perhaps"}}
    reading = _reading({"lnn": 1, "status": status})
    assert ("powerscale_node_nvram_charge", ("1", "mauve")) in series(reading)
    assert reading.drift == {"cluster/nodes: status.nvram.charge_status": 1, "cluster/nodes: status.batterystatus.result": 1}


def test_a_part_that_is_no_node_makes_the_answer_none() -> None:
    with pytest.raises(BadAnswer):
        _read(b'{"nodes": [{"lnn": 1}, 7]}')


def test_a_name_that_is_no_unicode_costs_no_other_number() -> None:
    body = b'{"nodes": [{"lnn": 1, "hardware": {"product": "\\ud800"}, "drives": [{"baynum": 1, "ui_state": "HEALTHY"}]}]}'
    found = series(_read(body))
    assert found[("powerscale_drive_healthy", ("1", "1"))] == 1


def test_the_names_of_the_series_are_made_once_while_they_stay_the_same() -> None:
    asked, kept = Asked(), KeptHeads()
    first, second = (_read(asked.body("3/cluster/nodes"), kept).columns[0].layout for _ in range(2))
    asked.cluster.machines.set_readonly(2, on=True)
    third = _read(asked.body("3/cluster/nodes"), kept).columns[0].layout
    asked.cluster.machines.fail_drive(2, 4)
    fourth = _read(asked.body("3/cluster/nodes"), kept).columns[0].layout
    assert first is second is third
    assert fourth is not first


def test_an_answer_without_nodes_is_no_answer() -> None:
    with pytest.raises(BadAnswer):
        _read(b'{"total": 0}')
