"""The services that clients use: whether SMB, NFS and S3 are switched on, and what each node says of its services.

From protocols/*/settings/global and cluster/services. A service that is off may be meant to be; a rule knows, this does not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

import msgspec

from mendwatch.model.samples import MetricSpec, Reading, RecordSchema, Sample
from mendwatch.provider import CollectorSpec
from mendwatch_onefs.client import OneFSClient
from mendwatch_onefs.decoding import name_of, whole
from mendwatch_onefs.drift import Drift
from mendwatch_onefs.giving import all_told, holding, needs_one, once, told, within, word_of

#: The services, and the first version of the settings of each that has all that is read.
SETTINGS: Mapping[str, tuple[int, str]] = {
    "smb": (17, "protocols/smb/settings/global"),
    "nfs": (14, "protocols/nfs/settings/global"),
    "s3": (10, "protocols/s3/settings/global"),
}
#: OneFS' fields for the versions of NFS.
NFS_VERSIONS = {"3": "nfsv3_enabled", "4.0": "nfsv40_enabled", "4.1": "nfsv41_enabled", "4.2": "nfsv42_enabled"}
_NODES = "cluster/services"

ENABLED = MetricSpec(
    "powerscale_service_enabled",
    "Whether the service is switched on for the whole cluster (protocols/smb, nfs, s3/settings/global: service).",
    labels=("service",),
)
NFS_VERSION = MetricSpec(
    "powerscale_nfs_version_enabled",
    "Whether clients may use this version of NFS (protocols/nfs/settings/global: nfsv3_enabled, nfsv40_enabled ...).",
    labels=("version",),
)
SMB1 = MetricSpec(
    "powerscale_smb_version_1_enabled",
    "Whether clients may use the first version of SMB, which is unsafe (protocols/smb/settings/global: support_smb1).",
)
SCHEMA = RecordSchema("service", labels=("service",), fields={"enabled": ENABLED.name}, help="One service of the cluster.")

NODE_STATE = MetricSpec(
    "powerscale_node_service_state",
    "1 for the state of the service on the node, in the node's own word (cluster/services: nodes.services.state).",
    labels=("node", "service", "state"),
)


class Settings(msgspec.Struct):
    """The answer of any of the settings; what is inside goes through `Drift`."""

    settings: Any = None


class NodeServices(msgspec.Struct):
    """What one node runs."""

    lnn: Any = None
    services: Any = None


class ClusterServices(msgspec.Struct):
    """The answer of cluster/services."""

    nodes: list[NodeServices]


class ServicesCollector:
    """Reads the global settings of every protocol."""

    spec = CollectorSpec(
        "services",
        interval=60.0,
        timeout=30.0,
        metrics=(ENABLED, NFS_VERSION, SMB1),
        schemas=(SCHEMA,),
        privileges=("ISI_PRIV_SMB", "ISI_PRIV_NFS", "ISI_PRIV_S3"),
    )

    async def collect(self, session: OneFSClient, now: datetime) -> Reading:
        """Fetch once; a release without one of the protocols gives the others.

        Raises:
            TargetError: of the type that says when to try again.
        """
        drift = Drift()
        found = {name: await session.offered(version, resource, Settings) for name, (version, resource) in SETTINGS.items()}
        needs_one("services", *found.values())
        settings = {name: answer.settings for name, answer in found.items() if answer is not None}
        samples = tuple(samples_of(settings, now, drift))
        return Reading(samples, complete=all_told(SCHEMA, settings, samples), drift=drift.counts)


class NodeServicesCollector:
    """Reads what every node says of its services."""

    spec = CollectorSpec(
        "node_services",
        interval=300.0,
        timeout=60.0,
        metrics=(NODE_STATE,),
        budget=30_000,
        privileges=("ISI_PRIV_DEVICES",),
    )

    async def collect(self, session: OneFSClient, now: datetime) -> Reading:
        """Fetch once.

        Raises:
            TargetError: of the type that says when to try again.
        """
        drift = Drift()
        answer = await session.get(15, _NODES, ClusterServices)
        return Reading(tuple(node_samples_of(answer.nodes, now, drift)), drift=drift.counts)


def samples_of(settings: Mapping[str, Any], now: datetime, drift: Drift) -> Iterator[Sample]:
    """Turn the settings of the protocols into samples."""
    for name, one in settings.items():
        yield from told(ENABLED, drift.flag(f"{SETTINGS[name][1]}: service", within(one, "service")), now, name)
    for version, field in NFS_VERSIONS.items():
        enabled = drift.flag(f"{SETTINGS['nfs'][1]}: {field}", within(settings.get("nfs"), field))
        yield from told(NFS_VERSION, enabled, now, version)
    yield from told(SMB1, drift.flag(f"{SETTINGS['smb'][1]}: support_smb1", within(settings.get("smb"), "support_smb1")), now)


def node_samples_of(nodes: Iterable[NodeServices], now: datetime, drift: Drift) -> Iterator[Sample]:
    """Turn the services of the nodes into samples; the words of their states are the node's own, none is odd."""
    for lnn, node in once(nodes, lambda one: whole(one.lnn)).items():
        services = node.services if isinstance(node.services, list) else []
        for name, service in once(services, lambda one: name_of(within(one, "name"))).items():
            state = within(service, "state")
            word = word_of(Drift(), "", state, ())
            if word is None and state is not None:
                drift.odd(f"{_NODES}: nodes.services.state")
            yield from holding(NODE_STATE, word, now, str(lnn), name)
