"""Which bay a disk is in: asked for, or told by its name, and never guessed from its index."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest

from mendwatch_onefs.drift import Drift
from mendwatch_onefs.statistics_bays import bay_keys, bay_of, read_bays
from mendwatch_onefs.statistics_catalogue import Facts


def _value(key: str, value: object, devid: object = 5) -> dict[str, object]:
    return {"key": key, "devid": devid, "node": 2, "value": value}


async def test_the_bays_of_all_disks_are_asked_for_in_parts() -> None:
    asked: list[Sequence[str]] = []

    async def ask(keys: Sequence[str]) -> bytes:
        asked.append(keys)
        return json.dumps({"stats": [_value(key, 100 - int(key.rpartition(".")[2])) for key in keys]}).encode()

    bays = await read_bays([f"node.disk.bay.{index}" for index in range(36)], 252, ask, Drift())
    assert max(map(len, asked)) * 252 <= 2_000
    assert {bay_of(5, str(index), bays) for index in range(36)} == {str(100 - index) for index in range(36)}


async def test_what_is_odd_places_no_disk() -> None:
    async def ask(_: Sequence[str]) -> bytes:
        odd = [_value("node.disk.bay.0", "x"), _value("node.disk.bay.x", 1), _value("cluster.health", 1)]
        odd.append(_value("node.disk.bay.1", None))
        return json.dumps({"stats": [*odd, _value("node.disk.bay.2", "7")]}).encode()

    drift = Drift()
    assert await read_bays(["node.disk.bay.0"], 1, ask, drift) == {(5, "2"): "7"}
    assert drift.counts == {"statistics/current: node.disk.bay": 1}


@pytest.mark.parametrize(
    ("disk", "bay"), [("0", "1"), ("1", None), ("Bay 7", "7"), ("bay07", "7"), ("Bay", None), ("da1", None), ("", None)]
)
def test_a_disk_is_placed_by_what_was_told_of_it_or_by_its_name(disk: str, bay: str | None) -> None:
    assert bay_of(5, disk, {(5, "0"): "1", (6, "1"): "2"}) == bay


def test_only_keys_that_the_release_has_are_asked_for() -> None:
    facts = Facts()
    assert bay_keys({"node.disk.bay.0": facts, "node.disk.bay.11": facts, "node.disk.busy.0": facts}) == [
        "node.disk.bay.0",
        "node.disk.bay.11",
    ]
    assert bay_keys({}) == []
    assert len(bay_keys(None)) == 60
