"""The whole state of the simulated cluster, and its time: what handlers read and change."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace

from mendwatch.clock import Clock
from mendwatch_onefs_sim.conditions import Conditions
from mendwatch_onefs_sim.events.groups import HEARTBEAT, VAR_FULL, EventGroup, EventGroups
from mendwatch_onefs_sim.events.maintenance import Maintenance
from mendwatch_onefs_sim.hardware import Hardware, Node
from mendwatch_onefs_sim.incidents.incident import Incident
from mendwatch_onefs_sim.installed import InstalledCertificates
from mendwatch_onefs_sim.machines.figures import follow
from mendwatch_onefs_sim.machines.register import Machines
from mendwatch_onefs_sim.network.fabric import make_fabric
from mendwatch_onefs_sim.operations.state import Operations
from mendwatch_onefs_sim.performance.datasets import Datasets
from mendwatch_onefs_sim.pools.storage import make_storage
from mendwatch_onefs_sim.quotas.inventory import starting_quotas
from mendwatch_onefs_sim.quotas.register import QuotaRegister
from mendwatch_onefs_sim.reactions import Reactions
from mendwatch_onefs_sim.reflection import circumstances
from mendwatch_onefs_sim.releases import release as known_release
from mendwatch_onefs_sim.rolling import settle as settle_upgrade
from mendwatch_onefs_sim.snapshots.register import SnapshotRegister
from mendwatch_onefs_sim.statistics.catalogue import Catalogue
from mendwatch_onefs_sim.statistics.figures import Figures
from mendwatch_onefs_sim.statistics.keys import StatKey
from mendwatch_onefs_sim.statistics.moments import ClusterMoment
from mendwatch_onefs_sim.statistics.steering import Steering
from mendwatch_onefs_sim.summaries.state import Summaries
from mendwatch_onefs_sim.syncs.register import SyncRegister

_DAY = 86_400


class Cluster:
    """Hardware, state and incidents. Nothing runs by itself: `settle` brings all up to the moment.

    One line in `__init__` adds the state of one more area. `conditions` is how single nodes answer, `steering` what was done
    to the figures, `clock_offset` how many seconds the cluster's clock is ahead; `watchers` are called when nodes come and go,
    `revokers` when all sessions end.
    """

    def __init__(self, hardware: Hardware, clock: Clock) -> None:
        self.hardware = hardware
        self.quotas = QuotaRegister(starting_quotas(hardware.seed), hardware.seed)
        self.events = EventGroups()
        self.maintenance = Maintenance()
        self.incidents: list[Incident] = []
        self.conditions = Conditions()
        self.steering = Steering()
        self.machines = Machines(hardware)
        follow(self.machines, self.steering)
        self.storage = make_storage(hardware)
        self.fabric = make_fabric(hardware)
        self.installed = InstalledCertificates(int(clock.now().timestamp()))
        self.watchers: list[Callable[[Node], None]] = []
        self.revokers: list[Callable[[], None]] = []
        self._reactions = Reactions()
        self._clock = clock
        self._started = clock.monotonic()
        self._started_at = clock.now().timestamp()
        #: Since which elapsed second the clock has been how many seconds ahead, the newest last.
        self._offsets: list[tuple[float, float]] = [(-math.inf, 0.0)]
        self.summaries = Summaries(node.lnn for node in hardware.nodes)
        self.datasets = Datasets(int(self._started_at))
        self.syncs = SyncRegister(int(self._started_at))
        self.operations = Operations([node.lnn for node in hardware.nodes], self._started_at)
        self.snapshots = SnapshotRegister(hardware.seed, int(self._started_at))
        self._figures = Figures(hardware.seed, self._started_at, self.steering)
        self._catalogue = Catalogue()
        self._open_old_events()
        self.settle()

    @property
    def elapsed(self) -> float:
        """Seconds since the start."""
        return self._clock.monotonic() - self._started

    @property
    def clock_offset(self) -> float:
        """How many seconds the cluster's clock is ahead now; what it noted before it was set stays as it was."""
        return self._offsets[-1][1]

    @clock_offset.setter
    def clock_offset(self, seconds: float) -> None:
        self._offsets.append((self.elapsed, seconds))

    def epoch(self, elapsed: float, lnn: int | None = None) -> int:
        """Give the time of day of a moment, in epoch seconds, as the cluster's clock says it, or one node's."""
        ahead = next(offset for since, offset in reversed(self._offsets) if since <= elapsed)
        alone = 0.0 if lnn is None else self.conditions.of(lnn).clock
        return int(self._started_at + elapsed + ahead + alone)

    def moment(self, elapsed: float | None = None, interval: int = 0) -> ClusterMoment:
        """Give the figures of this second, or of another moment; `interval` gives them as they were sampled last."""
        if elapsed is None:
            return self._figures.sampled(self.hardware, self.elapsed, interval or 1)
        return self._figures.sampled(self.hardware, elapsed, interval)

    @property
    def keys(self) -> Mapping[str, StatKey]:
        """Every statistics key that the cluster knows, by name."""
        return self._catalogue.of(self.hardware)

    def settle(self) -> float:
        """Let happen what has come due: thresholds exceeded, incidents that open events. Gives the elapsed seconds."""
        now = self.elapsed
        self.quotas.settle(now, self.epoch(now))
        self.operations.settle(now)
        self.syncs.settle(self.epoch(now))
        self.snapshots.settle(self.epoch(now))
        if self.troubled:
            self.incidents = [incident.settled(self, now) for incident in self.incidents]
        settle_upgrade(self, now)
        self._reactions.settle(self, now)
        self.steering.follow(circumstances(self))
        return now

    @property
    def troubled(self) -> bool:
        """Tell whether an incident is under way."""
        return any(incident.ended is None for incident in self.incidents)

    def revoke_sessions(self) -> None:
        """Let whoever is logged in be logged out."""
        for revoker in self.revokers:
            revoker()

    def power(self, lnn: int, *, is_up: bool) -> None:
        """Let a node go down, or come up again after a restart.

        Raises:
            UserError: there is no such node.
        """
        node = self.hardware.node(lnn)
        if node.is_up == is_up:
            return
        changed = replace(node, is_up=is_up, booted=self.elapsed if is_up else node.booted)
        self._change(changed)

    def restart(self, lnn: int, at: float | None = None) -> None:
        """Let a node restart now, or have restarted at a moment: its counters and its uptime begin anew, its sessions are gone.

        Raises:
            UserError: there is no such node.
        """
        self._change(replace(self.hardware.node(lnn), booted=self.elapsed if at is None else at))

    def upgrade(self, release: str) -> None:
        """Bring the cluster to another release at once: every node restarts into it.

        Raises:
            UserError: there is no such release.
        """
        self.commit(release)
        for node in self.hardware.up:
            self.restart(node.lnn)

    def commit(self, release: str) -> None:
        """Let the cluster be of a release that its nodes run: resources, fields and keys come and go.

        Raises:
            UserError: there is no such release.
        """
        known_release(release)
        self.hardware = replace(self.hardware, release=release, latest=0)
        self.operations.upgrades.commit()

    def _change(self, node: Node) -> None:
        self.hardware = self.hardware.with_node(node)
        for watcher in self.watchers:
            watcher(node)

    def _open_old_events(self) -> None:
        local, start = self.hardware.local, int(self._started_at)
        resolved = EventGroup(
            "", 0, VAR_FULL, "warning", "The /var partition is near capacity (75.2% used)", local.devid, local.lnn,
            start - 9 * _DAY, {"val": 75.2}, 75.2, resolved=True, resolve_time=start - 8 * _DAY, resolver="USER",
        )  # fmt: skip
        heartbeat = EventGroup("", 0, HEARTBEAT, "information", "CELOG heartbeat self-test", local.devid, local.lnn, start - _DAY)
        self.events.open(resolved)
        self.events.open(heartbeat)
