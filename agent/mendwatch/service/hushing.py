"""Notices silences that somebody made or ended, and maintenance windows that begin or end, within about a second.

It reads few rows, and keeps those that it knows where the store does not answer: an outage must not wake anybody up.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import structlog

from mendwatch.alerting import silencing
from mendwatch.alerting.maintenance import Window
from mendwatch.alerting.silencing import Silencing
from mendwatch.errors import ContentError, StoreError
from mendwatch.model.silences import Silence
from mendwatch.store.interface import Silences

_log = structlog.get_logger(__name__)

#: How long the store is believed that nobody has written to it.
_UNASKED = timedelta(seconds=10)


class Hushing:
    """What is silenced now."""

    def __init__(
        self, silences: Silences, windows: Sequence[Window] = (), version: Callable[[], int | None] = lambda: None
    ) -> None:
        """Take who knows the silences; `version` is another one after every change of the store, None where nobody can tell."""
        self._store = silences
        self._version = version
        self._read: tuple[int | None, datetime] | None = None
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
        found = await self._found(now)
        if found != self._known:
            self._known = found
            self.silencing = self._silencing(found)
        active = tuple(mute.name for mute in self.silencing.active(now))
        changed, self._active = active != self._active, active
        return changed

    async def _found(self, now: datetime) -> tuple[Silence, ...]:
        """Give the silences that are not over; the store is only asked where anything can be other than at the last look."""
        version, left = self._version(), tuple(one for one in self._known if one.ends_at > now)
        if version is not None and self._read is not None:
            before, at = self._read
            if before == version and timedelta(0) <= now - at < _UNASKED:
                return left
        self._read = None
        try:
            found = tuple(await self._store.list(after=now))
        except StoreError:  # others tell of it
            return left
        self._read = version, now
        return found

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
