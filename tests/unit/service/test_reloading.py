"""Rules loaded anew: all or none, audited, told once; by hand, by a signal, or because a file changed and has settled."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from structlog.testing import capture_logs

from mendwatch.alerting import loading, schemas
from mendwatch.alerting.maintenance import Window
from mendwatch.alerting.ruleset import RuleSet
from mendwatch.errors import ContentError, StoreError
from mendwatch.metrics.reloads import ReloadMetrics
from mendwatch.model.samples import MetricSpec, RecordSchema
from mendwatch.polling.providers import Providers
from mendwatch.remediation import catalogue
from mendwatch.service.library import Library
from mendwatch.service.reloading import LOOK, Current, Hands, Reloading, Takers, marks
from mendwatch.testing.clock import FakeClock
from mendwatch.testing.collectors import ScriptedCollector, ScriptedProvider
from mendwatch.testing.store import MemoryStore

FULLNESS = MetricSpec("storage_pool_full_ratio", "How full.", labels=("pool",))
POOLS = ScriptedCollector("pools", metrics=(FULLNESS,), schemas=(RecordSchema("pool", ("pool",), {"full": FULLNESS.name}),))
KNOWN = schemas.of_providers([ScriptedProvider((POOLS,), name="storage")])
RULE = "groups:\n- name: pools\n  rules:\n  - {alert: PoolFull, on: pool, when: full > 0.9%s}\n"
OBSERVE = ", remediate: {remediation: storage/mend, mode: observe}"


class Bench:
    """Everything around a reload, with one file of rules."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "rules.yaml"
        self.write(RULE % "")
        self.written: tuple[Window, ...] = ()  # the windows of the configuration
        self.clock = FakeClock()
        self.store = MemoryStore(self.clock)
        self.rules: RuleSet = self.load().rules
        self.taken: list[RuleSet] = []
        self.loads = 0
        self.windows: tuple[Window, ...] = ()
        self.reloading = self.reloader()

    def reloader(self) -> Reloading:
        self.registry = CollectorRegistry()
        takers = Takers(self.take, self.recall, Current(catalogue.load([])), self)
        hands = Hands(self.load, lambda: self.rules, takers, self.store.audit, ReloadMetrics(self.registry))
        return Reloading(hands, [self.file], self.clock)

    def write(self, text: str) -> None:
        self.file.write_text(text, "utf-8")

    def load(self) -> Library:
        self.loads = getattr(self, "loads", 0) + 1
        rules = loading.load([self.file], KNOWN)
        return Library(Providers({}, {}), KNOWN, catalogue.load([]), (self.file,), rules, self.written)

    async def take(self, rules: RuleSet) -> None:
        self.rules = rules
        self.taken.append(rules)

    def maintain(self, windows: Sequence[Window]) -> None:
        self.windows = tuple(windows)

    async def recall(self) -> None:
        raise AssertionError("no rule is about what others report")

    def figures(self) -> dict[str, float]:
        lines = generate_latest(self.registry).decode().splitlines()
        pairs = (line.removeprefix("mendwatch_rules_").split() for line in lines if not line.startswith("#"))
        return {name: float(value) for name, value in pairs}

    async def look(self) -> None:
        """Let the watcher look once, with the time its thread needs."""
        await self.clock.advance(LOOK)
        for _ in range(50):
            await asyncio.sleep(0.002)

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self.reloading.run())
        for _ in range(50):
            await asyncio.sleep(0.002)
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


async def test_what_is_loaded_is_taken_over_audited_and_counted(bench: Bench) -> None:
    bench.write(RULE % OBSERVE + "  - {alert: Other, on: pool, when: full > 0.5}\n")
    bench.clock.move(10)

    assert await bench.reloading.reload("api:ann") == 2

    assert bench.taken == [bench.rules]
    rows = [(row.actor, row.what, row.subject, dict(row.detail)) for row in await bench.store.audit.entries()]
    assert rows == [
        ("api:ann", "rule.mode_changed", "PoolFull", {"from": "none", "to": "observe"}),
        ("api:ann", "rules.loaded", "rules", {"rules": 2, "modes_changed": 1}),
    ]
    assert bench.figures() == {
        "last_reload_successful": 1.0,
        "last_reload_timestamp_seconds": bench.clock.now().timestamp(),
        "loaded": 2.0,
    }


async def test_maintenance_windows_are_taken_over_with_the_rules_and_audited_where_they_change(bench: Bench) -> None:
    night = Window("night", ("pool=a",), ZoneInfo("UTC"), "patches")
    bench.written = (night,)

    await bench.reloading.reload("api:ann")
    await bench.reloading.reload("api:ann")

    assert bench.windows == (night,)
    rows = [(row.what, dict(row.detail)) for row in await bench.store.audit.entries()]
    assert rows == [
        ("maintenance.changed", {"windows": ["night"]}),
        ("rules.loaded", {"rules": 1, "modes_changed": 0}),
        ("rules.loaded", {"rules": 1, "modes_changed": 0}),
    ]


async def test_windows_of_a_reload_that_is_refused_are_not_taken_over(bench: Bench) -> None:
    bench.written = (Window("night", ("pool=a",), ZoneInfo("UTC"), "patches"),)
    bench.write("groups: 5")

    with pytest.raises(ContentError):
        await bench.reloading.reload("api:ann")

    assert bench.windows == ()


async def test_a_refusal_is_a_warning_until_it_is_mended(bench: Bench) -> None:
    assert bench.reloading.warnings == ()
    bench.write(RULE % "" + "  - {alert: Broken, on: pool, when: fulll > 0.9}\n  - {alert: Other, on: pol, when: full > 1}\n")
    with pytest.raises(ContentError):
        await bench.reloading.reload("api:ann")

    (warning,) = bench.reloading.warnings
    assert "rules were not loaded anew at " in warning
    assert "rules.yaml:5:" in warning
    assert warning.endswith("(and 1 more)")

    bench.write(RULE % "")
    await bench.reloading.reload("api:ann")
    assert bench.reloading.warnings == ()


async def test_one_fault_and_all_goes_on_as_it_was_and_is_told_once(bench: Bench) -> None:
    bench.write(RULE % "" + "  - {alert: Broken, on: pool, when: fulll > 0.9}\n")

    with capture_logs() as logs:
        for _ in range(3):
            with pytest.raises(ContentError, match=r"rules.yaml:5:"):
                await bench.reloading.reload("api:ann")

    assert (bench.taken, await bench.store.audit.entries()) == ([], [])
    assert (bench.figures()["last_reload_successful"], bench.figures()["loaded"]) == (0.0, 1.0)
    assert [line["event"] for line in logs] == ["rules not loaded anew; those of before go on"]


async def test_without_its_audit_row_nothing_is_taken_over(bench: Bench) -> None:
    bench.write(RULE % OBSERVE)
    bench.store.audit.broken = True

    with pytest.raises(StoreError):
        await bench.reloading.reload("api:ann")

    assert bench.taken == []


async def test_a_file_that_changed_is_loaded_when_it_has_settled(bench: Bench) -> None:
    async with bench.watching():
        await bench.look()
        before = bench.loads
        bench.write(RULE % ", for: 5m")
        await bench.look()
        assert (bench.loads, bench.taken) == (before, [])  # seen, and not settled yet
        await bench.look()

        assert len(bench.taken) == 1
        await bench.look()
        await bench.look()
    assert len(bench.taken) == 1
    assert [row.actor for row in await bench.store.audit.entries()] == ["agent:files"]


async def test_a_half_written_file_is_no_fault_at_once(bench: Bench) -> None:
    with capture_logs() as logs:
        async with bench.watching():
            bench.write((RULE % ", for: 5m")[:-30])
            await bench.look()
            await bench.look()  # settled, and broken: perhaps half written
            bench.write(RULE % ", for: 5m")
            await bench.look()
            await bench.look()

    assert len(bench.taken) == 1
    assert [line["event"] for line in logs] == ["rules loaded anew"]
    assert bench.figures()["last_reload_successful"] == 1.0


async def test_a_file_that_stays_broken_is_told_and_tried_again_when_it_changes(bench: Bench) -> None:
    with capture_logs() as logs:
        async with bench.watching():
            bench.write("groups: [")
            for _ in range(6):
                await bench.look()
            assert bench.figures()["last_reload_successful"] == 0.0
            tried = bench.loads
            await bench.look()
            assert bench.loads == tried
            bench.write(RULE % ", for: 5m")
            for _ in range(3):
                await bench.look()

    assert [line["event"] for line in logs] == ["rules not loaded anew; those of before go on", "rules loaded anew"]


async def test_a_signal_asks_and_returns_at_once(bench: Bench) -> None:
    async with bench.watching():
        bench.reloading.ask()
        for _ in range(100):
            await asyncio.sleep(0.002)

    assert len(bench.taken) == 1
    assert [row.actor for row in await bench.store.audit.entries()] == ["agent:signal"]


def test_files_are_marked_by_what_changes_with_them(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    file = tmp_path / "deep" / "one.yaml"
    file.write_text("a", "utf-8")
    first = marks([tmp_path])
    file.write_text("ab", "utf-8")
    second = marks([tmp_path])
    file.unlink()

    assert first != second
    assert str(file) not in marks([tmp_path])
    assert marks([tmp_path / "missing"]) == {}


async def test_what_goes_away_while_it_is_loaded_is_a_fault_and_no_end(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def vanished() -> Library:
        raise FileNotFoundError(2, "No such file or directory", "rules/gone.yaml")

    monkeypatch.setattr(bench, "load", vanished)
    bench.reloading = bench.reloader()
    async with bench.watching():
        bench.write(RULE % "" + "  - {alert: Other, on: pool, when: full > 0.5}\n")
        with capture_logs() as logs:
            for _ in range(4):
                await bench.look()

    assert [entry["event"] for entry in logs] == ["rules not loaded anew; those of before go on"]
    assert "gone.yaml" in bench.reloading.warnings[0]


def test_folders_that_come_and_go_while_they_are_looked_at_harm_nothing(tmp_path: Path) -> None:
    """Real threads: what is left of a folder at any moment is looked at."""
    going_on = threading.Event()
    going_on.set()

    def churn() -> None:
        while going_on.is_set():
            for at in range(10):
                (tmp_path / f"s{at}" / "deep").mkdir(parents=True, exist_ok=True)
                (tmp_path / f"s{at}" / "deep" / "rules.yaml").write_text(RULE % "", "utf-8")
            for at in range(10):
                shutil.rmtree(tmp_path / f"s{at}", ignore_errors=True)

    thread = threading.Thread(target=churn)
    thread.start()
    try:
        for _ in range(200):
            marks([tmp_path])
            with contextlib.suppress(ContentError):
                loading.load([tmp_path], KNOWN)
    finally:
        going_on.clear()
        thread.join()
