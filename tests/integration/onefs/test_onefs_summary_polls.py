"""The summaries of a simulated cluster: top clients, slow drives, nodes that are down, and what is off until it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs

import pytest

from mendwatch.model.samples import Reading
from mendwatch.testing.clock import FakeClock
from mendwatch_onefs.session import OneFSSession
from mendwatch_onefs.summary_client import ClientSummaryCollector
from mendwatch_onefs.summary_drive import DriveSummaryCollector
from mendwatch_onefs.summary_heat import HeatSummaryCollector
from mendwatch_onefs.summary_protocol import ProtocolSummaryCollector
from mendwatch_onefs.summary_system import SystemSummaryCollector
from mendwatch_onefs.summary_workload import WorkloadSummaryCollector
from mendwatch_onefs_sim.hardware import Hardware
from mendwatch_onefs_sim.server import Simulator
from mendwatch_onefs_sim.summaries.state import Client

Open = Callable[..., OneFSSession]
ALL = (
    ClientSummaryCollector, DriveSummaryCollector, HeatSummaryCollector, ProtocolSummaryCollector, SystemSummaryCollector,
    WorkloadSummaryCollector,
)  # fmt: skip
EVERYTHING: dict[str, Any] = {"heat_top": 5, "workload_datasets": ("System", "users")}


def _series(reading: Reading) -> Mapping[tuple[str, tuple[str, ...]], float]:
    return {(sample.metric.removeprefix("powerscale_"), sample.labels): sample.value for sample in reading.each()}


def _asked(simulator: Simulator, kind: str) -> list[dict[str, list[str]]]:
    return [parse_qs(request.query) for request in simulator.requests if request.path.endswith(f"/summary/{kind}")]


@pytest.mark.parametrize("collector", ALL)
async def test_a_summary_gives_declared_metrics_with_declared_labels_and_understands_everything(
    collector: Callable[[], Any], opened: Open, clock: FakeClock
) -> None:
    one = collector()
    reading = await one.collect(opened(**EVERYTHING), clock.now())
    specs = {spec.name: spec for spec in one.spec.metrics}
    assert reading.size == len(_series(reading)) > 0
    assert all(len(sample.labels) == len(specs[sample.metric].labels) for sample in reading.each())
    assert reading.drift == {}


async def test_what_is_off_asks_nothing(simulator: Simulator, opened: Open, clock: FakeClock) -> None:
    session = opened(client_top=0)
    for collector in (ClientSummaryCollector(), HeatSummaryCollector(), WorkloadSummaryCollector()):
        assert await collector.collect(session, clock.now()) == Reading()
    assert not any("/summary/" in request.path for request in simulator.requests)


async def test_a_client_that_comes_is_at_the_top_and_names_are_never_resolved(
    simulator: Simulator, opened: Open, clock: FakeClock
) -> None:
    simulator.cluster.summaries.arrive(Client("192.0.2.66", "smb2", 90_000.0))
    series = _series(await ClientSummaryCollector().collect(opened(client_top=3), clock.now()))
    assert series[("client_operations_per_second", ("192.0.2.66", "smb2"))] == pytest.approx(90_000, rel=0.05)
    assert len({labels for _, labels in series if labels}) == 3
    assert series[("clients_active", ())] == len(simulator.cluster.summaries.clients)
    (asked,) = _asked(simulator, "client")
    assert (asked["numeric"], asked["degraded"], asked["timeout"]) == (["true"], ["true"], ["8"])


async def test_a_slow_drive_stands_out_and_the_layout_is_kept(simulator: Simulator, opened: Open, clock: FakeClock) -> None:
    session, collector = opened(), DriveSummaryCollector()
    first = await collector.collect(session, clock.now())
    simulator.cluster.summaries.slow_drive(2, 4, 40.0)
    second = await collector.collect(session, clock.now())
    assert second.columns[0].layout is first.columns[0].layout
    before, after, place = _series(first), _series(second), ("2", "4")
    assert after[("drive_busy_ratio", place)] == 0.995
    assert after[("drive_access_latency_seconds", place)] > 20 * before[("drive_access_latency_seconds", place)]
    nodes = {labels[0] for _, labels in after}
    assert nodes == {"1", "2", "3", "4"}


def _without(hardware: Hardware, lnn: int) -> Hardware:
    return replace(hardware, nodes=tuple(replace(node, is_up=node.lnn != lnn and node.is_up) for node in hardware.nodes))


async def test_a_node_that_is_down_takes_only_its_own_away(simulator: Simulator, opened: Open, clock: FakeClock) -> None:
    simulator.cluster.hardware = _without(simulator.cluster.hardware, 3)
    session = opened()
    series = _series(await DriveSummaryCollector().collect(session, clock.now()))
    assert {labels[0] for _, labels in series} == {"1", "2", "4"}
    assert (await ProtocolSummaryCollector().collect(session, clock.now())).size > 0


async def test_a_slow_protocol_is_seen_in_its_latency_which_waiting_does_not_spoil(
    simulator: Simulator, opened: Open, clock: FakeClock
) -> None:
    session, key = opened(), ("protocol_latency_seconds", ("smb2",))
    before = _series(await ProtocolSummaryCollector().collect(session, clock.now()))
    simulator.cluster.summaries.slow_down("smb2", 10.0)
    after = _series(await ProtocolSummaryCollector().collect(session, clock.now()))
    assert 0.0005 < before[key] < 0.005
    assert after[key] == pytest.approx(10 * before[key])
    assert after[("protocol_latency_seconds", ("nfs3",))] == pytest.approx(before[("protocol_latency_seconds", ("nfs3",))])


async def test_a_dataset_that_does_not_exist_is_told_and_costs_no_other(opened: Open, clock: FakeClock) -> None:
    session = opened(workload_datasets=("nothing-like-it", "System"))
    found = _series(await WorkloadSummaryCollector().collect(session, clock.now()))
    known = {labels: value for (metric, labels), value in found.items() if metric == "workload_dataset_known"}
    assert known == {("nothing-like-it",): 0, ("System",): 1}
    assert {labels[0] for (metric, labels) in found if metric == "workload_operations_per_second"} == {"System"}
