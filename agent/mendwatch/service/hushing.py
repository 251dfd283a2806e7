"""Notices silences that somebody made or ended, and maintenance windows that begin or end, within about a second.

It reads few rows, and keeps those that it knows where the store does not answer: an outage must not wake anybody up.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import structlog

from mendwatch.alerting import silencing
from mendwatch.alerting.maintenance import Window
from mendwatch.alerting.silencing import Silencing
from mendwatch.errors import ContentError, StoreError
from mendwatch.model.silences import Silence
from mendwatch.store.interface import Silences

_log = structlog.get_logger(__name__)


class Hushing:
    """What is silenced now."""

    def __init__(self, silences: Silences, windows: Sequence[Window] = ()) -> None:
        self._store = silences
        self.windows = tuple(windows)
        self._known: tuple[Silence, ...] = ()
        self._unreadable: set[str] = set()
        self._active: tuple[str, ...] = ()
        self.silencing = silencing.silencing((), self.windows)

    def maintain(self, windows: Sequence[Window]) -> None:
        """Take other maintenance windows; the next look tells whether others hold."""
        self.windows = tuple(windows)
        self.silencing = self._silencing(self._known)

    async def look(self, now: datetime) -> bool:
        """Look at the silences; tells whether others hold than at the last look."""
        try:
            found = tuple(await self._store.list(after=now))
        except StoreError:  # others tell of it
            found = tuple(one for one in self._known if one.ends_at > now)
        if found != self._known:
            self._known = found
            self.silencing = self._silencing(found)
        active = tuple(mute.name for mute in self.silencing.active(now))
        changed, self._active = active != self._active, active
        return changed

    def _silencing(self, silences: Sequence[Silence]) -> Silencing:
        readable = [silence for silence in silences if self._readable(silence)]
        return silencing.silencing(readable, self.windows)

    def _readable(self, silence: Silence) -> bool:
        """Tell whether its matchers can be read: a row of another release must not take the others with it."""
        try:
            silencing.parsed(silence.matchers)
        except ContentError as problem:
            if silence.id not in self._unreadable:
                _log.error("silence not understood", silence=silence.id, reason=str(problem), hint=problem.hint)
            self._unreadable.add(silence.id)
            return False
        return True
