"""How fast the state is: audit rows and runs per second written, audit rows verified, alerts and decisions kept.

Run it alone on the machine: `python bench/store.py [rows] [folder | URL]`. The folder should be on the disk that the state will be
on; a URL names an empty PostgreSQL database, which is filled.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from mendwatch.clock import SystemClock
from mendwatch.model.alerts import Alert, AlertState
from mendwatch.model.journal import Decision, DecisionKind
from mendwatch.store.chain import Fact
from mendwatch.store.interface import NewRun
from mendwatch.store.keys import load_or_create
from mendwatch.store.sql import SqlStore, open_store

_CHAIN = 50_000
_START = datetime(2030, 1, 1, tzinfo=UTC)


def _new(number: int) -> NewRun:
    return NewRun(f"p{number}", "r", "d" * 64, "f" * 16, "t", "onefs/quota_raise", "low", "approve", "rule:r", {"path": "/ifs"}, {})


async def _times(count: int, deed: Callable[[int], Awaitable[object]]) -> list[float]:
    """Do something so many times, one after the other; give the seconds of each, sorted."""
    seconds = []
    for number in range(count):
        before = time.perf_counter()
        await deed(number)
        seconds.append(time.perf_counter() - before)
    return sorted(seconds)


def _report(name: str, seconds: list[float]) -> None:
    count = len(seconds)
    p50, p99 = (1000 * seconds[int(count * part)] for part in (0.5, 0.99))
    print(f"{name:<18} {count / sum(seconds):>9.0f} /s   p50 {p50:.2f} ms   p99 {p99:.2f} ms")


async def _fill(store: SqlStore) -> None:
    """Add rows in one transaction, which is not what is measured."""

    async def work(connection: object) -> None:
        for number in range(_CHAIN):
            await store.audit.write(connection, Fact("agent:bench", "note", f"run-{number % 100}", {"n": number}))  # type: ignore[arg-type]

    await store._database.write(work)  # noqa: SLF001 - rows one by one would take a minute


async def _verify(store: SqlStore) -> None:
    before = time.perf_counter()
    verdict = await store.audit.verify()
    assert verdict.fault is None
    print(f"{'audit verify':<18} {verdict.rows / (time.perf_counter() - before):>9.0f} rows/s of {verdict.rows}")


def _judged(batch: int, number: int) -> tuple[Alert, Decision]:
    """Give an alert as they are, and its transition."""
    key = {"cluster": "prod-1", "path": f"/ifs/data/projects/{number}"}
    labels = {**key, "type": "directory", "severity": "warning", "alertname": "QuotaFull"}
    values = {"usage_bytes": 95e9 + batch, "hard_limit_bytes": 100e9, "soft_limit_bytes": 90e9}
    texts = {"summary": f"/ifs/data/projects/{number} is 95.0 % full"}
    state = AlertState.FIRING if batch % 2 == 0 else AlertState.INACTIVE
    moments = tuple(_START + timedelta(minutes=minute) for minute in range(2))
    clocks = {"active_since": _START, "fired_at": _START, "changes": moments}
    alert = Alert(f"{number:032x}", "QuotaFull", "prod-1", key, labels, state, _START, texts, values, **clocks)  # type: ignore[arg-type]
    words = ("firing", "the condition holds", "inactive")
    return alert, Decision(_START, alert.rule, alert.fingerprint, "prod-1", DecisionKind.TRANSITION, *words, key=key, values=values)


async def _keep(store: SqlStore, size: int) -> None:
    """Keep alerts with a decision each, so many in one transaction."""
    batches = [[_judged(batch, number) for number in range(size)] for batch in range(max(4, _CHAIN // 2 // size))]
    cpu, before = time.process_time(), time.perf_counter()
    for pairs in batches:
        await store.alerts.save([alert for alert, _ in pairs], [decision for _, decision in pairs])
    rows, seconds = size * len(batches), time.perf_counter() - before
    each = (time.process_time() - cpu) / rows * 1e6
    print(f"{f'keep by {size}':<18} {rows / seconds:>9.0f} alerts with a decision/s   {each:.1f} us CPU each")


async def _measure(url: str, key: bytes, count: int) -> None:
    store = await open_store(url, key=key, clock=SystemClock())
    await _times(50, lambda number: store.audit.append("agent:bench", "warm", "up", {"n": number}))
    _report("audit append", await _times(count, lambda number: store.audit.append("agent:bench", "note", "s", {"n": number})))
    await _crowd(store, count)
    _report("propose", await _times(count, lambda number: store.runs.propose(_new(number))))
    _report("propose, again", await _times(count, lambda number: store.runs.propose(_new(number))))
    await _fill(store)
    await _verify(store)
    for size in (1, 10, 100, 1000):
        await _keep(store, size)
    await store.close()


async def _crowd(store: SqlStore, count: int) -> None:
    """Append from eight sides at once."""
    before = time.perf_counter()
    await asyncio.gather(
        *(_times(count // 8, lambda number: store.audit.append("agent:bench", "note", "s", {"n": number})) for _ in range(8))
    )
    print(f"{'append, 8 at once':<18} {count // 8 * 8 / (time.perf_counter() - before):>9.0f} /s")


async def main(count: int, place: str | None) -> None:
    """Measure and print: on a URL, else on a SQLite file in a folder."""
    with tempfile.TemporaryDirectory(dir=None if place and "://" in place else place) as folder:
        key = load_or_create(Path(folder) / "audit.key")
        await _measure(place if place and "://" in place else f"sqlite:///{folder}/state.db", key, count)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000, sys.argv[2] if len(sys.argv) > 2 else None))
