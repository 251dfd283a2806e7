"""What incidents do to the figures, which fields a version shows, and what an account may: plain values in, plain values out."""

from __future__ import annotations

import pytest

from mendwatch.testing.clock import FakeClock
from mendwatch_onefs_sim.cluster import Cluster
from mendwatch_onefs_sim.fields import trimmed
from mendwatch_onefs_sim.hardware import make_hardware
from mendwatch_onefs_sim.releases import offered
from mendwatch_onefs_sim.sessions import Account
from mendwatch_onefs_sim.statistics.steering import CLUSTER, Steering


@pytest.fixture
def cluster() -> Cluster:
    return Cluster(make_hardware(4, 1, "test"), FakeClock())


def test_a_ramp_starts_where_it_is_told_and_stays_at_its_end() -> None:
    steering = Steering()
    steering.fill(0.5, 0.9, since=10, seconds=40)
    assert [steering.used_share(second) for second in (9, 10, 30, 50, 1000)] == [None, 0.5, pytest.approx(0.7), 0.9, 0.9]


def test_a_value_for_one_device_goes_before_the_value_for_all() -> None:
    steering = Steering()
    steering.put("node.load.1min", 100)
    steering.put("node.load.1min", lambda elapsed: elapsed * 2, 5)
    assert [steering.value("node.load.1min", devid, 30.0) for devid in (1, 5)] == [100, 60]
    steering.forget("node.load.1min", 5)
    assert steering.value("node.load.1min", 5, 30.0) == 100


def test_errors_and_load_are_forgotten_when_told_so() -> None:
    steering = Steering()
    steering.fail("node.health", 6)
    steering.busy(3.0, 5)
    assert (steering.error("node.health", 2), steering.busyness(5), steering.busyness(1)) == (6, 3.0, 1.0)
    steering.forget("node.health")
    steering.calm()
    assert (steering.error("node.health", 2), steering.busyness(5)) == (None, 1.0)


def test_every_change_makes_the_figures_anew() -> None:
    steering, revisions = Steering(), set()
    for change in (
        lambda: steering.put("k", 1, CLUSTER),
        lambda: steering.busy(2),
        lambda: steering.fill(0, 1, 0, 1),
        steering.calm,
    ):
        change()
        revisions.add(steering.revision)
    assert len(revisions) == 4


def test_a_restart_begins_counters_and_uptime_anew_and_leaves_other_nodes_alone(cluster: Cluster) -> None:
    before = [node.uptime for node in cluster.moment().nodes]
    cluster.restart(2)
    cluster._clock.move(10)  # type: ignore[attr-defined]
    after = [node.uptime for node in cluster.moment().nodes]
    assert [later - earlier for earlier, later in zip(before, after, strict=True)][0::2] == [10, 10]
    assert after[1] <= 10


def test_a_node_that_went_down_is_missing_and_comes_back_restarted(cluster: Cluster) -> None:
    seen = []
    cluster.watchers.append(lambda node: seen.append((node.lnn, node.is_up)))
    cluster._clock.move(5)  # type: ignore[attr-defined]
    cluster.power(3, is_up=False)
    cluster.power(3, is_up=False)
    assert [node.node.lnn for node in cluster.moment().nodes] == [1, 2, 4]
    cluster.power(3, is_up=True)
    assert cluster.moment().by_devid[3].uptime == 0
    assert seen == [(3, False), (3, True)]


def test_fields_are_taken_away_wherever_they_are_and_nothing_else_is() -> None:
    body = {"settings": {"nfs_rdma_enabled": True, "nfsv3_rdma_enabled": True, "other": 1}}
    shown = {version: trimmed("protocols/nfs/settings/global", version, 23, body)["settings"] for version in (18, 19)}  # type: ignore[index]
    assert shown == {18: {"nfsv3_rdma_enabled": True, "other": 1}, 19: {"nfs_rdma_enabled": True, "other": 1}}
    tiers = {"tiers": [{"id": 1, "node_type_ids": [3]}, {"id": 2}]}
    assert trimmed("storagepool/tiers", 16, 19, tiers) == {"tiers": [{"id": 1}, {"id": 2}]}
    assert trimmed("storagepool/tiers", 16, 20, tiers) == tiers


def test_words_that_once_were_in_capitals_are_so_for_who_asks_the_old_version() -> None:
    body = {"jobs": [{"job_state": "finished"}, {"job_state": None}]}
    assert trimmed("datamover/jobs", 19, 23, body) == {"jobs": [{"job_state": "FINISHED"}, {"job_state": None}]}
    assert trimmed("datamover/jobs", 20, 23, body) == body


@pytest.mark.parametrize(
    ("resource", "latest", "there"),
    [
        ("repair/settings", 22, False),
        ("repair/settings", 23, True),
        ("protocols/swift/accounts", 19, True),
        ("protocols/swift/accounts", 20, False),
        ("quota/quotas", 7, True),
    ],
)
def test_a_release_offers_what_it_has(resource: str, latest: int, there: bool) -> None:  # noqa: FBT001
    assert offered(resource, latest) is there


@pytest.mark.parametrize(
    ("account", "reads", "writes"),
    [
        (Account("a", "", writes=False), True, False),
        (Account("a", "", writes=True), True, True),
        (Account("a", "", writes=True, privileges={}), False, False),
        (Account("a", "", writes=True, privileges={"ISI_PRIV_QUOTA": "r"}), True, False),
        (Account("a", "", writes=False, privileges={"ISI_PRIV_QUOTA": "w"}), True, True),
        (Account("a", "", writes=False, privileges={"ISI_PRIV_QUOTA": "-"}), False, False),
    ],
)
def test_an_account_may_what_its_privileges_permit(account: Account, reads: bool, writes: bool) -> None:  # noqa: FBT001
    assert (account.may("read", "ISI_PRIV_QUOTA"), account.may("write", "ISI_PRIV_QUOTA")) == (reads, writes)
    assert account.may("write"), "what needs no privilege is open to everybody"
