"""A restart forgets no window: the agent fills them from the record, and only those that a rule names."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mendwatch.alerting import loading
from mendwatch.alerting.ruleset import RuleSet
from mendwatch.alerting.schemas import KnownSchema
from mendwatch.alerting.slices import finished
from mendwatch.alerting.table import Poll
from mendwatch.model.samples import MetricSpec, Reading, RecordSchema, Sample
from mendwatch.model.targets import Target
from mendwatch.provider import CollectorSpec
from mendwatch.render.renderer import Renderer
from mendwatch.service import remembering, shelf
from mendwatch.service.readings import Readings
from mendwatch.service.recorded_engine import RecordedEngine
from mendwatch.service.remembering import Remembering
from mendwatch.service.shelf import Allowance, Shelf
from mendwatch.testing.clock import FakeClock

_METRICS = tuple(MetricSpec(f"q_{name}", "", labels=("path",)) for name in ("usage", "limit"))
_SCHEMA = RecordSchema("quota", ("path",), {"usage": "q_usage", "limit": "q_limit"})
_OTHER = CollectorSpec("drives", 60.0, 10.0, (), (RecordSchema("drive", ("bay",), {"healthy": "d_healthy"}),))
SPEC = CollectorSpec("quotas", 60.0, 10.0, _METRICS, (_SCHEMA,))
KNOWN = {"quota": KnownSchema(_SCHEMA, "cluster", 60.0, _METRICS)}
WINDOWS = " || ".join(
    f"{call} > 1.0"
    for call in (
        "avg_over(usage, 30m)",
        "delta(usage, 20m)",
        "rate(usage, 20m)",
        "deriv(usage, 20m)",
        "min_over(usage, 30m)",
        "max_over(usage, 30m)",
        "quantile_over(0.5, usage, 30m)",
        "changes(usage, 30m)",
        "last(usage, 30m)",
        "predict_linear(usage, 20m, 1h)",
        "age(usage)",
    )
)
START = datetime(2030, 1, 1, tzinfo=UTC)


class Told:
    def wrote(self, size: int, total: int) -> None: ...

    def lost(self, events: int) -> None: ...

    def recording(self, *, works: bool) -> None: ...


class Site:
    """An agent's judging that is recorded, killed and started again."""

    def __init__(self, folder: Path, *rules: str) -> None:
        self.folder, self.clock = folder / "readings", FakeClock(START)
        self.rules = _rules(folder, *rules)
        self.target = Target("lab", "storage", "", {"site": "here"})

    async def start(self, rules: RuleSet | None = None) -> None:
        self.rules = rules or self.rules
        shelf_ = Shelf(self.folder, Allowance(timedelta(days=7), 2**24))
        shelf_.prepare()
        self.recorder = Readings(shelf_, self.clock, Told())
        alerts = self.engine.kept() if hasattr(self, "engine") else ()
        self.engine = RecordedEngine(self.rules, Renderer(Path()), self.recorder.record, self.clock)
        self.recorder.connect(self.engine.standing)
        self.engine.restore(alerts)
        memory = await self.remembering().memory()
        if memory is not None:
            finished(self.engine.remembering(memory.table, memory.now))

    def remembering(self) -> Remembering:
        return Remembering(self.folder, lambda: self.rules, {self.target.id: self.target}, self.clock)

    async def poll(self, minutes: float = 1, *, spec: CollectorSpec = SPEC, complete: bool = False, **usage: float) -> list[str]:
        self.clock.move(minutes * 60)
        samples = [
            Sample(name, value, (f"/{path}",))
            for path, used in usage.items()
            for name, value in (("q_usage", used), ("q_limit", 100.0))
        ]
        reading = Reading(tuple(samples), complete=frozenset({"quota"} if complete else ()))
        step = finished(self.engine.observing(Poll(self.target, "cluster", spec, reading, self.clock.now())))
        await self.recorder.flush()
        return [f"{item.alert.rule} {item.before.value}>{item.alert.state.value}" for item in step.transitions]

    def derived(self, rule: str) -> dict[str, float]:
        (subject,) = self.engine.subjects(rule)
        return dict(subject.records[0].derived)


def _rules(folder: Path, *rules: str) -> RuleSet:
    path = folder / "rules.yaml"
    path.write_text("groups:\n- name: g\n  rules:\n" + "\n".join(f"  - {rule}" for rule in rules), "utf-8")
    return loading.load([path], KNOWN)


def _usage(minute: int) -> float:
    return 10.0 + minute * 3 - (25 if minute > 15 else 0) + minute % 4


async def test_every_function_says_after_a_restart_what_it_would_have_said_without(tmp_path: Path) -> None:
    rule = f"{{alert: All, on: quota, when: '{WINDOWS}'}}"
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    lives = Site(tmp_path / "a", rule), Site(tmp_path / "b", rule)
    for site in lives:
        await site.start()
        for minute in range(35):
            await site.poll(a=_usage(minute))
    await lives[1].start()
    for site in lives:
        await site.poll(a=50.0)
    whole, again = (site.derived("All") for site in lives)
    assert len(whole) == 11
    assert again == pytest.approx(whole, rel=1e-12)


async def test_absence_is_counted_over_a_restart_and_over_a_reload(tmp_path: Path) -> None:
    site = Site(tmp_path, "{alert: Lost, on: quota, when: absent_for(usage) > 10m, stale_after: 1h}")
    await site.start()
    await site.poll(a=1.0, b=1.0)
    for _ in range(5):
        assert await site.poll(b=1.0) == []
    await site.start()  # the quota is in no reading of this agent
    for _ in range(4):
        assert await site.poll(b=1.0) == []
    finished(
        site.engine.replacing(
            _rules(tmp_path, "{alert: Lost, on: quota, when: absent_for(usage) > 10m, stale_after: 2h}"), site.clock.now()
        )
    )
    assert await site.poll(b=1.0) == []
    assert await site.poll(b=1.0) == ["Lost inactive>firing"]


async def test_what_a_complete_reading_lacks_is_gone_and_begins_anew(tmp_path: Path) -> None:
    site = Site(tmp_path, "{alert: Changed, on: quota, when: 'changes(usage, 1h) > 0.0'}")
    await site.start()
    await site.poll(a=1.0, b=1.0)
    await site.poll(b=1.0, complete=True)
    await site.start()
    await site.poll(b=1.0, complete=True)
    assert await site.poll(a=2.0, b=1.0) == []


async def test_only_readings_are_read_over_which_a_rule_has_a_window(tmp_path: Path) -> None:
    site = Site(tmp_path, "{alert: Full, on: quota, when: usage > limit}")
    await site.start()
    await site.poll(a=1.0)
    assert await site.remembering().memory() is None
    site.rules = _rules(tmp_path, "{alert: Grows, on: quota, when: 'rate(usage, 5m) > 0.0'}")
    await site.poll(spec=_OTHER)
    memory = await site.remembering().memory()
    assert memory is not None
    assert (memory.readings, memory.wants(SPEC), memory.wants(_OTHER)) == (1, True, False)
    site.clock.move(400)
    assert await site.remembering().memory() is None  # by now, nothing is within the window


async def test_a_target_that_got_other_labels_keeps_its_windows_and_one_that_is_gone_costs_nothing(tmp_path: Path) -> None:
    site = Site(tmp_path, "{alert: Moved, on: quota, when: 'delta(usage, 30m) > 5.0'}")
    await site.start()
    await site.poll(a=1.0)
    site.target = replace(site.target, labels={"site": "there"})
    await site.start()
    assert await site.poll(a=9.0) == ["Moved inactive>firing"]
    site.target = Target("prod", "storage", "")
    assert await site.remembering().memory() is None


async def test_a_field_that_was_not_known_then_has_no_value_and_harms_nothing(tmp_path: Path) -> None:
    of_then = replace(SPEC, schemas=(RecordSchema("quota", ("path",), {"usage": "q_usage"}),))
    site = Site(tmp_path, "{alert: Moved, on: quota, when: 'delta(usage, 30m) > 5.0 && limit > 1.0 && delta(limit, 30m) == 0.0'}")
    before = site.rules
    await site.start(RuleSet())
    await site.poll(a=1.0, spec=of_then)
    await site.start(before)
    assert await site.poll(a=9.0) == []
    assert await site.poll(a=9.0) == ["Moved inactive>firing"]


async def test_it_ends_in_time_and_reads_the_newest_files_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site = Site(tmp_path, "{alert: Changed, on: quota, when: 'changes(usage, 1d) > 0.0'}")
    for _ in range(3):
        await site.start()
        await site.poll(a=1.0)
        await site.poll(a=2.0)
    assert len(shelf.files(site.folder)) == 3
    found = await site.remembering().memory()
    assert found is not None
    assert found.readings == 6
    monkeypatch.setattr(remembering, "MOST", 1)
    few = await site.remembering().memory()
    assert few is not None
    assert few.readings == 2
    monkeypatch.setattr(remembering, "LONGEST", -1.0)
    assert await site.remembering().memory() is None


async def test_a_torn_record_gives_what_is_whole(tmp_path: Path) -> None:
    site = Site(tmp_path, "{alert: Changed, on: quota, when: 'changes(usage, 1d) > 0.0'}")
    await site.start()
    await site.poll(a=1.0)
    await site.poll(a=2.0)
    (path,) = shelf.files(site.folder)
    path.write_bytes(path.read_bytes()[:-3])
    memory = await site.remembering().memory()
    assert memory is not None
    assert memory.readings == 1
