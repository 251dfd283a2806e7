"""A rolling upgrade moves by the clock: one node after another runs the new release, and then the cluster commits it."""

from __future__ import annotations

from typing import Any

import pytest
from simulated import Asked, make_cluster

from mendwatch.errors import UserError
from mendwatch.testing.clock import FakeClock
from mendwatch_onefs.drift import Drift
from mendwatch_onefs.upgrade import Upgrade, samples_of
from mendwatch_onefs_sim.incidents.registry import begin
from mendwatch_onefs_sim.rolling import start

NEW, OLD = "9.13.0.0", "9.12.0.0"


class Rolled:
    """A cluster of four nodes whose upgrade takes 60 s for each node."""

    def __init__(self) -> None:
        self.cluster = make_cluster()
        self.asked = Asked(self.cluster)
        start(self.cluster, NEW, 60)

    def move(self, seconds: float) -> None:
        clock: Any = self.cluster._clock
        assert isinstance(clock, FakeClock)
        clock.move(seconds)
        self.cluster.settle()

    @property
    def releases(self) -> list[str]:
        """What each node says that it runs."""
        nodes = self.asked.get("3/cluster/version")["nodes"]
        told = [node["release"].removeprefix("v") for node in nodes]
        assert [node["status"]["release"] for node in self.asked.get("3/cluster/nodes")["nodes"]] == told
        assert all(node["release"].removeprefix("v") in node["version"] for node in nodes)
        return told

    @property
    def seen(self) -> dict[str, float]:
        """What the collector makes of it, by the last word of the metric and its labels."""
        drift = Drift()
        now = self.cluster._clock.now()
        found = list(samples_of(self.asked.decoded("12/upgrade/cluster", Upgrade), now, drift))
        assert not drift.counts
        return {".".join((one.metric.removeprefix("powerscale_upgrade_"), *one.labels)): one.value for one in found}


def test_the_collector_sees_the_nodes_change_one_by_one_and_the_commit_in_the_end() -> None:
    world = Rolled()
    states, upgraded = [], []
    for _ in range(6):
        seen = world.seen
        states.append(next(name for name in seen if name.startswith("state.")).removeprefix("state."))
        upgraded.append(seen.get("nodes.upgraded"))
        assert seen["committed"] == (states[-1] == "committed")
        world.move(60)
    assert states == ["upgrading"] * 4 + ["upgraded", "committed"]
    assert upgraded == [0, 1, 2, 3, 4, None]
    assert f"info.{NEW}..none" in world.seen


def test_the_nodes_run_two_releases_while_the_cluster_has_committed_the_old_one() -> None:
    world = Rolled()
    world.move(125)
    assert world.releases == [NEW, NEW, OLD, OLD]
    assert world.asked.get("3/cluster/config")["onefs_version"]["release"] == f"v{OLD}"
    assert world.asked.get("latest") == {"latest": "23"}
    seen = world.seen
    assert (seen["nodes.current"], seen["nodes.transitioning"], seen["nodes.upgraded"]) == (1, 1, 2)
    assert f"info.{OLD}.{NEW}.upgrade" in seen
    uptime = {one["node"]: one["value"] for one in statistics(world.asked, "node.uptime")}
    assert (uptime[1], uptime[2]) == (pytest.approx(65, abs=10), pytest.approx(5, abs=10))
    assert uptime[3] > 86_400


def statistics(asked: Asked, key: str) -> list[Any]:
    return list(asked.get("1/statistics/current", key=key, devid="all", show_nodes="true")["stats"])


def test_after_the_commit_all_is_of_the_new_release_however_late_somebody_asks() -> None:
    world = Rolled()
    world.move(10_000)
    assert world.releases == [NEW] * 4
    assert world.asked.get("latest") == {"latest": "24"}
    uptime = [one["value"] for one in statistics(world.asked, "node.uptime")]
    assert uptime == [pytest.approx(10_000 - 60 * lnn, abs=10) for lnn in (1, 2, 3, 4)]


def test_a_node_that_is_down_holds_the_upgrade_up() -> None:
    world = Rolled()
    world.cluster.power(2, is_up=False)
    world.move(400)
    assert world.seen["nodes.upgraded"] == 1
    world.cluster.power(2, is_up=True)
    world.move(60)
    assert world.seen["nodes.upgraded"] == 2


def test_a_second_upgrade_and_one_to_nowhere_are_refused() -> None:
    world = Rolled()
    with pytest.raises(UserError, match="under way"):
        start(world.cluster, "9.14.0.0")
    with pytest.raises(UserError, match="no release"):
        start(make_cluster(), "9.99.0.0")
    for seconds in (-1.0, float("nan"), float("inf")):
        with pytest.raises(UserError, match="seconds"):
            start(make_cluster(), NEW, seconds)


def test_an_upgrade_that_is_stuck_does_not_go_on_and_leaves_two_releases() -> None:
    world = Rolled()
    begin(world.cluster, "upgrade-stuck", {"release": NEW})
    world.move(1000)
    assert world.releases == [NEW, OLD, OLD, OLD]
    assert world.seen["error"] == 1


def test_without_seconds_for_a_node_all_is_done_at_once() -> None:
    cluster = make_cluster()
    start(cluster, NEW, 0)
    assert Asked(cluster).get("latest") == {"latest": "24"}
    assert Asked(cluster).get("12/upgrade/cluster")["cluster_state"] == "committed"
