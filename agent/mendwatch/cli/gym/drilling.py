"""One drill: the incident begins, the agent notices, plans and asks; the gym approves, waits, and notes what it saw."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus

import aiohttp

from mendwatch.alerting import flaps
from mendwatch.cli.gym import stage
from mendwatch.cli.gym.verdict import Report, Seen, changed, report
from mendwatch.clock import Clock, SystemClock
from mendwatch.errors import MendwatchError
from mendwatch.model.alerts import Alert
from mendwatch.model.principals import Permission, Principal
from mendwatch.model.runs import TERMINAL, Run, RunState
from mendwatch.provider import Drill, Gym

#: Seconds between two looks.
_LOOK = 0.1
#: How long it goes on after the last thing that was waited for, to see whether anything comes that must not.
_LINGER = 4.0
_RUNBOOK = "runbook_url"
#: The agent has this long to ask everything once; after that it looks at the healthy cluster for so long.
_START, _BEFORE = 60.0, 6.0


@dataclass(frozen=True, slots=True)
class Patience:
    """How many seconds the alerts, the run, and the end of it all may take."""

    detect: float = 90.0
    mend: float = 90.0
    settle: float = 90.0


@dataclass(slots=True)
class _Drilling:
    """What a drill knows while it runs."""

    drill: Drill
    stage: stage.Stage
    clock: Clock
    tell: Callable[[str], None]
    begun: float = 0.0
    #: What was raised before the incident began: shortened times raise what a healthy cluster is given a day for.
    stood: frozenset[str] = frozenset()
    seen: Seen = field(default_factory=Seen)

    def since(self, at: float | None = None) -> float:
        """Give the seconds since the incident began."""
        return round((self.clock.now().timestamp() if at is None else at) - self.begun, 2)


async def hold(gym: Gym, drill: Drill, provider: str, patience: Patience, tell: Callable[[str], None]) -> Report:
    """Hold one drill from a fresh start; what went wrong with the drill itself is a fault of its report."""
    clock = SystemClock()
    began = clock.monotonic()
    try:
        async with stage.built(gym, drill, provider) as built:
            running = _Drilling(drill, built, clock, tell)
            await _hold(running, patience)
            seen = running.seen
    except MendwatchError as problem:
        seen = Seen(problem=str(problem))
    return report(drill, seen, round(clock.monotonic() - began, 2))


async def _hold(running: _Drilling, patience: Patience) -> None:
    running.tell("the agent looks at a cluster on which nothing is wrong")
    await _ready(running)
    running.stood = frozenset(one.rule for one in await _raised(running))
    running.begun = running.clock.now().timestamp()
    await running.stage.gym.begin(running.drill.name)
    running.tell("the incident begins")
    await _until(running, _all_raised, patience.detect)
    during = await running.stage.gym.facts()
    if running.drill.run is not None:
        run = await _mended(running, patience.mend)
        if run is not None and run.state is RunState.VERIFIED:
            running.tell("verified; the alerts have to end")
            await _until(running, _all_over, patience.settle)
    await _linger(running)
    await _end(running, during)


async def _ready(running: _Drilling) -> None:
    """Wait until every collector has told, and then a few times more: windows need more than a moment."""
    url = f"{running.stage.agent.url}/-/ready"
    async with aiohttp.ClientSession() as session, asyncio.timeout(_START):
        while (await session.get(url)).status != HTTPStatus.OK:
            await running.clock.sleep(_LOOK)
    await running.clock.sleep(_BEFORE)


async def _until(running: _Drilling, holds: Callable[[_Drilling], bool], seconds: float) -> None:
    """Look until something holds or patience is over; the report tells which."""
    until = running.clock.monotonic() + seconds
    while running.clock.monotonic() < until:
        await _look(running)
        if holds(running):
            return
        await running.clock.sleep(_LOOK)


async def _look(running: _Drilling) -> None:
    """Note what is raised, and how the cluster stands."""
    alerts = [one for one in await _raised(running) if one.rule not in running.stood]
    times = {one.rule: running.since(one.fired_at.timestamp()) for one in reversed(alerts) if one.fired_at is not None}
    pages = {str(one.annotations.get(_RUNBOOK, "")) for one in alerts} - {""}
    running.seen = replace(
        running.seen,
        raised={**times, **running.seen.raised},
        runbooks=tuple(sorted({*running.seen.runbooks, *pages})),
        left=tuple(sorted({one.rule for one in alerts})),
        standing=await running.stage.gym.standing(),
    )


async def _raised(running: _Drilling) -> list[Alert]:
    return [one for one in await running.stage.agent.store.alerts.load() if flaps.is_raised(one)]


def _all_raised(running: _Drilling) -> bool:
    return running.drill.alerts <= running.seen.raised.keys()


def _all_over(running: _Drilling) -> bool:
    standing = running.seen.standing
    if running.drill.standing:
        return True
    return not running.seen.left and standing is not None and standing.mended and not standing.open_events


async def _mended(running: _Drilling, seconds: float) -> Run | None:
    """Wait for the plan, approve it, and give the run at its end; None where none was proposed in time."""
    until = running.clock.monotonic() + seconds
    approved = False
    run: Run | None = None
    while running.clock.monotonic() < until:
        runs = await running.stage.agent.store.runs.list(limit=1)
        run = runs[0] if runs else None
        if run is not None and run.state in TERMINAL:
            break
        if run is not None and run.state is RunState.PENDING and not approved:
            running.tell(f"approves {run.remediation}")
            await _approve(running, run)
            approved = True
        await running.clock.sleep(_LOOK)
    _note(running, run)
    return run


async def _approve(running: _Drilling, run: Run) -> None:
    approver = Principal("gym-approver", "gym", frozenset({Permission.READ, Permission.DECIDE}))
    await running.stage.agent.store.runs.decide(
        run.id, plan_hash=run.plan_hash, verdict="approve", principal=approver, reason="a drill of the gym"
    )


def _note(running: _Drilling, run: Run | None) -> None:
    if run is None:
        return
    asked = {name: value for name, value in run.variables.items() if not name.startswith("expect_before")}
    ended = (run.ended_at or run.updated_at).timestamp() if run.state is RunState.VERIFIED else None
    running.seen = replace(
        running.seen,
        proposed=(run.remediation, asked),
        state=str(run.state),
        note=run.note,
        verified=None if ended is None else running.since(ended),
    )


async def _linger(running: _Drilling) -> None:
    """Go on looking for a while: an alert or a run that must not come may come late."""
    await _until(running, lambda _: False, _LINGER)
    runs = await running.stage.agent.store.runs.list(limit=2)
    if running.drill.run is None and runs:
        _note(running, runs[0])


async def _end(running: _Drilling, during: Mapping[str, object]) -> None:
    """Note what has changed on the cluster since the incident was there."""
    gym = running.stage.gym
    running.seen = replace(running.seen, writes=tuple(await gym.writes()), changed=changed(during, await gym.facts()))
