"""A started incident: what it opens, when it is over, and what follows then. All by the simulator's clock."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from mendwatch_onefs_sim.events.groups import EventGroup
from mendwatch_onefs_sim.operations.checks import Problem, checklist_of

if TYPE_CHECKING:
    from mendwatch_onefs_sim.cluster import Cluster

#: Tells whether the cause still holds at a moment (elapsed seconds).
Holds = Callable[["Cluster", float], bool]
#: Changes the cluster at a moment (elapsed seconds).
Act = Callable[["Cluster", float], None]


def _nothing(_: Cluster, __: float) -> None:
    """Change nothing."""


@dataclass(frozen=True, slots=True)
class Opening:
    """An event group that opens so many seconds after the start, if the cause still holds then."""

    group: EventGroup
    after: float = 0.0


@dataclass(frozen=True, slots=True)
class Course:
    """How an incident goes once its cause is there.

    `subject` is what it is about. It is over as soon as its cause does not hold any more, whoever mended it; `end` is how the
    control API takes the cause away, `moves` what goes on by the clock until then, `after` what follows when it is over.
    `opens` are the event groups in the order of their moments; `clears` is whether the cluster resolves them itself at the
    end. `finding` is what HealthCheck finds meanwhile.
    """

    subject: str
    holds: Holds
    end: Act
    opens: tuple[Opening, ...] = ()
    clears: bool = True
    finding: Problem | None = None
    moves: Act = _nothing
    after: Act = _nothing


@dataclass(frozen=True, slots=True)
class Incident:
    """A started incident. Times are elapsed seconds; it ends by itself after `lasts`. `events` are the groups that it opened."""

    name: str
    arguments: Mapping[str, object]
    course: Course
    started: float
    lasts: float | None = None
    events: tuple[str, ...] = field(default=())
    ended: float | None = None

    @property
    def subject(self) -> str:
        """What it is about."""
        return self.course.subject

    def settled(self, cluster: Cluster, now: float) -> Incident:
        """Give the incident at a moment: what has come due has happened."""
        if self.ended is not None:
            return self
        self.course.moves(cluster, now)
        if not self.course.holds(cluster, now):
            return self._over(cluster, now)
        if self.lasts is not None and now >= self.started + self.lasts:
            self.course.end(cluster, now)
            return self._over(cluster, now)
        return self._opened(cluster, now)

    def begun(self, cluster: Cluster, now: float) -> Incident:
        """Let HealthCheck find what is wrong: its next run is on its way. Events that are already open get one more."""
        for key in self.events:
            cluster.events.repeat(key, cluster.epoch(now))
        if self.course.finding is not None:
            checks, found = cluster.operations.checks, self.course.finding
            checks.fail(found.item, found.node, found.status, found.value)
            checks.run(checklist_of(found.item), now)
        return self.settled(cluster, now)

    def as_json(self) -> dict[str, object]:
        """Give what the control API tells of it."""
        return {
            "name": self.name,
            "subject": self.subject,
            "arguments": dict(self.arguments),
            "started": self.started,
            "lasts": self.lasts,
            "events": list(self.events),
            "ended": self.ended,
        }

    def _opened(self, cluster: Cluster, now: float) -> Incident:
        due = [one for one in self.course.opens if now >= self.started + one.after][len(self.events) :]
        made = [cluster.events.open(replace(one.group, time=cluster.epoch(self.started + one.after))).id for one in due]
        return replace(self, events=(*self.events, *made))

    def _over(self, cluster: Cluster, now: float) -> Incident:
        self.course.after(cluster, now)
        for key in self.events if self.course.clears else ():
            if not cluster.events.get(key).resolved:
                cluster.events.clear(key, cluster.epoch(now))
        if self.course.finding is not None:
            cluster.operations.checks.mend(self.course.finding.item, self.course.finding.node)
            cluster.operations.checks.run(checklist_of(self.course.finding.item), now)
        return replace(self, ended=now)
