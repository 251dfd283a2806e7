"""What it costs to put 50 rules to a million recorded samples, and what recording them costs the agent.

Run: python bench/backtest.py [quotas]. A day of polls of some quotas, each with 14 numbers; a tenth of the quotas changes at every
poll, and one in a hundred gets into trouble now and then, so that alerts begin, wait and end. Figures are CPU time of the process.
"""

from __future__ import annotations

import asyncio
import gc
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from rules import KNOWN, METRICS, SPEC, START, TARGET

from mendwatch.alerting import loading
from mendwatch.alerting.engine import AlertEngine
from mendwatch.alerting.recording.events import Began, Event, Observed, Ticked, Why
from mendwatch.alerting.recording.frames import frame
from mendwatch.alerting.recording.replaying import Replay
from mendwatch.alerting.recording.tally import Tally
from mendwatch.alerting.recording.writing import Writer
from mendwatch.alerting.ruleset import RuleSet
from mendwatch.alerting.slices import finished
from mendwatch.alerting.table import Poll
from mendwatch.clock import SystemClock
from mendwatch.model.samples import Columns, Layout, Reading
from mendwatch.render.renderer import Renderer
from mendwatch.service import shelf
from mendwatch.service.readings import Readings
from mendwatch.service.shelf import Allowance, Shelf

SAMPLES, RULES, EVERY = 1_000_000, 50, timedelta(minutes=5)
#: Samples of a large poll, and how many of them are recorded while the loop is watched.
LARGE, POLLS = 245_000, 5
#: Readings of one frame, as the agent writes them every two seconds.
FRAME = 4
CONDITIONS = (
    "usage_bytes / hard_limit_bytes > {}",
    "usage_bytes > soft_limit_bytes && more_1 < {}",
    "more_0 > {} || usage_bytes > 2e12",
    "hard_limit_bytes - usage_bytes < {} * 1.0",
)


def rules(folder: Path) -> RuleSet:
    """Make 50 rules of several kinds; some wait, some have a way down, one in five asks about some quotas only."""
    lines = ["groups:", "- name: bench", "  rules:"]
    for number in range(RULES):
        when = CONDITIONS[number % len(CONDITIONS)].format(0.9 + number / 1000)
        match = f"match: ['path=~\"/ifs/data/.*{number % 10}\"'], " if number % 5 == 0 else ""
        rest = f"for: {number % 3 * 5}m, annotations: {{s: '{{{{ path }}}}'}}"
        lines.append(f"  - {{alert: R{number}, on: quota, {match}when: '{when}', {rest}}}")
    path = folder / "rules.yaml"
    path.write_text("\n".join(lines), "utf-8")
    return loading.load([path], {"quota": KNOWN})


def day(quotas: int) -> Iterator[Event]:
    """Give the polls of a day, each with a tick behind it."""
    dice = random.Random(1)  # noqa: S311 - numbers to measure with
    subjects = [(f"/ifs/data/{number}", "directory") for number in range(quotas)]
    layout = Layout((metric.name, subject) for metric in METRICS for subject in subjects)
    values = [[100.0] * quotas, [1000.0] * quotas, [900.0] * quotas, *([0.5] * quotas for _ in range(len(METRICS) - 3))]
    yield Began(START, Why.START, (), {})
    for poll in range(-(-SAMPLES // len(layout))):
        now = START + poll * EVERY
        for _ in range(quotas // 10):
            at = dice.randrange(quotas)
            values[0][at] = dice.choice([950.0, 990.0]) if not at % 100 else dice.uniform(100.0, 800.0)
        columns = Columns(layout, [value for column in values for value in column])
        yield Observed(Poll(TARGET, "cluster", SPEC, Reading(columns=(columns,), complete=frozenset({"quota"})), now))
        yield Ticked(now + EVERY / 2)


def judged(engine: AlertEngine, events: list[Event]) -> float:
    """Give the CPU seconds of judging alone."""
    began = time.process_time()
    for event in events:
        if isinstance(event, Observed):
            finished(engine.observing(event.poll))
        elif isinstance(event, Ticked):
            finished(engine.ticking(event.at))
    return time.process_time() - began


def written(folder: Path, events: list[Event]) -> tuple[float, float, int]:
    """Record all; gives CPU seconds, the longest that the interpreter was kept by one piece, and bytes."""
    kept, writer, store = 0.0, Writer(), Shelf(folder, Allowance(timedelta(days=7), 2**40))
    store.prepare()
    store.begin(START)
    began = time.process_time()
    for start in range(0, len(events), FRAME):
        last = time.thread_time()
        for piece in frame(writer.pieces(events[start : start + FRAME])):
            kept = max(kept, time.thread_time() - last)
            store.add(piece)
            last = time.thread_time()
    spent, size = time.process_time() - began, store.size
    store.close()
    return spent, kept, size


async def lags(folder: Path, polls: int) -> list[float]:
    """Give by how many seconds a loop was late that only wants to wake up: beside the recording of polls, or beside nothing."""
    recorder = Readings(Shelf(folder, Allowance(timedelta(days=7), 2**40)), SystemClock(), _Nobody())
    recorder.connect(lambda now, why: Began(now, why, (), {}))
    await recorder.flush()
    late: list[float] = []
    for reading in large(polls):
        recorder.record(Observed(Poll(TARGET, "cluster", SPEC, reading, START)))
        writing = asyncio.ensure_future(recorder.flush())
        while not writing.done():
            await _wake(late)
    for _ in range(0 if polls else 500):
        await _wake(late)
    return sorted(late)


def large(polls: int) -> Iterator[Reading]:
    """Give polls of 245,000 samples that all change."""
    dice = random.Random(2)  # noqa: S311 - as above
    layout = Layout((metric.name, (f"/{number}", "directory")) for metric in METRICS for number in range(LARGE // len(METRICS)))
    for _ in range(polls):
        values = [float(dice.randrange(10**12)) for _ in range(len(layout))]
        yield Reading(columns=(Columns(layout, values),))


async def _wake(late: list[float]) -> None:
    due = time.perf_counter() + 0.001
    await asyncio.sleep(0.001)
    late.append(time.perf_counter() - due)


def _late(late: list[float]) -> str:
    return f"p50 {late[len(late) // 2] * 1e3:.2f} ms late, p99 {late[len(late) * 99 // 100] * 1e3:.2f} ms"


class _Nobody:
    """Counts nothing."""

    def wrote(self, size: int, total: int) -> None:
        pass

    def lost(self, events: int) -> None:
        pass

    def recording(self, *, works: bool) -> None:
        pass


def backtested(folder: Path, loaded: RuleSet) -> tuple[float, Tally]:
    """Read the record and live through it; gives CPU seconds and what came of it."""
    tally, life = Tally(loaded), Replay(loaded, Renderer(Path()))
    began = time.process_time()
    for path in shelf.files(folder):
        for moment in life.otherwise(shelf.events(path)):
            tally.take(moment)
    return time.process_time() - began, tally


def main() -> None:
    """Measure the three, one after the other."""
    quotas = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    gc.disable()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        loaded, events = rules(folder), list(day(quotas))
        samples = sum(event.poll.reading.size for event in events if isinstance(event, Observed))
        judging = judged(AlertEngine(loaded, Renderer(Path())), events)
        spent, kept, size = written(folder / "record", events)
        backtest, tally = backtested(folder / "record", loaded)
        late, idle = asyncio.run(lags(folder / "lags", POLLS)), asyncio.run(lags(folder / "idle", 0))
    print(f"{samples:,} samples of {quotas:,} quotas, {RULES} rules; CPU seconds")
    print(f"  judging, as the agent does        {judging:7.2f} s")
    share, each = spent / judging, size / samples
    print(f"  recording beside it               {spent:7.2f} s   {share:.1%} of the judging, {each:.2f} bytes a sample")
    print(f"    longest piece with the interpreter {kept * 1e3:.2f} ms")
    print(f"  backtest: reading, judging, tally {backtest:7.2f} s   (goal 60 s); {len(tally.episodes)} times something fired")
    print(f"  the loop beside 245,000 samples that all change: {_late(late)}; beside nothing: {_late(idle)}")
    print(f"  245,000 samples every 15 s cost the recording {spent / samples * 245_000 / 15:.2%} of a core")


if __name__ == "__main__":
    main()
