"""A recorded day, lived through again, tells the very same; and recording never costs the agent anything but its record."""

from __future__ import annotations

import asyncio
import errno
import os
import random
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from mendwatch.alerting import loading
from mendwatch.alerting.recording import plain
from mendwatch.alerting.recording.events import Began, Event, Observed, Ticked, Why
from mendwatch.alerting.recording.replaying import Replay
from mendwatch.alerting.ruleset import RuleSet
from mendwatch.alerting.schemas import KnownSchema
from mendwatch.alerting.slices import finished
from mendwatch.alerting.steps import Step
from mendwatch.alerting.table import Poll
from mendwatch.model.alerts import Alert, AlertState
from mendwatch.model.samples import Columns, Layout, MetricSpec, Reading, RecordSchema, Sample
from mendwatch.model.targets import Target
from mendwatch.provider import CollectorSpec
from mendwatch.render.renderer import Renderer
from mendwatch.service import readings, shelf
from mendwatch.service.readings import Readings
from mendwatch.service.recorded_engine import RecordedEngine
from mendwatch.service.remembering import Remembering
from mendwatch.service.shelf import Allowance, Shelf
from mendwatch.testing.clock import FakeClock

QUOTA = tuple(MetricSpec(f"q_{name}", "", labels=("path",)) for name in ("usage", "limit"))
NODE = (MetricSpec("n_up", "", labels=("node",)),)
SPECS = (
    CollectorSpec("quotas", 60.0, 10.0, QUOTA, (RecordSchema("quota", ("path",), {"usage": "q_usage", "limit": "q_limit"}),)),
    CollectorSpec("nodes", 60.0, 10.0, NODE, (RecordSchema("node", ("node",), {"up": "n_up"}),)),
)
KNOWN = {spec.schemas[0].name: KnownSchema(spec.schemas[0], "cluster", 60.0, spec.metrics) for spec in SPECS}
RULES = """
groups:
- name: all
  rules:
  - {alert: Down, on: node, when: up < 1.0, for: 2m, no_data: fire}
  - {alert: Worst, on: quota, when: usage / limit > 1.0, for: 1m, annotations: {s: '{{ path }} has {{ usage }}'}}
  - {alert: Full, on: quota, when: usage / limit > 0.9, clear: usage / limit < 0.8, for: 3m, keep_firing_for: 4m,
     inhibited_by: [{alert: Worst, equal: [path]}, {alert: Down, equal: [cluster]}]}
  - {alert: Average, on: quota, when: 'avg_over(usage, 10m) / limit > 0.9 && changes(usage, 20m) > 1.0',
     clear: 'rate(usage, 5m) < 0.0'}
  - {alert: Crowd, on: quota, when: count_where(usage / limit > 0.9) > 3.0, key: [cluster]}
  - {alert: Gone, on: quota, when: usage / limit > 0.9, no_data: resolve, stale_after: 90s}
"""
TARGETS = [Target(name, "storage", "", {"site": name}) for name in ("lab", "prod")]
PATHS = [(f"/{at}",) for at in range(6)]
ALLOWED = Allowance(timedelta(days=7), 512 * 2**20)


class Told:
    """What the recorder counted."""

    def __init__(self) -> None:
        self.size = self.total = self.missing = 0
        self.works: bool | None = None

    def wrote(self, size: int, total: int) -> None:
        self.size, self.total = self.size + size, total

    def lost(self, events: int) -> None:
        self.missing += events

    def recording(self, *, works: bool) -> None:
        self.works = works


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> RuleSet:
    path = tmp_path_factory.mktemp("rules") / "rules.yaml"
    path.write_text(RULES, "utf-8")
    return loading.load([path], KNOWN)


class Day:
    """An agent's judging on a clock of its own: polls with random damage, ticks, restarts; what it told is kept as text."""

    def __init__(self, rules: RuleSet, seed: int, folder: Path) -> None:
        self.rules, self.dice, self.folder = rules, random.Random(seed), folder  # noqa: S311 - damage, not secrets
        self.clock, self.told = FakeClock(datetime(2030, 1, 1, tzinfo=UTC)), Told()
        self.said: list[bytes] = []
        self.saved: dict[str, Alert] = {}
        self.layout = Layout([(metric.name, path) for metric in QUOTA for path in PATHS])

    async def begin(self, allowed: Allowance = ALLOWED) -> None:
        """Start as the agent does, which fills its windows from the record."""
        self.start(allowed)
        memory = await Remembering(self.folder, lambda: self.rules, {one.id: one for one in TARGETS}, self.clock).memory()
        if memory is not None:
            finished(self.engine.remembering(memory.table, memory.now))

    def start(self, allowed: Allowance = ALLOWED) -> None:
        shelf = Shelf(self.folder, allowed)
        shelf.prepare()
        self.recorder = Readings(shelf, self.clock, self.told)
        self.engine = RecordedEngine(self.rules, Renderer(Path()), self.recorder.record, self.clock)
        self.recorder.connect(self.engine.standing)
        self.engine.reach_back(lambda target, *_: [(self.clock.now().timestamp() - 90, 100.0 if target.id == "lab" else 7.0)])
        self.engine.restore(self.saved.values())

    async def live(self, minutes: int) -> None:
        """Live through minutes; now and then a poll fails, brings half, or has no number."""
        for minute in range(minutes):
            for _ in range(4):
                self.clock.move(15 + self.dice.random())
                self.take(self.engine.tick(self.clock.now()))
            for target in TARGETS:
                self.poll(target)
            if not minute % 97:
                self.take(self.engine.replace(self.rules, self.clock.now()))
            if not minute % 10:
                await self.recorder.flush()

    def poll(self, target: Target) -> None:
        if self.dice.random() < 0.85:
            self.take(self.observed(target, SPECS[0], self.quotas()))
        if self.dice.random() < 0.9:
            samples = [Sample("n_up", self.dice.choice([1, 1.0, 1, 0, float("nan")]), (str(node),)) for node in range(3)]
            self.take(self.observed(target, SPECS[1], Reading(tuple(samples[: self.dice.randint(0, 3)]))))

    def quotas(self) -> Reading:
        usage = [self.dice.choice([50.0, 85.0, 95.0, 95.0, 120.0, float("nan")]) for _ in PATHS]
        if self.dice.random() < 0.3:  # a collector may as well give samples, of fewer quotas, with times of their own
            now = self.clock.now()
            kept = PATHS[: self.dice.randint(0, len(PATHS))]
            time = self.dice.choice([None, now - timedelta(seconds=20)])
            rows = [
                (name, value, path)
                for path, used in zip(kept, usage, strict=False)
                for name, value in (("q_usage", used), ("q_limit", 100))
            ]
            return Reading(tuple(Sample(name, value, path, time) for name, value, path in rows), complete=frozenset({"quota"}))
        return Reading(columns=(Columns(self.layout, [*usage, *[100.0] * len(PATHS)]),))

    def observed(self, target: Target, spec: CollectorSpec, reading: Reading) -> Step:
        return finished(self.engine.observing(Poll(target, "cluster", spec, reading, self.clock.now())))

    def take(self, step: Step) -> None:
        self.said += [plain.dumped(transition) for transition in step.transitions]
        for alert in step.alerts:
            if alert.state is AlertState.INACTIVE:
                self.saved.pop(alert.fingerprint, None)
            else:
                self.saved[alert.fingerprint] = alert


def recorded(folder: Path) -> list[Event]:
    return [event for path in shelf.files(folder) for event in shelf.events(path)]


def replayed(rules: RuleSet, events: Iterable[Event]) -> list[bytes]:
    life = Replay(rules, Renderer(Path())).exactly(events)
    return [plain.dumped(transition) for moment in life for transition in moment.step.transitions]


@pytest.mark.parametrize(("seed", "lives"), [(1, (300, 500, 640)), (2, (40, 200, 60))])
async def test_a_recorded_day_with_restarts_tells_the_very_same_when_it_is_lived_through_again(
    rules: RuleSet, tmp_path: Path, seed: int, lives: tuple[int, ...]
) -> None:
    day = Day(rules, seed, tmp_path)
    for minutes in lives:
        await day.begin(Allowance(timedelta(days=7), 16 * 25_000))
        await day.live(minutes)
        await day.recorder.flush()

    again = replayed(rules, recorded(tmp_path))
    assert len(shelf.files(tmp_path)) > 3  # those of restarts, and those that were full
    assert len(day.said) > sum(lives) / 2
    assert again == day.said
    assert day.told.missing == 0


async def test_what_was_written_before_a_kill_is_whole_and_the_next_agent_cuts_the_rest(rules: RuleSet, tmp_path: Path) -> None:
    day = Day(rules, 3, tmp_path)
    day.start()
    await day.live(21)
    await day.recorder.flush()
    whole = recorded(tmp_path)
    (path,) = shelf.files(tmp_path)
    size = path.stat().st_size
    await day.live(10)
    await day.recorder.flush()
    data = path.read_bytes()
    for end in (size + 1, size + 9, (size + len(data)) // 2, len(data) - 1):
        path.write_bytes(data[:end])
        assert [event.at for event in recorded(tmp_path)][: len(whole)] == [event.at for event in whole]
        kept = [event.at for event in recorded(tmp_path)]
        Shelf(tmp_path, ALLOWED).prepare()
        assert path.stat().st_size <= end
        assert [event.at for event in recorded(tmp_path)] == kept
    day.start()
    await day.recorder.flush()
    assert isinstance(recorded(tmp_path)[-1], Began)


async def test_the_oldest_files_go_when_the_room_or_the_time_is_over(rules: RuleSet, tmp_path: Path) -> None:
    day = Day(rules, 4, tmp_path)
    day.start(Allowance(timedelta(hours=16), 32_000))
    await day.live(600)
    await day.recorder.flush()
    assert sum(path.stat().st_size for path in shelf.files(tmp_path)) <= 36_000
    first = recorded(tmp_path)[0]
    assert isinstance(first, Began)
    assert first.why is Why.SEGMENT
    assert first.alerts
    day.clock.move(20 * 3600)
    day.take(day.engine.tick(day.clock.now()))
    await day.recorder.flush()
    assert recorded(tmp_path)[-1].at == day.clock.now()
    assert len(shelf.files(tmp_path)) <= 2


async def test_a_file_never_begins_in_the_middle_of_a_reading(rules: RuleSet, tmp_path: Path) -> None:
    day = Day(rules, 5, tmp_path)
    day.start(Allowance(timedelta(days=7), 16))
    steps = day.engine.observing(Poll(TARGETS[0], "cluster", SPECS[0], _large(), day.clock.now()))
    next(steps)
    await day.recorder.flush()
    await day.recorder.flush()
    assert len(shelf.files(tmp_path)) == 1
    finished(steps)
    await day.recorder.flush()
    assert len(shelf.files(tmp_path)) == 2


async def test_a_full_disk_stops_recording_with_one_line_and_marks_what_is_missing(
    rules: RuleSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    day = Day(rules, 6, tmp_path)
    day.start()
    await day.live(11)
    real = os.write

    def refused(*_: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(shelf.os, "write", refused)
    with capture_logs() as logs:
        await day.live(60)
    assert [entry["event"] for entry in logs] == ["readings are not recorded"]
    assert (day.told.works, day.told.missing > 300) == (False, True)

    monkeypatch.setattr(shelf.os, "write", real)
    day.clock.move(readings.RETRY)
    with capture_logs() as logs:
        await day.recorder.flush()
        known = {alert.fingerprint for alert in day.engine.kept()}
        await day.live(11)
        await day.recorder.flush()
    assert [entry["event"] for entry in logs] == ["readings are recorded again"]
    events = recorded(tmp_path)
    began = [event for event in events if isinstance(event, Began)]
    assert [event.why for event in began] == [Why.START, Why.GAP]
    assert {alert.fingerprint for alert in began[1].alerts} == known
    assert len([event for event in events[events.index(began[1]) :] if isinstance(event, Observed)]) > 20
    assert day.told.works is True


async def test_a_disk_that_is_too_slow_costs_readings_and_no_memory(
    rules: RuleSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readings, "MOST_WAITING", 500)
    day = Day(rules, 7, tmp_path)
    day.start()
    for _ in range(100):
        day.poll(TARGETS[0])
    assert day.told.missing > 50
    await day.recorder.flush()
    (began,) = recorded(tmp_path)
    assert isinstance(began, Began)
    assert began.why is Why.GAP


async def test_the_recorder_writes_what_waits_when_it_is_stopped(rules: RuleSet, tmp_path: Path) -> None:
    day = Day(rules, 8, tmp_path)
    day.start()
    task = asyncio.create_task(day.recorder.run())
    await day.clock.settle()
    day.take(day.engine.tick(day.clock.now()))
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert [type(event) for event in recorded(tmp_path)] == [Began, Ticked]


def _large() -> Reading:
    return Reading(tuple(Sample("q_usage", 1.0, (f"/{at}",)) for at in range(3000)))
