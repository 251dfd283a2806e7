"""A process that judges what it is told, on a real state database, and can be killed at any moment.

It is forked from a server that has imported everything, so that a life costs milliseconds. Each deed says at which second it
happens; a deed is answered when all that follows from it is kept.
"""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path

from mendwatch.alerting import loading
from mendwatch.alerting.engine import AlertEngine
from mendwatch.alerting.schemas import KnownSchema
from mendwatch.metrics.agent import AgentMetrics
from mendwatch.model.alerts import Alert
from mendwatch.model.journal import Decision
from mendwatch.model.samples import MetricSpec, Reading, RecordSchema, Sample
from mendwatch.model.silences import NewSilence
from mendwatch.model.targets import Target
from mendwatch.provider import CollectorSpec
from mendwatch.render.renderer import Renderer
from mendwatch.service.judgement import Judgement
from mendwatch.store.sql import open_store
from mendwatch.testing.clock import FakeClock

#: What costs the most to import; the server itself finds only what is installed.
_IMPORTED = [
    "mendwatch.service.judgement",
    "mendwatch.store.sql",
    "mendwatch.testing.clock",
    "sqlalchemy.dialects.sqlite.aiosqlite",
]
START = datetime(2030, 1, 1, tzinfo=UTC)
KEY = bytes(range(32))
LAB = Target("lab", "storage", "x")
METRICS = {name: MetricSpec(f"storage_{name}", "How much.", labels=("one",)) for name in ("full", "up")}
KNOWN = {
    name: KnownSchema(RecordSchema(name, ("one",), {name: metric.name}), "cluster", 60.0, (metric,))
    for name, metric in METRICS.items()
}


@dataclass(frozen=True, slots=True)
class Deed:
    """What happens at a second: a reading of `full` or `up`, or a silence; then time passes and offers are made."""

    at: int
    what: str
    value: float | None = None


def live(url: str, rules: Path, line: Connection) -> None:
    """Live until the line is closed: the body of the process."""
    with contextlib.suppress(EOFError, KeyboardInterrupt):
        asyncio.run(_live(url, rules, line))


async def _live(url: str, rules: Path, line: Connection) -> None:
    clock, first = FakeClock(START), None
    store = await open_store(url, key=KEY, clock=clock)
    engine = AlertEngine(loading.load([rules], KNOWN), Renderer(rules.parent))
    judgement = Judgement(engine, store, AgentMetrics(START), clock, lambda _: None)
    while True:
        deed: Deed = line.recv()
        clock.move((START + timedelta(seconds=deed.at) - clock.now()).total_seconds())
        if first is None:
            first = deed
            await judgement.restore({"lab"})
        if deed.what == "silence" and not await store.silences.list():
            end = clock.now() + timedelta(seconds=deed.value or 0)
            await store.silences.add(NewSilence(("alertname=Full",), clock.now(), end, "ann", "work"), actor="cli:ann")
        elif deed.what in METRICS:
            known = KNOWN[deed.what]
            spec = CollectorSpec(deed.what, 60.0, 10.0, known.metrics, (known.schema,))
            samples = () if deed.value is None else (Sample(METRICS[deed.what].name, deed.value, ("a",)),)
            await judgement.observe(LAB, "cluster", spec, Reading(samples), clock.now())
        await judgement._hush(clock.now())
        await judgement._carry(await judgement.in_turn(engine.ticking(clock.now())))
        await judgement._carry(await judgement.in_turn(engine.offering(clock.now())))
        line.send(deed.at)


@dataclass(frozen=True, slots=True)
class Life:
    """What is left of a life: the alerts with their clocks, and what was decided, oldest first."""

    alerts: Sequence[Alert]
    decisions: Sequence[Decision]

    def words(self) -> list[tuple[int, str]]:
        """Give each decision as its second and its word."""
        return [(round((one.at - START).total_seconds()), one.word) for one in self.decisions]


def lived(folder: Path, rules: Path, deeds: Sequence[Deed], kills: Sequence[int] = ()) -> Life:
    """Live through deeds, killed in the middle of those whose numbers are given; such a deed is begun again by the next life."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_IMPORTED)
    url, chance = f"sqlite:///{folder}/{len(kills)}.db", random.Random(len(deeds))  # noqa: S311 - moments to die at
    process, line = _born(context, url, rules)
    for number, deed in enumerate(deeds):
        line.send(deed)
        if number in kills:
            line.poll(chance.random() * 0.012)
            process.kill()
            process.join()
            process, line = _born(context, url, rules)
            line.send(deed)
        line.recv()
    line.close()
    process.join()
    return asyncio.run(_left(url))


def _born(
    context: multiprocessing.context.ForkServerContext, url: str, rules: Path
) -> tuple[multiprocessing.process.BaseProcess, Connection]:
    ours, theirs = context.Pipe()
    process = context.Process(target=live, args=(url, rules, theirs))
    process.start()
    theirs.close()
    return process, ours


async def _left(url: str) -> Life:
    store = await open_store(url, key=KEY, clock=FakeClock(START))
    alerts, decisions = await store.alerts.load(), await store.journal.newest(1000)
    await store.close()
    return Life(alerts, decisions[::-1])
