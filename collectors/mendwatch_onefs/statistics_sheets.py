"""What is kept between the polls of one cluster: the last numbers of every request, and the layout of every sheet.

A request that is not due keeps its numbers and their times. Everything here is taken by position; `statistics_frames` knows whose
the positions are.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from datetime import datetime
from operator import ne

from mendwatch.model.numbers import packed
from mendwatch.model.samples import Columns
from mendwatch_onefs.decoding import EARLIEST, LATEST
from mendwatch_onefs.statistics_answers import Answer, Reader
from mendwatch_onefs.statistics_asks import Ask
from mendwatch_onefs.statistics_bays import Bays
from mendwatch_onefs.statistics_codes import blank
from mendwatch_onefs.statistics_frames import Frame
from mendwatch_onefs.statistics_layouts import Series, SheetLayout, laid_out, sort_in

#: Seconds, and the share of its interval, by which a request may be asked early: polls are never exactly on time.
_EARLY, _SHARE = 1.0, 0.1


class Page:
    """One request and what it gave last. `news` and `read` count the values of the last answer."""

    def __init__(self, ask: Ask) -> None:
        self.ask = ask
        self.reader = Reader(ask)
        self.frame: Frame | None = None
        self.numbers = array("d")
        self.missing: Mapping[str, int] = {}
        self.read = self.news = 0
        self._times = array("d")
        #: Where the last answer had no number; the next one mostly has none there either.
        self._blanks: Sequence[int] = ()
        self._asked: float | None = None

    def due(self, now: datetime) -> bool:
        """Tell whether the cluster can have measured anew since this was asked last."""
        interval = self.ask.interval
        if self._asked is None or not interval:
            return True
        return now.timestamp() - self._asked >= interval - min(_EARLY, interval * _SHARE)

    def take(self, answer: Answer, now: datetime) -> bool:
        """Take an answer; tell whether it was about other things than the one before."""
        self.missing = blank(answer)
        fits = self.frame is not None and self.frame.fits(answer)
        frame = self.frame if self.frame is not None and fits else Frame(self.ask, answer)
        self.frame = frame
        self.numbers, self._blanks = packed(frame.numbers(answer), self._blanks)
        times = sane(answer.times, now.timestamp())
        self.read = len(answer) - sum(self.missing.values())
        self.news = changed(self._times, times, len(answer)) if fits else self.read
        self._times, self._asked = times, now.timestamp()
        return not fits

    @property
    def entries(self) -> int:
        """How many values the answer had."""
        return len(self.frame.keys) if self.frame is not None else 0

    @property
    def times(self) -> array[float]:
        """When each value was measured."""
        return self._times if len(self._times) == self.entries else self._times * self.entries

    @property
    def time(self) -> array[float]:
        """When the values were measured: one time where it is the same for all."""
        return self._times


def sane(times: Sequence[float | None], now: float) -> array[float]:
    """Give the times, or a single one where all are the same; one that is missing or absurd is that of the poll."""
    if not times:
        return array("d")
    first = times[0]
    if times.count(first) == len(times):
        return array("d", [_sane(first, now)])
    return array("d", [_sane(time, now) for time in times])


def _sane(time: float | None, now: float) -> float:
    return time if time is not None and EARLIEST <= time <= LATEST else now


def changed(before: array[float], after: array[float], count: int) -> int:
    """Count the values whose time is another one than before, out of `count`; either list may be one time for all."""
    if len(before) == len(after) == 1:
        return count if before[0] != after[0] else 0
    long_before = before if len(before) == count else before * count
    long_after = after if len(after) == count else after * count
    return sum(map(ne, long_before, long_after))


class Sheet:
    """Requests whose numbers share a layout."""

    def __init__(self, pages: Sequence[Page]) -> None:
        self.pages = tuple(pages)
        #: Values of disks whose bay nobody knows.
        self.misplaced = 0
        self._layout: SheetLayout | None = None
        self._gaps: list[int] = []

    def turn_over(self) -> None:
        """Let go of the layout, because an answer was about other things."""
        self._layout = None

    async def columns(self, lnns: Mapping[int, int], bays: Bays) -> Columns:
        """Give the newest numbers of all requests; a new layout is made in steps, so that others run in between."""
        if self._layout is None:
            self._layout = await self._laid_out(lnns, bays)
        numbers, times = self._all()
        columns, self._gaps = self._layout.columns(numbers, times, self._gaps)
        return columns

    def _all(self) -> tuple[array[float], array[float]]:
        if len(self.pages) == 1:
            return self.pages[0].numbers, self.pages[0].time
        numbers, times = array("d"), array("d")
        for page in self.pages:
            numbers += page.numbers
            times += page.times
        return numbers, times

    async def _laid_out(self, lnns: Mapping[int, int], bays: Bays) -> SheetLayout:
        found: Series = {}
        numbers = entries = self.misplaced = 0
        for page in self.pages:
            if page.frame is not None:
                await sort_in(found, page.frame.slots(lnns, bays, (numbers, entries)))
                self.misplaced += page.frame.misplaced(bays)
            numbers += len(page.numbers)
            entries += page.entries
        return await laid_out(found)


def missing(sheets: Sequence[Sheet]) -> dict[str, int]:
    """Count the values that the last answers did not have, by reason."""
    misplaced = sum(sheet.misplaced for sheet in sheets)
    counts: dict[str, int] = {"unknown_bay": misplaced} if misplaced else {}
    for page in (page for sheet in sheets for page in sheet.pages):
        for reason, count in page.missing.items():
            counts[reason] = counts.get(reason, 0) + count
    return counts
