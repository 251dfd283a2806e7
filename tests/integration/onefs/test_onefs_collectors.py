"""Every collector against a simulated cluster: whole lists, right labels, degraded nodes, declared metrics only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from mendwatch.errors import BadAnswer
from mendwatch.model.samples import Reading, Severity
from mendwatch.model.targets import Credential, Secret, Target
from mendwatch.testing.clock import FakeClock
from mendwatch_onefs.cluster import ClusterCollector
from mendwatch_onefs.events import EventsCollector
from mendwatch_onefs.provider import OneFSProvider
from mendwatch_onefs.quota_metrics import SCHEMA
from mendwatch_onefs.quota_rows import QuotaPage
from mendwatch_onefs.quotas import QuotasCollector, TooManyQuotas
from mendwatch_onefs.session import OneFSSession
from mendwatch_onefs.statistics import StatisticsCollector
from mendwatch_onefs_sim.events.groups import HEARTBEAT, VAR_FULL, EventGroup
from mendwatch_onefs_sim.faults import Fault
from mendwatch_onefs_sim.quotas.quota import Limits, Quota, Usage
from mendwatch_onefs_sim.server import Simulator, SimulatorOptions

Open = Callable[..., OneFSSession]
CURRENT = "/platform/1/statistics/current"


def _series(reading: Reading) -> dict[tuple[str, tuple[str, ...]], float]:
    return {(sample.metric, sample.labels): sample.value for sample in reading.each()}


def _paths(simulator: Simulator) -> list[str]:
    return [request.path for request in simulator.requests]


async def test_a_cluster_says_what_it_is(opened: Open) -> None:
    identity = await opened().identify()
    assert identity.name == "demo-cluster"
    assert identity.product == "Dell PowerScale OneFS"
    assert identity.version[0].isdigit()
    assert any(capability.startswith("papi:") for capability in identity.capabilities)


async def test_every_collector_gives_declared_metrics_with_declared_labels_and_no_series_twice(
    opened: Open, clock: FakeClock
) -> None:
    session = opened()
    for collector in OneFSProvider().collectors():
        reading = await collector.collect(session, clock.now())
        specs = {spec.name: spec for spec in collector.spec.metrics}
        assert len(_series(reading)) == reading.size
        for sample in reading.each():
            assert len(sample.labels) == len(specs[sample.metric].labels), sample


async def test_no_metric_is_declared_twice_in_the_provider() -> None:
    names = [spec.name for collector in OneFSProvider().collectors() for spec in collector.spec.metrics]
    assert len(set(names)) == len(names)
    assert all(name.startswith("powerscale_") for name in names)


async def test_a_node_that_is_down_takes_only_its_own_samples_away(tmp_path: Path, clock: FakeClock) -> None:
    async with Simulator(SimulatorOptions(folder=tmp_path, nodes=4, clock=clock, down=frozenset({3}))) as simulator:
        target = Target("c1", "onefs", simulator.url, options={"ca_file": simulator.ca_file})
        session = OneFSProvider().open(target, Credential("monitor", Secret(simulator.accounts["monitor"])))
        series = _series(await StatisticsCollector().collect(session, clock.now()))
        nodes = _series(await ClusterCollector().collect(session, clock.now()))
        await session.close()
    assert {labels[0] for metric, labels in series if metric == "powerscale_node_cpu_idle_ratio"} == {"1", "2", "4"}
    assert series[("powerscale_statistics_missing", ("connection_timeout",))] > 0
    assert series[("powerscale_cluster_nodes_down", ())] == 1.0
    assert nodes[("powerscale_node_up", ("3",))] == 0.0
    assert nodes[("powerscale_node_up", ("4",))] == 1.0


def _many(simulator: Simulator, count: int) -> set[str]:
    paths = {f"/ifs/data/project-{number:05}" for number in range(count)}
    for path in sorted(paths):
        simulator.cluster.quotas.add(Quota("", path, Limits(hard=10**9), Usage(10**6)))
    return paths


async def test_every_page_of_2500_quotas_is_read(simulator: Simulator, opened: Open, clock: FakeClock) -> None:
    paths = _many(simulator, 2500)
    series = _series(await QuotasCollector().collect(opened(), clock.now()))
    read = {labels[0] for metric, labels in series if metric == "powerscale_quota_usage_bytes"}
    assert paths <= read
    asked = [parse_qs(request.query) for request in simulator.requests if request.path.endswith("/quota/quotas")]
    assert len(asked) == 4
    assert asked[0] == {"limit": ["1000"], "type": ["directory"]}
    assert all(set(query) == {"resume"} for query in asked[1:3])
    assert asked[3] == {"limit": ["1000"], "type": ["default-directory"]}


async def test_the_same_quotas_keep_one_layout_and_another_quota_makes_a_new_one(
    simulator: Simulator, opened: Open, clock: FakeClock
) -> None:
    session, collector = opened(), QuotasCollector()
    first, second = [(await collector.collect(session, clock.now())).columns[0] for _ in range(2)]
    assert second.layout is first.layout
    assert second.values is not first.values
    _many(simulator, 1)
    (third,) = (await collector.collect(session, clock.now())).columns
    assert third.layout is not first.layout
    assert len(third.layout) == len(first.layout) + len(SCHEMA.fields)


async def test_every_page_was_read_so_that_a_missing_quota_is_gone(opened: Open, clock: FakeClock) -> None:
    assert (await QuotasCollector().collect(opened(), clock.now())).complete == {"quota"}
    everyone = ("directory", "user", "group", "default-user", "default-group", "default-directory")
    reading = await QuotasCollector().collect(opened(quota_types=everyone), clock.now())
    assert reading.complete == {"quota", "persona_quota"}
    series = _series(reading)
    assert series[("powerscale_persona_quota_hard_limit_bytes", ("/ifs/home", "user", "UID:2001"))] == 50 * 2**30
    assert series[("powerscale_quota_hard_limit_bytes", ("/ifs/home", "default-user"))] == 50 * 2**30


async def test_more_quotas_than_the_limit_fail_visibly_and_the_rest_is_not_fetched(
    simulator: Simulator, opened: Open, clock: FakeClock
) -> None:
    _many(simulator, 3500)
    with pytest.raises(TooManyQuotas, match="more than 1500") as caught:
        await QuotasCollector().collect(opened(quota_limit=1500), clock.now())
    assert "quota_types" in caught.value.hint
    assert len([request for request in simulator.requests if request.path.endswith("/quota/quotas")]) == 2


async def test_a_release_without_default_directory_quotas_gives_the_others(
    simulator: Simulator, opened: Open, clock: FakeClock
) -> None:
    session = opened(quota_types=("default-directory", "directory"))
    simulator.faults.add(Fault("status", path="/platform/15/quota", status=400))
    assert (await QuotasCollector().collect(session, clock.now())).size > 0


async def test_a_list_that_breaks_off_on_a_later_page_is_a_bad_answer_and_not_a_short_list(
    simulator: Simulator, opened: Open
) -> None:
    _many(simulator, 1200)
    pages = opened().pages(15, "quota/quotas", QuotaPage, {"type": "directory"})
    assert len((await anext(pages)).quotas) == 1000
    simulator.faults.add(Fault("truncated_body", path="/platform/15/quota"))
    with pytest.raises(BadAnswer):
        await anext(pages)


async def test_pages_that_go_round_in_circles_are_a_bad_answer(simulator: Simulator, opened: Open, clock: FakeClock) -> None:
    body = {"quotas": [], "resume": "1-1-again"}
    simulator.faults.add(Fault("status", path="/platform/15/quota", status=200, body=body, times=None))
    with pytest.raises(BadAnswer, match="never end"):
        await QuotasCollector().collect(opened(), clock.now())
    assert _paths(simulator).count("/platform/15/quota/quotas") == 2


async def test_a_quota_that_is_not_ready_has_limits_and_no_usage(simulator: Simulator, opened: Open, clock: FakeClock) -> None:
    simulator.cluster.quotas.add(Quota("", "/ifs/scanning", Limits(hard=1000), Usage(0), ready=False))
    series = _series(await QuotasCollector().collect(opened(), clock.now()))
    mine = {metric for metric, labels in series if labels[0] == "/ifs/scanning"}
    assert "powerscale_quota_hard_limit_bytes" in mine
    assert series[("powerscale_quota_ready", ("/ifs/scanning", "directory"))] == 0.0
    assert not mine & {"powerscale_quota_usage_bytes", "powerscale_quota_inodes"}


async def test_a_path_that_is_no_unicode_costs_no_other_quota_its_samples(
    simulator: Simulator, opened: Open, clock: FakeClock
) -> None:
    for path in ("/ifs/\udc80", "/ifs/fine"):
        simulator.cluster.quotas.add(Quota("", path, Limits(hard=1000), Usage(10)))
    series = _series(await QuotasCollector().collect(opened(), clock.now()))
    for path in ("/ifs/\udc80", "/ifs/fine"):
        assert series[("powerscale_quota_usage_bytes", (path, "directory"))] == 10.0


async def test_two_quotas_of_one_path_give_a_usage_and_no_hard_limit_that_could_be_taken_for_the_one(
    simulator: Simulator, opened: Open, clock: FakeClock
) -> None:
    simulator.cluster.quotas.add(Quota("", "/ifs/twice", Limits(hard=1000), Usage(10)))
    simulator.cluster.quotas.add(Quota("", "/ifs/twice", Limits(hard=2000), Usage(20), include_snapshots=True))
    series = _series(await QuotasCollector().collect(opened(), clock.now()))
    mine = {metric: value for (metric, labels), value in series.items() if labels[0] == "/ifs/twice"}
    assert mine["powerscale_quota_usage_bytes"] == 10.0
    assert "powerscale_quota_hard_limit_bytes" not in mine


async def test_only_the_configured_types_are_asked_for(simulator: Simulator, opened: Open, clock: FakeClock) -> None:
    series = _series(await QuotasCollector().collect(opened(quota_types=("directory", "default-directory")), clock.now()))
    assert {labels[1] for _, labels in series} <= {"directory", "default-directory"}
    kinds = [parse_qs(request.query)["type"] for request in simulator.requests if request.path.endswith("/quota/quotas")]
    assert kinds == [["directory"], ["default-directory"]]


async def test_a_release_with_an_older_api_is_asked_in_its_own_version(
    simulator: Simulator, opened: Open, clock: FakeClock
) -> None:
    simulator.cluster.hardware = replace(simulator.cluster.hardware, latest=7)
    series = _series(await QuotasCollector().collect(opened(), clock.now()))
    assert "/platform/7/quota/quotas" in _paths(simulator)
    assert any(metric == "powerscale_quota_usage_bytes" for metric, _ in series)


async def test_a_release_that_cannot_tell_its_api_is_asked_for_the_version_that_is_needed(
    simulator: Simulator, opened: Open, clock: FakeClock
) -> None:
    simulator.faults.add(Fault("status", path="/platform/latest", status=404, times=None))
    assert (await QuotasCollector().collect(opened(), clock.now())).size
    assert "/platform/15/quota/quotas" in _paths(simulator)


async def test_an_incident_fills_a_quota_and_opens_an_event_about_its_path(
    simulator: Simulator, opened: Open, clock: FakeClock
) -> None:
    session = opened()
    before = await EventsCollector().collect(session, clock.now())
    path = simulator.begin("quota-fill", seconds=5).subject
    clock.move(6)
    series = _series(await QuotasCollector().collect(session, clock.now()))
    labels = (path, "directory")
    ratio = series[("powerscale_quota_usage_bytes", labels)] / series[("powerscale_quota_hard_limit_bytes", labels)]
    assert ratio == pytest.approx(0.95, abs=0.001)
    after = await EventsCollector().collect(session, clock.now())
    (event,) = [event for event in after.events if event.key not in {old.key for old in before.events}]
    assert after.events_complete
    assert event.active is True
    assert event.kind.startswith("QUOTA_THRESHOLD")
    assert event.severity is Severity.WARNING
    assert event.attributes["path"] == event.subject == path


async def test_resolved_event_groups_are_not_among_those_that_hold(simulator: Simulator, opened: Open, clock: FakeClock) -> None:
    cluster = simulator.cluster
    cluster.events.open(EventGroup("", 0, VAR_FULL, "warning", "full", 1, 1, cluster.epoch(0)))
    held = {group.id for group in cluster.events.all() if not group.resolved and group.cause != HEARTBEAT}
    reading = await EventsCollector().collect(opened(), clock.now())
    assert any(group.resolved for group in simulator.cluster.events.all())
    assert {event.key for event in reading.events} == held


async def test_an_upgrade_is_noticed_without_a_broken_connection(simulator: Simulator, opened: Open, clock: FakeClock) -> None:
    def catalogues() -> int:
        return sum(request.path.endswith("/statistics/keys") and "resume" not in request.query for request in simulator.requests)

    session, before = opened(), simulator.cluster.hardware.latest
    for _ in range(2):
        await ClusterCollector().collect(session, clock.now())
        await StatisticsCollector().collect(session, clock.now())
    read = catalogues()
    simulator.cluster.upgrade("9.13.0.0")
    await ClusterCollector().collect(session, clock.now())
    await StatisticsCollector().collect(session, clock.now())

    assert (read, catalogues()) == (1, 2)
    assert await session.latest() == simulator.cluster.hardware.latest != before
