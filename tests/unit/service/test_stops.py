"""The kill switch in the state folder: a file that stops runs, the metric that shows it, and its rows in the audit."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from prometheus_client import CollectorRegistry

from mendwatch.remediation import stopping
from mendwatch.remediation.parts import Parts
from mendwatch.service.stops import STOP_FILE, StopFile, Stops
from mendwatch.testing.store import MemoryStore


def parts(store: MemoryStore, stop_file: Callable[[], str | None], *, enabled: bool = True) -> Parts:
    return cast("Parts", SimpleNamespace(store=store, stop_file=stop_file, enabled=lambda: enabled))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"", ""),
        (b"new cables\n", ": new cables"),
        (b"a\nb\x1b[2J", ": a b [2J"),
        (b"\xff", ": \ufffd"),
        (b"x" * 5000, ": " + "x" * 200),
    ],
)
def test_the_file_stops_runs_and_what_stands_in_it_is_the_reason(tmp_path: Path, text: bytes, reason: str) -> None:
    file = StopFile(tmp_path / STOP_FILE)
    assert file() is None
    (tmp_path / STOP_FILE).write_bytes(text)

    assert file() == f"runs were stopped by the file {STOP_FILE} in the state folder{reason}"


def test_a_file_that_cannot_be_looked_at_stops_runs_too(tmp_path: Path) -> None:
    (tmp_path / STOP_FILE).mkdir()

    assert "cannot be told" in str(StopFile(tmp_path / STOP_FILE)())


async def test_the_metric_says_whether_runs_are_stopped_whatever_stops_them(tmp_path: Path) -> None:
    store, file, registry = MemoryStore(), StopFile(tmp_path / STOP_FILE), CollectorRegistry()
    stops = Stops(parts(store, file), registry)

    async def shown() -> float | None:
        await stops.look()
        return registry.get_sample_value("mendwatch_runs_stopped")

    found = [await shown()]
    await stopping.stop(store, "cli:ann", "")
    found.append(await shown())
    await stopping.allow(store, "cli:ann", "")
    (tmp_path / STOP_FILE).touch()
    found += [await shown(), await shown()]
    (tmp_path / STOP_FILE).unlink()
    found.append(await shown())

    assert found == [0.0, 1.0, 1.0, 1.0, 0.0]
    rows: list[Any] = [(row.actor, row.what) for row in await store.audit.entries(subject="runs")]
    assert rows[2:] == [("file:runs.stopped", "runs.stopped"), ("file:runs.stopped", "runs.allowed")]


async def test_the_setting_shows_in_the_metric(tmp_path: Path) -> None:
    registry = CollectorRegistry()
    await Stops(parts(MemoryStore(), StopFile(tmp_path / STOP_FILE), enabled=False), registry).look()

    assert registry.get_sample_value("mendwatch_runs_stopped") == 1.0
