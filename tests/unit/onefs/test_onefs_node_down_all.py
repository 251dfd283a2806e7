"""A node goes down, and every series of every collector is compared with before: only its own are gone or become another."""

from __future__ import annotations

import re

import pytest
from papi_wire import World, make_world
from simulated import Series, series

from mendwatch.model.samples import Reading
from mendwatch.provider import Collector, CollectorSpec

DOWN = "3"
#: Series of other labels that tell of the whole cluster, and so of one node less: by metric, with what they tell then.
WHOLE_CLUSTER = {
    r"powerscale_cluster_.*": "statistics that the cluster adds up or averages over the nodes that it has",
    r"powerscale_statistics_.*": "the node's values are missing, and counted so",
    r"powerscale_(protocol|system)_.*": "summaries that the cluster makes of all nodes",
    r"powerscale_(tier|node_pool)_(health_flag|healthy)|powerscale_disk_pool.*": "the pool that the node is a part of is not well",
    r"powerscale_(client|clients|workload|heat)_.*": "whoever worked through the node works less, or not at all",
    r"powerscale_smartconnect_.*": "clients are not sent to the node any more",
    r"powerscale_job_(engine_.*|state|running|paused_.*)": "a job that must not run on a degraded cluster waits",
    r"powerscale_nfs_locks_nodes_missing": "the node's locks are missing, and counted so",
    r"powerscale_nfs_lock(s|s_by_version|_oldest_timestamp_seconds)": "without the node's locks there is no total",
}
#: What every node knows of all: who is left out of a pool, what the last check found, and who is in the group.
KNOWN_BY_ALL = {"suspended_node", "healthcheck_item", "cluster_node"}
_TOLD_BY_OTHERS = r"powerscale_(node_up|node_answers|smartconnect_.*|network_pool_node_suspended)"
NAMES = sorted(make_world().collectors())


def _is_its_own(spec: CollectorSpec, metric: str, labels: tuple[str, ...]) -> bool:
    names = next(one.labels for one in spec.metrics if one.name == metric)
    return dict(zip(names, labels, strict=True)).get("node") == DOWN


def _excused(metric: str) -> bool:
    return any(re.fullmatch(pattern, metric) for pattern in WHOLE_CLUSTER)


async def _before_and_after(world: World, collector: Collector) -> tuple[Series, Reading, Reading]:
    before = await world.reading(collector)
    world.source.cluster.power(int(DOWN), is_up=False)
    world.source.known.clear()
    return series(before), before, await world.reading(collector)


@pytest.mark.parametrize("name", NAMES)
async def test_a_node_that_goes_down_loses_only_its_own_series(name: str) -> None:
    world = make_world(nodes=4)
    collector = world.collectors()[name]
    before, _, reading = await _before_and_after(world, collector)
    after, spec = series(reading), collector.spec
    others = {one: value for one, value in before.items() if not _is_its_own(spec, *one) and not _excused(one[0])}
    assert {one: after.get(one) for one in others} == others
    assert {one for one in after.keys() - before.keys() if not _excused(one[0])} == set()
    left = {metric for metric, labels in after if _is_its_own(spec, metric, labels)}
    told = {metric for metric in left if not re.fullmatch(_TOLD_BY_OTHERS, metric)}
    assert told == set(), "a node that is down cannot tell this of itself"


async def test_what_only_a_node_that_is_down_could_tell_does_not_pass_for_gone() -> None:
    judged = set()
    for name in NAMES:
        world = make_world(nodes=4)
        collector = world.collectors()[name]
        _, before, after = await _before_and_after(world, collector)
        of_nodes = {one.name for one in collector.spec.schemas if "node" in one.labels} - KNOWN_BY_ALL
        judged |= of_nodes & before.complete
        assert of_nodes & after.complete == set(), name
    assert {"node_state", "interface"} <= judged


async def test_a_node_that_is_back_has_its_series_again() -> None:
    world = make_world(nodes=4)
    session, now = world.session(), world.clock.now()
    for collector in world.collectors().values():
        before = {one for one in series(await collector.collect(session, now)) if _is_its_own(collector.spec, *one)}
        world.source.cluster.power(int(DOWN), is_up=False)
        world.source.known.clear()
        await collector.collect(session, now)
        world.source.cluster.power(int(DOWN), is_up=True)
        world.source.known.clear()
        after = {one for one in series(await collector.collect(session, now)) if _is_its_own(collector.spec, *one)}
        assert before <= after, collector.spec.name
