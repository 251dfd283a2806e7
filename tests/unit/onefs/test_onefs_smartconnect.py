"""From the status of network pools to samples: who serves clients, and who cannot."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from simulated import Asked, Series, series

from mendwatch.model.samples import Reading
from mendwatch_onefs.drift import Drift
from mendwatch_onefs.smartconnect import MOST, PoolStatus, places_of, reading_of

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
ZERO, ONE = "groupnet0.subnet0.pool0", "groupnet0.subnet0.pool1"


def _read(asked: Asked) -> Reading:
    drift = Drift()
    places = places_of(asked.get("16/network/pools")["pools"], drift)
    return reading_of(
        {name: asked.decoded(f"15/{path}", PoolStatus).status for name, path in places.items()}, len(places), NOW, drift
    )


def _of(found: Series, name: str, *labels: str) -> float | None:
    return found.get((f"powerscale_smartconnect_{name}", labels))


def test_every_pool_tells_how_many_of_its_nodes_serve() -> None:
    reading = _read(Asked())
    found = series(reading)
    for pool in (ZERO, ONE):
        assert [_of(found, name, pool) for name in ("nodes", "nodes_resolvable", "nodes_needing_attention")] == [4, 4, 0]
    assert not [labels for metric, labels in found if "node_resolvable" in metric], "nobody needs attention"
    assert (reading.complete, reading.drift) == ({"smartconnect_pool"}, {})


def test_a_node_that_serves_nobody_is_counted_and_named_with_the_reason() -> None:
    asked = Asked()
    asked.cluster.fabric.suspend("pool0", [2])
    asked.cluster.fabric.set_status(3, "ext-1")
    found = series(_read(asked))
    assert [_of(found, name, ZERO) for name in ("nodes", "nodes_resolvable", "nodes_needing_attention")] == [4, 2, 2]
    assert (_of(found, "node_resolvable", ZERO, "2"), _of(found, "node_resolvable", ZERO, "3")) == (0, 0)
    assert _of(found, "node_ip_state", ZERO, "3", "none_usable") == 1
    assert _of(found, "nodes_needing_attention", ONE) == 0


@pytest.mark.parametrize("pool", [{"groupnet": "g", "subnet": "s"}, {"groupnet": "g", "subnet": "s", "name": "a/b"}, None, "x"])
def test_a_pool_that_cannot_be_asked_for_is_drift(pool: object) -> None:
    drift = Drift()
    assert places_of([pool], drift) == {}
    assert drift.counts == {"network/pools: groupnet, subnet, name": 1}


@pytest.mark.parametrize(
    "status",
    [
        None, [], "x", {}, {"sc_dns_overview": 4, "nodes": {}}, {"nodes": [None, {"lnn": None}, {"lnn": 1}]},
        {"total_configured_nodes": -1, "sc_dns_overview": {"resolvable": "many", "needs_attention": 1.5}},
    ],
)  # fmt: skip
def test_what_is_not_understood_gives_no_number(status: Any) -> None:  # noqa: ANN401 - JSON
    assert set(series(reading_of({"p": status}, 1, NOW, Drift()))) == {("powerscale_smartconnect_pools_truncated", ())}


def test_more_pools_than_are_asked_for_are_not_complete_and_say_so() -> None:
    reading = reading_of({}, MOST + 1, NOW, Drift())
    assert series(reading) == {("powerscale_smartconnect_pools_truncated", ()): 1}
    assert reading.complete == frozenset()
