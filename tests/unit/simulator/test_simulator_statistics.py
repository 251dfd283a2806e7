"""The simulated figures live, agree with one another, and are the same in every run of a seed."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as some

from mendwatch.errors import ConfigurationError
from mendwatch_onefs_sim.hardware import device_id, make_hardware
from mendwatch_onefs_sim.statistics.catalogue import keys_of
from mendwatch_onefs_sim.statistics.keys import ClusterKey, StatKey, Value
from mendwatch_onefs_sim.statistics.moments import ClusterMoment, moment

STARTED = 1_768_478_400.0
KEYS = keys_of(make_hardware(4, 1, "test").nodes, 23)
TYPES = {"int32": int, "int64": int, "uint64": int, "double": float, "string": str}

seconds = some.floats(min_value=0, max_value=1_000_000)


def at(elapsed: float, seed: int = 1, nodes: int = 4) -> ClusterMoment:
    return moment(make_hardware(nodes, seed, "test"), elapsed, STARTED)


def values(key: StatKey, now: ClusterMoment) -> list[Value]:
    return [key.value(now)] if isinstance(key, ClusterKey) else [key.value(node) for node in now.nodes]


def all_values(now: ClusterMoment) -> dict[str, list[Value]]:
    return {name: values(key, now) for name, key in KEYS.items()}


@given(seconds)
def test_the_cpu_states_always_make_a_thousand_permil(elapsed: float) -> None:
    now = at(elapsed)
    assert {sum(owner.cpu.values()) for owner in (now, *now.nodes)} == {1000}
    assert all(share >= 0 for owner in (now, *now.nodes) for share in owner.cpu.values())


@given(seconds, some.floats(min_value=0, max_value=3600))
def test_a_counter_never_falls(elapsed: float, later: float) -> None:
    for name in ("ifs.bytes.in", "ifs.bytes.out"):
        key = KEYS[name]
        assert isinstance(key, ClusterKey)
        assert key.value(at(elapsed + later)) >= key.value(at(elapsed))  # type: ignore[operator]


def test_a_counter_counts_what_its_rate_says() -> None:
    counted = at(101).count("ifs_in") - at(100).count("ifs_in")
    assert counted == pytest.approx(at(100.5).rate("ifs_in"), rel=0.01)


def test_a_seed_gives_the_same_values_in_every_run() -> None:
    assert all_values(at(1234.5)) == all_values(at(1234.5))


def test_another_seed_gives_other_values() -> None:
    assert all_values(at(1234.5, seed=2)) != all_values(at(1234.5))


def test_the_load_goes_up_and_down_within_minutes() -> None:
    idle = [at(second).cpu["idle"] for second in range(0, 600, 10)]
    steps = [after - before for before, after in itertools.pairwise(idle)]
    assert min(steps) < 0 < max(steps)
    assert max(idle) - min(idle) > 50


def test_the_clusters_rates_are_the_sums_of_its_nodes() -> None:
    now = at(77)
    for direction in ("in", "out"):
        total = values(KEYS[f"cluster.net.ext.bytes.{direction}.rate"], now)[0]
        assert total == pytest.approx(sum(map(float, values(KEYS[f"node.net.ext.bytes.{direction}.rate"], now))))  # type: ignore[arg-type]


def test_used_and_free_make_the_whole_of_ifs() -> None:
    now = all_values(at(500))
    assert now["ifs.bytes.used"][0] + now["ifs.bytes.free"][0] == now["ifs.bytes.total"][0]  # type: ignore[operator]
    assert now["ifs.bytes.avail"][0] < now["ifs.bytes.free"][0]  # type: ignore[operator]


def test_every_key_gives_the_type_that_it_declares() -> None:
    now, wrong = at(42.42), []
    for name, key in KEYS.items():
        expected = TYPES.get(key.about.type)
        found = {type(value) for value in values(key, now)}
        if not (found == {expected} if expected else found < {list, dict}):
            wrong.append((name, key.about.type, found))
    assert wrong == []


def test_device_ids_are_unique_and_one_differs_from_its_node_number() -> None:
    ids = [device_id(lnn) for lnn in range(1, 253)]
    assert len(set(ids)) == len(ids)
    assert ids[:5] == [1, 5, 3, 4, 6]


def test_a_cluster_with_a_node_down_needs_attention_and_says_which() -> None:
    now = moment(make_hardware(3, 1, "test", down=frozenset({3})), 1, STARTED)
    facts = {name: values(KEYS[name], now)[0] for name in ("cluster.health", "cluster.node.count.down", "cluster.node.list.down")}
    assert facts == {"cluster.health": 1, "cluster.node.count.down": 1, "cluster.node.list.down": "3"}


@pytest.mark.parametrize("nodes", [0, -1, 253])
def test_a_cluster_of_an_impossible_size_is_refused(nodes: int) -> None:
    with pytest.raises(ConfigurationError, match="nodes"):
        make_hardware(nodes, 1, "test")
