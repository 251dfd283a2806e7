"""What is known of one cluster's statistics: its catalogue, the keys that are parked, and how the rest is asked for.

It does no I/O. A key is parked when no node gives it; it is tried again after an hour, or when the cluster runs another
release.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from mendwatch_onefs.statistics_asks import Ask, arrange
from mendwatch_onefs.statistics_bays import Bays
from mendwatch_onefs.statistics_catalogue import Catalogue
from mendwatch_onefs.statistics_choice import choose
from mendwatch_onefs.statistics_sheets import Page, Sheet

#: How long a key is left alone that nobody gives.
PARKED = timedelta(hours=1)
#: Nodes of a cluster that does not tell: only the size of the answers depends on it.
_SOME_NODES = 64
#: Seconds between polls until two have been seen.
_PACE = 5.0
#: How much the pace may change before the requests are arranged anew.
_STEADY = 1.3


@dataclass(slots=True)
class Standing:
    """What is known; made without knowing anything."""

    learned: bool = False
    release: str | None = None
    catalogue: Catalogue | None = None
    lnns: Mapping[int, int] = field(default_factory=dict)
    bays: Bays = field(default_factory=dict)
    #: Whether disks or nodes came or went since the bays were read.
    moved: bool = False
    sheets: tuple[Sheet, ...] = ()
    left: Mapping[str, str] = field(default_factory=dict)
    values: int = 0
    news: int = 0
    _parked: dict[str, tuple[str, datetime]] = field(default_factory=dict)
    _odd: set[str] = field(default_factory=set)
    _pace: float = _PACE
    _polled: datetime | None = None
    _stale: bool = True

    def outdated(self, release: str | None) -> bool:
        """Tell whether the catalogue has to be read: never yet, or of another release."""
        return not self.learned or (release is not None and release != self.release)

    def learn(self, release: str | None, catalogue: Catalogue | None, lnns: Mapping[int, int]) -> None:
        """Take what the cluster says it has; None where it has no catalogue."""
        self.learned, self.release, self.catalogue, self.lnns = True, release, catalogue, lnns
        self._parked.clear()
        self._odd.clear()
        self._stale = True
        for sheet in self.sheets:  # other nodes may have other numbers
            sheet.turn_over()

    def park(self, keys: Mapping[str, str], now: datetime) -> None:
        """Ask no more for these keys, each for its reason."""
        for key, reason in keys.items():
            self._parked[key] = (reason, now + PARKED)
        self._stale = self._stale or bool(keys)

    def set_apart(self, odd: Iterable[str]) -> None:
        """Read these keys by themselves, because their values are not of the usual type."""
        more = set(odd) - self._odd
        self._odd |= more
        self._stale = self._stale or bool(more)

    def arranged(self, groups: tuple[str, ...], now: datetime) -> None:
        """Arrange the requests for the poll of now, if anything has changed that they depend on."""
        self._keep_pace(now)
        over = [key for key, (_, until) in self._parked.items() if until <= now]
        for key in over:
            del self._parked[key]
        if self._stale or over:
            self._arrange(groups)

    def due(self, now: datetime) -> list[tuple[Sheet, Page]]:
        """Give the requests that the poll of now has to ask, each with its sheet."""
        return [(sheet, page) for sheet in self.sheets for page in sheet.pages if page.due(now)]

    def _keep_pace(self, now: datetime) -> None:
        gap = (now - self._polled).total_seconds() if self._polled is not None else 0.0
        self._polled = now
        if gap > 0 and not self._pace / _STEADY <= gap <= self._pace * _STEADY:
            self._pace, self._stale = gap, True

    def _arrange(self, groups: tuple[str, ...]) -> None:
        choice = choose(groups, self.catalogue, self._parked)
        pages: dict[Ask, Page] = {page.ask: page for sheet in self.sheets for page in sheet.pages}
        sheets = {tuple(page.ask for page in sheet.pages): sheet for sheet in self.sheets}
        asks = arrange(choice.wanted, len(self.lnns) or _SOME_NODES, self._pace, self._odd)
        self.sheets = tuple(sheets.get(some) or Sheet([pages.get(ask) or Page(ask) for ask in some]) for some in asks)
        self.left, self._stale = choice.left, False

    def place(self, bays: Bays) -> None:
        """Take where the disks are, so that every series of a disk is named anew."""
        self.bays, self.moved = bays, False
        for sheet in self.sheets:
            if any(page.frame is not None and page.frame.about_disks for page in sheet.pages):
                sheet.turn_over()

    def parked(self) -> dict[str, int]:
        """Count the keys that are not asked for, by reason."""
        counts: dict[str, int] = {}
        for reason in (*self.left.values(), *(reason for reason, _ in self._parked.values())):
            counts[reason] = counts.get(reason, 0) + 1
        return counts
