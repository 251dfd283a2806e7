"""Damaged answers about hardware, pools and the network: fewer numbers or a BadAnswer, never a number that is not true.

The truth is what the simulated cluster says undamaged. A node is down and a drive has failed, so that the answers have excuses.
"""

from __future__ import annotations

import asyncio
import copy
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from simulated import Asked, Series, make_cluster, series

from mendwatch.errors import BadAnswer
from mendwatch.model.samples import Reading
from mendwatch_onefs import capacity, certificates, drives, network, nodes, storage_pools, time_skew
from mendwatch_onefs.decoding import decode
from mendwatch_onefs.gathered import KeptHeads
from mendwatch_onefs.stored_certificates import CertificatePage

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
TRIP = time_skew.Trip(NOW, 0.2)


def _list(resource: str) -> Callable[[bytes], Reading]:
    def read(body: bytes) -> Reading:
        entries = getattr(decode(body, network.NetworkPage, resource), network.LISTS[resource][1])
        return network.reading_of(network.Network({} if entries is None else {resource: entries}), NOW)

    return read


def _certificates(body: bytes) -> Reading:
    return certificates.reading_of([("server", decode(body, CertificatePage, "x").certificates)], None, NOW)


#: Each resource with what reads its answer.
READERS: dict[str, Callable[[bytes], Reading]] = {
    "3/cluster/nodes": lambda body: asyncio.run(nodes.reading_of(body, KeptHeads())),
    "16/storagepool/storagepools": lambda body: storage_pools.reading_of(decode(body, storage_pools.Pools, "x"), None, None, NOW),
    "1/storagepool/status": lambda body: storage_pools.reading_of(None, decode(body, storage_pools.Status, "x"), None, NOW),
    "1/storagepool/unprovisioned": lambda body: storage_pools.reading_of(
        None, None, decode(body, storage_pools.Unprovisioned, "x"), NOW
    ),
    "1/cluster/statfs": lambda body: capacity.reading_of(decode(body, capacity.Statfs, "x"), None, NOW),
    "5/storagepool/settings": lambda body: capacity.reading_of(None, decode(body, capacity.Settings, "x"), NOW),
    "3/cluster/time": lambda body: time_skew.reading_of(decode(body, time_skew.Times, "x"), TRIP, NOW),
    "4/certificate/server": _certificates,
    "3/network/dnscache": lambda body: network.reading_of(network.Network({}, decode(body, network.DnsCache, "x").settings), NOW),
    **{f"{version}/{resource}": _list(resource) for resource, (version, _) in network.LISTS.items()},
}
NAMES = st.sampled_from(sorted(READERS))
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=4,
)


@cache
def _answers() -> dict[str, Any]:
    asked = Asked(make_cluster(6, frozenset({3})))
    for machine in asked.cluster.machines.all():
        asked.cluster.machines.put(replace(machine, drives=machine.drives[:2]))  # the fewer there are, the more is tried
    asked.cluster.machines.fail_drive(2, 2)
    asked.cluster.fabric.suspend("pool0", [2])
    return {name: asked.get(name) for name in READERS}


def _places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:  # noqa: ANN401 - JSON
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in pairs:
        yield (*path, name)
        yield from _places(inner, (*path, name))


@cache
def _every_place(name: str) -> list[tuple[str | int, ...]]:
    return list(_places(_answers()[name]))


def _changed(name: str, path: tuple[str | int, ...], change: Callable[[Any, str | int], object]) -> bytes:
    """Give an answer in which one place was changed."""
    answer = copy.deepcopy(_answers()[name])
    parent: Any = answer
    for part in path[:-1]:
        parent = parent[part]
    change(parent, path[-1])
    return json.dumps(answer).encode()


def _read(name: str, body: bytes) -> Series | None:
    try:
        return series(READERS[name](body))
    except BadAnswer:
        return None


@cache
def _truth(name: str) -> Series:
    found = _read(name, json.dumps(_answers()[name]).encode())
    assert found is not None
    return found


def _wrong(name: str, found: Series | None) -> Series:
    """Give the numbers that differ from the truth; those that have lost a word of their description are not among them."""
    truth = _truth(name)
    return {key: value for key, value in (found or {}).items() if key in truth and abs(truth[key] - value) > _slack(key[0])}


def _slack(metric: str) -> float:
    """Give by how much a number may differ: where the blocks of a partition are not told, OneFS' whole percent stand for them."""
    return 0.01 if metric == "powerscale_node_partition_used_ratio" else 0.0


def _put(value: object) -> Callable[[Any, str | int], object]:
    return lambda parent, name: parent.__setitem__(name, value)


def _invented(name: str, found: Series | None) -> set[tuple[str, tuple[str, ...]]]:
    """Give the series that the truth has not. A metric of words (always 1) may have lost one; a number may not."""
    words = {"_info", "_state", "_charge", "_protection", "_in_tier"}
    return {key for key in (found or {}) if key not in _truth(name) and not any(key[0].endswith(word) for word in words)}


@pytest.mark.parametrize("name", sorted(READERS))
def test_there_is_a_truth_to_compare_with(name: str) -> None:
    assert _truth(name)


@settings(max_examples=800, deadline=None)
@given(NAMES, st.data())
def test_a_value_that_is_missing_takes_numbers_away_and_changes_none(name: str, data: st.DataObject) -> None:
    path = data.draw(st.sampled_from([path for path in _every_place(name) if isinstance(path[-1], str)]))
    change = data.draw(st.sampled_from([_put(None), lambda parent, field: parent.pop(field)]))
    found = _read(name, _changed(name, path, change))
    assert _wrong(name, found) == {}
    assert _invented(name, found) == set()


@settings(max_examples=300, deadline=None)
@given(NAMES, st.data())
def test_a_number_that_becomes_text_is_the_same_number(name: str, data: st.DataObject) -> None:
    def say(parent: Any, field: str | int) -> None:  # noqa: ANN401 - JSON
        value = parent[field]
        parent[field] = str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value

    path = data.draw(st.sampled_from(_every_place(name)))
    assert _read(name, _changed(name, path, say)) == _truth(name)


@settings(max_examples=300, deadline=None)
@given(NAMES, st.data())
def test_a_field_that_nobody_knows_changes_nothing(name: str, data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(_every_place(name)))

    def add(parent: Any, field: str | int) -> None:  # noqa: ANN401 - JSON
        place = parent[field]
        if isinstance(place, dict):
            place["new_in_a_later_release"] = data.draw(ANYTHING)

    assert _read(name, _changed(name, path, add)) == _truth(name)


@settings(max_examples=800, deadline=None)
@given(NAMES, st.data())
def test_anything_in_any_place_is_survived_and_gives_finite_numbers(name: str, data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(_every_place(name)))
    found = _read(name, _changed(name, path, _put(data.draw(ANYTHING))))
    assert found is None or all(isinstance(value, float) and abs(value) < float("inf") for value in found.values())


@settings(max_examples=200, deadline=None)
@given(NAMES, st.data())
def test_an_answer_that_is_cut_or_has_a_flipped_byte_is_survived(name: str, data: st.DataObject) -> None:
    body = bytearray(json.dumps(_answers()[name]).encode())
    cut = bytes(body[: data.draw(st.integers(0, len(body) - 1))])
    assert _read(name, cut) is None
    body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    _read(name, bytes(body))


def test_an_outline_has_no_field_that_an_odd_value_could_break() -> None:
    outlines = (drives.Bay, time_skew.NodeTime, capacity.Statfs, capacity.Settings, storage_pools.Status)
    assert {field.type for outline in outlines for field in msgspec.structs.fields(outline)} == {Any}
