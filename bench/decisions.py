"""What it costs to decide and to write down: every event or sample is a transition, kept with its journal in a real SQLite file.

Run: python bench/decisions.py [events]. 50 rules of which one matches each event, and 1,000; then how long one sample takes from
its arrival to the journal at 50 a second; then 245,000 samples every 15 seconds with 60 rules. Rates are per second of CPU time
of the whole process, the threads of the database with it; the clock on the wall stands beside them.
"""

from __future__ import annotations

import asyncio
import gc
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from mendwatch.alerting import loading
from mendwatch.alerting.engine import AlertEngine
from mendwatch.alerting.schemas import KnownSchema
from mendwatch.alerting.steps import Step
from mendwatch.alerting.table import Poll
from mendwatch.clock import SystemClock
from mendwatch.model.samples import Columns, Event, Layout, MetricSpec, Reading, RecordSchema, Sample, Severity
from mendwatch.model.targets import Target
from mendwatch.provider import CollectorSpec
from mendwatch.render.renderer import Renderer
from mendwatch.store.interface import Store
from mendwatch.store.sql import open_store

TARGET = Target("lab", "bench", "")
START = datetime(2030, 1, 1, tzinfo=UTC)
USAGE = MetricSpec("usage", "", labels=("state", "number"))
SENSOR = RecordSchema("sensor", USAGE.labels, {"usage": USAGE.name})
EVENT = RecordSchema.of_events("event")
KNOWN = {
    "sensor": KnownSchema(SENSOR, "cluster", 15.0, (USAGE,)),
    "event": KnownSchema(EVENT, "cluster", 15.0, EVENT.event_metrics),
}
SPECS = {name: CollectorSpec(name, 15.0, 10.0, known.metrics, (known.schema,)) for name, known in KNOWN.items()}
#: Events of one reading.
BATCH = 500


@dataclass(frozen=True, slots=True)
class Cost:
    """What so many events cost: seconds on the wall and of CPU, and the transitions that were written down."""

    events: int
    wall: float
    cpu: float
    transitions: int

    def tell(self, what: str) -> None:
        """Print one line."""
        each = self.cpu / self.events * 1e6
        rates = f"{self.events / self.cpu:>8,.0f} events/s of CPU {self.events / self.wall:>8,.0f} on the wall"
        print(f"{what:<58}{rates} {each:>6.1f} us each, {self.transitions:,} transitions journaled")


def engine(rules: int, schema: str, when: str) -> AlertEngine:
    """Make an engine with so many rules, each for one state."""
    label = "state" if schema == "sensor" else "kind"
    lines = ["groups:", "- name: bench", "  rules:"]
    for number in range(rules):
        match = f"""match: ['{label}="s{number}"']"""
        lines.append(f"  - {{alert: R{number}, on: {schema}, {match}, when: {when}, labels: {{severity: warning}}}}")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "rules.yaml")
        path.write_text("\n".join(lines), "utf-8")
        return AlertEngine(loading.load([path], KNOWN), Renderer(Path()))


async def judge(judging: AlertEngine, store: Store, poll: Poll) -> int:
    """Judge one reading in slices, and write down what was decided; gives how many transitions there were."""
    step = await decide(judging, poll)
    await store.alerts.save(step.alerts, step.decisions)
    return len(step.transitions)


async def decide(judging: AlertEngine, poll: Poll) -> Step:
    """Judge one reading in slices, with a turn of the loop between two."""
    steps = judging.observing(poll)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value
        await asyncio.sleep(0)


def samples(rules: int, count: int) -> Iterator[Reading]:
    """Give readings in which every sample is a transition: what was full is not, and what was not is."""
    subjects = [(f"s{number % rules}", str(number)) for number in range(BATCH)]
    for turn in range(count // BATCH):
        yield Reading(tuple(Sample(USAGE.name, 50.0 if turn % 2 else 95.0, subject) for subject in subjects))


def events(rules: int, count: int) -> Iterator[Reading]:
    """Give readings of events that only happen: each is a subject of its own, whose alert fires, and ends with the next reading."""
    for turn in range(count // BATCH):
        now = START + timedelta(seconds=turn)
        numbers = range(turn * BATCH, (turn + 1) * BATCH)
        found = (Event(str(n), f"s{n % rules}", "bay", "text", Severity.WARNING, None, now) for n in numbers)
        yield Reading(events=tuple(found), events_complete=True)


async def burst(rules: int, count: int, schema: str, readings: Callable[[int, int], Iterator[Reading]]) -> Cost:
    """Judge and write down so many events, as fast as it goes."""
    judging = engine(rules, schema, "usage > 90" if schema == "sensor" else "active == 1")
    polls = [
        Poll(TARGET, "cluster", SPECS[schema], reading, START + timedelta(seconds=at))
        for at, reading in enumerate(readings(rules, count))
    ]
    with tempfile.TemporaryDirectory() as folder:
        store = await open_store(f"sqlite+aiosqlite:///{folder}/state.db", key=b"k" * 32, clock=SystemClock())
        await judge(judging, store, polls[0])
        wall, cpu = time.perf_counter(), time.process_time()
        transitions = 0
        for poll in polls[1:]:
            transitions += await judge(judging, store, poll)
        cost = Cost(count - BATCH, time.perf_counter() - wall, time.process_time() - cpu, transitions)
        await store.close()
    return cost


async def latency(rate: float = 50.0, seconds: float = 10.0) -> None:
    """Tell how long one sample takes from its arrival until its transition is in the journal."""
    judging, found = engine(50, "sensor", "usage > 90"), []
    with tempfile.TemporaryDirectory() as folder:
        store = await open_store(f"sqlite+aiosqlite:///{folder}/state.db", key=b"k" * 32, clock=SystemClock())
        for turn in range(int(rate * seconds)):
            reading = Reading((Sample(USAGE.name, 50.0 if turn // 50 % 2 else 95.0, (f"s{turn % 50}", "1")),))
            began = time.perf_counter()
            step = await decide(judging, Poll(TARGET, "cluster", SPECS["sensor"], reading, START + timedelta(seconds=turn)))
            decided = time.perf_counter()
            await store.alerts.save(step.alerts, step.decisions)
            found.append((decided - began, time.perf_counter() - began))
            await asyncio.sleep(max(0.0, 1 / rate - (time.perf_counter() - began)))
        await store.close()
    for at, what in enumerate(("decided", "in the journal")):
        ordered = sorted(one[at] * 1e3 for one in found[len(found) // 5 :])
        half, most = ordered[len(ordered) // 2], ordered[len(ordered) * 99 // 100]
        print(f"one sample at {rate:.0f}/s, 50 rules, until it is {what}: p50 {half:.2f} ms, p99 {most:.2f} ms")


def fleet(series: int = 245_000, interval: float = 15.0, rules: int = 60) -> None:
    """Tell what judging a large fleet's polls takes of one core: an eighth of the numbers changes each time."""
    judging, clusters = engine(rules, "sensor", "usage > 90"), 16
    layout = Layout((USAGE.name, (f"s{number % rules}", str(number))) for number in range(series // clusters))
    slices: list[list[float]] = []
    gc.disable()  # a full collection of the whole process is nobody's slice; it is measured with the agent
    for turn in range(5):
        slices.append([])
        for number in range(clusters):
            values = [50.0 + (0 if at % 8 else turn) for at in range(len(layout))]
            reading, now = Reading(columns=(Columns(layout, values),)), START + timedelta(seconds=interval * turn)
            poll = Poll(Target(f"c{number}", "bench", ""), "cluster", SPECS["sensor"], reading, now)
            slices[-1] += _slices(judging, poll)
    share, first = min(map(sum, slices[1:])) / interval, sum(slices[0])
    longest = max(max(one) for one in slices) * 1e3
    text = f"{share:.1%} of a core (the first polls take {first:.1f} s), longest slice {longest:.1f} ms"
    print(f"{series:,} samples every {interval:.0f} s, {rules} rules: {text}")


def _slices(judging: AlertEngine, poll: Poll) -> list[float]:
    """Judge a poll; gives the CPU time of each slice."""
    steps, found = judging.observing(poll), []
    while True:
        began = time.process_time()
        done = next(steps, steps)
        found.append(time.process_time() - began)
        if done is steps:
            return found


async def main() -> None:
    """Measure all of it."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 50_000
    gc.freeze()
    for rules in (50, 1000):
        (await burst(rules, count, "sensor", samples)).tell(f"{rules:>5} rules, a sample over its limit or back below")
    for rules in (50, 1000):
        (await burst(rules, count // 2, "event", events)).tell(f"{rules:>5} rules, an event that fires and is over")
    await latency()
    fleet()


if __name__ == "__main__":
    asyncio.run(main())
