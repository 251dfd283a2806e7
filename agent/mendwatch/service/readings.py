"""Records what the rules see, beside the judging: the loop only hands over what it has in hands, and a thread writes it down.

It must never hold up the judging, and never end the agent: where the disk is full, recording stops, is told once, and begins again
when there is room. What was lost meanwhile is marked, so that nobody takes the rest for the whole.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Protocol

import structlog

from mendwatch.alerting.recording.events import Began, Event, Observed, Why
from mendwatch.alerting.recording.frames import frame
from mendwatch.alerting.recording.writing import Writer
from mendwatch.clock import Clock
from mendwatch.service.shelf import Shelf

_log = structlog.get_logger(__name__)

#: Seconds between two times that what came is written: so much is lost when the process is killed.
FLUSH = 2.0
#: Seconds until recording is tried again after the disk refused it.
RETRY = 300.0
#: Seconds between two looks at what the files take.
TIDY = 60.0
#: Samples that wait to be written at most; a disk that is slower than the polls costs readings, not memory.
MOST_WAITING = 4_000_000
#: Lists of series in one file at most: a source that never gives the same series twice would fill the memory.
MOST_SHARED = 5_000
#: Seconds that the thread works, and then rests, so that the loop never waits for the interpreter for long.
WORK, REST = 0.001, 0.0005
_HINT = "Make room, or give less to `history.readings.disk_mib`. What happens meanwhile cannot be asked about later."


class Told(Protocol):
    """Where the recorder counts."""

    def wrote(self, size: int, total: int) -> None:
        """Count bytes that were written; `total` is what all files take."""
        ...

    def lost(self, events: int) -> None:
        """Count what could not be recorded."""
        ...

    def recording(self, *, works: bool) -> None:
        """Tell whether it records now."""
        ...


#: Gives how the engine stands at a moment, for a reason; None while it is in the middle of a reading.
Stand = Callable[[datetime, Why], Began | None]


class Readings:
    """The recorder. `record` is called by whoever puts something to the engine, in that order; `run` writes until cancelled."""

    def __init__(self, shelf: Shelf, clock: Clock, told: Told) -> None:
        self._shelf = shelf
        self._clock = clock
        self._told = told
        self._stand: Stand | None = None
        self._writer = Writer()
        self._waiting: list[Event] = []
        self._samples = 0
        self._whole = False  # nothing is missing between what was written and what waits
        self._resting_until: float | None = None
        self._tidied: float | None = None
        self._total = 0
        self._writing: asyncio.Future[int] | None = None

    def connect(self, stand: Stand) -> None:
        """Say who knows how the engine stands; before `run`."""
        self._stand = stand

    def record(self, event: Event) -> None:
        """Take one event; returns at once."""
        self._whole = self._whole or (isinstance(event, Began) and self._resting_until is None)
        if not self._whole:
            self._told.lost(1)
            return
        self._samples += event.poll.reading.size if isinstance(event, Observed) else 1
        self._waiting.append(event)
        if self._samples > MOST_WAITING:
            self._lose(len(self._waiting))

    async def run(self) -> None:
        """Write every few seconds, and at last what is there when it is cancelled."""
        try:
            await self._prepare()
            while True:
                await self._clock.sleep(FLUSH)
                await self.flush()
        finally:
            if self._writing is not None:
                await asyncio.wait({self._writing})
            await self.flush()
            self._shelf.close()

    async def _prepare(self) -> None:
        try:
            cut = await asyncio.to_thread(self._shelf.prepare)
        except OSError as problem:
            self._stop(problem, 0)
        else:
            if cut:
                _log.info("the end of the recorded readings was torn and is cut off", bytes=cut)

    async def flush(self) -> None:
        """Write what waits."""
        if self._resting_until is not None and self._clock.monotonic() < self._resting_until:
            return
        now = self._clock.now()
        batch, self._waiting, self._samples = self._waiting, [], 0
        if not self._whole or self._shelf.full(now) or self._writer.shared > MOST_SHARED:
            batch += self._beginning(now)
        self._writing = asyncio.ensure_future(asyncio.to_thread(self._write, batch, now))
        try:
            size = await asyncio.shield(self._writing)
        except Exception as problem:  # noqa: BLE001 - a fault in the record of the work must not end the work
            self._stop(problem, len(batch))
        else:
            self._go_on(size)

    def _beginning(self, now: datetime) -> list[Event]:
        """Give what a new file begins with; nothing while the engine is in the middle of a reading: it can wait."""
        began = self._stand(now, Why.SEGMENT if self._whole else Why.GAP) if self._stand is not None else None
        if began is None:
            return []
        self._whole = True
        return [began]

    def _write(self, batch: Sequence[Event], now: datetime) -> int:
        """Write a batch; every file begins with how the engine stood. Runs in a thread."""
        before = self._total
        for part in _by_file(batch):
            if isinstance(part[0], Began):
                self._shelf.begin(part[0].at)
                self._writer = Writer()
            self._add(part)
        written = self._total - before
        if self._tidied is None or self._clock.monotonic() - self._tidied >= TIDY:
            self._tidied = self._clock.monotonic()
            self._total = self._shelf.tidy(now)
        return written

    def _add(self, events: Sequence[Event]) -> None:
        worked = self._clock.monotonic()
        for piece in frame(self._writer.pieces(events)):
            if piece:
                self._shelf.add(piece)
                self._total += len(piece)
            if self._clock.monotonic() - worked > WORK:
                time.sleep(REST)
                worked = self._clock.monotonic()

    def _go_on(self, written: int) -> None:
        if self._resting_until is not None and self._whole:
            _log.info("readings are recorded again")
            self._resting_until = None
        self._told.wrote(written, self._total)
        self._told.recording(works=self._whole)

    def _stop(self, problem: Exception, lost: int) -> None:
        if not isinstance(problem, OSError):
            _log.error("readings are not recorded by a fault of mendwatch", exc_info=problem)
        elif self._resting_until is None:
            _log.warning("readings are not recorded", reason=str(problem), hint=_HINT)
        self._resting_until = self._clock.monotonic() + RETRY
        self._told.recording(works=False)
        self._shelf.close()
        self._lose(lost + len(self._waiting))

    def _lose(self, count: int) -> None:
        self._told.lost(count)
        self._whole, self._waiting, self._samples = False, [], 0


def _by_file(batch: Sequence[Event]) -> Iterator[Sequence[Event]]:
    """Cut a batch where a new file begins."""
    starts = [at for at, event in enumerate(batch) if at == 0 or isinstance(event, Began)]
    return (batch[start:stop] for start, stop in pairwise([*starts, len(batch)]))
