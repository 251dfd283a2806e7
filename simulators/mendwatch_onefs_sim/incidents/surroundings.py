"""Incidents of what the cluster depends on: the domain that knows its users, the cloud that keeps its old files."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from mendwatch.errors import UserError
from mendwatch_onefs_sim.cluster import Cluster
from mendwatch_onefs_sim.incidents.arguments import TEXT, Argument, Given
from mendwatch_onefs_sim.incidents.incident import Course
from mendwatch_onefs_sim.incidents.kinds import Kind, about_cluster

_DOMAIN, _CLOUD = 700_030_002, 1_100_000_001
_OFFLINE, _UNREACHABLE = "offline", "unreachable"


def _domain_offline(cluster: Cluster, given: Given) -> Course:
    """Let no domain controller answer."""
    name = given.text("domain")
    known = [one.name for one in cluster.operations.auth_providers.all() if one.servers is not None]
    if name not in known:
        raise UserError(f"there is no provider {name!r}", hint=f"There are: {', '.join(known)}.")
    cluster.operations.auth_providers.set(name, _OFFLINE)

    def holds(cluster: Cluster, _: float) -> bool:
        return any(one.name == name and one.status == _OFFLINE for one in cluster.operations.auth_providers.all())

    def end(cluster: Cluster, _: float) -> None:
        cluster.operations.auth_providers.set(name, "online")

    return Course(name, holds, end, about_cluster(cluster, _DOMAIN, "critical", domain=name))


def _cloud_offline(cluster: Cluster, given: Given) -> Course:
    """Let the cloud of an account not answer."""
    name, cloud = given.text("account"), cluster.operations.cloud
    if name not in cloud.accounts:
        raise UserError(f"there is no cloud account {name!r}", hint=f"There are: {', '.join(cloud.accounts)}.")
    cloud.lose(name)

    def holds(cluster: Cluster, _: float) -> bool:
        return cluster.operations.cloud.accounts[name] == _UNREACHABLE

    def end(cluster: Cluster, _: float) -> None:
        cluster.operations.cloud.accounts[name] = "OK"

    return Course(name, holds, end, about_cluster(cluster, _CLOUD, "critical", account=name))


SURROUNDING_INCIDENTS: Mapping[str, Kind] = MappingProxyType(
    {
        "ad-offline": Kind(
            _domain_offline,
            "No server of the directory that knows the users answers.",
            "Somebody outside mends it: DELETE /incidents/ad-offline",
            (Argument("domain", TEXT, "EXAMPLE.COM", "the name of the provider"),),
        ),
        "cloud-offline": Kind(
            _cloud_offline,
            "The cloud of a CloudPools account cannot be reached.",
            "Somebody outside mends it: DELETE /incidents/cloud-offline",
            (Argument("account", TEXT, "cloud-account-1", "the name of the account"),),
        ),
    }
)
