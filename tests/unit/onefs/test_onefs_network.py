"""From network/* and zones to samples: interfaces, SmartConnect, what is configured."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from simulated import Asked, Series, make_cluster, series

from mendwatch.model.samples import Reading
from mendwatch_onefs.failures import denied
from mendwatch_onefs.network import LISTS, Network, reading_of

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)


def _read(asked: Asked) -> Reading:
    """Read every list as the collector does."""
    found = Network({}, asked.get("3/network/dnscache")["settings"])
    for resource, (version, name) in LISTS.items():
        answer = asked.get(f"{version}/{resource}")
        found.lists[resource] = answer[name]
        found.errors = found.errors or answer.get("errors")
    return reading_of(found, NOW)


def _interfaces(*interfaces: Any) -> Reading:  # noqa: ANN401 - JSON
    return reading_of(Network({"network/interfaces": list(interfaces)}), NOW)


def _value(found: Series, metric: str, *labels: str) -> float:
    return found[(f"powerscale_{metric}", labels)]


def test_an_interface_tells_its_status_its_speed_and_whether_a_pool_uses_it() -> None:
    asked = Asked()
    asked.cluster.fabric.set_status(2, "ext-1")
    asked.cluster.fabric.slow(3, "ext-2", 1000)
    found = series(_read(asked))
    assert _value(found, "interface_up", "1", "ext-1") == 1
    assert _value(found, "interface_up", "2", "ext-1") == 0
    assert _value(found, "interface_state", "2", "ext-1", "no_carrier") == 1
    assert ("powerscale_interface_speed_bytes_per_second", ("2", "ext-1")) not in found
    assert _value(found, "interface_speed_bytes_per_second", "1", "ext-1") == 25e9 / 8
    assert _value(found, "interface_speed_bytes_per_second", "3", "ext-2") == 1e9 / 8
    assert (_value(found, "interface_pools", "2", "ext-1"), _value(found, "interface_pools", "2", "mgmt-1")) == (1, 0)


def test_nodes_that_smartconnect_leaves_out_are_counted_and_named() -> None:
    asked = Asked()
    asked.cluster.fabric.suspend("pool0", [2, 4])
    found = series(_read(asked))
    pool = "groupnet0.subnet0.pool0"
    assert _value(found, "network_pool_suspended_nodes", pool) == 2
    assert _value(found, "network_pool_suspended_nodes", "groupnet0.subnet0.pool1") == 0
    nodes = [_value(found, "network_pool_node_suspended", pool, node) for node in "1234"]
    assert nodes == [0, 1, 0, 1]


def test_what_is_configured_is_counted() -> None:
    found = series(_read(Asked()))
    names = ("groupnets", "subnets", "network_pools", "network_rules", "access_zones")
    assert {name: _value(found, name) for name in names} == {
        "groupnets": 1, "subnets": 1, "network_pools": 2, "network_rules": 1, "access_zones": 2,
    }  # fmt: skip
    assert _value(found, "network_pool_addresses", "groupnet0.subnet0.pool0") == 252
    assert _value(found, "subnet_smartconnect_addresses", "groupnet0.subnet0") == 2
    assert _value(found, "groupnet_dns_servers", "groupnet0") == 1
    assert _value(found, "dns_cache_entries_limit") == 65_536


def test_a_node_that_is_down_loses_its_own_interfaces_and_leaves_only_the_interfaces_incomplete() -> None:
    reading = _read(Asked(make_cluster(4, frozenset({3}))))
    assert {labels[0] for metric, labels in series(reading) if metric == "powerscale_interface_up"} == {"1", "2", "4"}
    assert reading.complete == {"network_pool", "suspended_node"}
    assert reading.drift == {}


def _owned(node: int, *addresses: str, **owner: object) -> dict[str, Any]:
    place = {"groupnet": "g", "subnet": "s", "pool": "p", "type": "dynamic"}
    return {"lnn": node, "name": "ext-1", "owners": [{**place, "ip_addrs": list(addresses), **owner}]}


def _spread(*interfaces: Any) -> tuple[float | None, ...]:  # noqa: ANN401 - JSON
    found = series(_interfaces(*interfaces))
    return tuple(found.get((f"powerscale_network_pool_addresses_per_node_{name}", ("g.s.p",))) for name in ("max", "min"))


def test_a_pool_whose_addresses_are_on_few_nodes_is_seen() -> None:
    second = {**_owned(1, "192.0.2.9", "192.0.2.1"), "name": "ext-2"}
    assert _spread(_owned(1, "192.0.2.1", "192.0.2.2"), second, _owned(2, "192.0.2.3"), _owned(3)) == (3.0, 0.0)


def test_what_is_on_an_interface_beside_its_pools_does_not_make_a_pool_uneven() -> None:
    service = {"type": "smartconnect_service", "groupnet": "g", "subnet": "s", "pool": "", "ip_addrs": ["192.0.2.7"]}
    beside = {**_owned(1, "192.0.2.1"), "owners": [*_owned(1, "192.0.2.1")["owners"], service, {"type": "internal"}]}
    assert _spread(beside, _owned(2, "192.0.2.2")) == (1.0, 1.0)


@pytest.mark.parametrize(
    "odd",
    [
        {"lnn": 2, "name": "ext-1"},
        {"name": "ext-1", "owners": []},
        _owned(2, ip_addrs=None),
        _owned(2, ip_addrs=["192.0.2.2", None]),
        _owned(2, "192.0.2.2", pool=None),
        {**_owned(2), "owners": ["pool"]},
    ],
)
def test_one_odd_interface_makes_it_unknown_how_even_a_pool_is(odd: object) -> None:
    assert _spread(_owned(1, "192.0.2.1"), odd) == (None, None)


@pytest.mark.parametrize("status", ["unknown", "sideways"])
def test_a_status_that_says_nothing_is_neither_up_nor_down(status: str) -> None:
    reading = _interfaces({"lnn": 1, "name": "ext-1", "status": status})
    assert series(reading) == {("powerscale_interface_state", ("1", "ext-1", status)): 1.0}
    assert reading.drift == ({} if status == "unknown" else {"network/interfaces: status": 1})


@pytest.mark.parametrize("interface", [None, "ext-1", {"lnn": 0, "name": "ext-1"}, {"lnn": 1}, {"name": "ext-1", "status": "up"}])
def test_an_interface_without_a_node_or_a_name_is_counted_and_skipped(interface: object) -> None:
    reading = _interfaces(interface)
    assert (series(reading), reading.drift) == ({}, {"network/interfaces: lnn, name": 1})
    assert reading.complete == frozenset()


@pytest.mark.parametrize(
    ("ranges", "addresses"),
    [
        ([], 0),
        ([{"low": "10.0.0.1", "high": "10.0.0.10"}, {"low": "10.1.0.1", "high": "10.1.0.1"}], 11),
        ([{"low": "fd00::", "high": "fd00::ffff"}], 65_536),
        ([{"low": "10.0.0.9", "high": "10.0.0.1"}], None),
        ([{"low": "10.0.0.9", "high": "fd00::"}], None),
        ([{"low": "ten", "high": "eleven"}], None),
        ([{"low": "10.0.0.1", "high": "10.0.0.2"}, None], None),
        (None, None),
    ],
)
def test_the_addresses_of_a_pool_are_those_of_all_its_ranges_or_unknown(ranges: object, addresses: float | None) -> None:
    found = series(reading_of(Network({"network/pools": [{"id": "g.s.p", "ranges": ranges}]}), NOW))
    assert found.get(("powerscale_network_pool_addresses", ("g.s.p",))) == addresses


def test_a_suspended_node_that_cannot_be_read_takes_the_count_away() -> None:
    found = series(reading_of(Network({"network/pools": [{"id": "p", "sc_suspended_nodes": [1, "x"]}]}), NOW))
    assert ("powerscale_network_pool_suspended_nodes", ("p",)) not in found
    assert ("powerscale_network_pool_node_suspended", ("p", "1")) in found


@pytest.mark.parametrize(
    ("resource", "privilege"),
    [
        ("16/network/pools", "ISI_PRIV_NETWORK"),
        ("3/zones", "ISI_PRIV_AUTH"),
        ("1/storagepool/status", "ISI_PRIV_SMARTPOOLS"),
        ("4/certificate/server", "ISI_PRIV_CERTIFICATE"),
        ("3/cluster/nodes", "ISI_PRIV_DEVICES"),
    ],
)
def test_a_refusal_that_names_no_privilege_is_told_with_the_one_that_the_resource_needs(resource: str, privilege: str) -> None:
    assert privilege in str(denied("HTTP 403: no", f"GET /platform/{resource}"))


def test_a_list_that_this_release_has_not_is_not_an_empty_list() -> None:
    assert series(reading_of(Network({}), NOW)) == {}
    assert series(reading_of(Network({"network/rules": []}), NOW)) == {("powerscale_network_rules", ()): 0.0}
