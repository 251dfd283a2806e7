"""The state of an upgrade, and whether it is committed; while it is not, nothing should be mended. From upgrade/cluster.

A cluster in the middle of an upgrade runs two releases; what a remediation assumes may hold on one node and not on the next.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import msgspec

from mendwatch.model.samples import MetricSpec, Reading, RecordSchema, Sample
from mendwatch.provider import CollectorSpec
from mendwatch_onefs.client import OneFSClient
from mendwatch_onefs.cluster_zone import local
from mendwatch_onefs.decoding import name_of, whole
from mendwatch_onefs.drift import Drift
from mendwatch_onefs.giving import among, holding, told, within, word_of

_SOURCE = "upgrade/cluster"
STATES = ("committed", "upgraded", "partially_upgraded", "upgrading", "rolling_back", "assessing", "error")
PROCESS_STATES = ("not_started", "running", "pausing", "paused")
STAGES = ("current", "transitioning", "upgraded")


def _spec(name: str, words: str, field: str, labels: tuple[str, ...] = (), unit: str = "") -> MetricSpec:
    return MetricSpec(f"powerscale_upgrade_{name}", f"{words} ({_SOURCE}: {field}).", labels=labels, unit=unit)


COMMITTED = _spec(
    "committed",
    "Whether no upgrade, rollback or assessment is under way and the last upgrade is committed; 0 freezes remediations",
    "cluster_state, upgrade_is_committed",
)
FAILED = _spec("error", "Whether the upgrade stopped with an error", "cluster_state")
STATE = _spec("state", "1 for the state of the upgrade", "cluster_state", ("state",))
PROCESS = _spec("process_state", "1 for the state of the upgrade's process", "upgrade_process_state", ("state",))
NODES = _spec("nodes", "Nodes by what they run: the current release, the new one, or neither yet", "cluster_overview", ("stage",))
STARTED = _spec("start_timestamp_seconds", "When the upgrade started, in Unix time", "start_time", unit="seconds")
INFO = _spec(
    "info",
    "Always 1; the release before the upgrade, the one after it, and the activity",
    "onefs_version_current, onefs_version_upgrade, current_process",
    ("release", "target_release", "process"),
)
METRICS = (COMMITTED, FAILED, STATE, PROCESS, NODES, STARTED, INFO)

SCHEMA = RecordSchema(
    "upgrade",
    labels=(),
    fields={spec.name.removeprefix("powerscale_upgrade_"): spec.name for spec in (COMMITTED, FAILED, STARTED)},
    help="The upgrade of the cluster, under way or committed.",
)


class Upgrade(msgspec.Struct):
    """The answer of upgrade/cluster, as much of it as is used."""

    cluster_state: Any = None
    upgrade_is_committed: Any = None
    upgrade_process_state: Any = None
    cluster_overview: Any = None
    current_process: Any = None
    start_time: Any = None
    onefs_version_current: Any = None
    onefs_version_upgrade: Any = None


class UpgradeCollector:
    """Reads upgrade/cluster."""

    spec = CollectorSpec(
        "upgrade", interval=60.0, timeout=30.0, metrics=METRICS, schemas=(SCHEMA,), privileges=("ISI_PRIV_SYS_UPGRADE",)
    )

    async def collect(self, session: OneFSClient, now: datetime) -> Reading:
        """Fetch once.

        Raises:
            TargetError: of the type that says when to try again.
        """
        drift = Drift()
        upgrade = await session.get(12, _SOURCE, Upgrade)
        return Reading(tuple(samples_of(upgrade, now, drift)), drift=drift.counts)


def samples_of(upgrade: Upgrade, now: datetime, drift: Drift) -> Iterator[Sample]:
    """Turn the answer into samples; what it does not tell gives none."""
    state = word_of(drift, f"{_SOURCE}: cluster_state", upgrade.cluster_state, STATES)
    yield from told(COMMITTED, committed(state, drift.flag(f"{_SOURCE}: upgrade_is_committed", upgrade.upgrade_is_committed)), now)
    yield from told(FAILED, among(state, ("error",), STATES), now)
    yield from holding(STATE, state, now)
    process = word_of(drift, f"{_SOURCE}: upgrade_process_state", upgrade.upgrade_process_state, PROCESS_STATES)
    yield from holding(PROCESS, process, now)
    for stage in STAGES:
        field = f"nodes_{stage}"
        yield from told(NODES, drift.whole(f"{_SOURCE}: {field}", within(upgrade.cluster_overview, field)), now, stage)
    started = local(upgrade.start_time, None)
    yield from told(STARTED, started.timestamp() if started else None, now)
    yield from _info(upgrade, now)


def committed(state: str | None, flag: bool | None) -> bool | None:  # noqa: FBT001 - as the cluster says it
    """Tell whether all is committed. A state that we do not know is not: rather wait than mend in the middle of it."""
    if state is None:
        return flag
    return state == "committed" and flag is not False


def release_of(version: Any) -> str:  # noqa: ANN401 - foreign data
    """Give a release as people write it, such as 9.12.0.1; empty where it is not told."""
    parts = [whole(within(version, name)) for name in ("major", "minor", "maintenance", "bugfix")]
    return "" if parts[0] is None or parts[1] is None else ".".join(str(part or 0) for part in parts)


def _info(upgrade: Upgrade, now: datetime) -> Iterator[Sample]:
    labels = (
        release_of(upgrade.onefs_version_current),
        release_of(upgrade.onefs_version_upgrade),
        name_of(upgrade.current_process) or "",
    )
    if any(labels):
        yield Sample(INFO.name, 1.0, labels, now)
