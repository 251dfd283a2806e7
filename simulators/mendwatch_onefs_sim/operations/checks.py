"""HealthCheck as it stands: checklists, the problems that they find, and every evaluation that was run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from mendwatch_onefs_sim.answers import not_found

#: Seconds that an evaluation waits and runs.
QUEUED_FOR, RUN_FOR = 2.0, 30.0
_DAY = 86_400

#: The items of every checklist.
CHECKLISTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "basic": ("boot_drive_health", "mirror_health", "node_uptime", "power_supply_status"),
        "cluster_capacity": ("cluster_capacity", "pool_capacity"),
        "job_engine": ("job_engine_connected", "job_engine_paused_jobs"),
        "smb": ("smb_service_status", "smb_max_sessions"),
    }
)
#: The items that have a repair which Dell delivers.
REPAIRABLE = ("smb_service_status", "job_engine_paused_jobs", "mirror_health")


def checklist_of(item: str) -> str:
    """Give the checklist that looks at an item."""
    return next(name for name, items in CHECKLISTS.items() if item in items)


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with an item on a node (`cluster` where it is about all); `value` is 0 for bad to 100 for perfect."""

    item: str
    node: str
    status: str
    value: int


@dataclass(frozen=True, slots=True)
class Evaluation:
    """One run of one checklist; `queued` is elapsed seconds, `found` what it found once it is over."""

    id: str
    checklist: str
    queued: float
    found: tuple[Problem, ...] | None = None

    @property
    def started(self) -> float:
        """When the run begins, in elapsed seconds."""
        return self.queued + QUEUED_FOR

    def status(self, now: float) -> str:
        """Give the word for how far it is."""
        if self.found is not None:
            return "COMPLETED"
        return "RUNNING" if now >= self.started else "QUEUED"


class HealthChecks:
    """Holds every evaluation. What a run finds is what is wrong when it ends."""

    def __init__(self) -> None:
        #: The items of every checklist; people make some of their own.
        self.checklists: dict[str, tuple[str, ...]] = dict(CHECKLISTS)
        self.problems: dict[tuple[str, str], Problem] = {}
        self._evaluations: dict[str, Evaluation] = {}
        for number, name in enumerate(CHECKLISTS):
            for days in (2, 1):
                self.run(name, -days * _DAY + 60.0 * number)
        self.settle(0.0)

    def settle(self, now: float) -> None:
        """End the runs that are over."""
        for one in self.all():
            if one.found is None and now >= one.started + RUN_FOR:
                items = self.checklists[one.checklist]
                found = tuple(problem for problem in self.problems.values() if problem.item in items)
                self._evaluations[one.id] = replace(one, found=found)

    def all(self) -> list[Evaluation]:
        """Give every evaluation, in the order in which they were asked for."""
        return sorted(self._evaluations.values(), key=lambda one: (one.queued, one.id))

    def get(self, key: str) -> Evaluation:
        """Give one evaluation.

        Raises:
            PapiError: 404.
        """
        if key not in self._evaluations:
            raise not_found(f"Evaluation '{key}' was not found", "id")
        return self._evaluations[key]

    def run(self, checklist: str, now: float) -> Evaluation:
        """Queue an evaluation."""
        made = Evaluation(f"{checklist}{len(self._evaluations) + 1:06}", checklist, now)
        self._evaluations[made.id] = made
        return made

    def fail(self, item: str, node: str = "cluster", status: str = "CRITICAL", value: int = 20) -> None:
        """Let something be wrong from now on; the next evaluation finds it."""
        self.problems[item, node] = Problem(item, node, status, value)

    def mend(self, item: str, node: str | None = None) -> None:
        """Let an item be well again on a node, or on all."""
        self.problems = {key: one for key, one in self.problems.items() if one.item != item or node not in {None, one.node}}
