"""Incidents of the cluster's own software: an upgrade that stopped, a check that failed, events without end, sessions that end."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from mendwatch_onefs_sim.cluster import Cluster
from mendwatch_onefs_sim.events.definitions import KINDS
from mendwatch_onefs_sim.events.groups import EventGroup
from mendwatch_onefs_sim.incidents.arguments import NUMBER, TEXT, WHOLE, Argument, Given
from mendwatch_onefs_sim.incidents.incident import Course, Opening
from mendwatch_onefs_sim.incidents.kinds import Kind, about_cluster
from mendwatch_onefs_sim.operations.checks import CHECKLISTS, Problem
from mendwatch_onefs_sim.operations.upgrades import FAILED
from mendwatch_onefs_sim.releases import release as known_release

_UPGRADE, _CHECK, _NOISE = 400_090_001, 400_100_001, 600_010_001
_ITEMS = tuple(item for items in CHECKLISTS.values() for item in items)


def _upgrade_stuck(cluster: Cluster, given: Given) -> Course:
    """Let an upgrade stop with an error after its first node."""
    upgrades, release = cluster.operations.upgrades, given.text("release")
    known_release(release)
    before = upgrades.present
    upgrades.begin(release, cluster.elapsed)
    upgrades.progress(1)
    upgrades.fail()

    def holds(cluster: Cluster, _: float) -> bool:
        return cluster.operations.upgrades.present.state == FAILED

    def end(cluster: Cluster, _: float) -> None:
        cluster.operations.upgrades.present = before

    return Course(release, holds, end, about_cluster(cluster, _UPGRADE, "critical", release=release))


def _check_failed(cluster: Cluster, given: Given) -> Course:
    """Let HealthCheck find something wrong."""
    item, status, value = given.text("item"), given.text("status"), 20 if given.text("status") != "WARNING" else 60

    def holds(cluster: Cluster, _: float) -> bool:
        return any(problem.item == item for problem in cluster.operations.checks.problems.values())

    def end(cluster: Cluster, _: float) -> None:
        cluster.operations.checks.mend(item)

    opens = about_cluster(cluster, _CHECK, "warning" if status == "WARNING" else "critical", item=item)
    return Course(item, holds, end, opens, finding=Problem(item, "cluster", status, value))


def _storm(cluster: Cluster, given: Given) -> Course:
    """Open one event group after another, faster than anybody can read."""
    count, seconds, severity = given.whole("count"), given.number("seconds"), given.text("severity")
    opens = tuple(Opening(_noise(cluster, number, severity), seconds * number / max(1, count - 1)) for number in range(count))
    last, before, stopped = cluster.elapsed + seconds, len(cluster.events.all()), False

    def mine(cluster: Cluster) -> list[EventGroup]:
        return [group for group in cluster.events.all()[before:] if group.cause[2] == _NOISE and not group.resolved]

    def holds(cluster: Cluster, at: float) -> bool:
        return not stopped and (at <= last or bool(mine(cluster)))

    def end(cluster: Cluster, at: float) -> None:
        nonlocal stopped
        stopped = True
        for group in mine(cluster):
            cluster.events.clear(group.id, cluster.epoch(at))

    return Course("events", holds, end, opens)


def _noise(cluster: Cluster, number: int, severity: str) -> EventGroup:
    name, words = KINDS[_NOISE]
    node, path = cluster.hardware.local, f"/ifs/data/storm/{number}"
    return EventGroup("", 0, (name, words, _NOISE), severity, f"{words}: {path}", node.devid, node.lnn, 0, {"path": path})


def _sessions_revoked(cluster: Cluster, given: Given) -> Course:
    """End every session again and again: whoever asks is told to log in."""
    times, every, began = given.whole("times"), given.number("every"), cluster.elapsed
    cluster.revoke_sessions()
    done = 1

    def moves(cluster: Cluster, at: float) -> None:
        nonlocal done
        due = min(times, 1 + int((at - began) / every))
        if due > done:
            done = due
            cluster.revoke_sessions()

    def holds(_: Cluster, __: float) -> bool:
        return done < times

    def end(_: Cluster, __: float) -> None:
        nonlocal done
        done = times

    return Course("sessions", holds, end, moves=moves)


SOFTWARE_INCIDENTS: Mapping[str, Kind] = MappingProxyType(
    {
        "upgrade-stuck": Kind(
            _upgrade_stuck,
            "A rolling upgrade stops with an error after its first node.",
            "Support mends it: DELETE /incidents/upgrade-stuck",
            (Argument("release", TEXT, "9.13.0.0", "the release to reach"),),
        ),
        "healthcheck-failed": Kind(
            _check_failed,
            "An item of HealthCheck does not pass.",
            "POST repair/requests for an item that has a repair",
            (
                Argument("item", TEXT, "mirror_health", "the item", among=_ITEMS),
                Argument("status", TEXT, "CRITICAL", "how bad it is", among=("WARNING", "CRITICAL", "EMERGENCY")),
            ),
        ),
        "events-storm": Kind(
            _storm,
            "Event groups open one after another.",
            "PUT event/eventgroup-occurrences with resolved",
            (
                Argument("count", WHOLE, 200, "how many", most=5000),
                Argument("seconds", NUMBER, 20.0, "within how many seconds"),
                Argument("severity", TEXT, "warning", "how bad each is", among=("information", "warning", "critical", "emergency")),
            ),
        ),
        "session-revoked": Kind(
            _sessions_revoked,
            "The cluster ends every session, several times: each request is refused until somebody logs in anew.",
            "Log in again; DELETE /incidents/session-revoked",
            (
                Argument("times", WHOLE, 5, "how often"),
                Argument("every", NUMBER, 30.0, "seconds between two times"),
            ),
        ),
    }
)
