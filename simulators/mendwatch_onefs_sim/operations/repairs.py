"""The cluster's own repairs, since 9.12: settings, what is installed, and every repair that was asked for."""

from __future__ import annotations

from dataclasses import dataclass, replace

from mendwatch_onefs_sim.answers import not_found
from mendwatch_onefs_sim.operations.checks import REPAIRABLE, HealthChecks

#: Seconds that a repair waits and runs.
QUEUED_FOR, RUN_FOR = 2.0, 20.0


@dataclass(frozen=True, slots=True)
class Repair:
    """One repair that was asked for; `queued` is elapsed seconds, `result` is pass or fail once it is over."""

    id: str
    item: str
    source: str
    automatic: bool
    queued: float
    result: str | None = None

    def status(self, now: float) -> str:
        """Give the word for how far it is."""
        if self.result is not None:
            return "complete"
        return "running" if now >= self.queued + QUEUED_FOR else "queued"


class Repairs:
    """Holds every repair. One that succeeds takes the problem of its item away."""

    def __init__(self, checks: HealthChecks) -> None:
        self.enabled = True
        self.behaviour = "manual"
        self.actions = REPAIRABLE
        #: Items whose repair does not help.
        self.hopeless: set[str] = set()
        self._checks = checks
        self._repairs: dict[str, Repair] = {}

    def settle(self, now: float) -> None:
        """End the repairs that are over."""
        for one in self.all():
            if one.result is None and now >= one.queued + QUEUED_FOR + RUN_FOR:
                helped = one.item not in self.hopeless
                self._repairs[one.id] = replace(one, result="pass" if helped else "fail")
                if helped:
                    self._checks.mend(one.item)

    def all(self) -> list[Repair]:
        """Give every repair, in the order in which they were asked for."""
        return list(self._repairs.values())

    def get(self, key: str) -> Repair:
        """Give one repair.

        Raises:
            PapiError: 404.
        """
        if key not in self._repairs:
            raise not_found(f"Repair '{key}' was not found", "id")
        return self._repairs[key]

    def newest(self, item: str) -> Repair | None:
        """Give the newest repair of an item."""
        return next((one for one in reversed(self.all()) if one.item == item), None)

    def ask(self, item: str, source: str, now: float, *, automatic: bool = False) -> Repair:
        """Queue a repair."""
        made = Repair(f"repair-{len(self._repairs) + 1:06}", item, source, automatic, now)
        self._repairs[made.id] = made
        return made
