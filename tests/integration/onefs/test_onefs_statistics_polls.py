"""Polls of statistics against a simulated cluster: what is asked when, what is kept, and what one bad key or node costs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from urllib.parse import parse_qs

import pytest

from mendwatch.errors import Unsupported
from mendwatch.model.samples import Reading
from mendwatch.testing.clock import FakeClock
from mendwatch_onefs.session import OneFSSession
from mendwatch_onefs.statistic_groups import GROUPS
from mendwatch_onefs.statistics import StatisticsCollector
from mendwatch_onefs.statistics_standing import Standing
from mendwatch_onefs.summary_drive import DriveSummaryCollector
from mendwatch_onefs_sim.faults import Fault
from mendwatch_onefs_sim.server import Simulator

Open = Callable[..., OneFSSession]
CURRENT, CATALOGUE = "/platform/1/statistics/current", "/platform/1/statistics/keys"
MISSING, PARKED = "powerscale_statistics_missing", "powerscale_statistics_parked_keys"
Series = dict[tuple[str, tuple[str, ...]], float]


def _series(reading: Reading) -> Series:
    found = list(reading.each())
    series = {(sample.metric, sample.labels): sample.value for sample in found}
    assert len(series) == len(found)
    return series


def _asked(simulator: Simulator) -> list[list[str]]:
    """The keys of every request."""
    return [parse_qs(one.query)["keys"][0].split(",") for one in simulator.requests if one.path == CURRENT]


def _stats(simulator: Simulator, *stats: dict[str, object], times: int | None = 1) -> None:
    """Answer something else than the cluster would."""
    simulator.faults.add(Fault("status", path=CURRENT, status=200, body={"stats": list(stats)}, times=times))


async def _poll(session: OneFSSession, clock: FakeClock, step: float = 5.0) -> Series:
    clock.move(step)
    return _series(await StatisticsCollector().collect(session, clock.now()))


async def test_statistics_are_ratios_of_all_nodes(simulator: Simulator, opened: Open, clock: FakeClock) -> None:
    series = await _poll(opened(), clock)
    assert {labels[0] for metric, labels in series if metric == "powerscale_node_cpu_idle_ratio"} == {"1", "2", "3", "4"}
    ratios = [value for (metric, _), value in series.items() if metric.endswith("_ratio")]
    assert all(0 <= value <= 1 for value in ratios)
    for asked in [request for request in simulator.requests if request.path == CURRENT]:
        assert len(f"{asked.path}?{asked.query}") < 8000
        query = parse_qs(asked.query)
        assert (query["devid"], query["degraded"], query["show_nodes"], query["timeout"]) == (["all"], ["true"], ["true"], ["8"])


async def test_idle_user_and_the_other_modes_are_all_of_the_time(opened: Open, clock: FakeClock) -> None:
    series = await _poll(opened(), clock)
    for node in "1234":
        modes = (series[(f"powerscale_node_cpu_{mode}_ratio", (node,))] for mode in ("idle", "user", "system", "interrupt", "nice"))
        assert sum(modes) == pytest.approx(1, abs=0.01)


async def test_the_catalogue_is_read_once_page_by_page_and_again_after_an_upgrade(
    simulator: Simulator, opened: Open, clock: FakeClock
) -> None:
    session = opened()
    await session.identify()
    for _ in range(3):
        await _poll(session, clock)
    once = [request.path for request in simulator.requests].count(CATALOGUE)
    assert once >= 1
    simulator.cluster.hardware = replace(simulator.cluster.hardware, release="9.13.0.0")
    await session.identify()
    await _poll(session, clock)
    assert [request.path for request in simulator.requests].count(CATALOGUE) == 2 * once


async def test_only_keys_that_the_release_has_are_asked_for_and_the_others_are_counted(
    simulator: Simulator, opened: Open, clock: FakeClock
) -> None:
    session = opened()
    series = await _poll(session, clock)
    catalogue = session.memory(Standing).catalogue
    assert catalogue is not None
    asked = {key for keys in _asked(simulator) for key in keys}
    ours = {statistic.key for statistic in GROUPS["default"]}
    assert asked == ours & set(catalogue)
    assert series.get((PARKED, ("not_in_catalogue",)), 0) == len(ours - set(catalogue))


async def test_disks_are_named_by_the_bay_that_everybody_else_names_them_by(
    simulator: Simulator, opened: Open, clock: FakeClock
) -> None:
    session = opened(statistics={"groups": ["drives"]})
    found, others = await _poll(session, clock), await DriveSummaryCollector().collect(opened(), clock.now())
    bays = {labels for metric, labels in found if metric == "powerscale_node_drive_busy_ratio"}
    assert bays == {labels for metric, labels in _series(others) if metric == "powerscale_drive_busy_ratio"}
    assert len(bays) == 60
    asked = len(_asked(simulator))
    await _poll(session, clock)
    assert not any("bay" in key for keys in _asked(simulator)[asked:] for key in keys)


async def test_a_disk_that_comes_is_placed(simulator: Simulator, opened: Open, clock: FakeClock) -> None:
    session, disk = opened(statistics={"groups": ["drives"]}), ("powerscale_node_drive_busy_ratio", ("2", "4"))
    simulator.cluster.machines.insert_drive(2, 4)
    before = await _poll(session, clock)
    simulator.cluster.machines.finish_drive(2, 4)
    after = await _poll(session, clock)
    assert (disk in before, disk in after) == (False, True)


async def test_disks_of_which_nobody_tells_the_bay_are_counted_and_not_named_by_their_index(
    simulator: Simulator, opened: Open, clock: FakeClock
) -> None:
    codes = {f"node.disk.bay.{index}": 1 for index in range(15)}
    simulator.faults.add(Fault("stat_errors", path=CURRENT, body=codes, times=None))
    found = await _poll(opened(statistics={"groups": ["drives"]}), clock)
    assert not [labels for metric, labels in found if metric == "powerscale_node_drive_busy_ratio"]
    assert found[("powerscale_statistics_missing", ("unknown_bay",))] == 60 * 15


async def test_a_release_without_a_catalogue_is_asked_for_everything(simulator: Simulator, opened: Open, clock: FakeClock) -> None:
    simulator.faults.add(Fault("status", path=CATALOGUE, status=404, times=None))
    series = await _poll(opened(), clock)
    assert ("powerscale_node_health", ("1",)) in series
    assert {key for keys in _asked(simulator) for key in keys} == {statistic.key for statistic in GROUPS["default"]}


async def test_polls_at_another_pace_keep_the_layouts_whose_requests_stay_the_same(opened: Open, clock: FakeClock) -> None:
    session, layouts = opened(), []
    for _ in range(3):  # only the second poll tells how far apart they are
        clock.move(7)
        reading = await StatisticsCollector().collect(session, clock.now())
        layouts.append({id(one.layout): one.layout for one in reading.columns})

    assert layouts[0].keys() == layouts[1].keys() == layouts[2].keys()


async def test_a_key_is_asked_for_as_often_as_the_cluster_measures_it_and_its_value_stays(
    simulator: Simulator, opened: Open, clock: FakeClock
) -> None:
    session = opened()
    first = await _poll(session, clock)
    asked = len(_asked(simulator))
    size = ("powerscale_cluster_ifs_ssd_size_bytes", ())
    for _ in range(59):
        assert (await _poll(session, clock))[size] == first[size]
    again = [key for keys in _asked(simulator)[asked:] for key in keys]
    assert again.count("node.cpu.idle.avg") == 59
    assert again.count("node.uptime") == 29
    assert again.count("ifs.ssd.bytes.total") == 0
    await _poll(session, clock)
    assert "ifs.ssd.bytes.total" in {key for keys in _asked(simulator)[asked:] for key in keys}


async def test_a_value_that_is_kept_keeps_its_own_time(opened: Open, clock: FakeClock) -> None:
    session = opened()
    found = []
    for _ in range(2):
        clock.move(5)
        reading = await StatisticsCollector().collect(session, clock.now())
        found.append({sample.metric: sample.time for sample in reading.each()})
    before, after = found
    assert before["powerscale_node_cpu_idle_ratio"] != after["powerscale_node_cpu_idle_ratio"]
    assert before["powerscale_cluster_ifs_ssd_size_bytes"] == after["powerscale_cluster_ifs_ssd_size_bytes"]


async def test_values_with_an_old_time_are_read_and_not_counted_as_new(
    simulator: Simulator, opened: Open, clock: FakeClock
) -> None:
    session = opened()
    stat: dict[str, object] = {"key": "node.open.files", "devid": 1, "node": 1, "value": 5}
    names = ("powerscale_statistics_values_total", "powerscale_statistics_new_values_total")
    counts = [(0.0, 0.0)]
    for time in (1_768_478_400, 1_768_478_400, 1_768_478_405):
        simulator.faults.clear()
        _stats(simulator, {**stat, "time": time}, times=None)
        series = await _poll(session, clock)
        counts.append((series[(names[0], ())], series[(names[1], ())]))
    steps = [(after[0] - before[0], after[1] - before[1]) for before, after in pairwise(counts)]
    assert steps == [(1.0, 1.0), (1.0, 0.0), (1.0, 1.0)]


async def test_the_layouts_stay_the_same_objects_until_a_node_comes_or_goes(
    simulator: Simulator, opened: Open, clock: FakeClock
) -> None:
    session, collector = opened(), StatisticsCollector()
    readings = []
    for _ in range(4):
        clock.move(5)
        readings.append(await collector.collect(session, clock.now()))
    layouts = [[id(columns.layout) for columns in reading.columns] for reading in readings]
    assert layouts[1] == layouts[2] == layouts[3]
    assert len({id(columns.values) for reading in readings for columns in reading.columns}) == sum(map(len, layouts))
    stat = {"key": "node.open.files", "devid": 9, "node": 9, "time": 1_768_478_400, "value": 5}
    _stats(simulator, stat)
    clock.move(5)
    changed = await collector.collect(session, clock.now())
    assert [id(columns.layout) for columns in changed.columns] != layouts[3]
    assert _series(changed)[("powerscale_node_open_files", ("9",))] == 5.0


async def test_nodes_are_labelled_by_logical_number_even_where_the_answer_has_devices_only(
    simulator: Simulator, opened: Open, clock: FakeClock
) -> None:
    stats = [{"key": "node.open.files", "devid": node.devid, "value": node.lnn} for node in simulator.cluster.hardware.nodes]
    _stats(simulator, *stats, times=None)
    series = await _poll(opened(), clock)
    found = {labels: value for (metric, labels), value in series.items() if metric == "powerscale_node_open_files"}
    assert found == {(str(lnn),): float(lnn) for lnn in (1, 2, 3, 4)}


@pytest.mark.parametrize("status", [400, 404])
async def test_a_request_that_is_refused_for_no_key_is_asked_once_more(
    status: int, simulator: Simulator, opened: Open, clock: FakeClock
) -> None:
    session = opened()
    whole = await _poll(session, clock)
    body = {"errors": [{"code": "AEC_NOT_FOUND", "message": "Stat not found"}]}
    simulator.faults.add(Fault("status", path=CURRENT, status=status, body=body))
    assert set(await _poll(session, clock)) == set(whole)


async def test_an_endpoint_that_refuses_every_key_is_unsupported(simulator: Simulator, opened: Open, clock: FakeClock) -> None:
    simulator.faults.add(Fault("status", path=CURRENT, status=404, times=None))
    with pytest.raises(Unsupported):
        await _poll(opened(), clock)
    assert len(_asked(simulator)) <= 50


async def test_a_key_that_no_node_has_is_parked_for_an_hour(simulator: Simulator, opened: Open, clock: FakeClock) -> None:
    session = opened()
    nodes = simulator.cluster.hardware.nodes
    stats = [{"key": "node.open.files", "devid": node.devid, "node": node.lnn, "error_code": 9} for node in nodes]
    good = [{"key": "node.health", "devid": node.devid, "node": node.lnn, "value": 0} for node in nodes]
    _stats(simulator, *stats, *good)
    assert (await _poll(session, clock))[(MISSING, ("not_configured",))] == 4.0
    series = await _poll(session, clock)
    assert "node.open.files" not in _asked(simulator)[-1]
    assert series[(PARKED, ("not_configured",))] == 1.0
    assert ("powerscale_node_open_files", ("1",)) not in series
    series = await _poll(session, clock, 3601)
    assert series[("powerscale_node_open_files", ("1",))] > 0


async def test_a_key_that_one_node_lacks_is_not_parked(simulator: Simulator, opened: Open, clock: FakeClock) -> None:
    session = opened()
    first, second, *_ = simulator.cluster.hardware.nodes
    stat = {"key": "node.open.files", "time": 1_768_478_400}
    good = {**stat, "devid": first.devid, "node": first.lnn, "value": 7}
    _stats(simulator, good, {**stat, "devid": second.devid, "node": second.lnn, "error_code": 9})
    await _poll(session, clock)
    await _poll(session, clock)
    assert any("node.open.files" in keys for keys in _asked(simulator)[-2:])


async def test_a_value_that_a_living_node_did_not_give_is_asked_for_once_more_alone(
    simulator: Simulator, opened: Open, clock: FakeClock
) -> None:
    node = {"devid": 1, "node": 1, "time": 1_768_478_400}
    good = {**node, "key": "node.health", "value": 0}
    _stats(simulator, good, {**node, "key": "node.open.files", "error_code": 6})
    _stats(simulator, {**node, "key": "node.open.files", "value": 11})
    series = await _poll(opened(), clock)
    assert ["node.open.files"] in _asked(simulator)
    assert (MISSING, ("timeout",)) not in series


async def test_a_node_that_gives_nothing_is_down_and_is_not_asked_again(
    simulator: Simulator, opened: Open, clock: FakeClock
) -> None:
    session = opened()
    await _poll(session, clock)
    requests = len(_asked(simulator))
    good = {"devid": 1, "node": 1, "time": 1_768_478_400, "key": "node.health", "value": 0}
    dead = {"devid": 2, "node": 2, "time": 1_768_478_400, "error_code": 5, "value": None}
    _stats(simulator, good, {**dead, "key": "node.health"}, {**dead, "key": "node.open.files"})
    series = await _poll(session, clock)
    assert len(_asked(simulator)) == requests + 1
    assert series[(MISSING, ("connection_timeout",))] == 2.0
    assert ("powerscale_node_health", ("2",)) not in series
    assert series[("powerscale_node_health", ("1",))] == 0.0


async def test_a_truth_where_a_number_is_usual_is_read_and_slows_only_itself(
    simulator: Simulator, opened: Open, clock: FakeClock
) -> None:
    session = opened()
    stat = {"key": "node.cpu.throttling", "devid": 1, "node": 1, "value": True}
    _stats(simulator, stat, {"key": "node.open.files", "devid": 1, "node": 1, "value": 5})
    reading = await StatisticsCollector().collect(session, clock.now())
    assert _series(reading)[("powerscale_node_cpu_throttled", ("1",))] == 1.0
    await _poll(session, clock)
    assert ["node.cpu.throttling"] in _asked(simulator)


async def test_every_group_gives_declared_metrics_only(opened: Open, clock: FakeClock) -> None:
    collector = StatisticsCollector()
    specs = {spec.name: spec for spec in collector.spec.metrics}
    reading = await collector.collect(opened(statistics={"groups": ["all"]}), clock.now())
    for sample in reading.each():
        assert len(sample.labels) == len(specs[sample.metric].labels), sample
    assert reading.size > 100
    assert {sample.metric for sample in reading.each()} & {"powerscale_statistic_bytes", "powerscale_statistic_value"}


async def test_operations_are_samples_of_their_own_and_waiting_ones_have_no_time(opened: Open, clock: FakeClock) -> None:
    series = await _poll(opened(statistics={"groups": ["protocols"]}), clock)
    rate, latency = (f"powerscale_node_protocol_operation_{name}" for name in ("calls_per_second", "latency_seconds"))
    waiting = ("1", "smb2", "change_notify", "namespace_read")
    assert series[(rate, waiting)] > 0
    assert (latency, waiting) not in series
    assert 0 < series[(latency, ("1", "smb2", "read", "read"))] < 1
