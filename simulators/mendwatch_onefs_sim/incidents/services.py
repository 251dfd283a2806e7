"""Incidents of protocols that are switched off: their clients are gone, and so is the load that they made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from types import MappingProxyType

from mendwatch_onefs_sim.cluster import Cluster
from mendwatch_onefs_sim.incidents.arguments import Given
from mendwatch_onefs_sim.incidents.incident import Course
from mendwatch_onefs_sim.incidents.kinds import Kind
from mendwatch_onefs_sim.operations.checks import Problem

_FINDINGS: Mapping[str, Problem] = MappingProxyType({"smb": Problem("smb_service_status", "cluster", "CRITICAL", 0)})


def _switch_off(protocol: str, cluster: Cluster, _: Given) -> Course:
    cluster.operations.services.switch(protocol, on=False)

    def holds(cluster: Cluster, _: float) -> bool:
        return not cluster.operations.services.on(protocol)

    def end(cluster: Cluster, _: float) -> None:
        cluster.operations.services.switch(protocol, on=True)

    return Course(protocol, holds, end, finding=_FINDINGS.get(protocol))


def _kinds() -> Iterator[tuple[str, Kind]]:
    for protocol in ("smb", "nfs", "s3"):
        words = f"{protocol.upper()} is switched off on the whole cluster: its clients are cut off."
        repair = f"PUT protocols/{protocol}/settings/global with the service true"
        yield f"{protocol}-service-off", Kind(partial(_switch_off, protocol), words, repair)


SERVICE_INCIDENTS: Mapping[str, Kind] = MappingProxyType(dict(_kinds()))
