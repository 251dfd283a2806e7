"""What happens on the demo's stage, told live in plain lines with times."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass, field
from datetime import timedelta

from mendwatch.cli import output
from mendwatch.cli.context import person
from mendwatch.cli.demo import stage, verdict
from mendwatch.cli.demo.keyboard import Keyboard
from mendwatch.cli.texts import approval_text
from mendwatch.clock import Clock, SystemClock
from mendwatch.errors import Refused
from mendwatch.model.notices import Notice
from mendwatch.model.principals import Permission, Principal, Role
from mendwatch.model.runs import TERMINAL, Run, RunState
from mendwatch.model.text import escaped
from mendwatch.service import signals
from mendwatch.service.agent import Agent
from mendwatch.service.build import build
from mendwatch.service.feed import Subscription

#: After the run is over, the alert has this long to clear and the event group to be resolved.
_EPILOGUE = timedelta(seconds=15)
_DONE = {"alert.resolved", "run.events_resolved"}


@dataclass(frozen=True, slots=True)
class Stage:
    """How the demo is to be performed."""

    provider: str
    port: int
    patience: float
    unattended: bool
    live: bool


@dataclass(slots=True)
class _Play:
    """What the demo knows while it runs."""

    how: Stage
    set: stage.Set
    agent: Agent
    clock: Clock
    begin: float
    notices: list[Notice] = field(default_factory=list)

    def tell(self, text: str, at: float | None = None) -> None:
        """Say one line, with the seconds since the beginning."""
        if self.how.live:
            seconds = (self.clock.now().timestamp() if at is None else at) - self.begin
            output.line(f"{seconds:7.2f}s  {escaped(text)}")


async def perform(how: Stage) -> verdict.Outcome:
    """Build the stage, let the incident happen, and give what came of it; an attended demo stays up until Ctrl-C."""
    clock = SystemClock()
    stop = asyncio.Event()
    with signals.setting(stop):
        async with stage.built(how.provider, how.port) as built:
            agent = await build(built.settings, built.folder, clock)
            with agent.feed.subscribe() as feed:
                async with agent:
                    play = _Play(how, built, agent, clock, clock.now().timestamp())
                    return await _until(stop, play, feed)


async def _until(stop: asyncio.Event, play: _Play, feed: Subscription) -> verdict.Outcome:
    """Play the scenes; a signal ends them wherever they are."""
    scenes = asyncio.create_task(_scenes(play, feed))
    stopped = asyncio.create_task(stop.wait())
    patience = play.how.patience if play.how.unattended else None
    await asyncio.wait({scenes, stopped}, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
    finished = scenes.done()
    scenes.cancel()
    await asyncio.gather(scenes, return_exceptions=True)
    if finished:
        scenes.result()  # an error of a scene is the demo's error
    result = await _judge(play)
    if finished and not play.how.unattended and not stop.is_set():
        play.tell("the agent stays up; Ctrl-C ends it")
        await stopped
    stopped.cancel()
    return result


async def _scenes(play: _Play, feed: Subscription) -> None:
    if play.how.live:
        await _programme(play)
    await _until_kind(play, feed, "target.up")
    play.tell(await play.set.scenario.begin())
    run = await _pending(play, feed)
    await (_approve_by_itself(play, run) if play.how.unattended else _ask(play, run))
    await _epilogue(play, feed, run.id)


async def _programme(play: _Play) -> None:
    """Print where everything is, with tokens that work for as long as the demo runs."""
    until = play.clock.now() + timedelta(days=1)
    _, viewer = await play.agent.store.tokens.create("demo-model", Role.VIEWER, expires_at=until, actor=person().actor)
    _, approver = await play.agent.store.tokens.create("demo-approver", Role.APPROVER, expires_at=until, actor=person().actor)
    url = play.agent.url
    output.line(f"mendwatch demo, in {play.set.folder} (removed at the end)\n")
    output.line(f"  metrics   {url}/metrics")
    output.line(f"  MCP       {url}/mcp")
    for remark in play.set.target.remarks:
        output.line(f"  {remark}")
    output.line(f"  viewer's token (give it to a model)    {viewer}")
    output.line(f"  approver's token (keep it to yourself) {approver}\n")
    output.line("  Ask it from Claude Code:")
    output.line(f'    claude mcp add --transport http mendwatch {url}/mcp --header "Authorization: Bearer {viewer}"')
    output.line("  or from any MCP client:")
    output.line(f'    {{"mcpServers": {{"mendwatch": {{"type": "http", "url": "{url}/mcp",')
    output.line(f'      "headers": {{"Authorization": "Bearer {viewer}"}}}}}}}}\n')


async def _until_kind(play: _Play, feed: Subscription, *kinds: str) -> Notice:
    """Tell every notice until one of these kinds comes."""
    while True:
        notice = await feed.next()
        play.notices.append(notice)
        if notice.kind != "run.task" or notice.facts.get("status"):  # a task's end says it all
            play.tell(f"{notice.kind:<19} {notice.text}", notice.at.timestamp())
        if notice.kind in kinds:
            return notice


async def _pending(play: _Play, feed: Subscription) -> Run:
    """Wait for the question."""
    while True:
        await _until_kind(play, feed, "run.pending", "run.refused", "run.failed")
        waiting = await play.agent.store.runs.list(states=[RunState.PENDING], limit=1)
        if waiting:
            return waiting[0]


async def _approve_by_itself(play: _Play, run: Run) -> None:
    approver = Principal("demo-approver", "demo", frozenset({Permission.READ, Permission.DECIDE}))
    await play.agent.store.runs.decide(run.id, plan_hash=run.plan_hash, verdict="approve", principal=approver, reason="demo --yes")


async def _ask(play: _Play, run: Run) -> None:
    """Show the plan and take `y` here, or a decision from anywhere else: the command, or MCP."""
    output.line(f"\n{approval_text(play.set.settings, run, play.set.config)}")
    with Keyboard() as keyboard:
        output.line("Decide by these commands in another terminal, or here: type y to approve, n to deny.")
        await _first(_typed(play, run, keyboard), _decided(play, run.id))


async def _typed(play: _Play, run: Run, keyboard: Keyboard) -> None:
    while True:
        answer = (await keyboard.line()).strip().lower()
        if answer in {"y", "yes", "n", "no"}:
            word = "approve" if answer.startswith("y") else "deny"
            try:
                await play.agent.store.runs.decide(
                    run.id, plan_hash=run.plan_hash, verdict=word, principal=person(), reason="typed in the demo"
                )
            except Refused as problem:
                output.error(str(problem), problem.hint)
            return
        output.line("  type y or n")


async def _decided(play: _Play, run_id: str) -> None:
    while (await play.agent.store.runs.get(run_id)).state is RunState.PENDING:
        await play.clock.sleep(0.2)


async def _first(*work: Awaitable[None]) -> None:
    """Wait for the first of several, and let the others go."""
    tasks = [asyncio.ensure_future(item) for item in work]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _epilogue(play: _Play, feed: Subscription, run_id: str) -> None:
    """Follow the run to its end, then give the alert and the event group their time."""
    ends = tuple(f"run.{state}" for state in TERMINAL)
    last = await _until_kind(play, feed, *ends)
    seen = {notice.kind for notice in play.notices}
    if last.kind != f"run.{RunState.VERIFIED}":
        return
    try:
        async with asyncio.timeout(_EPILOGUE.total_seconds()):
            while not seen >= _DONE:
                seen.add((await _until_kind(play, feed, *_DONE)).kind)
    except TimeoutError:
        play.tell(f"{run_id}: the alert or the event group took too long")


async def _judge(play: _Play) -> verdict.Outcome:
    runs = await play.agent.store.runs.list(limit=1)
    chain = await play.agent.store.audit.verify()
    proof = await play.set.scenario.proof()
    seconds = play.clock.now().timestamp() - play.begin
    return verdict.outcome(runs[0] if runs else None, play.notices, chain, proof, begin=play.begin, seconds=seconds)
