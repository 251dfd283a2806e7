"""The loop that the agent runs on: uvloop's where it installs, asyncio's own where it does not; the same result on both."""

from __future__ import annotations

import asyncio
import gc
import platform
import sys
from collections.abc import Iterator

import pytest

from mendwatch.cli import loops


@pytest.fixture(autouse=True)
def collector() -> Iterator[None]:
    """Leave Python's garbage collector as it was."""
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)
    gc.unfreeze()


async def _kind() -> str:
    await asyncio.sleep(0)
    return type(asyncio.get_running_loop()).__module__


def test_the_agent_runs_on_uvloop_where_it_is_installed() -> None:
    pytest.importorskip("uvloop")
    assert loops.run(_kind()) == "uvloop"


def test_without_uvloop_the_agent_runs_on_asyncios_own_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "uvloop", None)
    assert loops.factory() is None
    assert loops.run(_kind()).startswith("asyncio")


def test_garbage_is_looked_for_less_often_in_a_program_that_stays() -> None:
    loops.settle()
    assert gc.get_threshold()[0] > 1_000
    assert gc.get_freeze_count() > 0


def test_glibc_is_told_to_keep_freed_memory() -> None:
    if platform.libc_ver()[0] != "glibc":
        pytest.skip("another C library")
    assert loops.keep_memory()
