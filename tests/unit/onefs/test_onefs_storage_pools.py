"""From storagepool/* to samples: decimal text, no double counting, no sum without one of its parts."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from simulated import Asked, Series, make_cluster, series

from mendwatch.model.samples import Reading
from mendwatch_onefs.decoding import decode
from mendwatch_onefs.storage_pools import Pools, Status, Unprovisioned, reading_of

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)


def _read(asked: Asked) -> Reading:
    return reading_of(
        asked.decoded("16/storagepool/storagepools", Pools),
        asked.decoded("1/storagepool/status", Status),
        asked.decoded("1/storagepool/unprovisioned", Unprovisioned),
        NOW,
    )


def _value(found: Series, metric: str, *labels: str) -> float:
    return found[(f"powerscale_{metric}", labels)]


def test_the_total_of_the_cluster_is_that_of_its_node_pools_and_not_of_its_tiers_too() -> None:
    asked = Asked(make_cluster(8))
    found, now = series(_read(asked)), asked.cluster.moment()
    sizes = [value for (metric, _), value in found.items() if metric == "powerscale_node_pool_size_bytes"]
    assert len(sizes) == _value(found, "node_pools") == 2
    assert sum(sizes) == _value(found, "node_pools_size_bytes") == _value(found, "tier_size_bytes", "general") == now.ifs_total
    assert _value(found, "node_pools_used_bytes") == _value(found, "tier_used_bytes", "general") == now.ifs_used


def test_usage_is_read_from_decimal_text_and_percent_becomes_a_ratio() -> None:
    found = series(_read(Asked()))
    pool = "h700_60tb_96gb"
    usable, used = (_value(found, f"node_pool_{name}_bytes", pool) for name in ("usable", "used"))
    assert _value(found, "node_pool_used_ratio", pool) == pytest.approx(used / usable, abs=1e-6)
    assert _value(found, "node_pool_free_bytes", pool) + used == _value(found, "node_pool_size_bytes", pool)


def test_a_medium_that_a_pool_has_not_gives_no_series() -> None:
    media = {labels[1] for metric, labels in series(_read(Asked())) if metric == "powerscale_node_pool_media_size_bytes"}
    assert media == {"hdd"}


def test_what_ails_a_pool_is_told_flag_by_flag() -> None:
    asked = Asked()
    asked.cluster.machines.fail_drive(2, 4)
    asked.cluster.power(3, is_up=False)
    found = series(_read(asked))
    flags = {labels[1]: value for (metric, labels), value in found.items() if metric == "powerscale_node_pool_health_flag"}
    assert flags == {
        "underprovisioned": 0, "missing_drives": 0, "devices_down": 1, "devices_smartfailed": 1, "waiting_repair": 0,
    }  # fmt: skip
    assert _value(found, "node_pool_healthy", "h700_60tb_96gb") == 0
    assert _value(found, "disk_pools_unhealthy") == 1
    assert _value(found, "disk_pool_health_flag", "h700_60tb_96gb:1", "devices_down") == 1


def test_a_flag_that_nobody_knows_is_shown_and_counted() -> None:
    reading = _changed(lambda pool: pool.update(health_flags=["on_fire"]))
    assert _value(series(reading), "node_pool_health_flag", "h700_60tb_96gb", "on_fire") == 1
    assert reading.drift == {"storagepool/storagepools: health_flags": 1}


def test_no_list_of_flags_is_not_good_health() -> None:
    found = series(_changed(lambda pool: pool.update(health_flags=None)))
    assert ("powerscale_node_pool_healthy", ("h700_60tb_96gb",)) not in found


@pytest.mark.parametrize(
    "change",
    [
        lambda pool: pool.pop("type"),
        lambda pool: pool.update(type="bucket"),
        lambda pool: pool.update(name=None),
        lambda pool: pool["usage"].update(total_bytes="much"),
        lambda pool: pool["usage"].update(total_bytes=None),
        lambda pool: pool.update(usage=[]),
    ],
    ids=["no type", "unknown type", "no name", "size is no number", "no size", "no usage"],
)
def test_a_sum_that_lacks_one_pool_is_not_given(change: Callable[[dict[str, Any]], object]) -> None:
    found = series(_changed(change, nodes=8))
    assert ("powerscale_node_pools_size_bytes", ()) not in found
    assert len([metric for metric, _ in found if metric == "powerscale_node_pool_size_bytes"]) == 1


def test_two_pools_of_one_name_that_differ_are_believed_neither_and_have_no_sum() -> None:
    asked = Asked(make_cluster(8))
    answer = asked.get("16/storagepool/storagepools")
    answer["storagepools"][2]["name"] = answer["storagepools"][1]["name"]
    found = series(reading_of(decode(json.dumps(answer).encode(), Pools, "test"), None, None, NOW))
    assert not [metric for metric, _ in found if metric in {"powerscale_node_pool_size_bytes", "powerscale_node_pools_size_bytes"}]


def test_what_belongs_to_no_pool_is_counted_and_what_is_not_told_is_not() -> None:
    loose = Unprovisioned({"lnns": [4], "drives": [{"lnn": 1, "bay": 3}, {"lnn": 1, "bay": 4}]})
    found = series(reading_of(None, None, loose, NOW))
    assert found == {("powerscale_unprovisioned_nodes", ()): 1, ("powerscale_unprovisioned_drives", ()): 2}
    assert series(reading_of(None, Status(), Unprovisioned(), NOW)) == {}


def test_a_release_without_a_part_gives_the_others() -> None:
    asked = Asked()
    reading = reading_of(asked.decoded("16/storagepool/storagepools", Pools), None, None, NOW)
    assert "storage_pool" in reading.complete
    assert _value(series(reading), "node_pools") == 1


def _changed(change: Callable[[dict[str, Any]], object], nodes: int = 4) -> Reading:
    """Read an answer of which the first node pool was changed."""
    answer = copy.deepcopy(Asked(make_cluster(nodes)).get("16/storagepool/storagepools"))
    change(answer["storagepools"][1])
    return reading_of(decode(json.dumps(answer).encode(), Pools, "test"), None, None, NOW)
