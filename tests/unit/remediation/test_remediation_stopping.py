"""The kill switch: by setting, by command and by file; asked first, asked last, and asked in the transaction of the start."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from mendwatch.model.proposals import Verdict
from mendwatch.model.rules import Rule
from mendwatch.model.runs import RunState
from mendwatch.playbooks.interface import Phase
from mendwatch.remediation import starting, stopping
from mendwatch.remediation.engine import RemediationEngine

if TYPE_CHECKING:
    from tests.unit.remediation.conftest import World


async def by_command(world: World) -> None:
    await stopping.stop(world.store, "cli:ann", "a change of cables")


async def by_setting(world: World) -> None:
    world.enabled = False


WAYS = pytest.mark.parametrize("stop", [by_command, by_setting])
Way = Callable[["World"], Awaitable[None]]


@WAYS
async def test_nothing_is_planned_while_runs_are_stopped(world: World, stop: Way) -> None:
    await stop(world)

    assert await world.engine.offer(world.proposal()) is None
    (blocked,) = await world.audited("run.blocked")
    assert (blocked["guard"], world.executor.jobs) == ("kill_switch", [])


@WAYS
async def test_an_approved_run_does_not_start_any_more(world: World, stop: Way) -> None:
    run = await world.approved()
    await stop(world)

    ended = await world.run_to(run)
    assert (ended.state, world.jobs(Phase.APPLY)) == (RunState.REFUSED, [])
    assert ended.note.startswith("runs ")


async def test_the_reason_says_who_and_why(world: World) -> None:
    await by_command(world)

    assert await stopping.stopped(world.parts()) == "runs were stopped by cli:ann: a change of cables"


async def test_a_file_stops_too(world: World) -> None:
    parts = replace(world.parts(), stop_file=lambda: "runs were stopped by the file")
    run = await world.approved()

    found = await starting.look(parts, run)
    assert found == starting.Stop(RunState.REFUSED, "runs were stopped by the file")


async def test_a_stop_during_the_last_look_is_seen_before_the_start(world: World) -> None:
    run = await world.approved()
    real = world.judge.still_firing

    async def meanwhile(rule: Rule, fingerprint: str) -> Verdict:
        await by_command(world)  # after the first question, before the last
        return await real(rule, fingerprint)

    world.judge.still_firing = meanwhile  # type: ignore[method-assign]
    ended = await world.run_to(run)
    assert (ended.state, world.jobs(Phase.APPLY)) == (RunState.REFUSED, [])


async def test_a_stop_after_the_last_look_is_refused_by_the_store_and_ends_the_run(world: World) -> None:
    run = await world.approved()
    real = world.access.environment

    def at_the_last_moment(target: object, tier: str) -> object:
        world.store.controls._kept.update(stopped)
        return real(target, tier)  # type: ignore[arg-type]

    await by_command(world)
    stopped = dict(world.store.controls._kept)
    await stopping.allow(world.store, "cli:ann", "")
    world.access.environment = at_the_last_moment  # type: ignore[method-assign,assignment]

    ended = await world.run_to(run)
    assert (ended.state, world.jobs(Phase.APPLY)) == (RunState.REFUSED, [])


async def test_what_has_begun_goes_on_to_its_end(world: World) -> None:
    world.executor.hangs.add(Phase.APPLY)
    run = await world.approved()
    async with world.working():
        await world.until(lambda: world.executor.running == 1)
        await by_command(world)
        world.executor.release.set()
        await world.until(lambda: world.store.runs._runs[run.id].state is RunState.VERIFIED)


async def test_allowing_lets_the_next_run_start_and_both_are_audited(world: World) -> None:
    await by_command(world)
    assert await stopping.allow(world.store, "cli:bob", "done") is not None
    assert await stopping.allow(world.store, "cli:bob", "again") is None

    assert (await world.run_to(await world.approved())).state is RunState.VERIFIED
    rows = [(row.what, row.actor) for row in await world.store.audit.entries(subject="runs")]
    assert rows == [("runs.stopped", "cli:ann"), ("runs.allowed", "cli:bob")]


async def test_a_restart_does_not_allow_runs(world: World) -> None:
    await by_command(world)
    world.restart()

    assert await RemediationEngine(world.parts()).offer(world.proposal()) is None


async def test_events_are_not_settled_while_runs_are_stopped(world: World) -> None:
    world.event("e1")
    world.executor.hangs.add(Phase.APPLY)
    run = await world.approved()
    async with world.working():
        await world.until(lambda: world.executor.running == 1)
        await by_command(world)
        world.executor.release.set()
        await world.until(lambda: world.store.runs._runs[run.id].state is RunState.VERIFIED)
        assert world.jobs(Phase.RESOLVE) == []
