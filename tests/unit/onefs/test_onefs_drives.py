"""From cluster/nodes to drives: counts, each drive that is not well, and no count without one of them."""

from __future__ import annotations

import asyncio
import json

import pytest
from simulated import Asked, make_cluster, series

from mendwatch.model.samples import Reading
from mendwatch_onefs.gathered import KeptHeads
from mendwatch_onefs.nodes import NodesCollector, reading_of

GOOD = {
    "baynum": 1,
    "ui_state": "HEALTHY",
    "media_type": "SSD",
    "model": "M",
    "serial": "S",
    "purpose": "STORAGE",
    "present": True,
    "pending_actions": [],
    "firmware": {"current_firmware": "F1", "desired_firmware": "F2"},
}


def _read(body: bytes, each: int = 500) -> Reading:
    return asyncio.run(reading_of(body, KeptHeads(), each))


def _reading(*drives: object, each: int = 500) -> Reading:
    return _read(json.dumps({"nodes": [{"lnn": 1, "drives": list(drives)}]}).encode(), each)


def _metrics(reading: Reading) -> set[str]:
    return {metric.removeprefix("powerscale_") for metric, _ in series(reading)} - {"node_answers"}


def test_drives_are_counted_by_node_state_and_medium() -> None:
    asked = Asked()
    asked.cluster.machines.fail_drive(2, 4)
    found = series(_read(asked.body("3/cluster/nodes")))
    counts = {labels: value for (metric, labels), value in found.items() if metric == "powerscale_node_drives"}
    assert counts == {
        ("1", "healthy", "hdd"): 15, ("2", "healthy", "hdd"): 14, ("2", "smartfail", "hdd"): 1,
        ("3", "healthy", "hdd"): 15, ("4", "healthy", "hdd"): 15,
    }  # fmt: skip


def test_a_large_cluster_shows_only_the_drives_that_are_not_well() -> None:
    asked = Asked()
    asked.cluster.machines.fail_drive(2, 4)
    found = series(_read(asked.body("3/cluster/nodes"), each=59))
    assert {labels: value for (metric, labels), value in found.items() if metric == "powerscale_drive_healthy"} == {("2", "4"): 0.0}
    serial = asked.cluster.machines.of(2).drives[3].serial
    assert ("powerscale_drive_info", ("2", "4", "hdd", "storage", "SIMULATED-4T", serial, "A2B0")) in found
    assert ("powerscale_drive_state", ("2", "4", "smartfail")) in found


def test_the_largest_cluster_with_half_its_bays_empty_stays_within_the_budget() -> None:
    bays = [{**GOOD, "baynum": bay} if bay % 2 else {"baynum": bay, "ui_state": "EMPTY", "present": False} for bay in range(1, 37)]
    answer = {"nodes": [{"lnn": lnn, "drives": bays} for lnn in range(1, 253)]}
    reading = _read(json.dumps(answer).encode())
    assert 252 * 18 <= reading.size <= NodesCollector.spec.budget / 2


def test_a_small_cluster_shows_every_drive() -> None:
    found = series(_read(Asked().body("3/cluster/nodes"), each=60))
    healthy = [value for (metric, _), value in found.items() if metric == "powerscale_drive_healthy"]
    assert healthy == [1.0] * 60


def test_a_drive_that_is_mended_is_gone_from_a_complete_reading_of_a_large_cluster() -> None:
    reading = _read(Asked().body("3/cluster/nodes"), each=0)
    assert "drive" in reading.complete
    assert "drive_healthy" not in _metrics(reading)


def test_a_node_that_is_down_hides_its_own_drives_and_leaves_the_reading_incomplete() -> None:
    reading = _read(Asked(make_cluster(4, frozenset({3}))).body("3/cluster/nodes"))
    assert {labels[0] for (metric, labels) in series(reading) if "drive" in metric} == {"1", "2", "4"}
    assert reading.complete == frozenset()


@pytest.mark.parametrize(("state", "healthy"), [("L3", 1.0), ("journal", 1.0), ("REPLACE", 0.0), ("Wrong Type", 0.0)])
def test_each_state_is_well_or_not(state: str, healthy: float) -> None:
    found = series(_reading({**GOOD, "ui_state": state}))
    assert found[("powerscale_drive_healthy", ("1", "1"))] == healthy


def test_a_state_that_nobody_knows_is_shown_and_counted_and_neither_well_nor_not() -> None:
    reading = _reading({**GOOD, "ui_state": "RESTING"}, each=0)
    assert ("powerscale_drive_state", ("1", "1", "resting")) in series(reading)
    assert "drive_healthy" not in _metrics(reading)
    assert reading.drift == {"cluster/nodes: drives.ui_state": 1}


def test_an_empty_bay_is_counted_and_is_no_drive_that_fails() -> None:
    reading = _reading(GOOD, {"baynum": 2, "ui_state": "EMPTY", "present": False}, each=0)
    found = series(reading)
    assert found[("powerscale_node_drives", ("1", "empty", ""))] == 1
    assert ("powerscale_drive_healthy", ("1", "2")) not in found
    assert found[("powerscale_drive_present", ("1", "2"))] == 0
    assert found[("powerscale_node_drives_firmware", ("1", "M", "F1", "F2"))] == 1


@pytest.mark.parametrize("odd", [{**GOOD, "ui_state": None}, {**GOOD, "baynum": "x"}, "drive", None])
def test_a_drive_that_cannot_be_read_takes_the_counts_away_and_no_other_drive(odd: object) -> None:
    reading = _reading(GOOD, odd)
    assert _metrics(reading) == {"drive_healthy", "drive_present", "drive_pending_actions", "drive_state", "drive_info"}
    assert "drive" not in reading.complete
    assert reading.drift


def test_a_drive_of_unknown_firmware_takes_the_counts_away() -> None:
    assert not {"node_drives", "node_drives_firmware"} & _metrics(_reading(GOOD, {**GOOD, "baynum": 2, "firmware": None}))


def test_actions_that_wait_are_counted() -> None:
    found = series(_reading({**GOOD, "ui_state": "NEW", "pending_actions": ["add", "firmware_update"]}))
    assert found[("powerscale_drive_pending_actions", ("1", "1"))] == 2
