"""The whole state of the simulated cluster, and its time: what handlers read and change."""

from __future__ import annotations

from mendwatch.clock import Clock
from mendwatch_onefs_sim.events.groups import HEARTBEAT, VAR_FULL, EventGroup, EventGroups
from mendwatch_onefs_sim.hardware import Hardware
from mendwatch_onefs_sim.incident import Incident
from mendwatch_onefs_sim.quotas.inventory import starting_quotas
from mendwatch_onefs_sim.quotas.register import QuotaRegister
from mendwatch_onefs_sim.statistics.moments import ClusterMoment, moment

_DAY = 86_400


class Cluster:
    """Hardware, quotas, event groups and incidents. Nothing runs by itself: `settle` brings all up to the moment."""

    def __init__(self, hardware: Hardware, clock: Clock) -> None:
        self.hardware = hardware
        self.quotas = QuotaRegister(starting_quotas(hardware.seed), hardware.seed)
        self.events = EventGroups()
        self.incidents: list[Incident] = []
        self._clock = clock
        self._started = clock.monotonic()
        self._started_at = clock.now().timestamp()
        self._open_old_events()

    @property
    def elapsed(self) -> float:
        """Seconds since the start."""
        return self._clock.monotonic() - self._started

    def epoch(self, elapsed: float) -> int:
        """Give the time of day of a moment, in epoch seconds."""
        return int(self._started_at + elapsed)

    def moment(self) -> ClusterMoment:
        """Give the figures of this moment."""
        return moment(self.hardware, self.elapsed, self._started_at)

    def settle(self) -> float:
        """Let happen what has come due: thresholds exceeded, incidents that open events. Gives the elapsed seconds."""
        now = self.elapsed
        self.quotas.settle(now, self.epoch(now))
        self.incidents = [incident.settled(now, self.epoch, self.events) for incident in self.incidents]
        return now

    def _open_old_events(self) -> None:
        local, start = self.hardware.local, int(self._started_at)
        resolved = EventGroup(
            "", 0, VAR_FULL, "warning", "The /var partition is near capacity (75.2% used)", local.devid, local.lnn,
            start - 9 * _DAY, {"val": 75.2}, 75.2, resolved=True, resolve_time=start - 8 * _DAY, resolver="USER",
        )  # fmt: skip
        heartbeat = EventGroup("", 0, HEARTBEAT, "information", "CELOG heartbeat self-test", local.devid, local.lnn, start - _DAY)
        self.events.open(resolved)
        self.events.open(heartbeat)
