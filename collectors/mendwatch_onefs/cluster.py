"""The cluster itself: its name, its release, which nodes are up. From cluster/config."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import msgspec

from mendwatch.model.samples import MetricSpec, Reading, RecordSchema, Sample
from mendwatch.model.targets import Identity
from mendwatch.provider import CollectorSpec
from mendwatch_onefs.client import OneFSClient
from mendwatch_onefs.decoding import flag, name_of, whole
from mendwatch_onefs.giving import all_told

INFO = MetricSpec(
    "powerscale_cluster_info",
    "Always 1; what the cluster says of itself (cluster/config: name, guid, onefs_version.release).",
    labels=("name", "guid", "release"),
)
QUORUM = MetricSpec(
    "powerscale_cluster_quorum", "Whether the answering node is in a group with quorum (cluster/config: has_quorum)."
)
NODE_UP = MetricSpec(
    "powerscale_node_up", "Whether the cluster's group has this node (cluster/config: devices.is_up).", labels=("node",)
)
GROUP = RecordSchema("cluster_group", (), {"quorum": QUORUM.name}, "The group of nodes that the answering node is in.")
MEMBER = RecordSchema("cluster_node", ("node",), {"up": NODE_UP.name}, "One node, as the cluster's group has it.")


class Release(msgspec.Struct):
    """What OneFS runs."""

    release: Any = None


class Device(msgspec.Struct):
    """One node: `devid` never changes, `lnn` is the number that people use."""

    devid: Any = None
    lnn: Any = None
    is_up: Any = None


class ClusterConfig(msgspec.Struct):
    """The answer of cluster/config, as much of it as is used."""

    name: Any = None
    guid: Any = None
    has_quorum: Any = None
    onefs_version: Release | None = None
    devices: list[Device] | None = None


class ClusterCollector:
    """Reads cluster/config."""

    spec = CollectorSpec("cluster", interval=60.0, timeout=25.0, metrics=(INFO, QUORUM, NODE_UP), schemas=(GROUP, MEMBER))

    async def collect(self, session: OneFSClient, now: datetime) -> Reading:
        """Fetch once, and let all collectors know of an upgrade: the connection need not break for it."""
        config = await session.get(3, "cluster/config", ClusterConfig)
        session.runs(release_of(config))
        samples = tuple(samples_of(config, now))
        return Reading(samples, complete=all_told(MEMBER, _numbers(config), samples) if config.devices else frozenset())


def _numbers(config: ClusterConfig) -> Iterator[str | None]:
    """Give the number of each node, None for one that has lost it."""
    return (str(lnn) if (lnn := whole(device.lnn)) else None for device in config.devices or ())


def samples_of(config: ClusterConfig, now: datetime) -> Iterator[Sample]:
    """Turn the answer into samples; what it does not tell gives none."""
    name, guid, release = name_of(config.name), name_of(config.guid), release_of(config)
    if name or guid or release:
        yield Sample(INFO.name, 1.0, (name or "", guid or "", release), now)
    quorum = flag(config.has_quorum)
    if quorum is not None:
        yield Sample(QUORUM.name, float(quorum), time=now)
    for lnn, up in {whole(device.lnn): flag(device.is_up) for device in config.devices or ()}.items():
        if lnn and up is not None:
            yield Sample(NODE_UP.name, float(up), (str(lnn),), now)


def identity_of(config: ClusterConfig, latest: int | None, where: str) -> Identity:
    """Give what the cluster says it is; `where` stands for a name that it does not tell."""
    capabilities = frozenset({f"papi:{latest}"} if latest else ())
    return Identity(name_of(config.name) or where, "Dell PowerScale OneFS", release_of(config), capabilities)


def release_of(config: ClusterConfig) -> str:
    """Give the release as people write it, such as 9.5.0.3; empty if the cluster does not tell."""
    return (name_of(config.onefs_version.release) or "").removeprefix("v") if config.onefs_version else ""


def lnn_by_devid(config: ClusterConfig) -> Mapping[int, int]:
    """Give the logical node number of every device id."""
    pairs = ((whole(device.devid), whole(device.lnn)) for device in config.devices or ())
    return {devid: lnn for devid, lnn in pairs if devid and lnn}
