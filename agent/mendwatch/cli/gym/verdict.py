"""What came of a drill, and what of it is as it must be. Pure."""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from mendwatch.provider import Drill, Standing

#: More facts than these are counted and not named.
_NAMED = 3


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen of a drill. Times are seconds since the incident began; a time that never came is None.

    `raised` are the alerts that fired, with when; `proposed` is the run's remediation and variables. `changed` are the names of
    the facts that changed from the approval on. `left` are the alerts that were raised at the end.
    """

    raised: Mapping[str, float] = field(default_factory=dict)
    runbooks: tuple[str, ...] = ()
    proposed: tuple[str, Mapping[str, object]] | None = None
    state: str = ""
    note: str = ""
    verified: float | None = None
    standing: Standing | None = None
    writes: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """The row of one drill; `faults` are all that is not as it should be. Times are seconds since the incident began."""

    incident: str
    detected: float | None
    alerts: tuple[str, ...]
    plan: str
    variables: Mapping[str, object]
    verified: float | None
    events: str
    advice: tuple[str, ...]
    seconds: float
    faults: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether all is as it should be."""
        return not self.faults


def report(drill: Drill, seen: Seen, seconds: float) -> Report:
    """Hold what was seen against what must be."""
    detected = max((seen.raised[name] for name in drill.alerts if name in seen.raised), default=None)
    plan = seen.proposed[0] if seen.proposed else "advise" if drill.alerts and drill.run is None else ""
    return Report(
        incident=drill.name,
        detected=detected,
        alerts=tuple(sorted(seen.raised)),
        plan=plan,
        variables=seen.proposed[1] if seen.proposed else {},
        verified=seen.verified,
        events=_events(drill, seen),
        advice=seen.runbooks,
        seconds=seconds,
        faults=tuple(_faults(drill, seen)),
    )


def _events(drill: Drill, seen: Seen) -> str:
    if drill.run is None or seen.standing is None:
        return ""
    return f"{len(seen.standing.open_events)} open" if seen.standing.open_events else "resolved"


def _faults(drill: Drill, seen: Seen) -> list[str]:
    found = [*_alert_faults(drill, seen), *(_run_faults(drill, seen) if drill.run else _advice_faults(drill, seen))]
    return [*found, *_side_effects(drill, seen), *([seen.problem] if seen.problem else [])]


def _alert_faults(drill: Drill, seen: Seen) -> list[str]:
    missing, others = drill.alerts - seen.raised.keys(), seen.raised.keys() - drill.alerts - drill.standing
    return [f"not detected: {name}" for name in sorted(missing)] + [f"false alert: {name}" for name in sorted(others)]


def _run_faults(drill: Drill, seen: Seen) -> list[str]:
    assert drill.run is not None  # noqa: S101 - who calls has looked
    if seen.proposed is None:
        return ["nothing was planned"]
    faults = [] if seen.proposed[0] == drill.run.remediation else [f"wrong remediation: {seen.proposed[0]}"]
    faults += [] if seen.proposed[1] == drill.run.variables else [f"wrong variables: {dict(seen.proposed[1])}"]
    if seen.verified is None:
        return [*faults, f"not verified: {seen.state or 'no run'}{': ' * bool(seen.note)}{seen.note}"]
    left = [f"{name} is raised after the repair" for name in seen.left if name not in drill.standing]
    return faults + left + ([] if drill.standing else _cause_faults(seen))


def _cause_faults(seen: Seen) -> list[str]:
    if seen.standing is None or not seen.standing.mended:
        return ["verified, and the cause is still there"]
    return [f"event {key} is open" for key in seen.standing.open_events]


def _advice_faults(drill: Drill, seen: Seen) -> list[str]:
    planned = [f"{seen.proposed[0]} was planned, and only a person can mend this"] if seen.proposed else []
    return planned + (["no runbook for what was raised"] if drill.alerts and not seen.runbooks else [])


def _side_effects(drill: Drill, seen: Seen) -> list[str]:
    fits = len(seen.writes) == len(drill.writes) and all(map(fnmatch.fnmatchcase, seen.writes, drill.writes))
    faults = [] if fits else [f"other writes than {len(drill.writes)} that were expected: {_listed(seen.writes)}"]
    beside = [name for name in seen.changed if not name.startswith(drill.touches)] if drill.run else []
    return faults + ([f"side effect: {_listed(beside)}"] if beside else [])


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"{', '.join(names[:_NAMED]) or 'none'}{more}"


def changed(before: Mapping[str, object], after: Mapping[str, object]) -> tuple[str, ...]:
    """Name the facts that are not the same, or are there on one side only."""
    absent = object()
    return tuple(sorted(name for name in before.keys() | after.keys() if before.get(name, absent) != after.get(name, absent)))
