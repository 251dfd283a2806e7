"""A rolling upgrade: one node after another restarts into the new release, and then the cluster commits it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mendwatch.errors import UserError
from mendwatch_onefs_sim.hardware import Hardware, Node
from mendwatch_onefs_sim.operations.upgrades import COMMITTED, UPGRADED, UPGRADING
from mendwatch_onefs_sim.releases import release as known_release

if TYPE_CHECKING:
    from mendwatch_onefs_sim.cluster import Cluster

#: Seconds that a node takes where nobody says otherwise.
USUAL_STEP = 60.0
_LONGEST = 86_400


def start(cluster: Cluster, release: str, step: float = USUAL_STEP) -> None:
    """Begin an upgrade in which each node takes `step` seconds, and the commit as long again; with 0 it is done at once.

    Raises:
        UserError: there is no such release, no node takes so long, or another upgrade is under way.
    """
    known_release(release)
    if not 0 <= step <= _LONGEST:
        raise UserError(f"a node cannot take {step} seconds", hint=f"Give 0 to {_LONGEST}.")
    upgrades = cluster.operations.upgrades
    if upgrades.present.state != COMMITTED:
        raise UserError("another upgrade is under way", hint="GET upgrade/cluster tells how far it is.")
    if step > 0:
        upgrades.begin(release, cluster.elapsed, step)
    else:
        cluster.upgrade(release)


def settle(cluster: Cluster, now: float) -> None:
    """Let happen what has come due of an upgrade; a node that is down holds it up."""
    upgrades = cluster.operations.upgrades
    while (due := upgrades.present.due) is not None and due <= now:
        if upgrades.present.state == UPGRADED:
            cluster.commit(str(upgrades.present.target))
        elif not _next(cluster, due):
            upgrades.wait(now)


def _next(cluster: Cluster, due: float) -> bool:
    """Let the next node restart into the new release; tells whether it could."""
    upgrades, nodes = cluster.operations.upgrades, cluster.hardware.nodes
    node = nodes[upgrades.present.upgraded]
    if not node.is_up:
        return False
    upgrades.progress(node.lnn)
    cluster.restart(node.lnn, due)
    if node.lnn == len(nodes):
        upgrades.finish(node.lnn)
    upgrades.wait(due)
    return True


def hardware_of(cluster: Cluster, node: Node) -> Hardware:
    """Give the cluster as a node sees it: with the release that it runs itself."""
    release = cluster.operations.upgrades.present.release_of(node.lnn, cluster.hardware.release)
    if release == cluster.hardware.release:
        return cluster.hardware
    return replace(cluster.hardware, release=release)


def transitioning(cluster: Cluster) -> int:
    """Give how many nodes are on their way from one release to the other."""
    return int(cluster.operations.upgrades.present.state == UPGRADING)
