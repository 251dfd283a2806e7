"""Every collector with every release from 9.5 to 9.14: which has nothing to read where, and that all else is understood."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest
from papi_wire import World, make_world
from simulated import Series, series

from mendwatch.errors import Unsupported

MINORS = tuple(range(5, 15))
#: Collectors that a release has nothing for: the first release that has, by its second number. All others are read everywhere.
UNSUPPORTED = {"repairs": 12}
#: Metrics that only some releases tell: the first that does, by its second number. All others are told by every release.
LATER = {
    "powerscale_healthcheck_item_repair_needed": 12,
    "powerscale_healthcheck_item_repair_state": 12,
    "powerscale_s3_buckets_object_lock": 12,
    "powerscale_smb_version_1_enabled": 6,
    "powerscale_workload_other_latency_seconds": 10,
    "powerscale_workload_read_latency_seconds": 10,
    "powerscale_workload_write_latency_seconds": 10,
}
#: Metrics that went with a release: the last that tells them.
UNTIL = {"powerscale_node_memory_cache_bytes": 12, "powerscale_node_cpu_throttled": 13}
#: What is told only where some statistic is not there.
OF_GAPS = {"powerscale_statistics_parked_keys"}


async def _read(world: World) -> Mapping[str, Series | None]:
    """Give what each collector gives; None where it says that the release has nothing to read."""
    found: dict[str, Series | None] = {}
    for name, collector in world.collectors().items():
        try:
            reading = await world.reading(collector)
        except Unsupported:
            found[name] = None
            continue
        assert reading.drift == {}, name
        assert reading.size or reading.events, name
        found[name] = series(reading)
    return found


@pytest.fixture(scope="module")
def newest() -> set[str]:
    """Give the metrics that the newest release tells."""
    found = asyncio.run(_read(make_world(release=f"9.{MINORS[-1]}.0.0")))
    assert None not in found.values()
    return {metric for one in found.values() for metric, _ in one or {}}


@pytest.mark.parametrize("minor", MINORS)
async def test_a_release_is_read_whole_but_for_what_the_tables_say(minor: int, newest: set[str]) -> None:
    found = await _read(make_world(release=f"9.{minor}.0.0"))
    assert {name for name, one in found.items() if one is None} == {name for name, since in UNSUPPORTED.items() if minor < since}
    told = {metric for one in found.values() for metric, _ in one or {}}
    missing = {metric for metric in newest - told if not metric.startswith("powerscale_repair_")} - OF_GAPS
    assert missing == {metric for metric, since in LATER.items() if minor < since and metric in newest}
    assert told - newest - OF_GAPS == {metric for metric, until in UNTIL.items() if minor <= until}


@pytest.mark.parametrize("minor", MINORS)
async def test_a_release_is_asked_only_for_what_it_has(minor: int) -> None:
    world = make_world(release=f"9.{minor}.0.0")
    for name, collector in world.collectors().items():
        if minor < UNSUPPORTED.get(name, 0):
            continue
        session = world.session()
        await collector.collect(session, world.clock.now())
        missing = [str(one) for one in session.wire.asked if world.source.answer(one).status != 200]
        assert missing == [], name  # a part that is not there would be a gap that nobody sees


def test_the_tables_name_what_there_is() -> None:
    collectors = make_world().collectors()
    assert set(UNSUPPORTED) <= set(collectors)
    assert {*LATER, *UNTIL, *OF_GAPS} <= {metric.name for one in collectors.values() for metric in one.spec.metrics}
