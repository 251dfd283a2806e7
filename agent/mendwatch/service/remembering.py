"""Fills the windows of rules from the record when the agent starts, so that a restart forgets none.

The first polls wait for it, and not for long: the newest files are read, as many as a few seconds allow, in a thread that gives way
to the loop. Where nothing is recorded, windows begin empty.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog

from mendwatch.alerting.recording.events import Observed
from mendwatch.alerting.recording.items import RecordingError
from mendwatch.alerting.recording.remembering import Memory
from mendwatch.alerting.recording.replaying import with_recalled
from mendwatch.alerting.ruleset import RuleSet
from mendwatch.alerting.slices import Steps
from mendwatch.clock import Clock
from mendwatch.model.targets import Target
from mendwatch.service import garbage, shelf

_log = structlog.get_logger(__name__)

#: Seconds of reading after which the polls begin, whatever was not read yet.
LONGEST = 10.0
#: Bytes of the newest files that are read at most: about what is read in that time.
MOST = 64 * 1024 * 1024
#: Seconds that the thread works, and then rests, so that the loop never waits for the interpreter for long.
WORK, REST = 0.001, 0.0005


@dataclass(frozen=True, slots=True)
class Remembering:
    """Reads the record in `folder`. `rules` gives those of now; `targets` are those of now, by id."""

    folder: Path
    rules: Callable[[], RuleSet]
    targets: Mapping[str, Target]
    clock: Clock

    async def memory(self) -> Memory | None:
        """Give what is remembered; None where no rule has a window, or nothing is recorded."""
        memory = Memory(self.rules(), self.targets, self.clock.now())
        if memory.since == memory.now:
            return None
        began = self.clock.monotonic()
        whole = await asyncio.to_thread(self._read, memory, began + LONGEST)
        seconds = round(self.clock.monotonic() - began, 2)
        if memory.readings:
            _log.info("windows filled from the record", readings=memory.readings, seconds=seconds, whole=whole)
        return memory if memory.readings else None

    def _read(self, memory: Memory, until: float) -> bool:
        """Read into the memory; tells whether that was all. Runs in a thread."""
        files = [path for path in _reaching(shelf.files(self.folder), memory) if shelf.since(path) < memory.now]
        chosen = _newest(files)
        worked = self.clock.monotonic()
        for _ in garbage.tidied(_steps(chosen, memory)):
            now = self.clock.monotonic()
            if now >= until:
                return False
            if now - worked > WORK:
                time.sleep(REST)
                worked = self.clock.monotonic()
        return len(chosen) == len(files)


def _reaching(files: Sequence[Path], memory: Memory) -> Sequence[Path]:
    """Give the files that may hold anything recent enough: the last one that began before, and all after it."""
    first = max((at for at, path in enumerate(files) if shelf.since(path) <= memory.since), default=0)
    return files[first:]


def _newest(files: Sequence[Path]) -> list[Path]:
    """Give the newest files, in order, that together are no larger than MOST; the newest one in any case."""
    chosen: list[Path] = []
    size = 0
    for path in reversed(files):
        size += _size(path)
        if chosen and size > MOST:
            break
        chosen.append(path)
    return chosen[::-1]


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _steps(files: Iterable[Path], memory: Memory) -> Steps[None]:
    """Do the work bit by bit. What is damaged is left out: the recorder tells of it, and a backtest."""
    for path in files:
        try:
            yield from _steps_of(path, memory)
        except RecordingError as problem:
            _log.warning("a part of the record is left out", file=path.name, reason=str(problem), hint=problem.hint)


def _steps_of(path: Path, memory: Memory) -> Steps[None]:
    for event, recalled in with_recalled(shelf.events(path, memory.wants)):
        if isinstance(event, Observed):
            yield from memory.taking(event.poll, recalled)
        yield
