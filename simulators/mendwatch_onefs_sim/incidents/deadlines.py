"""Incidents of time: what ends soon, and clocks that are wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType

from mendwatch.errors import UserError
from mendwatch_onefs_sim.cluster import Cluster
from mendwatch_onefs_sim.incidents.arguments import NUMBER, TEXT, WHOLE, Argument, Given
from mendwatch_onefs_sim.incidents.incident import Course
from mendwatch_onefs_sim.incidents.kinds import Kind, about_cluster, about_node
from mendwatch_onefs_sim.operations.licences import WARNING_DAYS, day_of

_LICENCE, _CERTIFICATE, _SKEW = 400_070_001, 400_080_001, 700_010_001
_DAY = 86_400
_SOON = 30


def _licence(cluster: Cluster, given: Given) -> Course:
    """Let a licence have few days left."""
    licences, name, days = cluster.operations.licences, given.text("licence"), given.whole("days")
    if name not in {one.name for one in licences.all()}:
        raise UserError(f"there is no licence {name!r}", hint=f"There are: {', '.join(one.name for one in licences.all())}.")
    before = licences.get(name)
    licences.end_on(name, day_of(cluster.epoch(cluster.elapsed)) + timedelta(days=days))

    def holds(cluster: Cluster, at: float) -> bool:
        left = cluster.operations.licences.get(name).days_left(day_of(cluster.epoch(at)))
        return left is not None and left <= WARNING_DAYS

    def end(cluster: Cluster, _: float) -> None:
        cluster.operations.licences.put(before)

    return Course(name, holds, end, about_cluster(cluster, _LICENCE, "warning", license=name, days=days))


def _certificate(cluster: Cluster, given: Given) -> Course:
    """Let an installed certificate end soon."""
    name, days, now = given.text("name"), given.whole("days"), cluster.epoch(cluster.elapsed)
    stores = [one for store in ("server", "authority") for one in cluster.installed.all(store)]
    before = next((one for one in stores if one.name == name), None)
    if before is None:
        raise UserError(f"there is no certificate {name!r}", hint=f"There are: {', '.join(one.name for one in stores)}.")
    ending = cluster.installed.end_at(name, now + days * _DAY)

    def holds(cluster: Cluster, _: float) -> bool:
        return ending in cluster.installed.all(ending.store)

    def end(cluster: Cluster, _: float) -> None:
        cluster.installed.end_at(name, before.not_after)

    return Course(name, holds, end, about_cluster(cluster, _CERTIFICATE, "warning", name=name, days=days))


def _skew(cluster: Cluster, given: Given) -> Course:
    """Let a clock go wrong for want of a time server: the cluster's, or one node's."""
    seconds, lnn, servers = given.number("seconds"), given.values["lnn"], cluster.operations.time_servers
    node = cluster.hardware.local if lnn is None else cluster.hardware.node(int(str(lnn)))
    names = servers.all()
    servers.clear()
    _set_clock(cluster, node.lnn if lnn is not None else None, seconds)

    def holds(cluster: Cluster, _: float) -> bool:
        return not cluster.operations.time_servers.all()

    def end(cluster: Cluster, _: float) -> None:
        for name in names:
            cluster.operations.time_servers.add(name)

    def after(cluster: Cluster, _: float) -> None:
        _set_clock(cluster, node.lnn if lnn is not None else None, 0.0)

    opens = about_cluster(cluster, _SKEW, "warning") if lnn is None else about_node(node, _SKEW, "warning")
    return Course("clock" if lnn is None else f"clock of node {node.lnn}", holds, end, opens, after=after)


def _set_clock(cluster: Cluster, lnn: int | None, seconds: float) -> None:
    if lnn is None:
        cluster.clock_offset = seconds
    else:
        cluster.conditions.put(lnn, replace(cluster.conditions.of(lnn), clock=seconds))


DEADLINE_INCIDENTS: Mapping[str, Kind] = MappingProxyType(
    {
        "licence-expiring": Kind(
            _licence,
            "The licence of a feature ends soon.",
            "Somebody installs a new one: DELETE /incidents/licence-expiring",
            (
                Argument("licence", TEXT, "SYNCIQ", "the name of the licence"),
                Argument("days", WHOLE, 20, "how many days are left", above=-1, most=WARNING_DAYS),
            ),
        ),
        "certificate-expiring": Kind(
            _certificate,
            "An installed certificate ends soon.",
            "POST certificate/server with a new one, PUT certificate/settings to show it, then DELETE certificate/server/{id}",
            (
                Argument("name", TEXT, "default", "the name of the certificate"),
                Argument("days", WHOLE, 10, "how many days are left", above=-1, most=_SOON),
            ),
        ),
        "clock-skew": Kind(
            _skew,
            "The cluster asks no time server any more, and its clock is wrong.",
            "POST protocols/ntp/servers",
            (
                Argument("seconds", NUMBER, 90.0, "how many seconds it is ahead; less than 0 is behind", above=-1e6),
                Argument("lnn", WHOLE, None, "the one node whose clock it is; the whole cluster's where it is not given"),
            ),
        ),
    }
)
