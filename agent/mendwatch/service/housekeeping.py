"""What has to be cleared away now and then: the directories of old runs, which lie in memory, and Python's own garbage.

A day after a run is over and settled, its directory goes.
"""

from __future__ import annotations

import asyncio
import itertools
import shutil
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from mendwatch.clock import Clock
from mendwatch.errors import Refused, StoreError
from mendwatch.model.runs import Run, RunState
from mendwatch.service import garbage
from mendwatch.store.interface import Store

_log = structlog.get_logger(__name__)

#: How long a directory stays for a person who wants to look.
KEPT = timedelta(days=1)
#: Seconds between two rounds.
ROUND = 3600.0
#: Rounds before it is asked whether Python's garbage is worth a look, which holds the loop for up to 0.2 s, and between two times.
GARBAGE_ROUNDS = 24


def spent(run: Run, now: datetime) -> bool:
    """Tell whether nobody needs a run's directory any more: it is over, its events are settled, and a day has passed."""
    settled = run.state is not RunState.VERIFIED or run.events_resolved is not None
    return run.terminal and settled and now - (run.ended_at or run.updated_at) > KEPT


class Housekeeping:
    """Removes what is spent, until cancelled. A directory of a run that this state does not know is left alone."""

    def __init__(self, folder: Path, store: Store, clock: Clock) -> None:
        self._folder = folder
        self._store = store
        self._clock = clock

    async def run(self) -> None:
        """Go round every hour, and once a day see whether what is in use has grown since everything had come for the first time."""
        usual = 0
        for count in itertools.count(1):
            await self.go_round()
            await self._clock.sleep(ROUND)
            if count == 1:
                usual = garbage.in_use()
            elif count % GARBAGE_ROUNDS == 0 and garbage.worth_a_look(usual):
                garbage.look_through()
                usual = garbage.in_use()

    async def go_round(self) -> None:
        """Look at every run directory once."""
        for path in await asyncio.to_thread(_directories, self._folder):
            try:
                run = await self._store.runs.get(path.name)
            except (Refused, StoreError):
                continue
            if run.id == path.name and spent(run, self._clock.now()):
                await asyncio.to_thread(shutil.rmtree, path, ignore_errors=True)
                _log.debug("run directory removed", run=run.id)


def _directories(folder: Path) -> list[Path]:
    """Give the directories in a folder; none where it cannot be read, which is no reason to stop watching."""
    try:
        return [path for path in folder.iterdir() if path.is_dir() and not path.is_symlink()]
    except OSError:
        return []
